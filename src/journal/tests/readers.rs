//! Pages and followers: nothing comes twice, and what was missed is counted.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use tokio::runtime::Builder;

use super::*;

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
fn usual_methods_cost_no_memory() {
    for usual in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS, Method::POST] {
        let found = method(&usual);
        assert!(matches!(found, std::borrow::Cow::Borrowed(_)) && found == usual.as_str(), "{usual}");
    }
    assert_eq!(method(&Method::PATCH), "PATCH");
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
