//! Checks that compare facts, each with an instance that it is about: the document, places and names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use super::scripted::judged;
use super::small::DOCUMENT;

#[test]
fn the_document_says_what_the_leaves_say() {
    let other_account = DOCUMENT.replace("111122223333", "444455556666");
    let codes = DOCUMENT.replace("[ \"a1\", \"b2\" ]", "[ \"a1\" ]");
    let document = "dynamic/instance-identity/document";
    judged(&[
        ("same-instance-id-in-document", &[], "passed"),
        ("same-instance-id-in-document", &[("meta-data/instance-id", Some("i-2"))], "found \"i-2\""),
        (
            "same-instance-id-in-document",
            &[(document, Some("x"))],
            "skipped: /latest/dynamic/instance-identity/document is no JSON",
        ),
        (
            "same-instance-id-in-document",
            &[(document, None)],
            "skipped: GET /latest/dynamic/instance-identity/document answers 404",
        ),
        ("same-products-in-document", &[], "passed"),
        ("same-products-in-document", &[(document, Some(&codes))], "found \"a1 b2\""),
        ("same-account-in-document", &[], "passed"),
        ("same-account-in-document", &[(document, Some(&other_account))], "found \"111122223333\""),
        ("same-account-in-document", &[(document, Some("{}"))], "skipped: the document has no accountId"),
        ("same-account-of-instance", &[], "passed"),
        ("same-account-of-instance", &[(document, Some(&other_account))], "found \"111122223333\""),
        ("same-account-of-profile", &[], "passed"),
        ("same-account-of-profile", &[(document, Some(&other_account))], "found \"111122223333\""),
        ("same-account-of-profile", &[("meta-data/iam/info", Some("{}"))], "skipped: no InstanceProfileArn"),
        ("document-keys", &[], "passed"),
        ("document-keys", &[(document, Some("{}"))], "found no accountId"),
        ("document-keys", &[(document, Some("[]"))], "found no JSON object"),
        (
            "document-keys",
            &[(document, Some(&DOCUMENT.replace("{\n", "{\n  \"a\" : 1,\n")))],
            "found the key \"a\"",
        ),
        (
            "document-keys",
            &[(
                document,
                Some(
                    &DOCUMENT
                        .replace("  \"accountId\" : \"111122223333\",\n", "")
                        .replace("\n}", ",\n  \"accountId\" : \"1\"\n}"),
                ),
            )],
            "found another order",
        ),
        ("document-address", &[], "passed"),
        ("document-address", &[(document, Some(&DOCUMENT.replace("\"10.0.0.5\"", "null")))], "skipped: null"),
        (
            "document-address",
            &[(document, Some(&DOCUMENT.replace("10.0.0.5", "10.0.0")))],
            "found \"10.0.0\"",
        ),
        ("document-region", &[(document, Some(&DOCUMENT.replace("\"us-east-1\"", "null")))], "found null"),
        ("document-region", &[(document, Some("{}"))], "found no region"),
    ]);
}

#[test]
fn places_and_names_agree() {
    let place = |region: &'static str, partition: &'static str, expected: &'static str| {
        let changes =
            [("meta-data/placement/region", Some(region)), ("meta-data/services/partition", Some(partition))];
        judged(&[("partition-of-region", &changes, expected)]);
    };
    place("eu-west-1", "aws", "passed");
    place("cn-north-1", "aws-cn", "passed");
    place("us-gov-west-1", "aws-us-gov", "passed");
    place("cn-north-1", "aws", "found \"aws\"");
    place("us-gov-west-1", "aws", "found \"aws\"");
    place("eu-west-1", "aws-cn", "found \"aws-cn\"");
    place("us-iso-east-1", "aws", "skipped: the partition of us-iso-east-1 is not known");
    place("us-isob-1", "aws", "skipped: the partition of us-isob-1 is not known");
    place("xx-east-1", "aws", "skipped: the partition of xx-east-1 is not known");
    for (partition, domain, expected) in [
        ("aws", "amazonaws.com", "passed"),
        ("aws-us-gov", "amazonaws.com", "passed"),
        ("aws-cn", "amazonaws.com.cn", "passed"),
        ("aws-cn", "amazonaws.com", "found \"amazonaws.com\""),
        ("aws-iso", "c2s.ic.gov", "skipped: the domain of aws-iso is not known"),
    ] {
        let changes =
            [("meta-data/services/partition", Some(partition)), ("meta-data/services/domain", Some(domain))];
        judged(&[("domain-of-partition", &changes, expected)]);
    }
    for (host, expected) in [
        ("ip-10-0-0-5.ec2.internal", "passed"),
        ("ip-10-0-0-5.us-west-2.compute.internal", "passed"),
        ("i-12345678.ec2.internal", "passed"),
        ("ip-10-0-0-6.ec2.internal", "found \"ip-10-0-0-6\""),
        ("web.example", "skipped: a name of another domain"),
    ] {
        judged(&[("hostname-of-instance", &[("meta-data/hostname", Some(host))], expected)]);
    }
    judged(&[
        ("same-hostname", &[], "passed"),
        ("same-hostname", &[("meta-data/hostname", Some("a"))], "found \"a\""),
        ("region-of-zone", &[], "passed"),
        ("region-of-zone", &[("meta-data/placement/region", Some("us-west-2"))], "found \"us-east-1\""),
        ("region-of-zone", &[("meta-data/placement/availability-zone", Some("x"))], "found \"x\""),
        ("same-ami-device", &[], "passed"),
        ("same-ami-device", &[("meta-data/block-device-mapping/ami", Some("sda1"))], "found \"sda1\""),
        ("same-partition-of-profile", &[], "passed"),
        ("same-partition-of-profile", &[("meta-data/services/partition", Some("aws-cn"))], "found \"aws\""),
    ]);
}

/// What an envelope holds, as base64 in one line: a mark of signed data, the document, its digest, two algorithms.
fn envelope(parts: [&[u8]; 5]) -> String {
    STANDARD.encode(parts.concat())
}

#[test]
fn an_envelope_holds_the_document_and_its_digest() {
    let path = "dynamic/instance-identity/pkcs7";
    let mark: &[u8] = &[0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    let (document, sha1, dsa): (&[u8], &[u8], &[u8]) = (
        DOCUMENT.as_bytes(),
        &[0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a],
        &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01],
    );
    let attribute: &[u8] =
        &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x16, 0x04, 0x14];
    let digest: &[u8] = &[attribute, &Sha1::digest(document)].concat();
    let all = envelope([mark, document, digest, sha1, dsa]);
    for check in ["pkcs7-signed-data", "pkcs7-document", "pkcs7-digest", "pkcs7-algorithms"] {
        judged(&[(check, &[(path, Some(&all))], "passed")]);
    }
    let nothing: &[u8] = &[];
    for (check, parts, expected) in [
        (
            "pkcs7-signed-data",
            [&mark[1..], document, digest, sha1, dsa],
            "found bytes that are no SignedData",
        ),
        ("pkcs7-signed-data", [&[0x30], document, digest, sha1, dsa], "found bytes that are no SignedData"),
        ("pkcs7-document", [mark, &document[1..], digest, sha1, dsa], "found no such bytes in it"),
        (
            "pkcs7-digest",
            [mark, document, attribute, sha1, dsa],
            "found another digest, or none: the signature is of other bytes",
        ),
        ("pkcs7-algorithms", [mark, document, digest, nothing, dsa], "found another digest algorithm"),
        ("pkcs7-algorithms", [mark, document, digest, sha1, nothing], "found another signature algorithm"),
    ] {
        judged(&[(check, &[(path, Some(&envelope(parts)))], expected)]);
    }
    judged(&[("pkcs7-signed-data", &[(path, Some("-"))], &format!("found /latest/{path} is no base64"))]);
}
