//! Headers of answers, and tokens.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::scripted::{ScriptedService, answer};

/// How a check of a header ends, with these headers of a leaf.
fn of_headers(check: &str, headers: &str) -> String {
    let headers = headers.to_owned();
    let service = ScriptedService::start(move |head| {
        let body = if head.starts_with("HEAD") { "" } else { "i-1" };
        format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{headers}\r\n{body}").into_bytes()
    });
    service.verdict(check)
}

#[test]
fn dates_of_headers_are_those_of_http() {
    let past = "header-last-modified-past";
    let date = "Date: Thu, 15 Jan 2026 12:00:00 GMT\r\n";
    for (modified, expected) in [
        ("Thu, 15 Jan 2026 12:00:00 GMT", "passed"),
        ("Thu, 15 Jan 2026 12:00:01 GMT", "found 1 s after Date"),
        ("15 Jan 2026 12:00:00 GMT", "found \"15 Jan 2026 12:00:00 GMT\""),
        ("Thu, 15 Jan 2026 12:00:00 UTC", "found \"Thu, 15 Jan 2026 12:00:00 UTC\""),
        ("Thu, 99 Jan 2026 12:00:00 GMT", "found \"Thu, 99 Jan 2026 12:00:00 GMT\""),
    ] {
        let headers = format!("Last-Modified: {modified}\r\n{date}");
        assert_eq!(of_headers(past, &headers), expected, "{modified}");
    }
    assert_eq!(of_headers(past, date), "skipped: no Last-Modified");
    let old = of_headers("header-date-now", date);
    assert!(old.starts_with("found a date ") && old.ends_with(" s away"), "{old}");
    let unknown = of_headers("header-none-unknown", "x-one: 1\r\nX-Two: 2\r\nserver: a\r\n");
    assert_eq!(unknown, "found x-one, X-Two");
    let spelt = "header-ttl-spelling";
    assert_eq!(of_headers(spelt, "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 1\r\n"), "passed");
    assert_eq!(
        of_headers(spelt, "x-aws-ec2-metadata-token-ttl-seconds: 1\r\n"),
        "found x-aws-ec2-metadata-token-ttl-seconds: 1"
    );
    assert_eq!(of_headers(spelt, ""), "skipped: no such header");
    assert_eq!(of_headers("head-length", ""), "passed");
    let of_head = |check: &str, headers: &'static str| {
        let service = ScriptedService::start(move |head| {
            let (headers, body) =
                if head.starts_with("HEAD") { (headers, "") } else { ("Content-Length: 3\r\n", "i-1") };
            format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}").into_bytes()
        });
        service.verdict(check)
    };
    assert_eq!(of_head("head-length", "Content-Length: 4\r\n"), "found Content-Length: 4");
    assert_eq!(of_head("head-length", ""), "found no Content-Length");
    assert_eq!(of_head("head-type", "Content-Type: a\r\n"), "found Content-Type: a");
}

/// What a token opens, and what its answers say of it.
fn of_tokens(check: &str, answers: impl Fn(&str) -> &'static str + Send + 'static) -> String {
    let service = ScriptedService::start(move |head| {
        let (status, headers) = answers(head).split_once('\n').expect("a status and headers");
        let body = if head.starts_with("PUT") { "abc==" } else { "i-1" };
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
    });
    service.verdict(check)
}

#[test]
fn tokens_open_and_say_how_long() {
    let is_second = |head: &str| head.starts_with("GET /latest/meta-data/instance-type ");
    for (left, expected) in [
        ("200 OK\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 60\r\n", "passed"),
        ("200 OK\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 1\r\n", "passed"),
        ("200 OK\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 0\r\n", "found \"0\""),
        ("200 OK\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 61\r\n", "found \"61\""),
        ("200 OK\n", "found no such header"),
    ] {
        assert_eq!(of_tokens("token-remaining", move |_| left), expected, "{left:?}");
    }
    assert_eq!(of_tokens("token-opens", |_| "200 OK\n"), "passed");
    let refused = |head: &str| if head.starts_with("PUT") { "200 OK\n" } else { "401 No\n" };
    assert_eq!(of_tokens("token-opens", refused), "found status 401 at /latest/meta-data/instance-id");
    assert_eq!(of_tokens("token-opens", |_| "404 No\n"), "skipped: the service gives no token");
    assert_eq!(of_tokens("token-reused", |_| "200 OK\n"), "passed");
    let once = move |head: &str| if is_second(head) { "401 No\n" } else { "200 OK\n" };
    assert_eq!(of_tokens("token-reused", once), "found status 401 at /latest/meta-data/instance-type");
    assert_eq!(of_tokens("token-two-at-once", |_| "200 OK\n"), "passed");
    let has_token = |head: &str| head.contains("X-aws-ec2-metadata-token: ");
    let required = move |head: &str| {
        if head.starts_with("PUT") || has_token(head) { "200 OK\n" } else { "401 No\n" }
    };
    assert_eq!(of_tokens("tokenless-latest", required), "passed");
    // The token of the run is in each request.
    assert_eq!(of_tokens("same-answer-twice", required), "passed");
    assert_eq!(of_tokens("tokenless-latest", |_| "200 OK\n"), "passed");
    let of_latest = |head: &str| head.starts_with("GET /latest/ ");
    let open = move |head: &str| if of_latest(head) { "200 OK\n" } else { required(head) };
    assert_eq!(of_tokens("tokenless-latest", open), "found status 200");
    let closed = move |head: &str| if of_latest(head) { "401 No\n" } else { "200 OK\n" };
    assert_eq!(of_tokens("tokenless-latest", closed), "found status 401");
    let small = of_tokens("token-small-letters", |head| {
        if head.starts_with("PUT")
            || head.contains("x-aws-ec2-metadata-token: abc==")
            || !head.contains("-token: ")
        {
            "200 OK\n"
        } else {
            "401 No\n"
        }
    });
    assert_eq!(small, "passed");
}

/// A second between two answers, which the service's clock has.
#[test]
fn what_stays_is_looked_at_a_second_later() {
    let stays = |after: &'static str, body: &'static str| {
        let leaves = AtomicUsize::new(0);
        let service = ScriptedService::start(move |head| {
            // Opening a run asks for the leaf, too.
            let nth = if head.starts_with("GET") { leaves.fetch_add(1, Ordering::SeqCst) } else { 0 };
            let (date, body) = if nth < 2 { ("a", "i-1") } else { (after, body) };
            let modified = if date.is_empty() { String::new() } else { format!("Last-Modified: {date}\r\n") };
            format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{modified}\r\n{body}").into_bytes()
        });
        service.verdict("header-last-modified-stays")
    };
    let cases = [
        ("a", "i-1", "passed"),
        ("b", "i-1", "found b"),
        ("b", "i-2", "passed"),
        ("", "i-1", "found no Last-Modified"),
    ];
    // At once: each waits.
    std::thread::scope(|scope| {
        for (after, body, expected) in cases {
            scope.spawn(move || assert_eq!(stays(after, body), expected, "{after:?}, {body}"));
        }
    });
}

#[test]
fn a_token_expires_and_its_seconds_run_down() {
    let expires = |short: &'static str, left: [&'static str; 2]| {
        let (tokens, looks) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let service = ScriptedService::start(move |head| {
            if head.starts_with("PUT") {
                // That of the run, a short one, and a long one.
                let token = ["run", "short", "long"][tokens.fetch_add(1, Ordering::SeqCst).min(2)];
                return answer("200 OK", token);
            }
            if head.contains("token: short") {
                return answer(short, "");
            }
            let nth = if head.contains("token: long") { looks.fetch_add(1, Ordering::SeqCst) } else { 0 };
            let left = left[nth.min(1)];
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: {left}\r\n\r\n"
            )
            .into_bytes()
        });
        service.verdict("token-expires")
    };
    let cases = [
        ("401 No", ["60", "58"], "passed"),
        ("401 No", ["60", "60"], "found 60 remaining seconds, and 60 2 s before"),
        ("200 OK", ["60", "58"], "found status 200"),
    ];
    std::thread::scope(|scope| {
        for (short, left, expected) in cases {
            scope.spawn(move || assert_eq!(expires(short, left), expected, "{short}, {left:?}"));
        }
    });
}
