//! Changes of what is served without another scenario: events and faults that are ordered, movements of the clock,
//! and what requests change.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::clock_moved::clock_moved;
use super::compute::{compute, free};
use super::{describe, describe_fault, redact};
use crate::clock;
use crate::config::Report;
use crate::control::api::{
    AcceptedOrder, ClockMoved, LatePath, LiveOrder, OrderPreview, PathPreview, RejectedProblem,
};
use crate::control::{ClockMovement, OrderSource};
use crate::imds::{Fleet, FleetChange, FleetItem, PathChange, PendingPath};
use crate::model::fault::Fault;
use crate::model::{Event, FaultName, Scenario, Timestamp, format_duration};
use crate::scenario::{CheckedOrder, LiveItem, OrderTime, read_new_order, read_order};
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
        // Of a fault that an earlier version saved, the name is only in the order that is pinned now.
        let CheckedOrder { item, order, .. } = read_order(order, scenario, time)?;
        time.before += 1;
        Ok(FleetItem::ordered(item, Arc::new(order)))
    };
    orders.map(read).collect()
}

/// The same for faults, of which one may have the place of another. `removed` are those of the file that are not there.
pub(super) fn reread_faults<'o>(
    orders: impl Iterator<Item = &'o Arc<Value>>,
    scenario: &Scenario,
    removed: &BTreeSet<FaultName>,
    time: OrderTime,
) -> Vec<Result<FleetItem<Fault>, Report>> {
    let of_file = scenario.faults.iter().map(|fault| fault.name.as_str());
    let of_file = of_file.filter(|name| !removed.iter().any(|removed| removed.as_str() == *name));
    let mut names: Vec<String> = of_file.map(str::to_owned).collect();
    let read = |order: &Arc<Value>| {
        let name = order.get("name").and_then(Value::as_str);
        let replaced = names.iter().position(|other| Some(other.as_str()) == name);
        let before = replaced.unwrap_or(names.len());
        let CheckedOrder { item, order, .. } =
            read_order::<Fault>(order, scenario, OrderTime { before, ..time })?;
        if replaced.is_none() {
            names.push(item.name.to_string());
        }
        Ok(FleetItem::ordered(item, Arc::new(order)))
    };
    orders.map(read).collect()
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

/// A kind of items that can be ordered: all that differs between them.
trait OrderedItem: LiveItem + Send + 'static {
    const INDEFINITE: &'static str;

    /// The words with what tells the item from others.
    fn named(words: Value, fleet: &Fleet) -> Value;

    /// The index that the item of these words gets.
    fn index(words: &Value, fleet: &Fleet) -> usize;

    fn before_adding(_: &ServiceState, _index: usize) {}

    /// Rejects an item that the fleet has at `index` if what it changes is not there.
    fn check_place(_: &Fleet, _index: usize, _now: Timestamp) -> Result<(), Report> {
        Ok(())
    }

    fn adding(item: FleetItem<Self>, now: Timestamp) -> FleetChange;

    fn order(words: Value) -> LiveOrder;

    /// The effect of the item at `index`, and one line that says so.
    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String);
}

impl OrderedItem for Event {
    const INDEFINITE: &'static str = "an event";

    fn index(_: &Value, fleet: &Fleet) -> usize {
        fleet.events().len()
    }

    /// A device number that is free, if an interface is attached without one.
    fn named(mut words: Value, fleet: &Fleet) -> Value {
        let name = words.get("instance").and_then(Value::as_str).map(str::to_owned);
        let client = words.get("client").and_then(Value::as_str).and_then(|client| client.parse().ok());
        if let Some(Value::Object(interface)) = words.get_mut("attach-interface")
            && !interface.contains_key("device-number")
        {
            let card = interface.get("network-card").and_then(Value::as_u64).unwrap_or(0);
            let now = fleet.now(clock::read());
            if let Some(number) = fleet.free_device_number(name.as_deref(), client, card, now) {
                interface.insert("device-number".to_owned(), number.into());
            }
        }
        words
    }

    fn check_place(fleet: &Fleet, index: usize, now: Timestamp) -> Result<(), Report> {
        match fleet.obstacle(index, now) {
            Some((found, help)) => {
                Err(Report::whole(Self::NAME, format!("the change is impossible: {found}"), help))
            }
            None => Ok(()),
        }
    }

    fn adding(item: FleetItem<Self>, now: Timestamp) -> FleetChange {
        FleetChange::Event(Box::new(item), now)
    }

    fn order(words: Value) -> LiveOrder {
        LiveOrder::Event(redact::event(&words))
    }

    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String) {
        let event = &fleet.events()[index];
        let preview = fleet.preview(index, now);
        let effects: Vec<_> =
            event.effects.iter().map(|effect| describe::effect(effect, preview.at)).collect();
        let message = describe::line(event, &effects, &preview, fleet.events(), fleet.clock().date(now));
        let path = |(path, change): (&String, &PathChange)| PathPreview {
            path: path.clone(),
            change: (*change).into(),
        };
        let paths = preview.paths.iter().map(path).collect();
        let late = |path: &PendingPath| LatePath {
            path: path.path.clone(),
            shown: path.shown.to_owned(),
            until: path.until.map(|at| fleet.clock().date(at)),
            instance: path.instance.clone(),
        };
        let late = preview.pending.iter().map(late).collect();
        (OrderPreview::Event { at: preview.at, in_effect: preview.happened, effects, paths, late }, message)
    }
}

impl OrderedItem for Fault {
    const INDEFINITE: &'static str = "a fault";

    fn named(mut words: Value, fleet: &Fleet) -> Value {
        if let Some(words) = words.as_object_mut() {
            words.entry("name").or_insert_with(|| fleet.fault_list().free_name().as_str().into());
        }
        words
    }

    /// That of the fault with the same name, which it replaces.
    fn index(words: &Value, fleet: &Fleet) -> usize {
        let name = words.get("name").and_then(Value::as_str).and_then(|name| name.parse().ok());
        let replaced = name.and_then(|name| fleet.fault_list().position(&name));
        replaced.unwrap_or(fleet.faults().len())
    }

    /// Another fault may have had this number.
    fn before_adding(service: &ServiceState, index: usize) {
        service.restart_fault_counters(index);
    }

    fn adding(item: FleetItem<Self>, _: Timestamp) -> FleetChange {
        FleetChange::Fault(Box::new(item))
    }

    fn order(words: Value) -> LiveOrder {
        LiveOrder::Fault(redact::fault(&words))
    }

    fn preview(fleet: &Fleet, index: usize, now: Timestamp) -> (OrderPreview, String) {
        let fault = describe_fault::status(fleet, index, 0, now);
        let message = format!("{}: {}; {}", fault.name, fault.what, fault.when);
        (OrderPreview::Fault { name: fault.name, number: index, on: fault.on }, message)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::fault::{FaultEffect, MAX_FAULTS};

    const TIME: OrderTime = OrderTime {
        now: Timestamp::from_secs(1_795_230_851),
        elapsed: Duration::ZERO,
        before: 0,
        wall_ahead: 0,
    };

    #[test]
    fn a_step_of_the_wall_clock_has_a_direction() {
        let words = [-90_000, -500, 0, 500, 3_600_000].map(step_words);
        assert_eq!(
            words,
            ["back by 1m30s", "back by 500ms", "forward by 0s", "forward by 500ms", "forward by 1h"]
        );
    }

    #[test]
    fn as_many_faults_are_read_again_as_were_accepted() {
        let name = |number: usize| FaultName::in_file(number);
        let fault = |number| Fault { name: name(number), ..Fault::always(FaultEffect::Hang) };
        let faults = (0..MAX_FAULTS).map(fault).collect();
        let scenario = Scenario { faults, ..Scenario::default() };
        let order = |name: &str| Arc::new(json!({"name": name, "hang": true}));
        // The first of the file is removed, all others are replaced, and one is new.
        let replacing = (1..MAX_FAULTS).map(|number| order(name(number).as_str()));
        let mut orders: Vec<_> = replacing.chain([order("x")]).collect();
        let removed = [name(0)].into();
        let read = |orders: &[Arc<Value>]| reread_faults(orders.iter(), &scenario, &removed, TIME);
        assert!(
            read(&orders).iter().all(Result::is_ok),
            "{:?}",
            read(&orders).iter().find(|read| read.is_err())
        );
        orders.push(order("y"));
        assert_eq!(read(&orders).iter().filter(|read| read.is_err()).count(), 1);
    }

    #[test]
    fn a_name_that_an_order_did_not_have_stays() {
        let orders = [Arc::new(json!({"hang": true})), Arc::new(json!({"reset": true}))];
        let read = |orders: &[Arc<Value>]| {
            let read = reread_faults(orders.iter(), &Scenario::default(), &BTreeSet::new(), TIME);
            read.into_iter().map(|fault| fault.expect("it is accepted")).collect::<Vec<_>>()
        };
        let named = read(&orders);
        let without_first: Vec<_> = orders_of(&named[1..]);
        assert_eq!(read(&without_first)[0].name.as_str(), "injected-2");
    }

    fn orders_of(faults: &[FleetItem<Fault>]) -> Vec<Arc<Value>> {
        orders(faults).cloned().collect()
    }
}
