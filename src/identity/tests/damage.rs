//! Files that are missing, damaged or do not fit: pairs of ours are made anew, those of users refused.

use std::fs;

use rsa::pkcs8::ObjectIdentifier;

use super::*;
use crate::exit::ExitStatus;

#[test]
fn a_key_without_its_certificate_gets_a_new_one() {
    for content in [None, Some(""), Some("nonsense")] {
        let scratch = Scratch::with_keys();
        let (key, path) = (scratch.read("rsa2048.key"), scratch.join("rsa2048.pem"));
        match content {
            None => fs::remove_file(&path).expect("there"),
            Some(content) => fs::write(&path, content).expect("writable"),
        }
        let said = mended(&scratch);
        assert!(said.starts_with(&format!("{} ", path.display())), "{said}");
        assert!(said.contains(": the key has a new certificate"), "{said}");
        assert_eq!(said.contains("what was there is "), content.is_some(), "{said}");
        assert_eq!(scratch.read("rsa2048.key"), key);
        if let Some(content) = content {
            assert_eq!(scratch.read("rsa2048.pem.damaged"), content);
        }
    }
}

#[test]
fn a_certificate_without_its_key_gets_another_name() {
    let scratch = Scratch::with_keys();
    let certificate = scratch.read("rsa2048.pem");
    fs::remove_file(scratch.join("rsa2048.key")).expect("there");
    let said = mended(&scratch);
    let aside = scratch.join("rsa2048.pem.damaged");
    assert!(
        said.ends_with(&format!("there is a new pair; what was there is {} now", aside.display())),
        "{said}"
    );
    assert_eq!(scratch.read("rsa2048.pem.damaged"), certificate);
}

#[test]
fn a_creation_that_was_interrupted_between_the_two_names_is_finished() {
    let scratch = Scratch::with_keys();
    let certificate = scratch.read("signature.pem");
    fs::rename(scratch.join("signature.pem"), scratch.join(".signature.pem.new")).expect("there");
    scratch.open().expect("the prepared certificate is taken");
    assert_eq!(scratch.read("signature.pem"), certificate);

    // One that belongs to another key is not.
    fs::remove_file(scratch.join("signature.pem")).expect("there");
    fs::copy(scratch.join("rsa2048.pem"), scratch.join(".signature.pem.new")).expect("there");
    let key = scratch.read("signature.key");
    assert!(mended(&scratch).contains("signature.pem is not there: the key has a new certificate"));
    assert_eq!(scratch.read("signature.key"), key);
}

/// Opens after one file has other content: beside our own certificate it is damaged and gets another name, beside one
/// of the user's it is refused, and must not change by that.
fn refused_with(name: &str, content: &str, expected: &str) {
    let scratch = Scratch::with_keys();
    fs::write(scratch.join(name), content).expect("writable");
    let said = mended(&scratch);
    let start = format!("{} {expected}", scratch.join(name).display());
    assert!(said.starts_with(&start) && said.contains(": there is a new pair; "), "{said}\nexpected {start}");
    assert_eq!(scratch.read(&format!("{name}.damaged")), content);

    let scratch = Scratch::with_keys();
    fs::write(scratch.join(name), content).expect("writable");
    let leaf = name.split('.').next().expect("a name");
    scratch.make_own(leaf);
    let before = scratch.read(name);
    let failure = scratch.refused();
    let start = format!("{} {expected}", scratch.join(name).display());
    assert!(
        failure.status == ExitStatus::Config && failure.message.starts_with(&start),
        "{failure:?}\nexpected {start}"
    );
    assert!(failure.message.ends_with("is made at the next start"), "{failure:?}");
    assert_eq!(scratch.read(name), before);
}

#[test]
fn files_that_do_not_fit_are_refused_by_name() {
    let other = KeyRing::generate([3; 32]);
    let keys = Scratch::with_keys();
    let (signature, rsa2048, dsa) =
        (keys.read("signature.key"), keys.read("rsa2048.key"), keys.read("pkcs7.key"));

    refused_with(
        "rsa2048.pem",
        &other.certificate_pem(SignatureKind::Rsa2048),
        "certifies another key than the one in",
    );
    refused_with(
        "pkcs7.pem",
        &other.certificate_pem(SignatureKind::Pkcs7),
        "certifies another key than the one in",
    );
    refused_with(
        "signature.key",
        &rsa2048,
        "holds an RSA key of 2048 bits, signature needs an RSA key of 1024 bits",
    );
    refused_with(
        "rsa2048.key",
        &signature,
        "holds an RSA key of 1024 bits, rsa2048 needs an RSA key of 2048 bits",
    );
    refused_with("rsa2048.key", &dsa, "holds a DSA key of 1024/160 bits, rsa2048 needs");
    refused_with(
        "pkcs7.key",
        &rsa2048,
        "holds an RSA key of 2048 bits, pkcs7 needs a DSA key of 1024/160 bits",
    );
    refused_with("pkcs7.key", "", "holds no PEM block \"PRIVATE KEY\"");
    refused_with("pkcs7.key", &pem::encode(pem::PRIVATE_KEY, b"0"), "holds no PKCS#8 key");
    let old_form = rsa2048.replace("PRIVATE KEY", "RSA PRIVATE KEY");
    refused_with("rsa2048.key", &old_form, "holds no PEM block \"PRIVATE KEY\"");
}

#[test]
fn keys_that_cannot_sign_are_refused() {
    let keys = Scratch::with_keys();
    let damaged = |name: &str, part: &[u8]| {
        let mut der = pem::decode(pem::PRIVATE_KEY, &keys.read(name)).expect("a key");
        let at = der.windows(part.len()).position(|window| window == part).expect("part of the key");
        der[at + 8] ^= 2;
        pem::encode(pem::PRIVATE_KEY, &der)
    };
    let modulus = [0x02, 0x81, 0x81, 0x00];
    refused_with(
        "signature.key",
        &damaged("signature.key", &modulus),
        "holds a key whose numbers do not fit together, signature needs",
    );
    let generator = [0xf7, 0xe1, 0xa0, 0x85];
    refused_with(
        "pkcs7.key",
        &damaged("pkcs7.key", &generator),
        "holds a key whose numbers do not fit together, pkcs7 needs",
    );

    let other = |identifier| {
        let algorithm =
            asn1::element(asn1::SEQUENCE, &[&asn1::oid(ObjectIdentifier::new_unwrap(identifier))]);
        let parts: [&[u8]; 3] = [&[2, 1, 0], &algorithm, &[4, 1, 0]];
        pem::encode(pem::PRIVATE_KEY, &asn1::element(asn1::SEQUENCE, &parts))
    };
    refused_with("rsa2048.key", &other("1.3.101.112"), "holds a key of another kind (1.3.101.112), rsa2048");
    refused_with("rsa2048.key", &other("1.2.840.10045.2.1"), "holds an elliptic-curve key, rsa2048 needs");
}

#[test]
fn text_around_a_users_pem_block_is_no_problem() {
    let scratch = Scratch::with_keys();
    let certificate = scratch.read("rsa2048.pem");
    fs::write(scratch.join("rsa2048.pem"), format!("subject=Zoë\r\n{certificate}{certificate}"))
        .expect("writable");
    assert_eq!(scratch.open().expect("usable").ring.certificate_pem(SignatureKind::Rsa2048), certificate);
}

/// A creation was interrupted, and somebody has put something in its place since.
#[test]
fn no_certificate_is_overwritten_by_one_of_an_interrupted_creation() {
    let scratch = Scratch::with_keys();
    fs::rename(scratch.join("rsa2048.pem"), scratch.join(".rsa2048.pem.new")).expect("ours");
    fs::write(scratch.join("rsa2048.pem"), "somebody's").expect("writable");
    mended(&scratch);
    assert_eq!(scratch.read("rsa2048.pem.damaged"), "somebody's");
}
