//! Events in words. Values of paths and user data are left out: they may be secrets.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use super::in_force::bytes_words;
use super::{describe_containers, describe_live};
use crate::control::api::{self, PathTransition};
use crate::imds::EventPreview;
use crate::model::{
    AfterNotice, Event, EventEffect, EventTime, InstanceFact, MaintenanceNotice, MetadataOption, NoticeDue,
    Override, StringEnum, Timestamp, format_duration,
};

const NAMED: usize = 6;

/// The effect of an event at `at` in words.
pub(super) fn effect(effect: &EventEffect, at: Option<Timestamp>) -> api::EffectSummary {
    let (what, text) = match effect {
        EventEffect::SpotInterruption { action, due, then } => {
            let then = match then {
                AfterNotice::Stay => "",
                AfterNotice::Vanish => ", then every connection is reset",
            };
            ("spot-interruption", format!("{} {}{then}", action.as_str(), due_words(due, at)))
        }
        EventEffect::Rebalance(due) => {
            let noticed = due_words(due, at);
            let noticed = match (due, at) {
                (NoticeDue::After(Duration::ZERO), None) => "then",
                _ => noticed.trim_start_matches("at "),
            };
            ("rebalance-recommendation", format!("noticed {noticed}"))
        }
        EventEffect::Maintenance(notice) => ("maintenance", maintenance(notice, at)),
        EventEffect::TargetLifecycleState(state) => ("target-lifecycle-state", state.as_str().to_owned()),
        EventEffect::InstanceAction(action) => ("instance-action", action.as_str().to_owned()),
        EventEffect::LifeCycle(life_cycle) => ("life-cycle", life_cycle.as_str().to_owned()),
        EventEffect::Credentials(state) => ("credentials", state.as_str().to_owned()),
        EventEffect::Rotate => ("credentials", "new generated keys".to_owned()),
        EventEffect::Set(path, Override::Value(content)) => {
            ("set", format!("{path}, {}", bytes_words(content.bytes.len())))
        }
        EventEffect::Set(path, Override::Moved(from)) => {
            ("set", format!("{path} in the place of {}", from.as_str()))
        }
        EventEffect::Set(path, Override::Removed) => ("set", format!("{path} is removed")),
        EventEffect::Unset(path) => ("unset", path.clone()),
        EventEffect::Tag(key, Some(value)) => ("tags", format!("{key} = {value}")),
        EventEffect::Tag(key, None) => ("tags", format!("{key} is removed")),
        EventEffect::Option(option) => ("metadata-options", option_words(*option)),
        EventEffect::Fact(fact) => ("facts", fact_words(fact)),
        EventEffect::Interface(change) => describe_live::interface(change),
        EventEffect::Profile(change) => ("instance-profile", describe_live::profile(change)),
        EventEffect::StopStart(change) => ("stop-start", describe_live::stop_start(change)),
        EventEffect::ManagedSshKey { user, span, .. } => {
            ("managed-ssh-key", format!("of {user} for {}", format_duration(*span)))
        }
        EventEffect::Container(change) => describe_containers::change(change),
        EventEffect::Settle(what) => ("settle", what.as_str().to_owned()),
        EventEffect::Clear(what) => ("clear", what.as_str().to_owned()),
    };
    api::EffectSummary { what: what.to_owned(), text }
}

fn due_words(due: &NoticeDue, at: Option<Timestamp>) -> String {
    match (due, at) {
        (NoticeDue::At(written), _) => format!("at {}", written.instant.rfc3339()),
        (NoticeDue::After(span), Some(at)) => format!("at {}", at.plus(*span).rfc3339()),
        (NoticeDue::After(span), None) => format!("{} later", format_duration(*span)),
        (NoticeDue::AfterStart(span), _) => format!("at start+{}", format_duration(*span)),
        (NoticeDue::AfterRequest(span), _) => format!("{} after each request", format_duration(*span)),
    }
}

fn maintenance(notice: &MaintenanceNotice, at: Option<Timestamp>) -> String {
    let code = notice.code.as_ref().map(|code| format!("{} ", code.as_str())).unwrap_or_default();
    let begins = notice
        .not_before
        .as_ref()
        .map(|due| format!(", not before {}", due_words(due, at).trim_start_matches("at ")));
    format!("{code}{} {}{}", notice.id, notice.state.as_str(), begins.unwrap_or_default())
}

fn option_words(option: MetadataOption) -> String {
    match option {
        MetadataOption::HttpTokens(tokens) => format!("http-tokens = {}", tokens.as_str()),
        MetadataOption::HttpEndpoint(endpoint) => format!("http-endpoint = {}", endpoint.as_str()),
        MetadataOption::HopLimit(limit) => format!("http-put-response-hop-limit = {limit}"),
        MetadataOption::Tags(tags) => format!("instance-metadata-tags = {}", tags.as_str()),
    }
}

fn fact_words(fact: &InstanceFact) -> String {
    match fact {
        InstanceFact::InstanceType(instance_type) => format!("instance-type = {instance_type}"),
        InstanceFact::AmiId(ami_id) => format!("ami-id = {ami_id}"),
        InstanceFact::Monitoring(monitoring) => format!("monitoring = {}", monitoring.as_str()),
        InstanceFact::PublicIpv4s(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("public-ipv4s = [{}]", addresses.join(", "))
        }
        InstanceFact::SecurityGroups(names) => format!("security-groups = [{}]", names.join(", ")),
        InstanceFact::UserData(Some(bytes)) => format!("user-data, {}", bytes_words(bytes.len())),
        InstanceFact::UserData(None) => "user-data is removed".to_owned(),
    }
}

/// Effects as a phrase: `spot interruption: terminate at 2026-11-21T03:16:11Z`.
pub(super) fn phrase(effects: &[api::EffectSummary]) -> String {
    let phrases: Vec<String> =
        effects.iter().map(|effect| format!("{}: {}", effect.what.replace('-', " "), effect.text)).collect();
    phrases.join("; ")
}

/// The time of an event, in the words of `[[event]]`.
pub(super) fn when(event: &Event) -> String {
    let point = |when: &EventTime| match when {
        EventTime::AfterLoad(span) => format_duration(*span),
        EventTime::AfterStart(span) => format!("start+{}", format_duration(*span)),
        EventTime::AfterPoll(path, span) => {
            format!("{} after the first request for {path}", format_duration(*span))
        }
        EventTime::At(instant) => instant.rfc3339(),
    };
    let repeat =
        event.repeat.map(|repeat| format!(", every {}", format_duration(repeat))).unwrap_or_default();
    let until = event.until.as_ref().map(|until| format!(", until {}", point(until))).unwrap_or_default();
    format!("{}{repeat}{until}", point(&event.at))
}

/// The line about an event among `others`: its effects, and from when on.
pub(super) fn line(
    event: &Event,
    effects: &[api::EffectSummary],
    preview: &EventPreview,
    others: &[impl Borrow<Event>],
    now: Timestamp,
) -> String {
    let since = match (&event.at, preview.at) {
        (_, Some(at)) if preview.happened && now.since(at).as_secs() == 0 => "from now".to_owned(),
        (_, Some(at)) if preview.happened => format!("since {}", at.rfc3339()),
        (_, Some(at)) => format!("from {} (in {})", at.rfc3339(), format_duration(rounded_seconds(now, at))),
        (EventTime::AfterPoll(path, span), None) if span.is_zero() => {
            format!("once a client asks for {path}")
        }
        (EventTime::AfterPoll(path, span), None) => {
            format!("from {} after a client asks for {path}", format_duration(*span))
        }
        (_, None) => "never".to_owned(),
    };
    let paths = paths(&preview.paths, &since);
    let endpoints = describe_containers::endpoints(event, others);
    let paths = match (paths.is_empty(), endpoints) {
        (true, None) => format!("{since}; no path changes its answer"),
        (true, Some(endpoints)) => format!("{endpoints} so {since}"),
        (false, None) => paths,
        (false, Some(endpoints)) => format!("{paths}; {endpoints} so {since}"),
    };
    let pending = describe_live::pending(&preview.pending);
    let client = event.client.map(|client| format!("the instance of {client}"));
    let instance = event.instance.clone().or(client).map(|name| format!("{name}: ")).unwrap_or_default();
    format!("{instance}{}; {paths}{pending}", phrase(effects))
}

/// The time left, in whole seconds, rounded.
fn rounded_seconds(now: Timestamp, at: Timestamp) -> Duration {
    Duration::from_secs((at.since(now).as_millis().saturating_add(500) / 1000).try_into().unwrap_or(u64::MAX))
}

/// `meta-data/spot/instance-action and termination-time answer from now`.
pub(super) fn paths(changes: &BTreeMap<String, crate::imds::PathChange>, since: &str) -> String {
    let mut phrases = Vec::new();
    for (change, one, several) in [
        (PathTransition::Appears, "answers", "answer"),
        (PathTransition::Changes, "changes", "change"),
        (PathTransition::Vanishes, "answers 404", "answer 404"),
    ] {
        let paths: Vec<&str> = changes
            .iter()
            .filter(|(_, difference)| PathTransition::from(**difference) == change)
            .map(|(path, _)| path.as_str())
            .collect();
        if !paths.is_empty() {
            phrases.push(format!("{} {}", listed(&paths), if paths.len() == 1 { one } else { several }));
        }
    }
    if phrases.is_empty() { String::new() } else { format!("{} {since}", phrases.join("; ")) }
}

/// Paths; of neighbours only the first is written in full.
fn listed(paths: &[&str]) -> String {
    let parent = |path: &str| path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    let mut names: Vec<String> = Vec::new();
    for (index, path) in paths.iter().take(NAMED).enumerate() {
        let neighbour = index > 0 && parent(path).is_some() && parent(path) == parent(paths[index - 1]);
        let name = if neighbour { path.rsplit('/').next().unwrap_or(path) } else { path };
        names.push(name.to_owned());
    }
    if paths.len() > NAMED {
        names.push(format!("{} more", paths.len() - NAMED));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imds::PathChange;

    #[test]
    fn neighbours_are_named_by_their_last_part() {
        let appears = |paths: &[&str]| {
            let changes = paths.iter().map(|path| ((*path).to_owned(), PathChange::Appears)).collect();
            super::paths(&changes, "from now")
        };
        assert_eq!(
            appears(&["meta-data/spot/instance-action", "meta-data/spot/termination-time"]),
            "meta-data/spot/instance-action and termination-time answer from now"
        );
        assert_eq!(appears(&["user-data"]), "user-data answers from now");
        let many: Vec<String> = (0..9).map(|n| format!("meta-data/a/{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(appears(&many), "meta-data/a/0, 1, 2, 3, 4, 5 and 3 more answer from now");
    }

    #[test]
    fn values_are_left_out() {
        let summary = effect(
            &EventEffect::Set("meta-data/x".into(), Override::Value(b"hunter2".to_vec().into())),
            None,
        );
        assert_eq!(summary.text, "meta-data/x, 7 bytes");
        let summary = effect(&EventEffect::Fact(InstanceFact::UserData(Some(b"hunter2".to_vec()))), None);
        assert_eq!(summary.text, "user-data, 7 bytes");
    }
}
