//! `[propagation]`, and `propagation` of an event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::assign::set_if_some;
use crate::config::{Item, Section, nearest};
use crate::model::{
    ChangeKind, Delay, DelaySpan, Event, EventLateness, Instance, LateLeaf, Meanwhile, Propagation,
    PropagationProfile, Scenario, StringEnum as _, timeline,
};

/// The word for a change that is not visible until everything pending is settled.
const NEVER: &str = "never";
const FORMS: &str = "\"3s\", { min = \"1s\", max = \"6s\" }, { after = \"3s\", meanwhile = \"0\" } or \"never\"; meanwhile is \
                     \"absent\", \"listed\" or a value";

/// Reads the table over what an instance inherits.
pub(super) fn read(section: &Section<'_>, instance: &mut Instance) {
    let propagation = Arc::make_mut(&mut instance.propagation);
    set_if_some(&mut propagation.profile, section.read("profile", Item::choice::<PropagationProfile>));
    let seed = section.read("seed", |item| item.integer(0..=i64::MAX));
    set_if_some(&mut propagation.seed, seed.and_then(|seed| u64::try_from(seed).ok()));
    for (key, kind) in [
        ("tags", ChangeKind::Tags),
        ("metadata-options", ChangeKind::MetadataOptions),
        ("facts", ChangeKind::Facts),
    ] {
        let delay = section.read(key, |item| delay(item, false));
        propagation.delays.extend(delay.map(|delay| ((kind, LateLeaf::Whole), delay)));
    }
    for (key, kind) in [
        ("attach", ChangeKind::Attach),
        ("detach", ChangeKind::Detach),
        ("assign", ChangeKind::Assign),
        ("unassign", ChangeKind::Unassign),
        ("modify", ChangeKind::Modify),
        ("instance-profile", ChangeKind::InstanceProfile),
    ] {
        let Some(table) = section.read(key, Item::section) else { continue };
        let parts = parts(&table, &kind.leaves().iter().copied().collect());
        propagation.delays.extend(parts.into_iter().map(|(leaf, delay)| ((kind, leaf), delay)));
    }
    section.finish();
}

/// Gives a named instance a jitter of its own.
pub(super) fn name(instance: &mut Instance, name: &str) {
    name.clone_into(&mut Arc::make_mut(&mut instance.propagation).instance);
}

/// The kinds of changes that an event makes and that may be late.
fn kinds(event: &Event) -> BTreeSet<ChangeKind> {
    event.effects.iter().filter_map(timeline::late_kind).collect()
}

/// Reads the delays of an event, and works out when it changes what is visible.
pub(super) fn of_event(section: &Section<'_>, event: &mut Event, scenario: &Scenario) {
    if let Some(item) = section.get("propagation") {
        let leaves: BTreeSet<LateLeaf> =
            kinds(event).into_iter().flat_map(ChangeKind::leaves).copied().collect();
        if leaves.is_empty() {
            item.error_at_key(
                "propagation is set, and nothing that the event does is ever late",
                "accepted: with a change of interfaces, the instance profile, tags, metadata-options or facts",
            );
        } else if item.kind() == "table" {
            if let Some(table) = item.section() {
                event.lateness.parts = parts(&table, &leaves);
            }
        } else {
            event.lateness.whole = delay(&item, false);
        }
    }
    schedule(&mut *event, scenario);
    if let Some(item) = section.get("repeat")
        && !kinds(event).is_empty()
        && event.lateness.stages.iter().any(|stage| !stage.is_zero())
    {
        // Of a repeated event the last occurrence counts: until its delay is over, its effect would be gone again.
        item.error_at_key(
            "an event that repeats makes a change that is visible late",
            "accepted: repeat with propagation = \"0s\" in the event; or leave repeat out",
        );
    }
}

/// Works out the delays after which an event changes what is visible of any instance that it concerns.
fn schedule(event: &mut Event, scenario: &Scenario) {
    if !timeline::has_stages(event) {
        return;
    }
    let named = scenario.named_instances.iter().map(|named| (Some(named.name.as_str()), &named.instance));
    let concerned =
        std::iter::once((None, &scenario.instance)).chain(named).filter(|(name, _)| event.concerns(*name));
    let (mut stages, mut refreshes) = (BTreeSet::new(), BTreeSet::new());
    let mut settings: Option<&Arc<Propagation>> = None;
    for (_, instance) in concerned {
        // Those of most instances are the same ones: there are as many instances as events.
        let is_same = settings.is_some_and(|known| {
            Arc::ptr_eq(known, &instance.propagation) || **known == *instance.propagation
        });
        if is_same && refreshes.is_empty() {
            continue;
        }
        settings = Some(&instance.propagation);
        let (found, is_refreshed) = timeline::stages(event, &instance.propagation);
        stages.extend(found);
        if is_refreshed {
            let credentials = instance.credentials.clone().unwrap_or_default();
            refreshes.insert(credentials.refresh);
        }
    }
    let (stages, refreshes) = (stages.into_iter().collect(), refreshes.into_iter().collect());
    event.lateness = EventLateness { stages, refreshes, ..std::mem::take(&mut event.lateness) };
}

/// Reads the delays of the parts of a change.
fn parts(section: &Section<'_>, leaves: &BTreeSet<LateLeaf>) -> BTreeMap<LateLeaf, Delay> {
    let names: Vec<&str> =
        leaves.iter().filter(|leaf| **leaf != LateLeaf::Whole).map(|leaf| leaf.as_str()).collect();
    let mut found = BTreeMap::new();
    for (key, item) in section.entries() {
        let leaf = leaves.iter().find(|leaf| leaf.as_str() == key && **leaf != LateLeaf::Whole);
        let Some(leaf) = leaf else {
            let help = nearest(key, &names).map_or_else(
                || format!("accepted: {}", names.join(", ")),
                |near| format!("did you mean \"{near}\"?"),
            );
            item.error_at_key(format!("{key:?} has no delay of its own here"), help);
            let _ = delay(&item, true);
            continue;
        };
        // Of an interface that is not listed, and of what comes in parts, nothing else can be shown.
        let may_show = !matches!(
            leaf,
            LateLeaf::Listed
                | LateLeaf::Leaves
                | LateLeaf::SecondaryIpv4s
                | LateLeaf::Info
                | LateLeaf::Listing
        );
        found.extend(delay(&item, may_show).map(|delay| (*leaf, delay)));
    }
    found
}

/// Reads a delay; `may_show`: something else may be visible meanwhile.
fn delay(item: &Item<'_>, may_show: bool) -> Option<Delay> {
    if item.kind() != "table" {
        let span = if item.text() == Some(NEVER) {
            DelaySpan::Never
        } else {
            let span = item.duration()?;
            DelaySpan::Within(span, span)
        };
        return Some(Delay { span, meanwhile: None });
    }
    let section = item.section()?;
    let has_after = section.entries().iter().any(|(key, _)| *key == "after");
    let span = if has_after {
        section.read("after", |item| delay(item, false)).map(|delay| delay.span)
    } else {
        within(&section)
    };
    let shown = section.get("meanwhile");
    section.finish();
    if let (Some(shown), false) = (&shown, may_show) {
        shown.error_at_key(
            format!("{} has a meanwhile", item.name()),
            "accepted: on leaves of an interface that is attached or changed, and on keys",
        );
    }
    let meanwhile = shown.and_then(|item| item.line()).map(|text| match text.as_str() {
        "absent" => Meanwhile::Absent,
        "listed" => Meanwhile::Listed,
        _ => Meanwhile::Value(text),
    });
    Some(Delay { span: span?, meanwhile })
}

fn within(section: &Section<'_>) -> Option<DelaySpan> {
    let ends = ["min", "max"].map(|key| section.get(key));
    if ends.iter().any(Option::is_none) {
        section.error("the delay has no length", format!("accepted: {FORMS}"));
        return None;
    }
    let [min, max]: [Option<Duration>; 2] = ends.map(|item| item.and_then(|item| item.duration()));
    let (min, max) = min.zip(max)?;
    if min > max {
        section.error("min is longer than max", format!("accepted: {FORMS}"));
        return None;
    }
    Some(DelaySpan::Within(min, max))
}
