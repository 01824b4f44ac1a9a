//! What is asked for, in which order and how fast, and what a terminal shows meanwhile.

use super::*;
use crate::model::{HttpTokens, Profile};

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
                let body = if request.path == "/latest/" { "meta-data" } else { "x" };
                crawl.handle_outcome(answer(200, body), now).expect("a service may answer so");
            }
        }
    }
    for path in ["/latest/", "/latest/meta-data/"] {
        assert!(seen.iter().any(|line| line.ends_with(&format!(", now {path}"))), "no {path}: {seen:#?}");
    }
    assert!(!seen.iter().any(|line| line.contains("//")), "{seen:#?}");
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
