//! The tables themselves, and the parser of answers.

mod exchanges;
mod expectations;
mod facts;
mod forms;
mod headers;
mod listed;
mod networks;
mod notices;
mod reports;
mod scripted;
mod small;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::all_checks;
use super::raw_response::{ParsedResponse, RawResponse, parse};
use super::redaction::{is_secret, printable};
use super::{ConformanceProfile, NamePattern, findings_of};

#[test]
fn names_are_unique_and_in_kebab_case() {
    let checks = all_checks();
    let mut seen = BTreeSet::new();
    for check in &checks {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        assert!(check.name.chars().all(legal) && !check.name.contains("--"), "{}", check.name);
        assert!(seen.insert(check.name.clone()), "{} stands twice", check.name);
        assert!(!check.asked.is_empty() && !check.expected.is_empty(), "{} says too little", check.name);
    }
    assert!(checks.len() >= 250, "expected 250 checks or more, found {}", checks.len());
}

#[test]
fn profiles_name_checks_that_there_are() {
    let checks = all_checks();
    for name in ConformanceProfile::names() {
        ConformanceProfile::named(name, &checks).expect("it is one of ours").expect("it parses");
    }
    let wrong = ConformanceProfile::parse("x", "[[skip]]\nchecks = [\"tokn-*\"]\nreason = \"\"\n", &checks);
    let sentence = wrong.expect_err("no check has this name");
    assert!(sentence.contains("\"tokn-*\"") && sentence.contains("--list"), "{sentence}");
    assert!(NamePattern::new("token-*").matches("token-issued"));
}

/// A service writes into a report what it wants to: a status line of 128 KiB, and the orders of a terminal.
#[test]
fn findings_are_short_and_have_no_control_characters() {
    let long = format!("HTTP/1.0 404 {}\r\n\r\n", "x".repeat(1 << 17));
    let findings = findings_of(long.as_bytes());
    assert!(findings.iter().any(|finding| finding.contains("xxx")), "no finding quotes the status line");
    let longest = findings.iter().map(String::len).max();
    assert!(longest < Some(4096), "expected findings below 4096 bytes, found one of {longest:?}");
    let of_forms = findings_of(b"HTTP/1.1 200 OK\r\n\r\n!");
    for expected in ["\"!\" at interface-id", "\"!\" at /latest/meta-data/ami-id"] {
        assert!(of_forms.iter().any(|found| found == expected), "expected {expected} in {of_forms:?}");
    }
    let orders = printable("role \u{1b}[2J\u{7}\nis listed".to_owned());
    assert_eq!(orders, "role \\u{1b}[2J\\u{7}\\nis listed");
}

fn whole(bytes: &str, is_head: bool) -> RawResponse {
    match parse(bytes.as_bytes(), is_head, true) {
        ParsedResponse::Whole(response) => response,
        other => panic!("expected a whole answer, found {other:?}"),
    }
}

#[test]
fn answers_keep_what_is_odd() {
    let answer = whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-y: z\r\n\r\nabcd", false);
    assert_eq!((answer.body.as_slice(), answer.extra.as_slice()), (&b"ab"[..], &b"cd"[..]));
    assert_eq!(answer.headers[1].0, "x-y");
    assert!(whole("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcd", false).is_short);
    let continued = whole("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", false);
    assert_eq!((continued.interim, continued.status), (vec![100], 417));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\nrest";
    let chunked = whole(chunked, false);
    assert_eq!((chunked.body.as_slice(), chunked.extra.as_slice()), (&b"abc"[..], &b"rest"[..]));
    let cut = whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n5\r\nc", false);
    assert!(cut.is_short && cut.status == 200, "expected an answer without its end, found {cut:?}");
    assert_eq!(whole("HTTP/1.0 200 OK\r\n\r\nabc", false).body, b"abc");
    let head = whole("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n", true);
    assert!(head.body.is_empty() && !head.is_short);
}

#[test]
fn an_answer_that_has_not_come_is_waited_for() {
    for part in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.0 200 OK\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    ] {
        assert_eq!(parse(part.as_bytes(), false, false), ParsedResponse::Unfinished, "{part:?}");
    }
    for broken in ["", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"] {
        let parsed = parse(broken.as_bytes(), false, true);
        assert!(matches!(parsed, ParsedResponse::Invalid(_)), "{broken:?}: {parsed:?}");
    }
}

#[test]
fn paths_of_secrets_are_known() {
    for (path, secret) in [
        ("/latest/meta-data/iam/security-credentials/role", true),
        ("/latest/meta-data/iam/security-credentials/", false),
        ("/latest/meta-data/identity-credentials/ec2/security-credentials/ec2-instance", true),
        ("/latest/meta-data/iam/security-credentials-extended/role", true),
        ("/latest/api/token", true),
        ("/1.0/user-data/", true),
        ("/latest/meta-data/iam/info", false),
        ("/latest/meta-data/instance-id", false),
    ] {
        assert_eq!(is_secret(path), secret, "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_service_sends_is_judged(head in "[A-Za-z0-9:/ .\r\n-]{0,60}", body in "\\PC{0,60}", bytes: Vec<u8>) {
        findings_of(&bytes);
        findings_of(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes());
        findings_of(&[b"HTTP/1.1 200 OK\r\n\r\n", bytes.as_slice()].concat());
    }
}
