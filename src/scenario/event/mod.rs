//! `[[event]]`: the timeline. The control socket takes events with the same keys.

mod changes;
mod containers;
mod live_changes;
mod notices;

use std::net::IpAddr;
use std::time::Duration;

use super::named_files::NamedFiles;
use super::{overrides, propagation};
use crate::config::{INSTANTS, Item, Section, parse_duration};
use crate::model::{Event, EventLateness, EventTime, MOST_CLIENTS, Profile, Scenario};

pub(super) use notices::maintenance_id;

/// Reads one event. Ids that it leaves out follow from `number`, which no other event has.
pub(crate) fn read(
    section: &Section<'_>,
    number: u64,
    files: &NamedFiles<'_>,
    scenario: &Scenario,
) -> Option<Event> {
    let profile = scenario.http.profile;
    let at = first_time(section);
    let repeat = section.read("repeat", period);
    let until = section.get("until");
    if let (Some(until), None) = (&until, repeat) {
        until.error(
            "until is set without repeat",
            "accepted: with repeat; to end an effect, add an event with clear",
        );
    }
    let until = until.and_then(|item| time(&item));
    let clients = section.read("first-n-clients", |item| {
        item.integer(i64::from(!profile.admits_clients_by_notice())..=MOST_CLIENTS)
    });
    let instance = section.read("instance", Item::line);
    let client = section.get("client");
    if let (Some(item), Some(_)) = (&client, &instance) {
        item.error("both client and instance are set", "accepted: one of them: a client has one instance");
    }
    if let (Some(item), true) = (&client, profile.admits_clients_by_notice()) {
        item.error(
            "client is set, and the profile is \"aemm\"",
            "accepted: instance, the name of one of [instances]",
        );
    }
    let client = client.and_then(|item| item.parse::<IpAddr>());
    let problems = section.problems();
    let mut effects = notices::read(section, number, profile.takes_any_event_id());
    effects.extend(live_changes::read(section, scenario, instance.as_deref(), files));
    effects.extend(containers::read(section, scenario, instance.as_deref()));
    effects.extend(changes::read(section, files, profile));
    let first_n_clients = clients.and_then(|clients| u32::try_from(clients).ok());
    let lateness = EventLateness::default();
    // A time that is wrong has been reported.
    let time = at.clone().unwrap_or(EventTime::AfterLoad(Duration::ZERO));
    let mut event = Event { at: time, repeat, until, first_n_clients, instance, client, effects, lateness };
    propagation::of_event(section, &mut event, scenario);
    section.finish();
    if event.effects.is_empty() {
        // An effect with an error has been reported.
        if section.problems() > problems {
            return None;
        }
        section.error(
            "the event does nothing",
            "accepted: at least one of spot-interruption, rebalance-recommendation, maintenance, target-lifecycle-state, \
             instance-action, life-cycle, credentials, attach-interface, detach-interface, assign, unassign, modify-interface, \
             hide-interface, instance-profile, stop-start, managed-ssh-key, settle, ecs-task, ecs-container, task-protection, \
             pod-identity, agent, set, unset, tags, metadata-options, facts, clear",
        );
        return None;
    }
    at.map(|_| event)
}

/// Reads the time of the first occurrence: `at`, `after-poll`, or both.
fn first_time(section: &Section<'_>) -> Option<EventTime> {
    let at = section.get("at");
    let Some(poll) = section.get("after-poll") else {
        return at.map_or(Some(EventTime::AfterLoad(Duration::ZERO)), |item| time(&item));
    };
    // Polls are of paths below the version, whatever the profile.
    let path = poll.string().and_then(|path| overrides::path_in(path, &poll, Profile::Modern));
    let after = at.map_or(Some(Duration::ZERO), |item| item.duration());
    path.zip(after).map(|(path, after)| EventTime::AfterPoll(path, after))
}

/// Reads `"30s"` after loading, `"start+30s"` after the daemon's start, or an instant.
fn time(item: &Item<'_>) -> Option<EventTime> {
    let accepted = format!(
        "a duration after loading such as \"1m30s\", \"start+1m30s\" after the daemon's start, or {INSTANTS}"
    );
    let parsed = || {
        let text = item.string()?;
        let after_start = text.strip_prefix("start+").and_then(parse_duration).map(EventTime::AfterStart);
        let after_load = || parse_duration(text).map(EventTime::AfterLoad);
        let at = || text.parse::<jiff::Timestamp>().ok().map(|instant| EventTime::At(instant.into()));
        after_start.or_else(after_load).or_else(at).or_else(|| {
            item.error(format!("{} is {text:?}", item.name()), format!("accepted: {accepted}"));
            None
        })
    };
    match item.kind() {
        "string" => parsed(),
        "datetime" => item.instant().map(|instant| EventTime::At(instant.into())),
        _ => item.no_duration(&accepted),
    }
}

fn period(item: &Item<'_>) -> Option<Duration> {
    let period = item.duration()?;
    if period < Duration::from_secs(1) {
        item.error("repeat is less than a second", "accepted: \"1s\" or more");
        return None;
    }
    Some(period)
}
