use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use hyper::Method;
use jiff::tz::TimeZone;
use tokio::runtime::Builder;

use super::*;
use crate::imds::{Ingress, Protocol};
use crate::model::{Accepted, ClientMatcher, Timestamp};
use crate::terminal::Terminal;

/// A request for a path that is answered as usual.
pub(super) fn record(asked: &str) -> RequestRecord {
    RequestRecord {
        number: 0,
        at: Timestamp::from_secs(1_795_230_851),
        client: "172.17.0.2".parse().unwrap(),
        ingress: Ingress::Bridge,
        method: method(&Method::GET),
        path: path(asked),
        endpoint: crate::model::Service::Imds,
        protocol: Protocol::V2,
        status: Some(200),
        latency_us: 100,
        fault: None,
        fault_name: None,
        refused: None,
        instance: None,
        token_ttl: None,
        invalid_token: false,
        late: None,
        client_left: false,
    }
}

fn numbers(page: &JournalPage) -> Vec<u64> {
    page.entries.iter().map(|record| record.number).collect()
}

/// A journal of four with this many requests behind it, each for the path of its number.
fn four(requests: u64) -> Journal {
    let journal = Journal::new(4);
    for number in 1..=requests {
        journal.record(record(&format!("/{number}")));
    }
    journal
}

#[test]
fn a_reader_goes_on_where_it_was_and_gets_the_number_that_it_missed() {
    let all = RequestFilter::default();
    // Requests, since → missed, numbers, next.
    let cases: [(u64, u64, u64, &[u64], u64); 9] = [
        (0, 0, 0, &[], 0),
        (3, 0, 0, &[1, 2, 3], 3),
        (3, 2, 0, &[3], 3),
        (3, 3, 0, &[], 3),
        (4, 0, 0, &[1, 2, 3, 4], 4),
        (5, 0, 1, &[2, 3, 4, 5], 5),
        (5, 1, 0, &[2, 3, 4, 5], 5),
        (100, 90, 6, &[97, 98, 99, 100], 100),
        (3, 9, 0, &[], 3),
    ];
    for (requests, since, missed, expected, next) in cases {
        let page = four(requests).after(since, &all, usize::MAX);
        let found = (page.missed, numbers(&page), page.next);
        assert_eq!(found, (missed, expected.to_vec(), next), "after {since} of {requests}");
    }
    for record in four(100).after(0, &all, usize::MAX).entries {
        assert_eq!(*record.path, format!("/{}", record.number), "a record is where its number says");
    }
}

#[test]
fn a_limit_takes_the_newest_of_a_list_and_the_oldest_of_what_follows() {
    let journal = four(4);
    let all = RequestFilter::default();
    assert_eq!(numbers(&journal.newest(&all, 2)), [3, 4]);
    assert_eq!(numbers(&journal.newest(&all, 9)), [1, 2, 3, 4]);
    let first = journal.after(0, &all, 3);
    assert_eq!((numbers(&first), first.next), (vec![1, 2, 3], 3));
    let rest = journal.after(first.next, &all, 3);
    assert_eq!((numbers(&rest), rest.next), (vec![4], 4));
    let position = journal.newest(&all, 0);
    assert_eq!((numbers(&position), position.next), (vec![], 4));
}

#[test]
fn what_does_not_fit_is_passed_but_never_missed() {
    let journal = four(3);
    let filter = RequestFilter { path: Some("/3".parse().unwrap()), ..RequestFilter::default() };
    let page = journal.after(0, &filter, 1);
    assert_eq!((numbers(&page), page.missed, page.next), (vec![3], 0, 3));
    let filter_of_second = RequestFilter { path: Some("/2".parse().unwrap()), ..RequestFilter::default() };
    let page = journal.after(0, &filter_of_second, usize::MAX);
    assert_eq!((numbers(&page), page.missed, page.next), (vec![2], 0, 3), "the last one was looked at, too");
    for number in 4..=100 {
        journal.record(record(&format!("/{number}")));
        let page = journal.after(number - 1, &filter, usize::MAX);
        assert_eq!((page.is_empty(), page.next), (true, number));
    }
}

#[test]
fn a_journal_of_none_only_counts() {
    let journal = Journal::new(0);
    journal.record(record("/"));
    let page = journal.after(0, &RequestFilter::default(), 9);
    assert_eq!((numbers(&page), page.missed, page.next), (vec![], 1, 1));
}

#[test]
fn every_part_of_a_filter_counts() {
    let of = |part: &str, value: &str| -> Result<RequestFilter, Accepted> {
        let mut filter = RequestFilter::default();
        match part {
            "client" => filter.client = Some(value.parse()?),
            "path" => filter.path = Some(value.parse()?),
            "status" => filter.status = Some(value.parse()?),
            "method" => filter.method = Some(value.parse()?),
            _ => filter.protocol = Some(value.parse()?),
        }
        assert_eq!(filter.parameters().map(|(name, _)| name).collect::<Vec<_>>(), [part]);
        Ok(filter)
    };
    let logged = record("//latest/meta-data/network/interfaces/macs/0e%3A49/mac/");
    let cases = [
        ("client", "172.17.0.2", true),
        ("client", "172.17.0.3, 172.16.0.0/12", true),
        ("client", "172.17.0.3,fd00::/8", false),
        ("client", "host", false),
        ("path", "meta-data/**/0e:49/mac", true),
        ("path", "meta-data/mac", false),
        ("status", "200", true),
        ("status", "404,2xx", true),
        ("status", "4XX,none", false),
        ("method", "get,head", true),
        ("method", "PUT", false),
        ("v", "v2", true),
        ("v", "v1,token", false),
    ];
    for (part, value, expected) in cases {
        assert_eq!(of(part, value).unwrap().matches(&logged), expected, "{part}={value}");
    }
    assert!(of("status", "none").unwrap().matches(&RequestRecord { status: None, ..record("/") }));
    assert!(of("client", "host").unwrap().matches(&RequestRecord { ingress: Ingress::Host, ..record("/") }));
    for (part, value) in [
        ("client", "web"),
        ("client", ""),
        ("path", ""),
        ("status", "6xx"),
        ("status", "4x"),
        ("status", "20"),
        ("method", "A B"),
        ("v", "v3"),
    ] {
        assert!(of(part, value).is_err(), "{part}={value:?} is refused");
    }
}

#[test]
fn a_filter_is_written_as_it_is_read() {
    for text in ["172.17.0.2,10.0.0.0/8,host,fd00::1", "fd00::/8"] {
        assert_eq!(text.parse::<CommaSeparated<ClientMatcher>>().unwrap().to_string(), text);
    }
    assert_eq!("404, 5XX,none".parse::<CommaSeparated<OutcomeFilter>>().unwrap().to_string(), "404,5xx,none");
    assert_eq!("get,PUT".parse::<CommaSeparated<MethodFilter>>().unwrap().to_string(), "GET,PUT");
    assert_eq!("v1,2,token".parse::<CommaSeparated<Protocol>>().unwrap().to_string(), "v1,v2,token");
    for text in ["start", "now", "17"] {
        assert_eq!(text.parse::<SinceFilter>().unwrap().to_string(), text);
    }
}

/// Writers as fast as they can, a follower behind them: each record is either read, in its order, or counted as missed.
#[test]
fn a_follower_gets_every_record_or_the_number_that_it_missed() {
    const EACH: u64 = 2_000;
    let journal = Journal::new(64);
    let written = AtomicU64::new(0);
    let (mut read, mut missed, mut since) = (0, 0, 0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..EACH {
                    journal.record(record("/"));
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            while since < 2 * EACH {
                journal.wait_after(since).await;
                let page = journal.after(since, &RequestFilter::default(), 10);
                assert!(!page.is_empty(), "woken after {since} for nothing");
                assert_eq!(page.next, since + page.missed + u64::try_from(page.entries.len()).unwrap());
                assert!(numbers(&page).into_iter().eq(since + page.missed + 1..=page.next));
                missed += page.missed;
                read += u64::try_from(page.entries.len()).unwrap();
                since = page.next;
            }
        });
    });
    assert_eq!((read + missed, written.into_inner()), (2 * EACH, 2 * EACH), "read {read}, missed {missed}");
}

#[test]
fn a_position_of_a_long_journal_is_its_end() {
    let journal = Journal::new(1_000);
    for _ in 0..1_000 {
        journal.record(record("/x"));
    }
    let page = journal.after(0, &RequestFilter::default(), 0);
    assert_eq!((numbers(&page), page.next, page.missed), (vec![], 1_000, 0));
    let page = journal.after(0, &RequestFilter::default(), 300);
    assert_eq!((page.entries.len(), page.next), (300, 300));
}

#[test]
fn every_outcome_has_its_count() {
    let counts = |protocol, status| {
        let journal = Journal::new(1);
        for _ in 0..3 {
            journal.record(RequestRecord { protocol, status, ..record("/x") });
        }
        journal.counts()
    };
    let none = RequestCounts::default();
    for (protocol, status, expected) in [
        (Protocol::V1, Some(200), RequestCounts { v1: 3, ..none }),
        (Protocol::V2, Some(200), RequestCounts { v2: 3, ..none }),
        (Protocol::Token, Some(200), RequestCounts { token: 3, ..none }),
        (Protocol::V2, Some(301), RequestCounts { v2: 3, ..none }),
        (Protocol::V2, Some(399), RequestCounts { v2: 3, ..none }),
        (Protocol::V2, Some(400), RequestCounts { v2: 3, failed: 3, ..none }),
        (Protocol::V2, Some(401), RequestCounts { v2: 3, refused: 3, ..none }),
        (Protocol::V2, Some(403), RequestCounts { v2: 3, refused: 3, ..none }),
        (Protocol::V2, Some(402), RequestCounts { v2: 3, failed: 3, ..none }),
        (Protocol::V2, Some(404), RequestCounts { v2: 3, not_found: 3, ..none }),
        (Protocol::V2, Some(503), RequestCounts { v2: 3, failed: 3, ..none }),
        (Protocol::V2, None, RequestCounts { v2: 3, unanswered: 3, ..none }),
    ] {
        assert_eq!(counts(protocol, status), expected, "{protocol:?} {status:?}");
    }
}

#[test]
fn usual_methods_cost_no_memory() {
    for usual in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS, Method::POST] {
        let found = method(&usual);
        assert!(matches!(found, std::borrow::Cow::Borrowed(_)) && found == usual.as_str(), "{usual}");
    }
    assert_eq!(method(&Method::PATCH), "PATCH");
}

#[test]
fn requests_to_endpoints_of_containers_are_counted_apart() {
    use crate::model::Service;

    let journal = Journal::new(1);
    let of_nobody = (journal.tally().iter().count(), journal.tally().of_containers().count());
    assert_eq!(of_nobody, (0, 0), "of what nobody asked nothing is said");
    for (endpoint, status) in [
        (Service::Ecs, Some(200)),
        (Service::PodIdentity, Some(404)),
        (Service::Ecs, Some(200)),
        (Service::Ecs, Some(500)),
        (Service::Imds, Some(200)),
    ] {
        journal.record(RequestRecord { endpoint, status, ..record("/latest/user-data") });
    }
    assert_eq!(
        journal.tally().of_containers().collect::<Vec<_>>(),
        [
            (Service::Ecs, RequestOutcome::Ok, 2),
            (Service::Ecs, RequestOutcome::ServerError, 1),
            (Service::PodIdentity, RequestOutcome::NotFound, 1),
        ]
    );
    assert_eq!(
        journal.tally().iter().collect::<Vec<_>>(),
        [(Protocol::V2, RequestOutcome::Ok, request_category::RequestCategory::UserData, 1)]
    );
    assert_eq!(journal.counts(), RequestCounts { v2: 1, ..RequestCounts::default() });
}

#[test]
fn a_request_without_a_token_stands_out() {
    let terminal = Terminal { color: true, columns: Some(80), ..Terminal::PLAIN };
    let shown = |protocol, status| {
        let record = RequestRecord { protocol, status, ..record("/x") };
        terminal.render(&RequestLines::new(terminal, TimeZone::UTC).line(&record))
    };
    for (protocol, warned) in [(Protocol::V1, true), (Protocol::V2, false), (Protocol::Token, false)] {
        let found = shown(protocol, Some(200));
        let name = protocol.to_string();
        assert_eq!(found.contains(&format!("\x1b[33m{name}")), warned, "{found:?}");
    }
    for (status, colour) in
        [(Some(200), 32), (Some(301), 32), (Some(399), 32), (Some(400), 31), (Some(404), 33), (Some(503), 31)]
    {
        let found = shown(Protocol::V2, status);
        let number = status.map(|status| status.to_string()).unwrap_or_default();
        assert!(found.contains(&format!("\x1b[{colour}m{number}")), "{found:?}");
    }
}

#[test]
fn a_backslash_is_one_unless_it_stands_for_a_tab_or_a_new_line() {
    for (format, expected) in [
        ("\\t{path}\\n", "\t/x\n"),
        ("\\x{path}", "\\x/x"),
        ("\\\\{path}", "\\\\/x"),
        ("{path}\\", "/x\\"),
        ("}{path}", "}/x"),
        ("{{}}", "{}"),
    ] {
        let line = format.parse::<RequestFormat>().expect("a format").line(&record("/x"), &TimeZone::UTC);
        assert_eq!(line, expected, "{format}");
    }
}

#[test]
fn paths_that_lead_nowhere_are_found_as_they_were_asked_for() {
    let fits = |glob: &str, path: &str| {
        let filter =
            RequestFilter { path: Some(glob.parse().expect("a pattern")), ..RequestFilter::default() };
        filter.matches(&record(path))
    };
    for (glob, path, expected) in [
        ("/latest/meta-data/mac", "/latest/./meta-data//mac/", true),
        ("/latest/x", "/latest/%78", true),
        ("/%2e%2e/**", "/../x", true),
        ("/%2e%2e/x", "/..//x/", true),
        ("/latest/**", "/../x", false),
    ] {
        assert_eq!(fits(glob, path), expected, "{glob} {path}");
    }
}

#[test]
fn a_path_has_the_forms_of_a_text() {
    let path = path("/a");
    assert_eq!((format!("{path:?}"), format!("{path:<4}|")), ("\"/a\"".to_owned(), "/a  |".to_owned()));
}

#[test]
fn that_it_is_full_is_told_once() {
    let journal = Journal::new(4);
    let is_told = || pin!(journal.filled()).poll(&mut Context::from_waker(Waker::noop())).is_ready();
    let told: Vec<bool> = (1..=10)
        .map(|_| {
            journal.record(record("/"));
            is_told()
        })
        .collect();
    let expected: Vec<bool> = (1..=10).map(|number| number == 4).collect();
    assert_eq!(told, expected, "after 1, 2 and so on up to 10 records in a journal of 4");
}
