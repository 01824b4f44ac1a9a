//! Changes of what is served without another scenario: events and faults that are ordered, movements of the clock,
//! and what requests change.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use super::clock_moved::clock_moved;
use super::{describe, describe_fault};
use crate::clock;
use crate::config::Report;
use crate::control::api::{AcceptedOrder, ClockMoved, LiveOrder, OrderPreview, PathPreview};
use crate::control::{ClockMovement, OrderSource};
use crate::imds::{Fleet, FleetChange, FleetItem, PathChange};
use crate::model::fault::Fault;
use crate::model::{Event, Scenario, Timestamp, format_duration};
use crate::scenario::{CheckedOrder, LiveItem, OrderTime, read_order};
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
}

impl LiveFleet {
    pub(super) fn new(service: Arc<ServiceState>) -> Self {
        // Here and not in a task, which a busy machine may start after the first request.
        let (sender, by_requests) = mpsc::channel(REQUEST_CHANGES);
        service.connect_writer(sender);
        Self { service, by_requests }
    }

    pub(super) fn load(&self) -> Arc<Fleet> {
        self.service.fleet.load_full()
    }

    /// The present on the clock of the fleet that is served.
    pub(super) fn now(&self) -> Timestamp {
        self.service.fleet.load().now(clock::read())
    }

    pub(super) fn apply(&self, change: FleetChange) {
        let fleet = self.service.fleet.load().apply(change);
        self.service.fleet.store(Arc::new(fleet));
    }

    /// Serves the fleet of another scenario. Counters go by the indices of events and faults.
    pub(super) fn replace(&self, fleet: Fleet, keep_counters: bool) {
        self.service.fleet.store(Arc::new(fleet));
        if !keep_counters {
            self.service.restart_counters();
        }
    }

    /// The next change that requests make.
    pub(super) async fn next_by_request(&mut self) -> Option<FleetChange> {
        self.by_requests.recv().await
    }

    /// Resets the counters of the faults from this index on.
    pub(super) fn restart_counters_from(&self, fault: usize) {
        self.service.restart_counters_from(fault);
    }

    /// Notes that somebody has set the wall clock, if so.
    pub(super) fn note_wall_clock(&self) -> bool {
        let reading = clock::read();
        let fleet = self.load();
        let Some(stepped) = fleet.clock().stepped(reading) else { return false };
        let by = stepped.wall_ahead().saturating_sub(fleet.clock().wall_ahead());
        let span = format_duration(Duration::from_millis(by.unsigned_abs()));
        let way = if by < 0 { "back" } else { "forward" };
        let elapsed = format_duration(fleet.clock().elapsed(fleet.now(reading)));
        tracing::info!("the wall clock was set {way} by {span}: the scenario's clock goes on at {elapsed}");
        self.apply(FleetChange::WallClockSet(reading));
        true
    }

    /// Adds an event or a fault. An order that is rejected changes nothing.
    pub(super) fn add(&self, by: OrderSource, order: &LiveOrder) -> Result<AcceptedOrder, Report> {
        match order {
            LiveOrder::Event(words) => self.add_item::<Event>(by, words),
            LiveOrder::Fault(words) => self.add_item::<Fault>(by, words),
        }
    }

    fn add_item<T: OrderedItem>(&self, by: OrderSource, words: &Value) -> Result<AcceptedOrder, Report> {
        let now = self.now();
        let fleet = self.load();
        let index = T::items(&fleet).len();
        let time = OrderTime {
            now,
            elapsed: fleet.clock().elapsed(now),
            before: index,
            wall_ahead: fleet.clock().wall_ahead(),
        };
        let checked =
            check_size(T::NAME, &fleet, words).and_then(|()| read_order::<T>(words, fleet.scenario(), time));
        let CheckedOrder { item, order, warnings } = checked.inspect_err(|report| {
            tracing::info!("{} of {by} is rejected: {}", T::INDEFINITE, report.headline());
        })?;
        T::before_adding(&self.service, index);
        self.apply(T::adding(FleetItem::ordered(item, Arc::new(order.clone())), now));
        let (preview, message) = T::preview(&self.load(), index, now);
        match preview {
            OrderPreview::Event { .. } => tracing::info!("{by}: {message}"),
            OrderPreview::Fault { number, .. } => tracing::info!("{by}: fault {number}: {message}"),
        }
        Ok(AcceptedOrder {
            preview,
            message,
            order: T::order(order),
            report: warnings.to_string(),
            problems: warnings.problems.iter().map(Into::into).collect(),
        })
    }

    pub(super) fn move_clock(&self, by: OrderSource, movement: ClockMovement) -> ClockMoved {
        let now = self.now();
        let before = self.load();
        let elapsed = before.clock().elapsed(now);
        self.apply(match movement {
            ClockMovement::Seek(to) => FleetChange::Seek(to, now),
            ClockMovement::Forward(span) => FleetChange::Seek(elapsed.saturating_add(span), now),
            ClockMovement::Backward(span) => FleetChange::Seek(elapsed.saturating_sub(span), now),
            ClockMovement::Pause => FleetChange::Pause(now),
            ClockMovement::Resume => FleetChange::Resume(now),
        });
        let moved = clock_moved(&before, &self.load(), movement, now);
        tracing::info!("{by}: {}", moved.message);
        moved
    }
}

/// The orders of a list, in order.
pub(super) fn orders<T>(items: &[FleetItem<T>]) -> impl Iterator<Item = &Arc<Value>> {
    items.iter().filter_map(FleetItem::order)
}

/// Reads orders that were accepted once, for a scenario that may be another one. In `time` are the items before them.
pub(super) fn reread<'o, T: LiveItem>(
    orders: impl Iterator<Item = &'o Arc<Value>>,
    scenario: &Scenario,
    mut time: OrderTime,
) -> Vec<Result<FleetItem<T>, Report>> {
    let read = |order: &Arc<Value>| {
        let CheckedOrder { item, .. } = read_order(order, scenario, time)?;
        time.before += 1;
        Ok(FleetItem::ordered(item, Arc::clone(order)))
    };
    orders.map(read).collect()
}

/// Rejects an order if there are too many.
fn check_size(name: &str, fleet: &Fleet, words: &Value) -> Result<(), Report> {
    let orders = || orders(fleet.events()).chain(orders(fleet.faults()));
    let bytes: usize = orders().map(|order| order.to_string().len()).sum();
    let bytes = bytes + words.to_string().len();
    let count = orders().count();
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

/// A kind of items that can be ordered: all that differs between them.
trait OrderedItem: LiveItem {
    const INDEFINITE: &'static str;

    fn items(fleet: &Fleet) -> &[FleetItem<Self>];

    fn before_adding(_: &ServiceState, _index: usize) {}

    fn adding(item: FleetItem<Self>, now: Timestamp) -> FleetChange;

    fn order(words: Value) -> LiveOrder;

    /// The effect of the item at `index`, and one line that says so.
    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String);
}

impl OrderedItem for Event {
    const INDEFINITE: &'static str = "an event";

    fn items(fleet: &Fleet) -> &[FleetItem<Self>] {
        fleet.events()
    }

    fn adding(item: FleetItem<Self>, now: Timestamp) -> FleetChange {
        FleetChange::Event(Box::new(item), now)
    }

    fn order(words: Value) -> LiveOrder {
        LiveOrder::Event(words)
    }

    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String) {
        let event = &fleet.events()[index];
        let preview = fleet.preview(index, now);
        let effects: Vec<_> =
            event.effects.iter().map(|effect| describe::effect(effect, preview.at)).collect();
        let message = describe::line(event, &effects, &preview, fleet.clock().date(now));
        let path = |(path, change): (&String, &PathChange)| PathPreview {
            path: path.clone(),
            change: (*change).into(),
        };
        let paths = preview.paths.iter().map(path).collect();
        (OrderPreview::Event { at: preview.at, in_effect: preview.happened, effects, paths }, message)
    }
}

impl OrderedItem for Fault {
    const INDEFINITE: &'static str = "a fault";

    fn items(fleet: &Fleet) -> &[FleetItem<Self>] {
        fleet.faults()
    }

    /// A fault that was cleared may have had this number.
    fn before_adding(service: &ServiceState, index: usize) {
        service.restart_counters_from(index);
    }

    fn adding(item: FleetItem<Self>, _: Timestamp) -> FleetChange {
        FleetChange::Fault(Box::new(item))
    }

    fn order(words: Value) -> LiveOrder {
        LiveOrder::Fault(words)
    }

    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String) {
        let fault = describe_fault::status(fleet, &fleet.faults()[index], now);
        (OrderPreview::Fault { number: index, on: fault.on }, format!("{}; {}", fault.what, fault.when))
    }
}
