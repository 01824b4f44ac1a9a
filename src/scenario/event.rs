//! `[[event]]`: the timeline. The control socket takes events in the same words.

use std::path::Path;
use std::time::Duration;

use super::{addresses, content, overrides};
use crate::config::{INSTANTS, Item, Section, parse_duration};
use crate::model::{
    AfterNotice, ClearTarget, CredentialState, Event, EventEffect, EventTime, HttpEndpoint, HttpTokens,
    InstanceAction, InstanceFact, InstanceMetadataTags, InstantAsWritten, LifeCycle, MaintenanceCode,
    MaintenanceNotice, MaintenanceState, MetadataOption, Monitoring, NoticeDue, Profile, SpotAction, TagKey,
    TargetLifecycleState,
};

/// The notice of a spot interruption. EC2 User Guide, "Spot Instance interruption notices".
const SPOT_NOTICE: Duration = Duration::from_mins(2);
/// Clients that an event may be limited to.
pub(crate) const MOST_CLIENTS: i64 = 10_000;

/// Reads one event; `number` tells it from others where it needs a name of its own.
pub(crate) fn read(section: &Section<'_>, number: u64, base: &Path, profile: Profile) -> Option<Event> {
    let poll = section.get("after-poll");
    let at = section.get("at");
    let at = match (&at, &poll) {
        (Some(item), None) => when(item),
        (None, None) => Some(EventTime::AfterLoad(Duration::ZERO)),
        (item, Some(poll)) => {
            // Polls are of paths below the version, whatever the profile.
            let path = poll.string().and_then(|path| overrides::path_in(path, poll, Profile::Modern));
            let after = item.as_ref().map_or(Some(Duration::ZERO), Item::duration);
            path.zip(after).map(|(path, after)| EventTime::AfterPoll(path, after))
        }
    };
    let repeat = section.get("repeat").and_then(|item| period(&item));
    let until = section.get("until");
    if let (Some(until), None) = (&until, repeat) {
        until.error(
            "until is set without repeat",
            "accepted: with repeat; to end an effect, add an event with clear",
        );
    }
    let until = until.and_then(|item| when(&item));
    let fewest = i64::from(!profile.admits_clients_by_notice());
    let clients = section.get("first-n-clients").and_then(|item| item.integer(fewest..=MOST_CLIENTS));
    let instance = section.get("instance").and_then(|item| item.line());
    let problems = section.problems();
    let mut effects = signals(section, number, profile.takes_any_event_id());
    effects.extend(states(section));
    effects.extend(values(section, base, profile));
    effects.extend(options(section));
    effects.extend(clears(section));
    section.finish();
    if effects.is_empty() {
        // What is wrong with its effects has been said.
        if section.problems() > problems {
            return None;
        }
        section.error(
            "the event does nothing",
            "accepted: at least one of spot-interruption, rebalance-recommendation, maintenance, target-lifecycle-state, \
             instance-action, life-cycle, credentials, set, unset, tags, metadata-options, facts, clear",
        );
        return None;
    }
    let first_n_clients = clients.and_then(|clients| u32::try_from(clients).ok());
    Some(Event { at: at?, repeat, until, first_n_clients, instance, effects })
}

/// `"30s"` after loading, `"start+30s"` after the daemon's start, or an instant.
fn when(item: &Item<'_>) -> Option<EventTime> {
    let said = || {
        let text = item.string()?;
        let after_start = text.strip_prefix("start+").and_then(parse_duration).map(EventTime::AfterStart);
        let after_load = || parse_duration(text).map(EventTime::AfterLoad);
        let at = || text.parse::<jiff::Timestamp>().ok().map(|instant| EventTime::At(instant.into()));
        after_start.or_else(after_load).or_else(at).or_else(|| {
            item.error(
                format!("{} is {text:?}", item.name()),
                format!("accepted: a duration after loading such as \"1m30s\", \"start+1m30s\" after the daemon's start, or {INSTANTS}"),
            );
            None
        })
    };
    if item.kind() == "string" { said() } else { item.instant().map(|instant| EventTime::At(instant.into())) }
}

fn period(item: &Item<'_>) -> Option<Duration> {
    let period = item.duration()?;
    if period < Duration::from_secs(1) {
        item.error("repeat is less than a second", "accepted: \"1s\" or more");
        return None;
    }
    Some(period)
}

/// `"1h"` after the event, or an instant.
fn due(item: &Item<'_>) -> Option<NoticeDue> {
    if item.kind() != "string" {
        return at(item);
    }
    let text = item.string()?;
    let after_start = text.strip_prefix("start+").and_then(parse_duration).map(NoticeDue::AfterStart);
    let said = text.parse::<jiff::Timestamp>().is_ok().then(|| at(item)).flatten();
    after_start.or_else(|| parse_duration(text).map(NoticeDue::After)).or(said).or_else(|| {
        item.error(
            format!("{} is {text:?}", item.name()),
            format!(
                "accepted: a duration after the event such as \"2h\", \"start+2h\" after the daemon's start, or \
                 {INSTANTS}"
            ),
        );
        None
    })
}

fn at(item: &Item<'_>) -> Option<NoticeDue> {
    let (instant, text) = item.instant_as_said()?;
    Some(NoticeDue::At(InstantAsWritten { instant: instant.into(), text }))
}

fn signals(section: &Section<'_>, number: u64, any_id: bool) -> Vec<EventEffect> {
    let spot = section.get("spot-interruption").and_then(|item| item.section()).and_then(|s| spot(&s));
    let rebalance =
        section.get("rebalance-recommendation").and_then(|item| item.section()).map(|s| rebalance(&s));
    let maintenance = section
        .get("maintenance")
        .and_then(|item| item.section())
        .and_then(|s| maintenance(&s, number, any_id));
    let state = section.get("target-lifecycle-state").and_then(|item| item.choice::<TargetLifecycleState>());
    [spot, rebalance, maintenance, state.map(EventEffect::TargetLifecycleState)]
        .into_iter()
        .flatten()
        .collect()
}

fn rebalance(section: &Section<'_>) -> EventEffect {
    let said = section.get("notice-time");
    let moving = moving(section, said.as_ref());
    section.finish();
    let due =
        if moving { Some(NoticeDue::AfterRequest(Duration::ZERO)) } else { said.and_then(|item| at(&item)) };
    EventEffect::Rebalance(due.unwrap_or(NoticeDue::After(Duration::ZERO)))
}

/// Whether a notice's time counts from each request.
fn moving(section: &Section<'_>, fixed: Option<&Item<'_>>) -> bool {
    let item = section.get("moving");
    let moving = item.as_ref().and_then(Item::boolean).unwrap_or(false);
    if let (true, Some(item), Some(fixed)) = (moving, item, fixed) {
        let name = fixed.name().rsplit('.').next().unwrap_or_default();
        item.error(format!("a moving notice has a {name}"), "accepted: one of the two");
    }
    moving
}

fn spot(section: &Section<'_>) -> Option<EventEffect> {
    let action =
        section.get("action").map_or(Some(SpotAction::Terminate), |item| item.choice::<SpotAction>());
    let notice = section.get("notice");
    let time = section.get("time");
    let then = section.get("then").map_or(Some(AfterNotice::Stay), |item| item.choice::<AfterNotice>());
    let moving = moving(section, time.as_ref());
    section.finish();
    if moving && then == Some(AfterNotice::Vanish) {
        section.error(
            "a moving notice is never due, so nothing vanishes",
            "accepted: then = \"stay\", or no moving",
        );
        return None;
    }
    if let (Some(_), Some(time)) = (&notice, &time) {
        time.error("both notice and time are set", "accepted: notice, a duration, or time, a timestamp");
        return None;
    }
    let due = match (notice, time, action) {
        (Some(notice), _, _) => NoticeDue::After(notice.duration()?),
        (None, Some(time), _) => at(&time)?,
        // Hibernation starts at once.
        (None, None, Some(SpotAction::Hibernate)) => NoticeDue::After(Duration::ZERO),
        (None, None, _) => NoticeDue::After(SPOT_NOTICE),
    };
    let due = match due {
        NoticeDue::After(span) if moving => NoticeDue::AfterRequest(span),
        due => due,
    };
    Some(EventEffect::SpotInterruption { action: action?, due, then: then? })
}

/// EC2's ids have a form of their own; amazon-ec2-metadata-mock takes any.
fn maintenance(section: &Section<'_>, number: u64, any_id: bool) -> Option<EventEffect> {
    let id = section.get("id");
    let code = section.get("code").and_then(|item| item.choice::<MaintenanceCode>());
    let state =
        section.get("state").map_or(Some(MaintenanceState::Active), |item| item.choice::<MaintenanceState>());
    let description = section.get("description").and_then(|item| item.line());
    let not_before = section.get("not-before").and_then(|item| due(&item));
    let not_after = section.get("not-after").and_then(|item| due(&item));
    let not_before_deadline = section.get("not-before-deadline").and_then(|item| due(&item));
    section.finish();
    let id = match id {
        None => maintenance_id(number),
        Some(item) => {
            let id = if any_id { item.string()?.to_owned() } else { item.line()? };
            let digits = id.strip_prefix("instance-event-").unwrap_or_default();
            let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            if !any_id && (digits.len() != 17 || !digits.bytes().all(hex)) {
                item.error(
                    format!("{} is {id:?}", item.name()),
                    "accepted: \"instance-event-\" and 17 lower-case hexadecimal digits",
                );
                return None;
            }
            id
        }
    };
    let state = state?;
    let notice =
        MaintenanceNotice { id, code, state, description, not_before, not_after, not_before_deadline };
    Some(EventEffect::Maintenance(Box::new(notice)))
}

/// The id of a maintenance event that has none of its own.
pub(super) fn maintenance_id(number: u64) -> String {
    format!("instance-event-{:017x}", 0x1234_5678_90ab_cdef_u64.wrapping_mul(16).wrapping_add(number))
}

fn states(section: &Section<'_>) -> Vec<EventEffect> {
    let action = section.get("instance-action").and_then(|item| item.choice::<InstanceAction>());
    let life_cycle = section.get("life-cycle").and_then(|item| item.choice::<LifeCycle>());
    let mut effects: Vec<EventEffect> = action
        .map(EventEffect::InstanceAction)
        .into_iter()
        .chain(life_cycle.map(EventEffect::LifeCycle))
        .collect();
    if let Some(section) = section.get("credentials").and_then(|item| item.section()) {
        let state = section.get("state").and_then(|item| item.choice::<CredentialState>());
        effects.extend(state.map(EventEffect::Credentials));
        if section.get("rotate").and_then(|item| item.boolean()) == Some(true) {
            effects.push(EventEffect::Rotate);
        }
        section.finish();
    }
    effects
}

fn values(section: &Section<'_>, base: &Path, profile: Profile) -> Vec<EventEffect> {
    let mut effects = Vec::new();
    if let Some(section) = section.get("set").and_then(|item| item.section()) {
        for (key, item) in section.entries() {
            let path = overrides::path_of(key, &item, profile);
            let value = overrides::last_word(&item, base, profile);
            effects.extend(path.zip(value).map(|(path, value)| EventEffect::Set(path, value)));
        }
    }
    for item in section.get("unset").and_then(|item| item.array()).unwrap_or_default() {
        let path = item.string().and_then(|path| overrides::path_in(path, &item, profile));
        effects.extend(path.map(EventEffect::Unset));
    }
    if let Some(section) = section.get("tags").and_then(|item| item.section()) {
        effects.extend(section.entries().iter().filter_map(|(key, item)| tag(key, item)));
    }
    if let Some(section) = section.get("facts").and_then(|item| item.section()) {
        effects.extend(facts(&section, base).into_iter().map(EventEffect::Fact));
    }
    effects
}

/// A value, or `false`, which removes the tag.
fn tag(key: &str, item: &Item<'_>) -> Option<EventEffect> {
    let parsed: TagKey = match key.parse() {
        Ok(parsed) => parsed,
        Err(accepted) => {
            item.key_error(format!("{key:?} is not a tag key"), format!("accepted: {accepted}"));
            return None;
        }
    };
    if item.kind() == "boolean" && item.boolean() == Some(false) {
        return Some(EventEffect::Tag(parsed, None));
    }
    Some(EventEffect::Tag(parsed, Some(item.string()?.to_owned())))
}

fn facts(section: &Section<'_>, base: &Path) -> Vec<InstanceFact> {
    let user_data = section.get("user-data").and_then(|item| match item.kind() {
        "boolean" => (!item.boolean()?).then_some(None),
        _ => content::read(&item, base, super::instance::USER_DATA_LIMIT).map(Some),
    });
    let facts = [
        section.get("instance-type").and_then(|item| item.parse()).map(InstanceFact::InstanceType),
        section.get("ami-id").and_then(|item| item.parse()).map(InstanceFact::AmiId),
        section.get("monitoring").and_then(|item| item.choice::<Monitoring>()).map(InstanceFact::Monitoring),
        section.get("public-ipv4s").and_then(|item| addresses::list(&item)).map(InstanceFact::PublicIpv4s),
        section.get("security-groups").and_then(|item| item.lines()).map(InstanceFact::SecurityGroups),
        user_data.map(InstanceFact::UserData),
    ];
    section.finish();
    facts.into_iter().flatten().collect()
}

fn options(section: &Section<'_>) -> Vec<EventEffect> {
    let Some(section) = section.get("metadata-options").and_then(|item| item.section()) else {
        return vec![];
    };
    let limit = section.get("http-put-response-hop-limit").and_then(|item| item.integer(1..=64));
    let options = [
        section.get("http-tokens").and_then(|i| i.choice::<HttpTokens>()).map(MetadataOption::HttpTokens),
        section
            .get("http-endpoint")
            .and_then(|i| i.choice::<HttpEndpoint>())
            .map(MetadataOption::HttpEndpoint),
        limit.and_then(|limit| u8::try_from(limit).ok()).map(MetadataOption::HopLimit),
        section
            .get("instance-metadata-tags")
            .and_then(|i| i.choice::<InstanceMetadataTags>())
            .map(MetadataOption::Tags),
    ];
    section.finish();
    options.into_iter().flatten().map(EventEffect::Option).collect()
}

/// One word or several.
fn clears(section: &Section<'_>) -> Vec<EventEffect> {
    let Some(item) = section.get("clear") else { return vec![] };
    let items = if item.kind() == "array" { item.array().unwrap_or_default() } else { vec![item] };
    items.iter().filter_map(Item::choice::<ClearTarget>).map(EventEffect::Clear).collect()
}
