//! Changes of what is served without another scenario: events and faults that are ordered, movements of the clock,
//! and what requests change.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::clock_moved::clock_moved;
use super::compute::{compute, free};
use super::ordered_item::OrderedItem;
use super::reread::orders;
use crate::clock;
use crate::config::Report;
use crate::control::api::{AcceptedOrder, ClockMoved, LiveOrder, OrderPreview, RejectedProblem};
use crate::control::{ClockMovement, OrderSource};
use crate::imds::{Fleet, FleetChange, FleetItem};
use crate::model::fault::Fault;
use crate::model::{Event, format_duration};
use crate::scenario::{CheckedOrder, OrderTime, read_new_order};
use crate::server::ServiceState;

/// Orders since a load. Each request looks at all of them.
const MAX_ORDERS: usize = 1000;
/// Bytes of all of them. Each order writes all of them to the runtime directory, which is memory.
const MAX_BYTES: usize = 16 << 20;
/// Changes by requests that may wait.
const REQUEST_CHANGES: usize = 64;

/// The fleet that is served, and the only one to change it.
pub(super) struct LiveFleet {
    service: Arc<ServiceState>,
    by_requests: mpsc::Receiver<FleetChange>,
    replaced: Vec<Arc<Notify>>,
}

impl LiveFleet {
    pub(super) fn new(service: Arc<ServiceState>) -> Self {
        // Here and not in a task, which a busy machine may start after the first request.
        let (sender, by_requests) = mpsc::channel(REQUEST_CHANGES);
        service.connect_writer(sender);
        Self { service, by_requests, replaced: vec![] }
    }

    /// Notified when another fleet is served; for one task, which waits for it.
    pub(super) fn replaced(&mut self) -> Arc<Notify> {
        let replaced = Arc::new(Notify::new());
        self.replaced.push(Arc::clone(&replaced));
        replaced
    }

    fn notify_replaced(&self) {
        self.replaced.iter().for_each(|replaced| replaced.notify_one());
    }

    pub(super) fn load(&self) -> Arc<Fleet> {
        self.service.fleet.load_full()
    }

    /// Serves a fleet that was made of this one. Nobody else changes it meanwhile.
    fn store(&self, next: Arc<Fleet>) {
        // With what it remembers it may be large.
        free(self.service.fleet.swap(next));
        self.notify_replaced();
    }

    pub(super) fn apply(&self, change: FleetChange) {
        self.store(Arc::new(self.service.fleet.load().apply(change)));
    }

    /// Serves the fleet of another scenario, and gives the one before. Counters go by the indices of events and faults.
    pub(super) fn replace(&self, fleet: Fleet, keep_counters: bool) -> Arc<Fleet> {
        let before = self.service.fleet.swap(Arc::new(fleet));
        self.notify_replaced();
        if !keep_counters {
            self.service.restart_counters();
        }
        before
    }

    /// The next change that requests make.
    pub(super) async fn next_by_request(&mut self) -> Option<FleetChange> {
        self.by_requests.recv().await
    }

    /// Serves a fleet without these events of this one, and with the faults that it has.
    pub(super) fn take_back(&self, next: Arc<Fleet>, events: &BTreeSet<usize>) {
        let faults = next.fault_list().indices_in(self.load().fault_list());
        self.store(next);
        self.service.take_back_counters(events, &faults);
    }

    /// Forgets what containers have set of their tasks.
    pub(super) fn forget_changes_by_containers(&self) {
        self.service.forget_changes_by_containers();
    }

    /// Notes that somebody has set the wall clock, if so.
    pub(super) async fn note_wall_clock(&self) -> bool {
        let reading = clock::read();
        let fleet = self.load();
        let Some(stepped) = fleet.clock().stepped(reading) else { return false };
        let by = stepped.wall_ahead().saturating_sub(fleet.clock().wall_ahead());
        let step = step_words(by);
        let elapsed = format_duration(fleet.clock().elapsed(fleet.now(reading)));
        tracing::info!("the wall clock was set {step}: the scenario's clock goes on at {elapsed}");
        let next = compute(move || {
            let next = fleet.apply(FleetChange::WallClockSet(reading));
            next.prepare(next.now(reading));
            Arc::new(next)
        });
        self.store(next.await);
        true
    }

    /// Adds an event or a fault. An order that is rejected changes nothing.
    pub(super) async fn add(&self, by: OrderSource, order: LiveOrder) -> Result<AcceptedOrder, Report> {
        match order {
            LiveOrder::Event(words) => self.add_item::<Event>(by, words).await,
            LiveOrder::Fault(words) => self.add_item::<Fault>(by, words).await,
        }
    }

    async fn add_item<T: OrderedItem>(&self, by: OrderSource, words: Value) -> Result<AcceptedOrder, Report> {
        let fleet = self.load();
        let words = T::named(words, &fleet);
        let index = T::index(&words, &fleet);
        let (next, accepted) =
            compute(move || with_item::<T>(&fleet, index, &words)).await.inspect_err(|report| {
                tracing::info!("{} of {by} is rejected: {}", T::INDEFINITE, report.headline());
            })?;
        T::before_adding(&self.service, index);
        self.store(next);
        let message = &accepted.message;
        match &accepted.preview {
            OrderPreview::Event { .. } => tracing::info!("{by}: {message}"),
            OrderPreview::Fault { .. } => tracing::info!("{by}: fault {message}"),
        }
        Ok(accepted)
    }

    pub(super) async fn move_clock(&self, by: OrderSource, movement: ClockMovement) -> ClockMoved {
        let before = self.load();
        let (next, moved) = compute(move || {
            let now = before.now(clock::read());
            let elapsed = before.clock().elapsed(now);
            let next = before.apply(match movement {
                ClockMovement::Seek(to) => FleetChange::Seek(to, now),
                ClockMovement::Forward(span) => FleetChange::Seek(elapsed.saturating_add(span), now),
                ClockMovement::Backward(span) => FleetChange::Seek(elapsed.saturating_sub(span), now),
                ClockMovement::Pause => FleetChange::Pause(now),
                ClockMovement::Resume => FleetChange::Resume(now),
            });
            next.prepare(now);
            let moved = clock_moved(&before, &next, movement, now);
            (Arc::new(next), moved)
        })
        .await;
        self.store(next);
        tracing::info!("{by}: {}", moved.message);
        moved
    }
}

/// A step of the wall clock by these milliseconds.
fn step_words(by: i64) -> String {
    let way = if by < 0 { "back" } else { "forward" };
    format!("{way} by {}", format_duration(Duration::from_millis(by.unsigned_abs())))
}

/// The fleet with an item that is ordered now, and the answer to the order.
fn with_item<T: OrderedItem>(
    fleet: &Fleet,
    index: usize,
    words: &Value,
) -> Result<(Arc<Fleet>, AcceptedOrder), Report> {
    let (now, clock) = (fleet.now(clock::read()), fleet.clock());
    let time = OrderTime { now, elapsed: clock.elapsed(now), before: index, wall_ahead: clock.wall_ahead() };
    check_size(T::NAME, fleet, words)?;
    let ordered: Vec<&Event> =
        fleet.events().iter().filter(|event| event.order().is_some()).map(|event| &**event).collect();
    let CheckedOrder { item, order, warnings } =
        read_new_order::<T>(words, fleet.scenario(), time, &ordered)?;
    let next = fleet.apply(T::adding(FleetItem::ordered(item, Arc::new(order.clone())), now));
    T::check_place(&next, index, now)?;
    next.prepare(now);
    let (preview, message) = T::preview(&next, index, now);
    let accepted = AcceptedOrder {
        preview,
        message,
        order: T::order(order),
        report: warnings.to_string(),
        problems: RejectedProblem::all(&warnings),
    };
    Ok((Arc::new(next), accepted))
}

/// Rejects an order if there are too many.
fn check_size(name: &str, fleet: &Fleet, words: &Value) -> Result<(), Report> {
    let before: usize = fleet
        .events()
        .iter()
        .map(FleetItem::order_bytes)
        .chain(fleet.faults().iter().map(FleetItem::order_bytes))
        .sum();
    let bytes = before + words.to_string().len();
    let count = orders(fleet.events()).chain(orders(fleet.faults())).count();
    let found = if count >= MAX_ORDERS {
        format!("too many changes since the scenario was loaded: this would be number {}", count + 1)
    } else if bytes > MAX_BYTES {
        format!("too much data in the changes since the scenario was loaded: {bytes} bytes")
    } else {
        return Ok(());
    };
    let help = format!(
        "accepted: {MAX_ORDERS} changes of {} MiB together; `mock-imds reload` drops them; put what should \
         stay into the scenario",
        MAX_BYTES >> 20
    );
    Err(Report::whole(name, found, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_wall_clock_has_a_direction() {
        let words = [-90_000, -500, 0, 500, 3_600_000].map(step_words);
        assert_eq!(
            words,
            ["back by 1m30s", "back by 500ms", "forward by 0s", "forward by 500ms", "forward by 1h"]
        );
    }
}
