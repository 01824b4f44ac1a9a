//! Services that refuse, forget, or do not answer: what is asked again, left out, or ends the walk.

use super::*;
use crate::model::HttpTokens;

#[test]
fn a_path_that_never_answers_is_left_out_and_said() {
    let silent = |request: &CrawlRequest| match request.path.as_str() {
        "/latest/meta-data/b/" => ExchangeOutcome::Failed("no answer within 10 s".into()),
        _ => small(request),
    };
    let walk_of = walk(silent);
    let asked = walk_of.paths().iter().filter(|asked| asked.ends_with("/meta-data/b/")).count();
    assert_eq!(asked, 6);
    let observations = walk_of.ended.expect("it ends well");
    assert!(!observations.knows("meta-data/b/c d") && observations.knows("meta-data/a"), "{observations:?}");
    assert_eq!(observations.notes, ["meta-data/b: no answer within 10 s, 6 times in a row"]);
}

/// Only the top of the tree tells that a service wants tokens and has none.
#[test]
fn a_directory_that_refuses_is_left_out_and_said() {
    let old = |request: &CrawlRequest| {
        let mut request = request.clone();
        request.headers.push(("x-aws-ec2-metadata-token", "T0".into()));
        match (request.method.as_str(), request.path.as_str()) {
            ("PUT", _) => answer(403, ""),
            (_, "/latest/meta-data/b/") => answer(401, ""),
            _ => small(&request),
        }
    };
    let observations = walk(old).ended.expect("it ends well");
    let note = "meta-data/b: answers 401";
    assert!(observations.notes.iter().any(|found| found == note), "{:?}", observations.notes);
}

#[test]
fn a_forgotten_token_is_replaced() {
    let mut given = 0;
    let mut forgets = |nth: usize, request: &CrawlRequest| {
        given += usize::from(request.method == "PUT");
        if nth == 7 { answer(401, "") } else { small(request) }
    };
    let found = walk_at("1000", &mut forgets);
    assert_eq!(
        found.paths()[7..10],
        ["GET /latest/meta-data/b/c%20d", "PUT /latest/api/token", "GET /latest/meta-data/b/c%20d"]
    );
    assert_eq!((found.ended.expect("it ends well").value_count(), given), (3, 2));
    let never = walk(|request| if request.method == "PUT" { answer(200, "T1") } else { small(request) });
    never.failed("cannot be recorded: the service refuses its own tokens");
}

#[test]
fn a_service_without_tokens_is_asked_without_and_that_is_said() {
    for status in [403, 404, 405] {
        let old = |request: &CrawlRequest| {
            let mut request = request.clone();
            if request.method == "PUT" {
                return answer(status, "");
            }
            assert!(request.headers.is_empty(), "expected no token in {request:?}");
            request.headers.push(("x-aws-ec2-metadata-token", "T0".into()));
            small(&request)
        };
        let observations = walk(old).ended.expect("it ends well");
        assert_eq!(
            (observations.value_count(), observations.traits.http_tokens),
            (3, Some(HttpTokens::Optional))
        );
        let note = format!("tokens: the service gives none (PUT /latest/api/token answers {status})");
        assert!(observations.notes.iter().any(|found| found.starts_with(&note)), "{:?}", observations.notes);
    }
}

#[test]
fn what_cannot_be_recorded_is_said() {
    walk(|_| answer(403, "")).failed("its endpoint is disabled");
    walk(|_| ExchangeOutcome::Failed("connection reset".into()))
        .failed("gives no token: connection reset, 6 times in a row");
    walk(|request| answer(if request.method == "PUT" { 403 } else { 401 }, ""))
        .failed("wants a token and gives none");
    for token in ["", "T 0", "T0\n"] {
        walk(|request| if request.method == "PUT" { answer(200, token) } else { small(request) })
            .failed("answers 200 to PUT /latest/api/token, and no token");
    }
    walk(|_| answer(400, "")).failed("answers 400 to PUT /latest/api/token");
    let ends = |request: &CrawlRequest| {
        if request.path.contains("/meta-data/") { answer(403, "") } else { small(request) }
    };
    walk(ends).failed("does not answer /latest/");
}

#[test]
fn a_closed_port_is_said_at_once() {
    let closed = walk(|_| ExchangeOutcome::Unreachable("connection refused".into()));
    closed.failed("cannot be reached: connection refused; accepted: the address of a metadata service");
    assert_eq!(closed.paths(), ["PUT /latest/api/token"]);
    // A service that was there comes back.
    let restarts = walk_at("1000", |nth, request| match nth {
        5 | 6 => ExchangeOutcome::Unreachable("connection refused".into()),
        _ => small(request),
    });
    assert_eq!(restarts.ended.expect("it ends well").value_count(), 3);
}

#[test]
fn only_a_token_that_does_not_come_in_time_may_be_lost_on_the_way() {
    let hint = "http-put-response-hop-limit is 2 or more";
    let late = walk(|_| ExchangeOutcome::TimedOut("no answer within 10s".into()));
    late.failed("gives no token: no answer within 10s, 6 times in a row; from within a container");
    late.failed(hint);
    let late_leaf = walk(|request| match request.path.as_str() {
        "/latest/meta-data/a" => ExchangeOutcome::TimedOut("no answer within 10s".into()),
        _ => small(request),
    });
    let notes = late_leaf.ended.expect("it ends well").notes;
    assert!(notes.iter().any(|note| note.starts_with("meta-data/a: ")), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains(hint)), "{notes:?}");
    let lost = walk(|_| ExchangeOutcome::Failed("connection reset".into())).ended.expect_err("no token");
    assert!(!lost.message.contains(hint), "{}", lost.message);
}
