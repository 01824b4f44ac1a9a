//! The identity document, and the texts that sign it.

use serde_json::Value;

use super::signed_data::{
    Envelope, decoded, embeds_document, has_algorithms, has_digest, is_framed, is_signed_data,
};
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{IfAnswered, Text};
use crate::conform::facts::DOCUMENT;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms;
use crate::conform::probe::{CheckProbe, get};
use crate::conform::service::ServiceUnderTest;

const SAMPLES: Basis = Basis::Documented("EC2 User Guide, Instance identity documents, and its samples");
const VERIFIED: Basis = Basis::Observed("genuine samples, verified with openssl");
const PKCS7: CheckProbe = get("/latest/dynamic/instance-identity/pkcs7");
const RSA2048: CheckProbe = get("/latest/dynamic/instance-identity/rsa2048");
const SIGNATURE: &str = "/latest/dynamic/instance-identity/signature";
const VERIFIERS: &str = "Vault, Teleport, and what verifies identities";

/// In this order, each always there.
const KEYS: [&str; 15] = [
    "accountId",
    "architecture",
    "availabilityZone",
    "billingProducts",
    "devpayProductCodes",
    "marketplaceProductCodes",
    "imageId",
    "instanceId",
    "instanceType",
    "kernelId",
    "pendingTime",
    "privateIp",
    "ramdiskId",
    "region",
    "version",
];

/// A text of the document has a form.
macro_rules! field {
    ($name:literal, $key:literal, $form:expr) => {
        facts(
            concat!("document-", $name),
            concat!("GET /latest/dynamic/instance-identity/document: ", $key),
            $form.what,
            |service| {
                let document = service.json(DOCUMENT)?;
                match document.get($key) {
                    Some(Value::String(text)) if ($form.holds)(text) => Ok(()),
                    // Of an address: an instance in an IPv6-only subnet has none.
                    Some(Value::Null) if $key == "privateIp" => Err(CheckFinding::not_applicable("null")),
                    Some(found) => Err(CheckFinding::fails(found.to_string())),
                    None => Err(CheckFinding::fails(concat!("no ", $key))),
                }
            },
            SAMPLES,
            "AWS SDKs for Go and Java",
        )
    };
}

pub(super) const ROWS: &[CheckRow] = &[
    facts(
        "document-keys",
        "GET /latest/dynamic/instance-identity/document",
        "fifteen keys, in EC2's order, absent values as null",
        keys,
        SAMPLES,
        "what parses it without a JSON library",
    ),
    answer(
        "document-layout",
        get(DOCUMENT),
        &[
            IfAnswered,
            Text("two blanks before a key, \" : \" after it, no line feed at the end", |text| {
                laid_out_keys(text).is_some()
            }),
        ],
        VERIFIED,
        "what verifies a signature over bytes that it wrote itself",
    ),
    field!("account", "accountId", forms::ACCOUNT),
    field!("image", "imageId", forms::AMI),
    field!("instance", "instanceId", forms::INSTANCE),
    field!("instance-type", "instanceType", forms::INSTANCE_TYPE),
    field!("zone", "availabilityZone", forms::ZONE),
    field!("region", "region", forms::REGION),
    field!(
        "address",
        "privateIp",
        forms::form("an IP address", |text| text.parse::<std::net::IpAddr>().is_ok())
    ),
    field!("pending-time", "pendingTime", forms::INSTANT),
    field!("version", "version", forms::form("2017-09-30", |text| text == "2017-09-30")),
    field!(
        "architecture",
        "architecture",
        forms::form("x86_64, arm64 or i386", |text| ["x86_64", "arm64", "i386"].contains(&text))
    ),
    answer(
        "signature-framing",
        get(SIGNATURE),
        &[IfAnswered, Text("base64 in lines of 76, no line feed at the end", is_framed)],
        VERIFIED,
        "SPIRE, Vault",
    ),
    facts(
        "signature-length",
        "GET /latest/dynamic/instance-identity/signature",
        "128 bytes: RSA with 1024 bits",
        |service| match decoded(service, SIGNATURE)?.len() {
            128 => Ok(()),
            length => Err(CheckFinding::fails(format!("{length} bytes"))),
        },
        VERIFIED,
        "SPIRE, Vault",
    ),
    answer(
        "pkcs7-framing",
        PKCS7,
        &[IfAnswered, Text("base64 in lines of 76, without armour or a line feed at the end", is_framed)],
        VERIFIED,
        "Vault",
    ),
    envelope("pkcs7-signed-data", "GET /latest/dynamic/instance-identity/pkcs7", "SignedData", |service| {
        is_signed_data(service, Envelope::Pkcs7)
    }),
    envelope(
        "pkcs7-document",
        "GET /latest/dynamic/instance-identity/pkcs7",
        "the bytes of the document",
        |service| embeds_document(service, Envelope::Pkcs7),
    ),
    envelope(
        "pkcs7-digest",
        "GET /latest/dynamic/instance-identity/pkcs7",
        "the SHA-1 digest of the document",
        |service| has_digest(service, Envelope::Pkcs7),
    ),
    envelope("pkcs7-algorithms", "GET /latest/dynamic/instance-identity/pkcs7", "SHA-1 and DSA", |service| {
        has_algorithms(service, Envelope::Pkcs7)
    }),
    answer(
        "rsa2048-framing",
        RSA2048,
        &[IfAnswered, Text("base64 in lines of 76, without armour or a line feed at the end", is_framed)],
        VERIFIED,
        "Vault, Teleport",
    ),
    envelope(
        "rsa2048-signed-data",
        "GET /latest/dynamic/instance-identity/rsa2048",
        "SignedData",
        |service| is_signed_data(service, Envelope::Rsa2048),
    ),
    envelope(
        "rsa2048-document",
        "GET /latest/dynamic/instance-identity/rsa2048",
        "the bytes of the document",
        |service| embeds_document(service, Envelope::Rsa2048),
    ),
    envelope(
        "rsa2048-digest",
        "GET /latest/dynamic/instance-identity/rsa2048",
        "the SHA-256 digest of the document",
        |service| has_digest(service, Envelope::Rsa2048),
    ),
    envelope(
        "rsa2048-algorithms",
        "GET /latest/dynamic/instance-identity/rsa2048",
        "SHA-256 and RSA",
        |service| has_algorithms(service, Envelope::Rsa2048),
    ),
];

/// A property of what is inside an envelope.
const fn envelope(
    name: &'static str,
    asked: &'static str,
    expected: &'static str,
    test: fn(&mut ServiceUnderTest<'_>) -> Judgement,
) -> CheckRow {
    facts(name, asked, expected, test, VERIFIED, VERIFIERS)
}

/// The keys of an object as EC2 prints one, in their order; none if the layout is another one.
pub(super) fn laid_out_keys(text: &str) -> Option<Vec<&str>> {
    let inner = text.strip_prefix("{\n")?.strip_suffix("\n}")?;
    let lines: Vec<&str> = inner.split('\n').collect();
    let last = lines.len() - 1;
    let keys = lines.iter().enumerate().map(|(at, line)| {
        let line = if at == last { line } else { line.strip_suffix(',')? };
        let (key, value) = line.strip_prefix("  \"")?.split_once("\" : ")?;
        (!value.is_empty() && !value.ends_with(',')).then_some(key)
    });
    keys.collect()
}

fn keys(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let document = service.json(DOCUMENT)?;
    let Value::Object(document) = &document else { return Err(CheckFinding::fails("no JSON object")) };
    if let Some(missing) = KEYS.iter().find(|key| !document.contains_key(**key)) {
        return Err(CheckFinding::fails(format!("no {missing}")));
    }
    if let Some(more) = document.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(CheckFinding::fails(format!("the key {more:?}")));
    }
    // The parser sorts; the text has the order.
    let text = service.text(DOCUMENT)?;
    let at: Vec<_> = KEYS.iter().filter_map(|key| text.find(&format!("\"{key}\""))).collect();
    if at.is_sorted() { Ok(()) } else { Err(CheckFinding::fails("another order")) }
}
