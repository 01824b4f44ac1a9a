//! Taking back what was ordered since the load.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::compute::compute;
use super::describe;
use super::fault_words;
use super::live::LiveFleet;
use crate::clock;
use crate::config::Report;
use crate::control::OrderSource;
use crate::control::api::{ClearScope, Cleared, RemoveFaultsOrder};
use crate::imds::{Fleet, FleetChange, FleetItem, PathChange};
use crate::model::fault::FaultStart;
use crate::model::{Event, EventEffect, Timestamp};
use crate::scenario::{OrderTime, read_order};

/// Takes back a part of what was ordered. What the file still has to come stays, and its faults.
pub(super) async fn clear(live: &LiveFleet, by: OrderSource, what: ClearScope) -> Result<Cleared, Report> {
    let before = live.load();
    let ClearedFleet { next, events, count, message } = compute(move || cleared(&before, what)).await?;
    live.take_back(next, &events);
    if what == ClearScope::All {
        live.forget_changes_by_containers();
    }
    tracing::info!("{by}: {message}");
    Ok(Cleared { cleared: count, message })
}

struct ClearedFleet {
    next: Arc<Fleet>,
    /// The indices of the events that are taken back.
    events: BTreeSet<usize>,
    /// The count of what is taken back.
    count: usize,
    message: String,
}

fn cleared(before: &Fleet, what: ClearScope) -> Result<ClearedFleet, Report> {
    let now = before.now(clock::read());
    let (events, faults) = match what {
        ClearScope::All => (ordered(before.events()), ordered(before.faults())),
        ClearScope::Faults => (BTreeSet::new(), ordered(before.faults())),
        ClearScope::Pending => pending(before, now),
    };
    let paths = if what == ClearScope::All { ended(before, now)? } else { BTreeMap::new() };
    // An earlier clear is nothing that is taken back.
    let is_clear = |index: &&usize| {
        before.events()[**index].effects.iter().all(|effect| matches!(effect, EventEffect::Clear(_)))
    };
    let list = before.fault_list();
    // What was removed before it was ordered again is removed again, unless all is restored.
    let stays_removed = |name| what == ClearScope::Pending && list.removed().contains(name);
    let of_file = |index: &&usize| {
        let name = &before.faults()[**index].name;
        list.is_of_file(name) && !stays_removed(name)
    };
    let changed = faults.iter().filter(of_file).count();
    let mut counts = Counts {
        events: events.len() - events.iter().filter(is_clear).count(),
        faults: faults.len() - changed,
        restored: changed,
    };
    let mut next = before.apply(FleetChange::TakeBack { events: events.clone(), faults });
    if what != ClearScope::Pending {
        counts.restored += list.missing();
        next = next.apply(FleetChange::RestoreFaults);
    }
    if what == ClearScope::All && !next.clock().occurrences(next.events(), now).is_empty() {
        let (event, now) = clear_all(&next, now)?;
        next = next.apply(FleetChange::Event(Box::new(event), now));
    }
    next.prepare(now);
    let message = message(what, counts, &paths);
    let count = counts.events + counts.faults + counts.restored;
    Ok(ClearedFleet { next: Arc::new(next), events, count, message })
}

/// What is taken back.
#[derive(Clone, Copy)]
struct Counts {
    events: usize,
    faults: usize,
    /// Faults of the file that are in force again as it has them.
    restored: usize,
}

/// Removes faults, those of the file too, until the next load.
pub(super) async fn remove_faults(
    live: &LiveFleet,
    by: OrderSource,
    order: RemoveFaultsOrder,
) -> Result<Cleared, Report> {
    let before = live.load();
    let removed = if order.all {
        (0..before.faults().len()).collect()
    } else {
        let positions = order.names.iter().map(|name| fault_words::position(&before, name));
        positions.collect::<Result<BTreeSet<usize>, Report>>()?
    };
    let names: Vec<&str> = removed.iter().map(|index| before.faults()[*index].name.as_str()).collect();
    let message = match names.as_slice() {
        [] => "there is no fault".to_owned(),
        [name] => format!("{name} is removed"),
        names => format!("{} are removed", names.join(", ")),
    };
    let cleared = removed.len();
    let now = before.now(clock::read());
    let changed = Arc::clone(&before);
    let next = compute(move || {
        let next = changed.apply(FleetChange::RemoveFaults(removed));
        next.prepare(now);
        Arc::new(next)
    });
    live.take_back(next.await, &BTreeSet::new());
    tracing::info!("{by}: {message}");
    Ok(Cleared { cleared, message })
}

/// The indices of what was ordered.
fn ordered<T>(items: &[FleetItem<T>]) -> BTreeSet<usize> {
    let items = items.iter().enumerate();
    items.filter(|(_, item)| item.order().is_some()).map(|(index, _)| index).collect()
}

/// The indices of what was ordered and has not begun.
fn pending(fleet: &Fleet, now: Timestamp) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let clock = fleet.clock();
    let (elapsed, effective) = (clock.elapsed(now), clock.effective(now));
    let mut events = ordered(fleet.events());
    events.retain(|index| clock.last(*index, &fleet.events()[*index], now).is_none());
    let mut faults = ordered(fleet.faults());
    faults.retain(|index| match fleet.faults()[*index].from {
        FaultStart::AfterLoad(offset) => elapsed < offset,
        FaultStart::At(instant) => effective < instant,
    });
    (events, faults)
}

/// The event that ends what earlier events have changed.
fn clear_all(fleet: &Fleet, now: Timestamp) -> Result<(FleetItem<Event>, Timestamp), Report> {
    let time =
        OrderTime { now, elapsed: fleet.clock().elapsed(now), before: fleet.events().len(), wall_ahead: 0 };
    let checked = read_order::<Event>(&json!({ "clear": "all" }), fleet.scenario(), time)?;
    Ok((FleetItem::ordered(checked.item, Arc::new(checked.order)), now))
}

/// The paths that answer something else when all changes by events end.
fn ended(fleet: &Fleet, now: Timestamp) -> Result<BTreeMap<String, PathChange>, Report> {
    let (event, now) = clear_all(fleet, now)?;
    let with = fleet.apply(FleetChange::Event(Box::new(event), now));
    Ok(with.preview(fleet.events().len(), now).paths)
}

fn message(
    what: ClearScope,
    Counts { events, faults, restored }: Counts,
    paths: &BTreeMap<String, PathChange>,
) -> String {
    let count = |count: usize, one: &str, several: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {several}")),
    };
    let counts = [count(events, "change", "changes"), count(faults, "fault", "faults")];
    let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let restored =
        count(restored, "fault", "faults").map(|faults| format!("{faults} of the scenario restored"));
    let removed = (!counts.is_empty()).then(|| format!("{counts} removed"));
    let done = removed.into_iter().chain(restored).collect::<Vec<_>>().join(", ");
    let removed = match what {
        _ if !done.is_empty() => done,
        ClearScope::All if !paths.is_empty() => "changes by events of the file ended".to_owned(),
        ClearScope::All => "nothing to clear".to_owned(),
        ClearScope::Faults => "there is no injected fault".to_owned(),
        ClearScope::Pending => "nothing is pending".to_owned(),
    };
    let paths = describe::paths(paths, "from now");
    if paths.is_empty() { removed } else { format!("{removed}; {paths}") }
}
