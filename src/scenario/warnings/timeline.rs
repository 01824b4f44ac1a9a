//! Events that cannot be seen, and times that are over.

use std::collections::BTreeMap;
use std::time::Duration;

use super::sections::{table, tables};
use crate::config::{Item, Section};
use crate::model::{
    AfterNotice, ClearTarget, CredentialSource, CredentialState, Event, EventEffect, EventTime, NoticeDue,
    Scenario, Timestamp, format_duration,
};

pub(super) fn add(root: &Section<'_>, scenario: &Scenario, now: Option<Timestamp>) {
    let sections = tables(root, "event");
    // With an event missing, the others have no section to point to.
    if sections.len() == scenario.events.len() {
        after_the_end(&sections, &scenario.events);
        if let Some(now) = now {
            in_the_past(&sections, &scenario.events, now);
        }
    }
    if let Some(now) = now {
        expired_keys(root, scenario, now);
    }
}

/// Events of an instance whose every connection is reset by then.
fn after_the_end(sections: &[Section<'_>], events: &[Event]) {
    let mut timed: Vec<(Duration, &Section<'_>, &Event)> = vec![];
    for (section, event) in sections.iter().zip(events) {
        match event.at {
            EventTime::AfterLoad(at) if event.repeat.is_none() => timed.push((at, section, event)),
            // Nobody knows when it brings an instance back, or how often.
            _ if end_change(event).is_some() => return,
            _ => {}
        }
    }
    timed.sort_by_key(|(at, ..)| *at);
    let mut ends = InstanceEnds::default();
    for (at, section, event) in timed {
        // It takes the place of the notice before, and brings the instance back if that has ended.
        match end_change(event) {
            Some(EndChange::After(span)) => {
                ends.set(event, Some(at + span));
                continue;
            }
            Some(EndChange::Never) => {
                ends.set(event, None);
                continue;
            }
            None => {}
        }
        if let Some(end) = ends.of(event).filter(|end| at >= *end) {
            let found = format!(
                "nobody sees this event: from {} on every connection to the instance is reset",
                format_duration(end)
            );
            let help = "then = \"stay\" keeps the service answering; or add an event with clear = \"spot-interruption\" before";
            match section.get("at") {
                Some(item) => item.warn(found, help),
                None => section.warn(found, help),
            }
        }
    }
}

/// When each instance ends, as far as that is known.
#[derive(Default)]
struct InstanceEnds<'a> {
    /// Of those that have none of their own.
    others: Option<Duration>,
    named: BTreeMap<&'a str, Option<Duration>>,
}

impl<'a> InstanceEnds<'a> {
    fn set(&mut self, event: &'a Event, end: Option<Duration>) {
        if let Some(name) = event.instance.as_deref() {
            self.named.insert(name, end);
        } else {
            self.others = end;
            self.named.clear();
        }
    }

    /// When the last instance ends that the event concerns; `None` if one does not.
    fn of(&self, event: &Event) -> Option<Duration> {
        match event.instance.as_deref() {
            Some(name) => self.named.get(name).copied().unwrap_or(self.others),
            None => self.named.values().try_fold(self.others?, |last, end| Some(last.max((*end)?))),
        }
    }
}

/// What an event changes about the end of an instance.
enum EndChange {
    /// It ends so long after the event.
    After(Duration),
    /// It ends no more, or nobody knows when.
    Never,
}

/// `None` if the event changes nothing about the end. The last of its effects counts.
fn end_change(event: &Event) -> Option<EndChange> {
    // Others still see the instance.
    let is_for_some = event.first_n_clients.is_some() || event.client.is_some();
    event.effects.iter().rev().find_map(|effect| match effect {
        EventEffect::SpotInterruption { due: NoticeDue::After(span), then: AfterNotice::Vanish, .. }
            if !is_for_some =>
        {
            Some(EndChange::After(*span))
        }
        EventEffect::SpotInterruption { .. }
        | EventEffect::Clear(ClearTarget::All | ClearTarget::SpotInterruption) => Some(EndChange::Never),
        _ => None,
    })
}

fn in_the_past(sections: &[Section<'_>], events: &[Event], now: Timestamp) {
    for (section, event) in sections.iter().zip(events) {
        if let (EventTime::At(instant), Some(item)) = (&event.at, section.get("at"))
            && *instant < now
        {
            item.warn(
                format!("{} is in the past: the event has happened when the scenario is loaded", item.name()),
                "a duration, such as \"30s\", counts from the load",
            );
        }
        if let (Some(EventTime::At(instant)), Some(item)) = (&event.until, section.get("until"))
            && *instant < now
        {
            over(&item);
        }
        for effect in &event.effects {
            if let EventEffect::SpotInterruption { due: NoticeDue::At(written), .. } = effect
                && written.instant < now
                && let Some(spot) = table(section, "spot-interruption")
                // Who says that the notice stays means it to be seen after its time. One that vanishes is never seen.
                && spot.get("then").is_none_or(|then| then.text() != Some("stay"))
                && let Some(item) = spot.get("time")
            {
                item.warn(
                    format!("{} is in the past", item.name()),
                    "a time that is to come, or a duration; then = \"stay\" says that the notice is meant to be seen after its time",
                );
            }
        }
    }
}

fn over(item: &Item<'_>) {
    item.warn(format!("{} is in the past", item.name()), "a time that is to come, or a duration");
}

fn expired_keys(root: &Section<'_>, scenario: &Scenario, now: Timestamp) {
    let credentials = scenario.instance.credentials.as_ref();
    // Of expired keys that are meant to be expired there is nothing to say.
    let valid = credentials.filter(|credentials| credentials.state != CredentialState::Expired);
    if let Some(CredentialSource::Static(keys)) = valid.map(|credentials| &credentials.source)
        && keys.expiration.is_some_and(|expiration| expiration < now)
        && let Some(item) = table(root, "credentials").and_then(|section| section.get("expiration"))
    {
        item.warn(
            "these keys have expired",
            "keys that are valid; state = \"expired\" says that they are meant to be expired",
        );
    }
}
