//! The present of a timeline: from one event to the next the same has happened, for every request.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use super::cache::CompiledInstance;
use super::fleet_item::FleetItem;
use crate::model::timeline::{Occurrence, ScenarioClock};
use crate::model::{Event, Timestamp};

/// The instances that a span remembers; more share their slots.
const SLOTS: usize = 32;
/// The overrides of an instance that is remembered. The cache, which counts them, has larger ones.
const MAX_OVERRIDES: usize = 2_000;

/// The span that was asked for last. It belongs to one fleet: another has other events, or another clock.
#[derive(Default)]
pub(super) struct CurrentSpan(ArcSwapOption<Span>);

/// A time in which no event occurs, and the instances that were met in it.
pub(super) struct Span {
    from: Timestamp,
    /// The time at which something occurs again.
    until: Timestamp,
    occurrences: Vec<Occurrence>,
    met: [ArcSwapOption<Met>; SLOTS],
}

/// An instance that was met, with who met it.
struct Met {
    named: Option<usize>,
    client: Option<IpAddr>,
    compiled: Arc<CompiledInstance>,
}

impl CurrentSpan {
    /// The span of a time.
    pub(super) fn at(
        &self,
        clock: &ScenarioClock,
        events: &[FleetItem<Event>],
        now: Timestamp,
    ) -> Guard<Option<Arc<Span>>> {
        let current = self.0.load();
        if current.as_ref().is_some_and(|span| span.from <= now && now < span.until) {
            return current;
        }
        let span = Arc::new(Span {
            from: now,
            until: clock.unchanged_until(events, now),
            occurrences: clock.occurrences(events, now),
            met: std::array::from_fn(|_| ArcSwapOption::empty()),
        });
        // A request that was slow, and is at an earlier time, does not take the others back.
        if current.as_ref().is_none_or(|current| current.from <= now) {
            self.0.store(Some(Arc::clone(&span)));
        }
        Guard::from_inner(Some(span))
    }
}

impl Span {
    pub(super) fn occurrences(&self) -> &[Occurrence] {
        &self.occurrences
    }

    /// The instance that somebody meets, made by `compile` if it is not remembered.
    pub(super) fn get_or(
        &self,
        named: Option<usize>,
        client: Option<IpAddr>,
        compile: impl FnOnce() -> Arc<CompiledInstance>,
    ) -> Arc<CompiledInstance> {
        let slot = &self.met[slot(named, client)];
        if let Some(met) = slot.load().as_ref().filter(|met| met.named == named && met.client == client) {
            return Arc::clone(&met.compiled);
        }
        let compiled = compile();
        if compiled.instance.overrides.len() <= MAX_OVERRIDES {
            slot.store(Some(Arc::new(Met { named, client, compiled: Arc::clone(&compiled) })));
        }
        compiled
    }
}

fn slot(named: Option<usize>, client: Option<IpAddr>) -> usize {
    let client = match client {
        Some(IpAddr::V4(address)) => usize::from(address.octets()[3]),
        Some(IpAddr::V6(address)) => usize::from(address.octets()[15]),
        None => 0,
    };
    named.map_or(0, |index| index + 1).wrapping_add(client) % SLOTS
}

impl fmt::Debug for CurrentSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CurrentSpan")
    }
}
