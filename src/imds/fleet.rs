//! The compiled scenario, and what happened to it since.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, CachedInstance, CompiledInstance, Key};
use super::client_routes::ClientRoutes;
use super::derive::derived;
use super::event_list::EventList;
use super::fault_list::FaultList;
use super::fleet_item::FleetItem;
use super::past_events::{PastEvents, PastEventsMemo};
use super::successors::successors;
use super::{Ingress, Visit};
use crate::identity::KeyRing;
use crate::model::fault::Fault;
use crate::model::timeline::{self, Occurrence, ScenarioClock};
use crate::model::{ClockReading, Event, FaultName, Fetched, Instance, Scenario, Timestamp};

/// A scenario, compiled, and what happened to it since: what [`answer`](super::answer()) reads. Immutable; a
/// change makes another one, which shares what did not change.
#[derive(Debug, Clone)]
pub struct Fleet {
    scenario: Arc<Scenario>,
    keys: Arc<KeyRing>,
    routes: Arc<ClientRoutes>,
    /// An instance has a task or a pod: paths may be those of an endpoint of containers.
    serves_containers: bool,
    /// The index of the named instance that this process' node plays.
    of_node: Option<usize>,
    events: EventList,
    faults: FaultList,
    clock: ScenarioClock,
    fetched: Option<Fetched>,
    cache: Arc<Cache>,
    /// Of these events on this clock: another fleet has another one.
    past_events: Arc<PastEventsMemo>,
}

/// A change of a fleet; it gives another one.
#[derive(Debug, Clone)]
pub enum FleetChange {
    /// The credential source gave keys, or failed.
    Fetched(Fetched),
    /// An event was ordered at this time.
    Event(Box<FleetItem<Event>>, Timestamp),
    /// A fault was ordered; it takes the place of one that has its name.
    Fault(Box<FleetItem<Fault>>),
    /// Faults are removed, those of the file too, by their indices.
    RemoveFaults(BTreeSet<usize>),
    /// The faults are those of the file again.
    RestoreFaults,
    /// Some of the events and faults that were ordered are taken back, by their indices. A fault of the file that had to
    /// make room for one of them is there again.
    TakeBack { events: BTreeSet<usize>, faults: BTreeSet<usize> },
    /// The scenario's clock is moved to this offset, at this time.
    Seek(Duration, Timestamp),
    /// The clock stands still from this time.
    Pause(Timestamp),
    /// The clock goes on at this time.
    Resume(Timestamp),
    /// Somebody set the wall clock.
    WallClockSet(ClockReading),
    /// A client asked for the path that events wait for.
    Polled(FirstPoll),
}

/// A first request for a path that events wait for. By the time that it reaches the fleet, that may be another one.
#[derive(Debug, Clone)]
pub struct FirstPoll {
    waiting: Vec<usize>,
    /// The events that the request met, on the clock of this load.
    events: Arc<[FleetItem<Event>]>,
    loaded: Timestamp,
    at: Timestamp,
}

/// The instance of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatchedInstance<'f> {
    pub(super) base: &'f Instance,
    /// The index of the named instance; `None`: the `[instance]` itself.
    pub(super) index: Option<usize>,
    pub(crate) name: Option<&'f str>,
    /// The client, if it meets an identity of its own.
    pub(super) client: Option<IpAddr>,
}

impl Fleet {
    /// Compiles a scenario; `now` is the zero of its clock, `started` when the daemon started.
    pub fn compile(
        scenario: impl Into<Arc<Scenario>>,
        keys: &Arc<KeyRing>,
        now: impl Into<ClockReading>,
        started: Timestamp,
    ) -> Self {
        let scenario = scenario.into();
        Self {
            events: FleetItem::all_of_file(&scenario.events).into(),
            faults: FaultList::of_file(&scenario.faults),
            routes: Arc::new(ClientRoutes::of(&scenario.named_instances)),
            serves_containers: scenario.serves_containers(),
            of_node: scenario.index_of_node(),
            scenario,
            keys: Arc::clone(keys),
            clock: ScenarioClock::starting(now, started),
            fetched: None,
            cache: Arc::default(),
            past_events: Arc::default(),
        }
    }

    #[must_use]
    pub fn apply(&self, change: FleetChange) -> Self {
        let mut next = Self { past_events: Arc::default(), ..self.clone() };
        match change {
            FleetChange::Fetched(fetched) => next.fetched = Some(fetched),
            FleetChange::Event(event, now) => {
                next.clock = self.clock.ordered(self.events.len(), &event, now);
                next.events = self.events.iter().cloned().chain([*event]).collect();
            }
            FleetChange::Fault(fault) => {
                next.faults = self.faults.with(*fault);
            }
            FleetChange::RemoveFaults(indices) => next.faults = self.faults.without(&indices),
            FleetChange::RestoreFaults => next.faults = self.faults.restored(),
            FleetChange::TakeBack { events, faults } => {
                let stays = |index: usize| !events.contains(&index);
                let index = |old: usize| stays(old).then(|| old - events.range(..old).count());
                next.clock = self.clock.renumbered(index);
                next.events = without(&self.events, &events).into();
                next.faults = self.faults.without_orders(&faults);
                // Other events have these indices from now on.
                next.cache = Arc::default();
            }
            FleetChange::Seek(to, now) => {
                next.clock = self.clock.seek(&self.events, to, now);
                // What lasts since an occurrence, or until a delay of it, has other dates by the moved clock.
                next.cache = Arc::default();
            }
            FleetChange::Pause(now) => next.clock = self.clock.pause(now),
            FleetChange::Resume(now) => {
                next.clock = self.clock.resume(&self.events, now);
                next.cache = Arc::default();
            }
            FleetChange::WallClockSet(reading) => {
                if let Some(clock) = self.clock.stepped(reading) {
                    next.clock = clock;
                    // A request that was faster may have met an occurrence with the date of before.
                    next.cache = Arc::default();
                }
            }
            // A poll of another scenario says nothing about these events.
            FleetChange::Polled(poll) if poll.loaded != self.clock.loaded => {}
            FleetChange::Polled(FirstPoll { mut waiting, events, at, .. }) => {
                let is_same = |index: &usize| match (events.get(*index), self.events.get(*index)) {
                    (Some(then), Some(now)) => **then == **now,
                    _ => false,
                };
                waiting.retain(is_same);
                next.clock = self.clock.polled(&waiting, at);
            }
        }
        next
    }

    /// This scenario with the clock of another fleet and what was ordered there. `events` has an entry for each event
    /// that was ordered there, in order; `None`: this scenario rejects it. An event of the file that is no longer in it
    /// has not happened.
    #[must_use]
    pub(crate) fn continuing(
        self,
        before: &Self,
        events: Vec<Option<FleetItem<Event>>>,
        faults: Vec<FleetItem<Fault>>,
    ) -> Self {
        let (were, are) = (&before.scenario.events, &self.scenario.events);
        let successors = successors(were, are);
        let index = |old: usize| {
            if old >= were.len() {
                let (earlier, [Some(_), ..]) = events.split_at_checked(old - were.len())? else {
                    return None;
                };
                return Some(are.len() + earlier.iter().flatten().count());
            }
            // Of equal events the nth stays the nth.
            successors.get(old).copied().flatten()
        };
        let clock = before.clock.renumbered(index);
        let removed = before.faults.removed().clone();
        self.restored(clock, events.into_iter().flatten().collect(), faults, removed)
    }

    /// This scenario with a clock and with what was ordered for it. `removed` are faults of the file.
    #[must_use]
    pub(crate) fn restored(
        mut self,
        clock: ScenarioClock,
        events: Vec<FleetItem<Event>>,
        faults: Vec<FleetItem<Fault>>,
        removed: BTreeSet<FaultName>,
    ) -> Self {
        self.past_events = Arc::default();
        self.clock = clock;
        self.events = self.events.iter().cloned().chain(events).collect();
        self.faults = self.faults.with_changes(removed, faults);
        self
    }

    /// Whether a path may be one of an endpoint of containers where the client did not ask at its address.
    pub(crate) fn serves_containers(&self) -> bool {
        self.serves_containers
    }

    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// All faults: those of the file, then those that were ordered. The index of a fault is its number.
    pub(crate) fn faults(&self) -> &[FleetItem<Fault>] {
        self.faults.items()
    }

    pub(crate) fn fault_list(&self) -> &FaultList {
        &self.faults
    }

    /// The zero of the clock: a seek moves it.
    pub(crate) fn loaded_at(&self) -> Timestamp {
        self.clock.epoch
    }

    /// The instant of a reading on the scenario's clock.
    pub(crate) fn now(&self, reading: ClockReading) -> Timestamp {
        self.clock.now(reading)
    }

    pub(crate) fn clock(&self) -> &ScenarioClock {
        &self.clock
    }

    /// All events: those of the file, then those that were ordered.
    pub(crate) fn events(&self) -> &[FleetItem<Event>] {
        &self.events
    }

    /// Every instance with its name: the `[instance]`, then those of `[instances]`.
    pub(crate) fn instances(&self) -> Vec<(Option<&str>, &Instance)> {
        let named_instances =
            self.scenario.named_instances.iter().map(|named| (Some(named.name.as_str()), &named.instance));
        std::iter::once((None, &self.scenario.instance)).chain(named_instances).collect()
    }

    pub(super) fn keys(&self) -> &Arc<KeyRing> {
        &self.keys
    }

    /// The last result of the credential source.
    pub(crate) fn fetched(&self) -> Option<&Fetched> {
        self.fetched.as_ref()
    }

    /// The name of the client's instance; `None`: the `[instance]` itself.
    pub(crate) fn instance_of(&self, peer: IpAddr, ingress: Ingress) -> Option<&str> {
        self.match_instance(peer, ingress).name
    }

    /// The instance of a client: for a process of this host the named one of this host, else that of the longest
    /// network prefix, else that of the node, else `[instance]`.
    pub(crate) fn match_instance(&self, peer: IpAddr, ingress: Ingress) -> MatchedInstance<'_> {
        let by_client = self.routes.find(peer, ingress);
        let matched = self.matched(by_client.or(self.of_node));
        let derives = by_client.and_then(|index| self.scenario.named_instances.get(index));
        MatchedInstance { client: derives.filter(|named| named.derive).map(|_| peer), ..matched }
    }

    /// The instance of somebody who was met before.
    pub(super) fn met_before(&self, named: Option<usize>, client: Option<IpAddr>) -> MatchedInstance<'_> {
        MatchedInstance { client, ..self.matched(named) }
    }

    /// The named instance of this index, else the `[instance]` itself, for a client without an identity of its own.
    pub(super) fn matched(&self, index: Option<usize>) -> MatchedInstance<'_> {
        match index.and_then(|index| self.scenario.named_instances.get(index)) {
            Some(named) => {
                MatchedInstance { base: &named.instance, index, name: Some(&named.name), client: None }
            }
            None => MatchedInstance { base: &self.scenario.instance, index: None, name: None, client: None },
        }
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(super) fn past_events(&self) -> &PastEventsMemo {
        &self.past_events
    }

    /// The instance that somebody meets at a time, with its tree.
    pub(super) fn at(
        &self,
        met: MatchedInstance<'_>,
        visit: &Visit<'_>,
        below: &[&str],
        now: Timestamp,
    ) -> CachedInstance {
        let past = self.past_events.at(&self.events, &self.clock, now);
        self.compiled(met, |index| self.happens_to(index, met, visit, below), &past)
    }

    /// An instance after those of the past events that happen to it.
    pub(super) fn compiled(
        &self,
        met: MatchedInstance<'_>,
        happens: impl Fn(usize) -> bool,
        past: &PastEvents,
    ) -> CachedInstance {
        let selected: Vec<Occurrence>;
        let occurrences = if past.is_selective {
            selected =
                past.occurrences.iter().copied().filter(|occurrence| happens(occurrence.index)).collect();
            &selected
        } else {
            &past.occurrences
        };
        let key = Key { named: met.index, client: met.client, occurrences };
        self.cache.get_or(key, || {
            let derived_instance = met.client.map(|client| derived(met.base, client));
            let base = derived_instance.as_ref().unwrap_or(met.base);
            let instance = timeline::after(base, &self.events, occurrences, &self.clock);
            CompiledInstance::new(instance, &self.keys)
        })
    }

    /// Whether an event changes the instance of somebody.
    pub(super) fn event_meets(&self, event: &Event, met: MatchedInstance<'_>) -> bool {
        let is_theirs = |client: IpAddr| {
            let theirs = self.match_instance(client, Ingress::of_address(client));
            (theirs.index, theirs.client) == (met.index, met.client)
        };
        event.concerns(met.name) && event.client.is_none_or(is_theirs)
    }

    /// The same for the instance of this name; `client` has an identity of its own there.
    pub(crate) fn event_changes(&self, event: &Event, name: Option<&str>, client: Option<IpAddr>) -> bool {
        let is_theirs = |other: IpAddr| {
            let theirs = self.match_instance(other, Ingress::of_address(other));
            (theirs.name, theirs.client) == (name, client)
        };
        event.concerns(name) && event.client.is_none_or(is_theirs)
    }

    /// The clients that events name and that have identities of their own, with their instances.
    pub(crate) fn named_clients(&self) -> BTreeMap<IpAddr, (Option<&str>, &Instance)> {
        let clients = self.events.iter().filter_map(|event| event.client);
        let met = clients.map(|client| self.match_instance(client, Ingress::of_address(client)));
        met.filter_map(|met| Some((met.client?, (met.name, met.base)))).collect()
    }

    /// The same for the instance of this name, whoever meets it; `None`: the `[instance]` itself.
    pub(super) fn event_concerns(&self, event: &Event, name: Option<&str>) -> bool {
        let is_theirs = |client: IpAddr| self.instance_of(client, Ingress::of_address(client)) == name;
        event.concerns(name) && event.client.is_none_or(is_theirs)
    }

    fn happens_to(&self, index: usize, met: MatchedInstance<'_>, visit: &Visit<'_>, below: &[&str]) -> bool {
        let admits_all = self.scenario.http.profile.admits_clients_by_notice();
        let Some(event) = self.events.get(index).filter(|event| self.event_meets(event, met)) else {
            return false;
        };
        event.first_n_clients.filter(|_| !admits_all).is_none_or(|limit| {
            let asks = matches!(below, ["meta-data", "spot" | "events" | "autoscaling", ..]);
            visit.counters.admit((self.clock.loaded, index), visit.peer, if asks { limit } else { 0 })
        })
    }

    /// The first request for a path that events wait for, if this is one.
    pub(super) fn polled(
        &self,
        met: MatchedInstance<'_>,
        below: &[&str],
        now: Timestamp,
    ) -> Option<FirstPoll> {
        let waits = |(index, event, path): (usize, &FleetItem<Event>, &str)| {
            let is_polled = path.split('/').eq(below.iter().copied()) && self.event_meets(event, met);
            (is_polled && !self.clock.first_polls.contains_key(&index)).then_some(index)
        };
        let waiting: Vec<usize> = self.events.awaiting_poll().filter_map(waits).collect();
        // Only then: all threads count in the same place who shares the events.
        (!waiting.is_empty()).then(|| FirstPoll {
            waiting,
            events: Arc::clone(self.events.items()),
            loaded: self.clock.loaded,
            at: now,
        })
    }
}

fn without<T: Clone>(items: &[FleetItem<T>], indices: &BTreeSet<usize>) -> Arc<[FleetItem<T>]> {
    let items = items.iter().enumerate().filter(|(index, _)| !indices.contains(index));
    items.map(|(_, item)| item.clone()).collect()
}
