//! What expectations say of one answer.

use super::whole;
use crate::conform::all_checks;
use crate::conform::check::CheckTest;
use crate::conform::expectation::Expectation;
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::raw_response::RawResponse;
use crate::conform::service::{remaining, usable_token};

/// "passes", "nothing to judge: why", "expected what, found what".
fn said(judgement: Judgement) -> String {
    match judgement {
        Ok(()) => "passes".to_owned(),
        Err(CheckFinding::NotApplicable(why)) => format!("nothing to judge: {why}"),
        Err(CheckFinding::Fails { expected, found }) => {
            format!("expected {}, found {found}", expected.unwrap_or_default())
        }
    }
}

fn head(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n{headers}\r\n")
}

#[test]
fn an_expectation_holds_or_says_what_is_there_instead() {
    use Expectation as E;
    let has_a: fn(&str) -> bool = |text| text.contains('a');
    for (expectation, answer, expected) in [
        (E::IfThere, head("200 OK", ""), "passes"),
        (E::IfThere, head("500 No", ""), "passes"),
        (E::IfThere, head("404 No", ""), "nothing to judge: the path answers 404: there is none"),
        (E::IfAnswered, head("200 OK", ""), "passes"),
        (E::IfAnswered, head("500 No", ""), "nothing to judge: the path answers 500"),
        (E::IfStatus(405), head("405 No", ""), "passes"),
        (E::IfStatus(405), head("200 OK", ""), "nothing to judge: the answer is 200, not 405"),
        (E::Status(200), head("200 OK", ""), "passes"),
        (E::Status(200), head("404 Not Found", ""), "expected status 200, found HTTP/1.1 404 Not Found"),
        (E::StatusOf(&[200, 404]), head("404 No", ""), "passes"),
        (E::StatusOf(&[200, 404]), head("500 No", ""), "expected status 200 or 404, found HTTP/1.1 500 No"),
        (E::Reason("OK"), head("200 OK", ""), "passes"),
        (E::Reason("OK"), head("200 Fine", ""), "expected the reason phrase \"OK\", found HTTP/1.1 200 Fine"),
        (E::Header("Server", "a"), head("200 OK", "server: a\r\n"), "passes"),
        (E::Header("Server", "a"), head("200 OK", "server: b\r\n"), "expected Server: a, found server: b"),
        (
            E::Header("Server", "a"),
            head("200 OK", ""),
            "expected Server: a, found HTTP/1.1 200 OK, without Server",
        ),
        (E::HeaderOf("X", &["a", "b"]), head("200 OK", "X: b\r\n"), "passes"),
        (E::HeaderOf("X", &["a", "b"]), head("200 OK", "X: c\r\n"), "expected X: a or b, found X: c"),
        (E::HasHeader("X"), head("200 OK", "x: \r\n"), "passes"),
        (E::HasHeader("X"), head("200 OK", ""), "expected a header X, found HTTP/1.1 200 OK, without X"),
        (E::NoHeader("X"), head("200 OK", ""), "passes"),
        (E::NoHeader("X"), head("200 OK", "x: y\r\n"), "expected no header X, found x: y"),
        (E::SpeltHeader("X-Y"), head("200 OK", "X-Y: z\r\n"), "passes"),
        (E::SpeltHeader("X-Y"), head("200 OK", "x-y: z\r\n"), "expected a header spelt X-Y, found x-y: z"),
        (E::EmptyBody, head("200 OK", ""), "passes"),
        (E::EmptyBody, "HTTP/1.1 200 OK\r\n\r\na".to_owned(), "expected an empty body, found \"a\""),
        (E::Body("a"), "HTTP/1.1 200 OK\r\n\r\na".to_owned(), "passes"),
        (E::Body("a"), head("200 OK", ""), "expected the body \"a\", found an empty body"),
        (E::HasLine("a"), "HTTP/1.1 200 OK\r\n\r\nb\na".to_owned(), "passes"),
        (E::HasLine("a"), "HTTP/1.1 200 OK\r\n\r\nab".to_owned(), "expected a line \"a\", found \"ab\""),
        (E::Text("an a", has_a), "HTTP/1.1 200 OK\r\n\r\nba".to_owned(), "passes"),
        (E::Text("an a", has_a), "HTTP/1.1 200 OK\r\n\r\nb".to_owned(), "expected an a, found \"b\""),
        (E::NoInterim, head("200 OK", ""), "passes"),
        (
            E::NoInterim,
            format!("HTTP/1.1 100 Continue\r\n\r\n{}", head("200 OK", "")),
            "expected no interim answer (100), found [100] before the answer",
        ),
        (E::WholeBody, head("200 OK", ""), "passes"),
        (
            E::WholeBody,
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcd".to_owned(),
            "expected as many bytes as Content-Length says, found the connection ended after 4 bytes of the body",
        ),
        (
            E::WholeBody,
            head("200 OK", "") + "ab",
            "expected as many bytes as Content-Length says, found 2 more bytes after the answer",
        ),
    ] {
        let response = whole(&answer, false);
        assert_eq!(said(expectation.judge("/x", &response)), expected, "{expectation} of {answer:?}");
    }
}

#[test]
fn a_finding_shows_a_body_that_is_no_secret() {
    let secret = "/latest/meta-data/iam/security-credentials/web";
    for (path, answer, found) in [
        ("/x", "HTTP/1.1 200 OK\r\n\r\nab", "\"ab\""),
        (secret, "HTTP/1.1 200 OK\r\n\r\nab", "2 bytes that are not shown"),
        // A page that says so is none.
        (secret, "HTTP/1.1 404 No\r\n\r\nab", "\"ab\""),
    ] {
        let judgement = Expectation::EmptyBody.judge(path, &whole(answer, false));
        assert_eq!(said(judgement), format!("expected an empty body, found {found}"), "{path}, {answer:?}");
    }
    for (length, shown) in
        [(160, format!("\"{}\"", "x".repeat(160))), (161, format!("\"{}\"…", "x".repeat(160)))]
    {
        let long = whole(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(length)), false);
        assert_eq!(
            said(Expectation::EmptyBody.judge("/x", &long)),
            format!("expected an empty body, found {shown}")
        );
    }
    let bytes = RawResponse { body: vec![0xff, 0xfe], ..whole(&head("200 OK", ""), false) };
    let found = said(Expectation::EmptyBody.judge("/x", &bytes));
    assert_eq!(found, "expected an empty body, found 2 bytes that are no text");
}

#[test]
fn a_check_says_what_it_asks() {
    let checks = all_checks();
    for (name, expected) in [
        ("type-value", "GET /latest/meta-data/instance-id"),
        ("token-ttl-not-without-token", "GET /latest/meta-data/instance-id, without a token"),
        ("token-issued", "PUT /latest/api/token, X-aws-ec2-metadata-token-ttl-seconds: 60"),
        ("token-made-up-versions", "GET /, with a token that nobody issued"),
        ("token-small-letters", "GET /latest/meta-data/instance-id, the token's header in small letters"),
        ("closes-before-second-request", "GET /latest/meta-data/instance-id, twice on one connection"),
    ] {
        let check = checks.iter().find(|check| check.name == name);
        assert_eq!(check.map(|check| check.asked.as_str()), Some(expected), "{name}");
    }
}

#[test]
fn a_connection_is_to_end_after_one_answer() {
    let expected = "expected the end of the connection after one answer, found ";
    for (closed, extra, found) in [
        (true, "", None),
        (false, "", Some("an open connection, a second after the answer")),
        (true, "ab", Some("2 more bytes after the answer")),
        (false, "abc", Some("3 more bytes after the answer")),
    ] {
        let response = RawResponse { closed, extra: extra.into(), ..whole(&head("200 OK", ""), false) };
        let expected = found.map_or("passes".to_owned(), |found| format!("{expected}{found}"));
        assert_eq!(said(Expectation::Closed.judge("/x", &response)), expected);
    }
}

/// What a check of one answer says of a body.
fn of_body(name: &str, body: &str) -> bool {
    let checks = all_checks();
    let check = checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no check {name:?}"));
    let CheckTest::Answer(probe, expectations) = &check.test else {
        panic!("{name} is of more than one answer")
    };
    let response = whole(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()), false);
    expectations.iter().all(|expected| expected.judge(probe.path, &response).is_ok())
}

#[test]
fn bodies_are_judged_by_their_form() {
    for (name, of_it, others) in [
        ("token-alphabet", &["AB09-_az=="][..], &["AB09-_az", "AB09/+az==", "AB=09=="][..]),
        (
            "version-list-lines",
            &["1.0\n2009-04-04\nlatest"],
            &["1.1", "2009-4-4", "20090404", "2009-04-0x", "2009-13-04", "new"],
        ),
        (
            "document-layout",
            &["{\n  \"a\" : 1,\n  \"b\" : null\n}"],
            &[
                "",
                "{}",
                "{\n  \"a\" : 1,\n  \"b\" : null\n}\n",
                "{\n  \"a\":1\n}",
                "{\n \"a\" : 1\n}",
                "{\n  \"a\" : 1,\n}",
                "{\n  \"a\" : 1\n  \"b\" : 2\n}",
                "{\n  \"a\" : \n}",
            ],
        ),
        ("listing-sorted", &["a\nb/\nc"], &["b\na"]),
        ("listing-unique", &["a\nb/"], &["a\na/"]),
        ("listing-public-keys", &["0=me\n1=you"], &["0=me\n", "0/", "0=me/", "x=me", "0="]),
    ] {
        for (body, expected) in
            of_it.iter().map(|body| (body, true)).chain(others.iter().map(|body| (body, false)))
        {
            assert_eq!(of_body(name, body), expected, "{name} of {body:?}");
        }
    }
}

#[test]
fn a_token_is_used_if_a_header_can_have_it() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\nabc==\n", Some("abc==")),
        ("HTTP/1.1 404 No\r\n\r\nabc==", None),
        ("HTTP/1.1 200 OK\r\n\r\na b", None),
        ("HTTP/1.1 200 OK\r\n\r\n\n", None),
    ] {
        assert_eq!(usable_token(&whole(answer, false)).as_deref(), expected, "{answer:?}");
    }
    let left = |value: &str| {
        remaining(&whole(
            &head("200 OK", &format!("X-Aws-Ec2-Metadata-Token-Ttl-Seconds: {value}\r\n")),
            false,
        ))
    };
    assert_eq!((left(" 59 "), left("x"), left("")), (Some(59), None, None));
}
