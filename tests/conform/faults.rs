//! Each planted fault makes its checks fail, and no others.

use std::collections::BTreeMap;

use support::Sandbox;

use super::page::Row;
use super::stub::Stub;
use super::{at_once, judge};

/// A fault, and the checks that find it.
const FAULTS: &[(&str, &[&str])] = &[
    (
        "latest-only",
        &[
            "token-opens-versions",
            "version-1.0",
            "version-2009-04-04",
            "version-2016-09-02",
            "version-2018-09-24",
            "version-2021-01-03",
            "version-2021-03-23",
            "version-2021-07-15",
            "version-all-answer",
            "version-dated-listing",
            "version-dated-meta-data",
            "version-user-data",
        ],
    ),
    (
        "listing-line-feed",
        &[
            "instance-listing",
            "listing-no-final-line-feed",
            "listing-none-has-final-line-feed",
            "listing-public-key",
            "listing-public-keys",
            "listing-role",
        ],
    ),
    (
        "value-line-feed",
        &[
            "leaf-instance-id-form",
            "listing-values-have-no-final-line-feed",
            "same-instance-id-in-document",
            "version-1.0",
            "version-2009-04-04",
            "version-2016-09-02",
            "version-2018-09-24",
            "version-2021-01-03",
            "version-2021-03-23",
            "version-2021-07-15",
        ],
    ),
    ("key-as-directory", &["listing-public-keys"]),
    ("mac-without-slash", &["interfaces-listed"]),
    (
        "value-with-slash",
        &[
            "value-with-slash-document",
            "value-with-slash-domain",
            "value-with-slash-instance-id",
            "value-with-slash-user-data",
            "value-with-slash-zone",
        ],
    ),
    (
        "clean-redirect",
        &["double-slash-first", "double-slash-last", "double-slash-no-redirect", "double-slash-second"],
    ),
    (
        "directory-redirect",
        &[
            "directory-no-redirect",
            "directory-without-slash-dynamic",
            "directory-without-slash-identity",
            "directory-without-slash-interface",
            "directory-without-slash-interfaces",
            "directory-without-slash-meta-data",
            "directory-without-slash-public-keys",
            "directory-without-slash-role",
            "directory-without-slash-tags",
            "version-without-slash",
        ],
    ),
    ("listed-nowhere", &["listing-all-answer"]),
    (
        "no-maintenance",
        &[
            "leaf-events-maintenance-history-answers",
            "leaf-events-maintenance-scheduled-answers",
            "listing-maintenance",
            "maintenance-history-status",
            "maintenance-status",
        ],
    ),
    ("json-type", &["type-credentials", "type-document", "type-maintenance", "type-profile"]),
    (
        "charset",
        &[
            "missing-type",
            "refused-ttl-type",
            "token-content-type",
            "token-refusal-type",
            "type-credentials",
            "type-document",
            "type-listing",
            "type-maintenance",
            "type-metrics",
            "type-pkcs7",
            "type-profile",
            "type-user-data",
            "type-value",
            "type-versions",
        ],
    ),
    ("server", &["header-server", "header-server-listing", "missing-server"]),
    ("modified-now", &["header-last-modified-stays"]),
    (
        "keep-alive",
        &[
            "close-header",
            "close-header-404",
            "close-header-despite-keep-alive",
            "close-header-token",
            "closes",
            "closes-404",
            "closes-before-second-request",
            "closes-despite-keep-alive",
            "closes-token",
        ],
    ),
    (
        "chunked",
        &["header-none-unknown", "length-document", "length-listing", "length-signature", "length-value"],
    ),
    ("short-body", &["body-whole-document"]),
    ("head-body", &["head-value-no-body"]),
    ("continue", &["no-100-continue"]),
    ("slow-document", &["time-document"]),
    ("json-errors", &["missing-page", "missing-page-length", "missing-type"]),
    ("token-short", &["token-alphabet", "token-length"]),
    ("token-line-feed", &["token-alphabet", "token-is-header-value"]),
    ("token-get", &["token-get", "token-head"]),
    ("forwarded", &["token-forwarded"]),
    ("ttl-unchecked", &["token-ttl-too-long"]),
    ("no-ttl", &["token-longest", "token-shortest", "token-ttl-header", "token-ttl-spelling"]),
    ("no-remaining", &["token-remaining"]),
    ("token-for-ever", &["token-expires", "token-remaining"]),
    (
        "any-token",
        &[
            "token-expires",
            "token-made-up",
            "token-made-up-listing",
            "token-made-up-versions",
            "token-no-token",
        ],
    ),
    ("version-list-without-token", &["tokenless-versions"]),
    ("fractions", &["instance-keys-expiration", "role-keys-expiration"]),
    ("expired-keys", &["instance-keys-expiration", "role-keys-expiration"]),
    (
        "document-compact",
        &["document-layout", "pkcs7-digest", "pkcs7-document", "rsa2048-digest", "rsa2048-document"],
    ),
    ("no-rsa2048", &["leaf-instance-identity-rsa2048-answers", "listing-identity"]),
    ("other-region", &["region-of-zone", "same-region-in-document"]),
    ("same-device", &["device-numbers-unique"]),
];

#[test]
fn the_stub_without_a_fault_conforms() {
    let sandbox = Sandbox::new();
    let stub = Stub::start("");
    let judged = judge(&sandbox, stub.address, &[]);
    assert!(judged.failed.is_empty(), "expected no check to fail, found {:#?}", judged.failed);
    Row::of("the stub of the tests, without a fault", "ec2").agrees_with(&judged);
}

#[test]
fn each_planted_fault_is_found_by_its_checks() {
    let wrong: Vec<_> = at_once(FAULTS, |(fault, checks)| difference(fault, checks));
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}\nrerun: cargo test --test conform each_planted", wrong.join("\n"));
}

/// What a fault made fail, if that is not what it should.
fn difference(fault: &'static str, expected: &[&str]) -> Option<String> {
    let sandbox = Sandbox::new();
    let stub = Stub::start(fault);
    let judged = judge(&sandbox, stub.address, &[]);
    let failed: BTreeMap<&str, &str> =
        judged.failed.iter().map(|(name, why)| (name.as_str(), why.as_str())).collect();
    let missing: Vec<&&str> = expected.iter().filter(|name| !failed.contains_key(**name)).collect();
    let more: Vec<_> = failed.iter().filter(|(name, _)| !expected.contains(name)).collect();
    if missing.is_empty() && more.is_empty() && !expected.is_empty() {
        assert_eq!(judged.outcome.code, Some(1), "{}", judged.outcome);
        return None;
    }
    Some(format!(
        "{fault}: expected {expected:?} to fail; of these passed {missing:?}, and these failed too: {more:#?}"
    ))
}

#[test]
fn twenty_faults_and_more_are_planted() {
    assert!(FAULTS.len() >= 20, "expected 20 faults or more, found {}", FAULTS.len());
    let said = format!("then {} faults are planted into it", FAULTS.len());
    assert!(super::page::read().contains(&said), "expected {said:?} in docs/conformance.md");
}
