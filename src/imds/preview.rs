//! The effect of one event on the bodies: the tree with it, compared with the tree without it.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::body::Bytes;

use super::concerned::ConcernedInstance;
use super::{Fleet, FleetItem, ec2, profile};
use crate::model::timeline::{self, ScenarioClock};
use crate::model::{Event, EventTime, Instance, Timestamp};

/// Instances that are compared at most; further ones are as these.
const COMPARED: usize = 32;
/// Paths of all of them together, roughly.
const COMPARED_PATHS: usize = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PathChange {
    Appears,
    Changes,
    Vanishes,
}

/// The effect of an event, and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventPreview {
    /// The date of the next occurrence, or of the last one; `None` if it waits for a client to request a path.
    pub at: Option<Timestamp>,
    pub happened: bool,
    /// The paths whose answers differ, below the version, and how.
    pub paths: BTreeMap<String, PathChange>,
    /// The paths that do not show at once what is true, after this event and those before.
    pub pending: Vec<PendingPath>,
}

/// A path that does not show what is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PendingPath {
    /// Below the version.
    pub path: String,
    /// What it shows.
    pub shown: &'static str,
    /// The instant from which on it shows the truth; `None`: when it is settled.
    pub until: Option<Timestamp>,
    /// The instance; `None`: the one without a name.
    pub instance: Option<String>,
}

impl Fleet {
    /// Previews the event of this index at `now`.
    pub(crate) fn preview(&self, index: usize, now: Timestamp) -> EventPreview {
        let events = self.events();
        let Some(event) = events.get(index) else {
            return EventPreview { at: None, happened: false, paths: BTreeMap::new(), pending: vec![] };
        };
        let clock = self.clock();
        let last = clock.last(index, event, now);
        let at = last.map(|happening| happening.at).or_else(|| clock.next(index, event, now));
        let at = at.map(|at| clock.date(at));
        // A clock that stands still never comes to what is to come.
        let (clock, then) = match last {
            Some(_) => (clock.clone(), now),
            None => foreseen(clock, index, events, now),
        };
        let (mut paths, mut pending) = (BTreeMap::new(), Vec::new());
        let paths_each = 100 + self.scenario().instance.overrides.len();
        let compared = (COMPARED_PATHS / paths_each).clamp(1, COMPARED);
        for ConcernedInstance { met, instance, .. } in self.concerned_by(event).into_iter().take(compared) {
            let (name, base) = (met.name, &*instance);
            let mut occurrences = clock.occurrences(events, then);
            occurrences.retain(|other| self.event_meets(&events[other.index], met));
            let late = timeline::after(base, events, &occurrences, &clock).late;
            pending.extend(late.pending().into_iter().map(|(path, shown, end)| PendingPath {
                path,
                shown,
                until: end.map(|end| clock.instant_of(end)),
                instance: name.map(str::to_owned),
            }));
            // At once, and once everything is visible.
            let both = [None, Some(Duration::MAX)];
            let both = if event.lateness.is_over_at_once() { &both[..1] } else { &both };
            for reached in both {
                let mut with = occurrences.clone();
                for other in &mut with {
                    other.reached = reached.unwrap_or(other.reached);
                }
                let without: Vec<_> = with.iter().copied().filter(|other| other.index != index).collect();
                let [with, without] =
                    [with, without].map(|occurrences| timeline::after(base, events, &occurrences, &clock));
                paths.extend(self.differences(without, with, then));
            }
        }
        EventPreview { at, happened: last.is_some(), paths, pending }
    }

    /// The body of every path below a version, for a client that meets the `[instance]` itself. The signatures of the
    /// identity document follow from it; they are listed with empty bodies.
    pub(crate) fn answers(&self, version: &str, now: Timestamp) -> BTreeMap<String, Bytes> {
        self.bodies(None, &self.scenario().instance, version, now)
    }

    /// The same for a client that meets the named instance. `None`: there is none of this name.
    pub(crate) fn answers_of(
        &self,
        name: Option<&str>,
        version: &str,
        now: Timestamp,
    ) -> Option<BTreeMap<String, Bytes>> {
        let (name, base) = self.instances().into_iter().find(|(other, _)| *other == name)?;
        Some(self.bodies(name, base, version, now))
    }

    fn bodies(
        &self,
        name: Option<&str>,
        base: &Instance,
        version: &str,
        now: Timestamp,
    ) -> BTreeMap<String, Bytes> {
        profile::bodies(self, self.instance_at(name, base, now), version, now)
    }

    /// An instance with the effects of all events so far.
    pub(super) fn instance_at(&self, name: Option<&str>, base: &Instance, now: Timestamp) -> Instance {
        let events = self.events();
        let mut occurrences = self.clock().occurrences(events, now);
        occurrences.retain(|other| self.event_concerns(&events[other.index], name));
        timeline::after(base, events, &occurrences, self.clock())
    }

    fn differences(&self, before: Instance, after: Instance, now: Timestamp) -> BTreeMap<String, PathChange> {
        if before == after {
            return BTreeMap::new();
        }
        let [mut before, after] = [before, after].map(|instance| ec2::latest_bodies(self, instance, now));
        let mut differences = BTreeMap::new();
        for (path, value) in after {
            match before.remove(&path) {
                None => _ = differences.insert(path, PathChange::Appears),
                Some(old) if old != value => _ = differences.insert(path, PathChange::Changes),
                Some(_) => {}
            }
        }
        differences.extend(before.into_keys().map(|path| (path, PathChange::Vanishes)));
        if differences.contains_key(ec2::DOCUMENT) {
            let signatures = ec2::SIGNATURES.map(str::to_owned);
            differences.extend(signatures.map(|path| (path, PathChange::Changes)));
        }
        differences
    }
}

/// The clock at the time when an event that is to come has just happened, and that time.
pub(super) fn foreseen(
    clock: &ScenarioClock,
    index: usize,
    events: &[FleetItem<Event>],
    now: Timestamp,
) -> (ScenarioClock, Timestamp) {
    let mut clock = clock.resume(events, now);
    if let Some(EventTime::AfterPoll(..)) = events.get(index).map(|event| &event.at) {
        clock = clock.polled(&[index], now);
    }
    let then = events.get(index).and_then(|event| clock.next(index, event, now)).unwrap_or(now);
    (clock, then)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::KeyRing;
    use crate::imds::FleetChange;
    use crate::model::{
        AfterNotice, EventEffect, InstanceFact, NamedInstance, NoticeDue, Scenario, SpotAction,
    };
    use std::sync::{Arc, OnceLock};

    const START: Timestamp = Timestamp::from_secs(1_000_000);

    fn fleet(events: Vec<Event>) -> Fleet {
        static KEYS: OnceLock<Arc<KeyRing>> = OnceLock::new();
        let keys = KEYS.get_or_init(|| Arc::new(KeyRing::generate([7; 32])));
        let instance = Instance::default();
        let named = NamedInstance {
            name: "web".into(),
            networks: vec![],
            host: false,
            nodes: vec![],
            derive: false,
            instance,
        };
        Fleet::compile(
            Scenario { named_instances: vec![named], events, ..Scenario::default() },
            keys,
            START,
            START,
        )
    }

    fn event(at: EventTime, effect: EventEffect) -> Event {
        Event::once(at, [effect])
    }

    fn spot(at: EventTime) -> Event {
        let due = NoticeDue::After(Duration::from_mins(2));
        event(
            at,
            EventEffect::SpotInterruption { action: SpotAction::Terminate, due, then: AfterNotice::Stay },
        )
    }

    fn paths_of(preview: &EventPreview) -> Vec<(&str, PathChange)> {
        preview.paths.iter().map(|(path, difference)| (path.as_str(), *difference)).collect()
    }

    const NOTICE: [(&str, PathChange); 2] = [
        ("meta-data/spot/instance-action", PathChange::Appears),
        ("meta-data/spot/termination-time", PathChange::Appears),
    ];

    #[test]
    fn what_has_happened_and_what_is_to_come_are_foreseen() {
        let later = START.plus(Duration::from_secs(30));
        let fleet = fleet(vec![
            spot(EventTime::AfterLoad(Duration::from_secs(30))),
            event(
                EventTime::AfterLoad(Duration::from_mins(1)),
                EventEffect::Clear(crate::model::ClearTarget::SpotInterruption),
            ),
        ]);
        let preview = fleet.preview(0, START);
        assert_eq!((preview.at, preview.happened, paths_of(&preview)), (Some(later), false, NOTICE.to_vec()));
        let preview = fleet.preview(0, later);
        assert_eq!((preview.at, preview.happened, paths_of(&preview)), (Some(later), true, NOTICE.to_vec()));
        let gone = NOTICE.map(|(path, _)| (path, PathChange::Vanishes));
        assert_eq!(paths_of(&fleet.preview(1, START)), gone);
        // On a clock that stands still too.
        let stands = fleet.apply(FleetChange::Pause(START));
        let preview = stands.preview(0, START.plus(Duration::from_secs(10)));
        assert_eq!(
            (preview.at, paths_of(&preview)),
            (Some(START.plus(Duration::from_secs(40))), NOTICE.to_vec())
        );
    }

    #[test]
    fn what_waits_for_a_client_has_no_instant_but_paths() {
        let fleet = fleet(vec![spot(EventTime::AfterPoll("meta-data/spot".into(), Duration::from_secs(5)))]);
        let preview = fleet.preview(0, START);
        assert_eq!((preview.at, preview.happened, paths_of(&preview)), (None, false, NOTICE.to_vec()));
    }

    #[test]
    fn a_fact_changes_every_path_that_tells_it() {
        let fact = EventEffect::Fact(InstanceFact::InstanceType("t3.micro".parse().expect("a type")));
        let fleet = fleet(vec![Event { instance: Some("web".into()), ..event(EventTime::At(START), fact) }]);
        let preview = fleet.preview(0, START);
        for path in ["meta-data/instance-type", ec2::DOCUMENT, "dynamic/instance-identity/pkcs7"] {
            assert_eq!(preview.paths.get(path), Some(&PathChange::Changes), "{path} of {:?}", preview.paths);
        }
        assert!(!preview.paths.contains_key("meta-data/instance-id"), "{:?}", preview.paths);
    }
}
