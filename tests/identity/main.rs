//! The signatures of the identity document, checked by the commands of AWS's documentation with openssl.
//!
//! Rerun one: `cargo test --test identity NAME -- --nocapture`.

mod openssl;
mod permissions;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mock_imds::identity::{KeyRing, KeyStorage, SignatureKind};
use mock_imds::model::Timestamp;

use openssl::Openssl;

/// As EC2 prints it; three seconds before the signing time, as in samples.
const DOCUMENT: &str = r#"{
  "accountId" : "123456789012",
  "architecture" : "x86_64",
  "availabilityZone" : "us-east-1a",
  "billingProducts" : null,
  "devpayProductCodes" : null,
  "marketplaceProductCodes" : null,
  "imageId" : "ami-0a887e401f7654935",
  "instanceId" : "i-1234567890abcdef0",
  "instanceType" : "m5.xlarge",
  "kernelId" : null,
  "pendingTime" : "2021-09-03T21:25:44Z",
  "privateIp" : "172.16.34.43",
  "ramdiskId" : null,
  "region" : "us-east-1",
  "version" : "2017-09-30"
}"#;
const TIME: Timestamp = Timestamp::from_secs(1_630_704_347);

/// A verifier's directory: the document, what the service said of it, and the certificates.
fn prepare(document: &str) -> Option<Openssl> {
    let openssl = Openssl::new()?;
    let opened = KeyRing::open(&openssl.directory().join("identity"), [1; 32]).expect("a writable directory");
    assert_eq!(opened.storage, KeyStorage::InDirectory);
    fill(&openssl, &opened.ring, document);
    Some(openssl)
}

fn fill(openssl: &Openssl, ring: &KeyRing, document: &str) {
    let signed = ring.sign(document.as_bytes(), TIME);
    openssl.write("document", document);
    openssl.write("signature", signed.signature);
    openssl.write("pkcs7", armour(&signed.pkcs7));
    openssl.write("rsa2048", armour(&signed.rsa2048));
}

/// What the documentation's `echo`es do.
fn armour(text: &str) -> String {
    format!("-----BEGIN PKCS7-----\n{text}\n-----END PKCS7-----\n")
}

fn verify(leaf: &str) -> String {
    format!("smime -verify -in {leaf} -inform PEM -content document -certfile identity/{leaf}.pem -noverify")
}

// === as AWS documents it ===

#[test]
fn the_enveloped_signatures_verify() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    for leaf in ["pkcs7", "rsa2048"] {
        openssl.ok(&verify(leaf));
        let recovered = openssl.ok(&verify(leaf).replace(" -content document", "")).text();
        assert_eq!(recovered, DOCUMENT, "the document inside {leaf}");
        // The younger command; without -binary it makes CRLF of LF first.
        openssl.ok(&verify(leaf).replace("smime -verify", "cms -verify -binary"));
    }
}

#[test]
fn the_plain_signature_verifies() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    openssl.write("signature.bin", decode(&openssl, "signature"));
    let key = openssl.ok("x509 -pubkey -noout -in identity/signature.pem").stdout;
    openssl.write("key", key);
    let command = "dgst -sha256 -verify key -signature signature.bin document";
    assert_eq!(openssl.ok(command).text(), "Verified OK\n");

    openssl.write("document", DOCUMENT.replace("123456789012", "123456789013"));
    openssl.fails(command, "Verification failure");
}

#[test]
fn a_tampered_document_does_not_verify() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    openssl.write("document", DOCUMENT.replace("m5.xlarge", "m5.xlargf"));
    for leaf in ["pkcs7", "rsa2048"] {
        openssl.fails(&verify(leaf), "digest failure");

        let mut bytes = decode(&openssl, leaf);
        let at = bytes.windows(9).position(|window| window == b"m5.xlarge").expect("the document is inside");
        bytes[at] ^= 1;
        openssl.write(leaf, armour(&STANDARD.encode(bytes)));
        openssl.fails(&verify(leaf).replace(" -content document", ""), "digest failure");
    }
}

#[test]
fn a_tampered_signing_time_does_not_verify() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    for leaf in ["pkcs7", "rsa2048"] {
        let mut bytes = decode(&openssl, leaf);
        let at = bytes.windows(13).position(|window| window == b"210903212547Z").expect("the signing time");
        bytes[at] = b'3';
        openssl.write(leaf, armour(&STANDARD.encode(bytes)));
        openssl.fails(&verify(leaf), "signature failure");
    }
}

#[test]
fn the_certificate_of_another_does_not_verify() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    let other = KeyRing::generate([2; 32]);
    openssl.write("identity/rsa2048.pem", other.certificate_pem(SignatureKind::Rsa2048));
    openssl.fails(&verify("rsa2048"), "signer certificate not found");
}

#[test]
fn documents_of_any_length_verify() {
    for length in [0, 1, 127, 128, 999, 1000, 1001, 5000] {
        let document = "x".repeat(length);
        let Some(openssl) = prepare(&document) else { return };
        for leaf in ["pkcs7", "rsa2048"] {
            let recovered = openssl.ok(&verify(leaf).replace(" -content document", "")).text();
            assert_eq!(recovered, document, "{leaf} of {length} bytes");
        }
    }
}

// === shapes ===

/// The bytes behind a base64 text, with or without armour.
fn decode(openssl: &Openssl, name: &str) -> Vec<u8> {
    let text = String::from_utf8(openssl.read(name)).expect("ASCII");
    let body = text.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    STANDARD.decode(body).expect("base64")
}

/// One line an element: its type, indented by depth, "…" for indefinite length, and what it says. The document, the
/// serial number, digests and signatures are left out.
fn outline(parsed: &str) -> String {
    let mut out = String::new();
    for line in parsed.lines() {
        let Some((head, rest)) = line.split_once(" prim: ").or_else(|| line.split_once(" cons: ")) else {
            continue;
        };
        let depth = head.split_once("d=").and_then(|(_, rest)| rest.split(' ').next()).expect("a depth");
        let depth = depth.parse::<usize>().expect("a number");
        let endless = if head.contains("l=inf") { "…" } else { "" };
        let (kind, value) = rest.split_once(':').unwrap_or((rest, ""));
        let kind = kind.trim_end_matches("[HEX DUMP]").trim_end();
        let value = match kind {
            "OCTET STRING" => "",
            "INTEGER" if value != "01" => "",
            _ => value,
        };
        let text = format!("{:indent$}{kind}{endless} {value}", "", indent = 2 * depth);
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn the_shells_are_those_of_ec2() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    for (leaf, expected) in
        [("pkcs7", include_str!("pkcs7.outline")), ("rsa2048", include_str!("rsa2048.outline"))]
    {
        let found = outline(&openssl.ok(&format!("asn1parse -in {leaf}")).text());
        assert_eq!(found, expected, "\n{leaf}, found:\n{found}\nexpected: tests/identity/{leaf}.outline");
    }
}

#[test]
fn the_certificates_say_whose_they_are() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    for leaf in SignatureKind::ALL.map(SignatureKind::name) {
        let shown =
            openssl.ok(&format!("x509 -noout -subject -issuer -dates -in identity/{leaf}.pem")).text();
        let name = format!(
            "C = US, ST = Washington State, L = Seattle, O = Amazon Web Services LLC, \
             CN = mock-imds {leaf} test key (not from AWS)"
        );
        let dates = "notBefore=Aug 25 00:00:00 2006 GMT\nnotAfter=Dec 31 23:59:59 2195 GMT\n";
        assert_eq!(shown, format!("subject={name}\nissuer={name}\n{dates}"));
        openssl.ok(&format!("pkey -check -noout -in identity/{leaf}.key"));
        // Debian 12 trusts only larger keys by default.
        openssl.ok(&format!(
            "verify -auth_level 0 -check_ss_sig -CAfile identity/{leaf}.pem identity/{leaf}.pem"
        ));
    }
    // A verifier that wants a chain gets one.
    openssl.ok(
        "smime -verify -in rsa2048 -inform PEM -certfile identity/rsa2048.pem -CAfile identity/rsa2048.pem",
    );
}

// === keys of one's own ===

#[test]
fn keys_and_certificates_of_openssl_are_taken() {
    let Some(openssl) = prepare(DOCUMENT) else { return };
    let genpkey = "genpkey -algorithm RSA -pkeyopt";
    openssl.ok(&format!("{genpkey} rsa_keygen_bits:2048 -out ca.key"));
    openssl.ok("req -x509 -new -key ca.key -subj /CN=ca -days 30 -out ca.pem");
    openssl.ok(&format!("{genpkey} rsa_keygen_bits:2048 -out identity/rsa2048.key"));
    openssl.ok("req -x509 -new -key identity/rsa2048.key -subj /CN=mine -days 30 -CA ca.pem -CAkey ca.key \
         -out identity/rsa2048.pem");
    openssl.ok(&format!("{genpkey} rsa_keygen_bits:1024 -out identity/signature.key"));
    openssl
        .ok("req -x509 -new -key identity/signature.key -subj /CN=mine -days 30 -out identity/signature.pem");
    openssl.ok(
        "genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -pkeyopt dsa_paramgen_q_bits:160 \
         -out group",
    );
    openssl.ok("genpkey -paramfile group -out identity/pkcs7.key");
    openssl
        .ok("req -x509 -new -sha1 -key identity/pkcs7.key -subj /CN=mine -days 30 -out identity/pkcs7.pem");

    let opened = KeyRing::open(&openssl.directory().join("identity"), [1; 32]).expect("keys that fit");
    fill(&openssl, &opened.ring, DOCUMENT);
    openssl.ok(&verify("rsa2048"));
    openssl.ok(&verify("pkcs7"));
    openssl.write("signature.bin", decode(&openssl, "signature"));
    let key = openssl.ok("x509 -pubkey -noout -in identity/signature.pem").stdout;
    openssl.write("key", key);
    openssl.ok("dgst -sha256 -verify key -signature signature.bin document");
}
