//! A walk ends: in time, at so many paths, so deep, and at so many bytes.

use super::*;

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
