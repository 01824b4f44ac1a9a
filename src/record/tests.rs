//! Walks through a service that is a function, on a clock that is a number.

use std::time::Duration;

use super::*;
use crate::exit::Failure;
use crate::model::{HttpTokens, Profile, Timestamp};
use crate::transcribe::{Observations, SecretsPolicy};

const START: Timestamp = Timestamp::from_secs(1_000_000);

/// A walk: what was asked and when, and how it ended.
struct Walk {
    asked: Vec<(Timestamp, String)>,
    ended: Result<Observations, Failure>,
}

impl Walk {
    fn paths(&self) -> Vec<&str> {
        self.asked.iter().map(|(_, path)| path.as_str()).collect()
    }

    fn failed(&self, sentence: &str) {
        let failure = self.ended.as_ref().expect_err("it ends in a failure");
        assert!(failure.message.contains(sentence), "expected {sentence:?}, found {:?}", failure.message);
    }
}

fn answer(status: u16, body: &str) -> ExchangeOutcome {
    ExchangeOutcome::Response(CrawlResponse {
        status,
        legacy: false,
        closes: true,
        retry_after: None,
        content_type: None,
        date: None,
        body: body.into(),
    })
}

/// Walks with a rate; the service gets the number of the request, too.
fn walk_at(rate: &str, service: impl FnMut(usize, &CrawlRequest) -> ExchangeOutcome) -> Walk {
    let crawl = Crawl::new(rate.parse().expect("a rate"), SecretsPolicy::default());
    walk_with(crawl, Duration::ZERO, service)
}

/// Walks; each request takes some time.
fn walk_with(
    mut crawl: Crawl,
    each: Duration,
    mut service: impl FnMut(usize, &CrawlRequest) -> ExchangeOutcome,
) -> Walk {
    let (mut now, mut asked) = (START, Vec::new());
    loop {
        match crawl.step(now) {
            CrawlStep::Wait(span) => now = now.plus(span),
            CrawlStep::Done => {
                let nothing = crawl.found_nothing_in_time(now);
                return Walk { asked, ended: nothing.map_or_else(|| Ok(crawl.finish()), Err) };
            }
            CrawlStep::Request(request) => {
                asked.push((now, format!("{} {}", request.method, request.path)));
                let left = crawl.time_left(now);
                now = now.plus(each.min(left));
                let outcome = match service(asked.len() - 1, &request) {
                    _ if each > left => ExchangeOutcome::TimedOut("no answer in time".into()),
                    outcome => outcome,
                };
                if let Err(failure) = crawl.handle_outcome(outcome, now) {
                    return Walk { asked, ended: Err(failure) };
                }
            }
        }
    }
}

fn walk(mut service: impl FnMut(&CrawlRequest) -> ExchangeOutcome) -> Walk {
    walk_at("1000", |_, request| service(request))
}

fn small(request: &CrawlRequest) -> ExchangeOutcome {
    let token =
        request.headers.iter().any(|(name, value)| *name == "x-aws-ec2-metadata-token" && value == "T0");
    match (request.method.as_str(), request.path.as_str()) {
        ("PUT", "/latest/api/token") => answer(200, "T0"),
        _ if !token => answer(401, ""),
        (_, "/") => answer(200, "1.0\nlatest"),
        (_, "/latest/") => answer(200, "meta-data"),
        (_, "/latest/meta-data" | "/latest/meta-data/") => answer(200, "a\nb/\npublic-keys/"),
        (_, "/latest/meta-data/b/") => answer(200, "c d"),
        (_, "/latest/meta-data/public-keys/") => answer(200, "0=me"),
        (_, "/latest/meta-data/public-keys/0/") => answer(200, "openssh-key"),
        (
            _,
            "/latest/meta-data/a"
            | "/latest/meta-data/b/c%20d"
            | "/latest/meta-data/public-keys/0/openssh-key",
        ) => answer(200, "x y\n"),
        _ => answer(404, ""),
    }
}

#[test]
fn a_walk_follows_listings_and_asks_for_what_none_leads_to() {
    let walk = walk(small);
    let expected = [
        "PUT /latest/api/token",
        "GET /latest/",
        "GET /",
        "GET /latest/",
        "GET /latest/meta-data/",
        "GET /latest/meta-data/a",
        "GET /latest/meta-data/b/",
        "GET /latest/meta-data/b/c%20d",
        "GET /latest/meta-data/public-keys/",
        "GET /latest/meta-data/public-keys/0/",
        "GET /latest/meta-data/public-keys/0/openssh-key",
        "GET /latest/meta-data",
        "GET /latest/dynamic/fws/instance-monitoring",
        "GET /latest/meta-data/autoscaling/target-lifecycle-state",
        "GET /latest/meta-data/events/recommendations/rebalance",
        "GET /latest/meta-data/spot/instance-action",
        "GET /latest/meta-data/spot/termination-time",
        "GET /latest/user-data",
    ];
    assert_eq!(walk.paths(), expected);
    let observations = walk.ended.expect("it ends well");
    assert_eq!(
        (observations.value_count(), observations.traits.http_tokens),
        (3, Some(HttpTokens::Required))
    );
    assert_eq!(observations.traits.http.versions, Some(vec!["1.0".into()]));
}

#[test]
fn both_listings_at_the_top_tell_another_kind_of_service() {
    let (versions, categories) = ("latest\n", "dynamic\nmeta-data\nuser-data\n");
    for (versions, root, profile) in [
        (versions, answer(200, categories), Profile::Aemm),
        (versions, answer(200, categories.trim_end()), Profile::Modern),
        (versions, answer(404, categories), Profile::Modern),
        ("latest", answer(200, categories), Profile::Modern),
    ] {
        let service = |request: &CrawlRequest| match request.path.as_str() {
            "/" => answer(200, versions),
            "/latest/" => root.clone(),
            _ => small(request),
        };
        let observations = walk(service).ended.expect("it ends well");
        assert_eq!(observations.traits.http.profile, profile, "{versions:?} and {root:?}");
    }
}

#[test]
fn a_service_without_listings_at_its_top_is_asked_below_it() {
    let bare = |request: &CrawlRequest| match request.path.as_str() {
        "/" | "/latest/" => answer(404, "1.0\nno listing"),
        _ => small(request),
    };
    let observations = walk(bare).ended.expect("it ends well");
    assert_eq!((observations.value_count(), observations.traits.http.versions), (3, None));
    let note = "the listing of /latest/: 404";
    assert!(observations.notes.iter().any(|found| found == note), "{:?}", observations.notes);
}

#[test]
fn requests_keep_the_rate() {
    let walk = walk_at("5", |_, request| small(request));
    for pair in walk.asked.windows(2) {
        let distance = pair[1].0.since(pair[0].0);
        assert!(
            distance >= Duration::from_millis(200),
            "expected 200 ms between {pair:?}, found {distance:?}"
        );
    }
}

#[test]
fn a_service_that_throttles_is_left_alone_for_as_long_as_it_says() {
    let walk = walk_at("1000", |nth, request| match nth {
        5 => ExchangeOutcome::Response(CrawlResponse {
            status: 429,
            legacy: false,
            closes: true,
            retry_after: Some(Duration::from_secs(7)),
            content_type: None,
            date: None,
            body: vec![],
        }),
        6 => answer(503, ""),
        7 => ExchangeOutcome::Failed("connection reset".into()),
        _ => small(request),
    });
    let pauses: Vec<u64> =
        walk.asked[5..9].windows(2).map(|pair| pair[1].0.since(pair[0].0).as_secs()).collect();
    assert_eq!(pauses, [7, 2, 4], "of {:?}", &walk.asked[5..9]);
    assert!(walk.paths()[5..9].iter().all(|path| *path == "GET /latest/meta-data/a"), "{:?}", walk.paths());
    assert_eq!(walk.ended.expect("it ends well").value_count(), 3);
}

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
fn what_is_listed_and_no_notice_is_missing_with_the_other_mock_too() {
    let service = |request: &CrawlRequest| match request.path.as_str() {
        "/" => answer(200, "latest\n"),
        "/latest/" => answer(200, "dynamic\nmeta-data\nuser-data\n"),
        "/latest/meta-data/" => answer(200, "ami-id\nother\nspot/"),
        "/latest/meta-data/spot/" => answer(200, "instance-action"),
        "/latest/meta-data/ami-id" => answer(200, "ami-0123456789abcdef0"),
        "/latest/api/token" => small(request),
        _ => answer(404, ""),
    };
    let notes = walk(service).ended.expect("it ends well").notes;
    assert!(notes.iter().any(|note| note == "meta-data/other: listed, and answers 404"), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("instance-action")), "it is not due yet: {notes:?}");
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

#[test]
fn an_endless_response_is_asked_for_once() {
    let walk_of = walk(|_| ExchangeOutcome::TooLarge);
    walk_of.failed("gives no token: a response has more than 1 MiB");
    assert_eq!(walk_of.asked.len(), 1);
    let one = |request: &CrawlRequest| match request.path.as_str() {
        "/latest/meta-data/a" => ExchangeOutcome::TooLarge,
        _ => small(request),
    };
    let observations = walk(one).ended.expect("it ends well");
    assert_eq!(observations.notes, ["meta-data/a: a response has more than 1 MiB"]);
}

#[test]
fn a_walk_ends_in_time_with_what_it_has() {
    let limited = |seconds| {
        Crawl::new("1000".parse().expect("a rate"), SecretsPolicy::default())
            .within(Duration::from_secs(seconds))
    };
    let elapsed = |walk: &Walk| walk.asked.last().expect("requests").0.since(START);
    // Each response takes ten seconds, as from a server that trickles.
    let slow = walk_with(limited(75), Duration::from_secs(10), |_, request| small(request));
    assert_eq!((slow.asked.len(), elapsed(&slow)), (8, Duration::from_secs(70)), "{:?}", slow.asked);
    let observations = slow.ended.expect("it has values");
    assert_eq!(observations.value_count(), 1);
    let note = "the walk ended after 1m15s (--max-time); not requested: meta-data/b/c d, meta-data/public-keys, \
                dynamic/fws/instance-monitoring, ";
    assert!(observations.notes.iter().any(|found| found.starts_with(note)), "{:?}", observations.notes);

    // None ever comes: neither attempts nor pauses last longer than the limit.
    let silent = |_: usize, _: &CrawlRequest| ExchangeOutcome::TimedOut("no answer within 10s".into());
    let unanswered = walk_with(limited(30), Duration::from_secs(10), silent);
    unanswered.failed("gave no value within 30s: no answer in time (attempt 3 of 6); --max-time allows more");
    assert!(elapsed(&unanswered) < Duration::from_secs(30), "{:?}", unanswered.asked);
    let throttled = walk_with(limited(30), Duration::ZERO, |_, _| answer(503, ""));
    throttled.failed("gave no value within 30s: answers 503 (attempt 5 of 6)");
}

#[test]
fn progress_is_one_line() {
    let mut crawl = Crawl::new("1000".parse().expect("a rate"), SecretsPolicy::default());
    let CrawlStep::Request(_) = crawl.step(START) else { panic!("expected a request") };
    assert_eq!(crawl.progress(), "0 responses, 5 paths to go, now a token");
    crawl.handle_outcome(answer(503, ""), START).expect("there is another attempt");
    assert_eq!(crawl.progress(), "1 response, 5 paths to go, now a token: answers 503 (attempt 1 of 6)");
}

#[test]
fn progress_has_paths_as_they_are_asked_for() {
    let mut crawl = Crawl::new("1000".parse().expect("a rate"), SecretsPolicy::default());
    let (mut now, mut seen) = (START, vec![]);
    loop {
        match crawl.step(now) {
            CrawlStep::Wait(span) => now = now.plus(span),
            CrawlStep::Done => break,
            CrawlStep::Request(request) => {
                seen.push(crawl.progress());
                let body = if request.path == "/latest/" { "meta-data/" } else { "x" };
                crawl.handle_outcome(answer(200, body), now).expect("a service may answer so");
            }
        }
    }
    assert!(seen.iter().any(|line| line.ends_with(", now /latest/")), "{seen:#?}");
    assert!(!seen.iter().any(|line| line.contains("//")), "{seen:#?}");
}

#[test]
fn a_service_without_end_is_left() {
    let deep = |request: &CrawlRequest| match request.path.as_str() {
        "/latest/api/token" => answer(404, ""),
        "/latest/" => answer(200, "meta-data"),
        path if path.ends_with('/') => answer(200, "deeper/"),
        _ => answer(404, ""),
    };
    walk(deep).failed("one more than 16 directories deep");
    let mut count = 0;
    let wide = |request: &CrawlRequest| match request.path.as_str() {
        "/latest/api/token" => answer(404, ""),
        "/latest/" => answer(200, "meta-data"),
        path if path.ends_with('/') => {
            count += 1;
            let lines: Vec<String> = (0..500).map(|n| format!("{count}-{n}/")).collect();
            answer(200, &lines.join("\n"))
        }
        _ => answer(404, ""),
    };
    walk(wide).failed("lists more than 4096 paths");
    // Lines that lead nowhere count as well.
    for line in ["..", "other-directory-%/"] {
        let odd = |request: &CrawlRequest| match request.path.as_str() {
            "/latest/" => {
                let lines: Vec<String> = (0..5000).map(|n| line.replace('%', &n.to_string())).collect();
                answer(200, &lines.join("\n"))
            }
            _ => answer(404, ""),
        };
        walk(odd).failed("lists more than 4096 paths");
    }
    let huge = |request: &CrawlRequest| match request.path.as_str() {
        "/latest/api/token" => answer(404, ""),
        "/latest/" => answer(200, "meta-data"),
        "/latest/meta-data/" => answer(200, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj"),
        _ => answer(200, &"x".repeat(1 << 20)),
    };
    walk(huge).failed("answers more than 8 MiB");
    let of = |last: usize| {
        let mut sum = 0;
        let walk = walk(|request| {
            let body = match request.path.as_str() {
                "/latest/" => "meta-data".to_owned(),
                "/latest/meta-data/" => "a\nb\nc\nd\ne\nf\ng\nh".to_owned(),
                "/latest/meta-data/h" => "x".repeat(last),
                path if path.len() == "/latest/meta-data/h".len() => "x".repeat(1 << 20),
                _ => return answer(404, ""),
            };
            sum += body.len();
            answer(200, &body)
        });
        (sum, walk.ended.is_ok())
    };
    let rest = of(1).0 - 1;
    assert_eq!(of((8 << 20) - rest), (8 << 20, true));
    assert_eq!(of((8 << 20) - rest + 1), ((8 << 20) + 1, false));
}

#[test]
fn as_much_is_asked_for_as_the_limits_say() {
    let wide = |lines: usize| {
        walk(move |request| match request.path.as_str() {
            "/latest/api/token" => answer(404, ""),
            "/latest/" => answer(200, "meta-data"),
            "/latest/meta-data/" => {
                answer(200, &(0..lines).map(|n| format!("leaf-{n}")).collect::<Vec<_>>().join("\n"))
            }
            path if path.contains("/leaf-") => answer(200, "x"),
            _ => answer(404, ""),
        })
    };
    // One more line is that of meta-data itself.
    assert_eq!(wide(4095).ended.expect("it is within the limit").value_count(), 4095);
    wide(4096).failed("lists more than 4096 paths");
    let deep = |directories: usize| {
        walk(move |request| match request.path.as_str() {
            "/latest/api/token" => answer(404, ""),
            "/latest/" => answer(200, "meta-data"),
            path if path.starts_with("/latest/meta-data/") && path.ends_with('/') => {
                answer(200, if path.matches("/deeper").count() < directories { "deeper/" } else { "leaf" })
            }
            path if path.ends_with("/leaf") => answer(200, "x"),
            _ => answer(404, ""),
        })
    };
    // meta-data, the directories, the leaf.
    assert_eq!(deep(14).ended.expect("it is within the limit").value_count(), 1);
    deep(15).failed("one more than 16 directories deep");
}

#[test]
fn what_was_not_asked_for_is_named_or_counted() {
    let mut all_named = false;
    for seconds in (25..180).step_by(10) {
        let crawl = Crawl::new("1000".parse().expect("a rate"), SecretsPolicy::default());
        let limited = crawl.within(Duration::from_secs(seconds));
        let walk = walk_with(limited, Duration::from_secs(10), |_, request| small(request));
        let Ok(observations) = walk.ended else { continue };
        let note = observations.notes.iter().find_map(|note| note.split_once("not requested: "));
        let Some((_, left)) = note else { continue };
        let (named, more) = left.split_once(" and ").unwrap_or((left, ""));
        let named = named.split(", ").count();
        assert!(more != "0 more" && named <= 5 && (more.is_empty() || named == 5), "{seconds} s: {left}");
        all_named |= named == 5 && more.is_empty();
    }
    assert!(all_named, "one of the walks leaves five");
}

#[test]
fn only_a_notice_that_is_dated_by_the_request_is_asked_for_again() {
    let service = |top: &'static str| {
        move |request: &CrawlRequest| match request.path.as_str() {
            "/" => answer(200, "latest\n"),
            "/latest/" => answer(200, top),
            "/latest/meta-data/" => answer(200, "ami-id\nspot/"),
            "/latest/meta-data/spot/" => answer(200, "instance-action"),
            "/latest/meta-data/spot/instance-action" | "/latest/meta-data/ami-id" => answer(200, "{}"),
            _ => small(request),
        }
    };
    let asked = |top, path: &str| {
        let walk = walk(service(top));
        walk.paths().iter().filter(|asked| asked.strip_prefix("GET ") == Some(path)).count()
    };
    let (aemm, modern) = ("dynamic\nmeta-data\nuser-data\n", "dynamic\nmeta-data\nuser-data");
    assert_eq!(asked(aemm, "/latest/meta-data/spot/instance-action"), 2);
    let walk_of = walk(service(aemm));
    let last = walk_of.paths().last().copied().unwrap_or_default();
    assert_eq!(last, "GET /latest/meta-data/spot/instance-action", "in the end, after all others");
    assert_eq!(asked(modern, "/latest/meta-data/spot/instance-action"), 1);
    assert_eq!(asked(aemm, "/latest/meta-data/ami-id"), 1);
}
