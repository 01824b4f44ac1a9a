//! The table of connections: who is let in, who has to go, and who is told.

use std::future::{pending, ready};
use std::sync::Arc;

use crate::server::limits::Limits;
use crate::server::stage::ConnectionStage;
use crate::server::table::{ConnectionTable, Slot};

/// Connections without sockets.
struct Crowd {
    table: Arc<ConnectionTable>,
    slots: Vec<Slot>,
}

impl Crowd {
    fn new(adjust: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        adjust(&mut limits);
        Self { table: Arc::new(ConnectionTable::new(&limits)), slots: Vec::new() }
    }

    fn admit(&mut self, count: usize, stage: ConnectionStage, bytes: usize) {
        for _ in 0..count {
            self.table.admit(|slot| {
                self.slots.push(slot);
                tokio::spawn(pending::<()>()).abort_handle()
            });
            self.slots.last().expect("it was pushed").enter(stage, bytes);
        }
    }
}

/// Whether something resolves without a wait.
async fn is_ready(future: impl Future<Output = ()>) -> bool {
    tokio::select! {
        biased;
        () = future => true,
        () = ready(()) => false,
    }
}

#[tokio::test]
async fn a_shortage_is_told_when_somebody_was_ended_for_another() {
    let mut crowd = Crowd::new(|limits| limits.connections = 2);
    crowd.admit(2, ConnectionStage::Idle, 0);
    assert!(!is_ready(crowd.table.shortage()).await, "there is room for two");
    assert_eq!((crowd.table.take_evicted(), crowd.table.len()), (0, 2));
    crowd.admit(1, ConnectionStage::Idle, 0);
    assert!(is_ready(crowd.table.shortage()).await);
    assert!(!is_ready(crowd.table.shortage()).await, "told once");
    assert_eq!((crowd.table.take_evicted(), crowd.table.len()), (1, 2));
}

/// `BACKLOG` is 128.
#[tokio::test]
async fn without_room_no_other_is_accepted_before_those_that_wait_were_looked_at() {
    let mut crowd = Crowd::new(|limits| limits.connections = 129);
    crowd.admit(128, ConnectionStage::New, 0);
    assert!(is_ready(crowd.table.caught_up()).await, "there is room for one");
    crowd.admit(1, ConnectionStage::New, 0);
    assert!(!is_ready(crowd.table.caught_up()).await, "129 are new");
    crowd.slots[0].enter(ConnectionStage::Idle, 0);
    assert!(is_ready(crowd.table.caught_up()).await, "128 are new");
}

/// `PEAK` is 256.
#[tokio::test]
async fn a_crowd_has_gone_when_less_than_a_quarter_is_left() {
    let mut crowd = Crowd::new(|_| {});
    crowd.admit(255, ConnectionStage::Idle, 0);
    crowd.slots.clear();
    assert!(!is_ready(crowd.table.receded()).await, "255 are no crowd");
    crowd.admit(256, ConnectionStage::Idle, 0);
    crowd.slots.truncate(64);
    assert!(!is_ready(crowd.table.receded()).await, "a quarter is left");
    crowd.slots.pop();
    assert!(is_ready(crowd.table.receded()).await);
    crowd.slots.clear();
    assert!(!is_ready(crowd.table.receded()).await, "told once");
}

#[tokio::test]
async fn the_table_is_empty_when_the_last_one_has_gone() {
    let mut crowd = Crowd::new(|_| {});
    assert!(is_ready(crowd.table.emptied()).await, "at first");
    crowd.admit(2, ConnectionStage::Idle, 0);
    let table = Arc::clone(&crowd.table);
    let waiting = tokio::spawn(async move { table.emptied().await });
    tokio::task::yield_now().await;
    crowd.slots.pop();
    assert!(!is_ready(crowd.table.emptied()).await, "one is left");
    // Who waits has looked, and waits again.
    tokio::task::yield_now().await;
    crowd.slots.pop();
    tokio::task::yield_now().await;
    assert!(waiting.is_finished(), "it was told");
}

#[tokio::test]
async fn after_a_shortage_fewer_are_let_in_until_it_is_over() {
    let mut crowd = Crowd::new(|limits| limits.connections = 100);
    crowd.admit(33, ConnectionStage::Head, 0);
    crowd.table.relieve();
    assert_eq!((crowd.table.take_evicted(), crowd.table.len()), (3, 30));
    crowd.admit(1, ConnectionStage::Head, 0);
    assert_eq!((crowd.table.take_evicted(), crowd.table.len()), (1, 30), "30 are as many as there may be");
    crowd.table.restore();
    crowd.admit(1, ConnectionStage::Head, 0);
    assert_eq!((crowd.table.take_evicted(), crowd.table.len()), (0, 31));
}

#[tokio::test]
async fn what_all_hold_together_is_limited() {
    let mut crowd = Crowd::new(|limits| limits.bytes = 1_000);
    crowd.admit(2, ConnectionStage::Head, 500);
    // In the stage that it is in: it keeps what it has.
    crowd.slots[0].enter(ConnectionStage::Head, 5_000);
    assert_eq!(crowd.table.take_evicted(), 0);
    crowd.slots[0].enter_with(ConnectionStage::Head, 501);
    assert_eq!((crowd.table.take_evicted(), crowd.table.len()), (1, 1));
}
