//! Events that cannot be seen, and times that are over.

use std::time::Duration;

use super::sections::{table, tables};
use crate::config::{Item, Section};
use crate::model::{
    AfterNotice, ClearTarget, CredentialSource, Event, EventEffect, EventTime, NoticeDue, Scenario,
    Timestamp, format_duration,
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
        if let EventTime::AfterLoad(at) = event.at {
            timed.push((at, section, event));
        }
    }
    timed.sort_by_key(|(at, ..)| *at);
    let mut ended: Option<(Duration, Option<&str>)> = None;
    for (at, section, event) in timed {
        if event.effects.iter().any(|effect| {
            matches!(effect, EventEffect::Clear(ClearTarget::All | ClearTarget::SpotInterruption))
        }) {
            // Whoever clears it brings the instance back.
            ended = None;
            continue;
        }
        if let Some((end, instance)) = ended
            && at >= end
            && (instance.is_none() || event.instance.as_deref() == instance)
        {
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
        ended = ended.or_else(|| end_of(event).map(|span| (at + span, event.instance.as_deref())));
    }
}

/// How long after the event the instance ends.
fn end_of(event: &Event) -> Option<Duration> {
    // Others still see the instance.
    if event.first_n_clients.is_some() {
        return None;
    }
    event.effects.iter().find_map(|effect| match effect {
        EventEffect::SpotInterruption { due: NoticeDue::After(span), then: AfterNotice::Vanish, .. } => {
            Some(*span)
        }
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
                && let Some(item) = table(section, "spot-interruption").and_then(|spot| spot.get("time"))
            {
                over(&item);
            }
        }
    }
}

fn over(item: &Item<'_>) {
    item.warn(format!("{} is in the past", item.name()), "a time that is to come, or a duration");
}

fn expired_keys(root: &Section<'_>, scenario: &Scenario, now: Timestamp) {
    let source = scenario.instance.credentials.as_ref().map(|credentials| &credentials.source);
    if let Some(CredentialSource::Static(keys)) = source
        && keys.expiration.is_some_and(|expiration| expiration < now)
        && let Some(item) = table(root, "credentials").and_then(|section| section.get("expiration"))
    {
        item.warn("these keys have expired", "keys that are valid; state = \"expired\" plays expired ones");
    }
}
