//! What events do, in words. Values of paths and user data are never told: they may be secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::control::api::{self, Change};
use crate::imds::Outlook;
use crate::model::{
    AfterNotice, Due, Effect, Event, Fact, MaintenanceNotice, MetadataOption, Override, StringEnum,
    Timestamp, When, words_of_span,
};

/// How many paths a line names.
const NAMED: usize = 6;

/// What an effect of an event at `at` comes to.
pub(super) fn effect(effect: &Effect, at: Option<Timestamp>) -> api::Effect {
    let (what, text) = match effect {
        Effect::SpotInterruption { action, due, then } => {
            let then = match then {
                AfterNotice::Stay => "",
                AfterNotice::Vanish => ", then every connection is reset",
            };
            ("spot-interruption", format!("{} {}{then}", action.as_str(), due_words(due, at)))
        }
        Effect::Rebalance(due) => {
            let noticed = due_words(due, at);
            let noticed = match (due, at) {
                (Due::After(Duration::ZERO), None) => "then",
                _ => noticed.trim_start_matches("at "),
            };
            ("rebalance-recommendation", format!("noticed {noticed}"))
        }
        Effect::Maintenance(notice) => ("maintenance", maintenance(notice, at)),
        Effect::TargetLifecycleState(state) => ("target-lifecycle-state", state.as_str().to_owned()),
        Effect::InstanceAction(action) => ("instance-action", action.as_str().to_owned()),
        Effect::LifeCycle(life_cycle) => ("life-cycle", life_cycle.as_str().to_owned()),
        Effect::Credentials(state) => ("credentials", state.as_str().to_owned()),
        Effect::Rotate => ("credentials", "new generated keys".to_owned()),
        Effect::Set(path, Override::Value(content)) => {
            ("set", format!("{path}, {} bytes", content.bytes.len()))
        }
        Effect::Set(path, Override::Moved(from)) => {
            ("set", format!("{path} in the place of {}", from.as_str()))
        }
        Effect::Set(path, Override::Removed) => ("set", format!("{path} is removed")),
        Effect::Unset(path) => ("unset", path.clone()),
        Effect::Tag(key, Some(value)) => ("tags", format!("{key} = {value}")),
        Effect::Tag(key, None) => ("tags", format!("{key} is removed")),
        Effect::Option(option) => ("metadata-options", option_words(*option)),
        Effect::Fact(fact) => ("facts", fact_words(fact)),
        Effect::Clear(what) => ("clear", what.as_str().to_owned()),
    };
    api::Effect { what: what.to_owned(), text }
}

fn due_words(due: &Due, at: Option<Timestamp>) -> String {
    match (due, at) {
        (Due::At(said), _) => format!("at {}", said.instant.rfc3339()),
        (Due::After(span), Some(at)) => format!("at {}", at.plus(*span).rfc3339()),
        (Due::After(span), None) => format!("{} later", words_of_span(*span)),
        (Due::AfterStart(span), _) => format!("at start+{}", words_of_span(*span)),
        (Due::AfterRequest(span), _) => format!("{} after each request", words_of_span(*span)),
    }
}

fn maintenance(notice: &MaintenanceNotice, at: Option<Timestamp>) -> String {
    let code = notice.code.map(|code| format!("{} ", code.as_str())).unwrap_or_default();
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

fn fact_words(fact: &Fact) -> String {
    match fact {
        Fact::InstanceType(instance_type) => format!("instance-type = {instance_type}"),
        Fact::AmiId(ami_id) => format!("ami-id = {ami_id}"),
        Fact::Monitoring(monitoring) => format!("monitoring = {}", monitoring.as_str()),
        Fact::PublicIpv4s(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("public-ipv4s = [{}]", addresses.join(", "))
        }
        Fact::SecurityGroups(names) => format!("security-groups = [{}]", names.join(", ")),
        Fact::UserData(Some(bytes)) => format!("user-data, {} bytes", bytes.len()),
        Fact::UserData(None) => "user-data is removed".to_owned(),
    }
}

/// Effects as a phrase: `spot interruption: terminate at 2026-11-21T03:16:11Z`.
pub(super) fn phrase(effects: &[api::Effect]) -> String {
    let phrases: Vec<String> =
        effects.iter().map(|effect| format!("{}: {}", effect.what.replace('-', " "), effect.text)).collect();
    phrases.join("; ")
}

/// When an event happens, in the words of `[[event]]`.
pub(super) fn when(event: &Event) -> String {
    let point = |when: &When| match when {
        When::AfterLoad(span) => words_of_span(*span),
        When::AfterStart(span) => format!("start+{}", words_of_span(*span)),
        When::AfterPoll(path, span) => format!("{} after the first request for {path}", words_of_span(*span)),
        When::At(instant) => instant.rfc3339(),
    };
    let repeat = event.repeat.map(|repeat| format!(", every {}", words_of_span(repeat))).unwrap_or_default();
    let until = event.until.as_ref().map(|until| format!(", until {}", point(until))).unwrap_or_default();
    format!("{}{repeat}{until}", point(&event.at))
}

/// The line that says what an event does, and from when on.
pub(super) fn line(event: &Event, effects: &[api::Effect], outlook: &Outlook, now: Timestamp) -> String {
    let since = match (&event.at, outlook.at) {
        (_, Some(at)) if outlook.happened && now.since(at).as_secs() == 0 => "from now".to_owned(),
        (_, Some(at)) if outlook.happened => format!("since {}", at.rfc3339()),
        (_, Some(at)) => format!("from {} (in {})", at.rfc3339(), words_of_span(whole(now, at))),
        (When::AfterPoll(path, span), None) if span.is_zero() => format!("once a client asks for {path}"),
        (When::AfterPoll(path, span), None) => {
            format!("from {} after a client asks for {path}", words_of_span(*span))
        }
        (_, None) => "never".to_owned(),
    };
    let paths = paths(&outlook.paths, &since);
    let paths = if paths.is_empty() { format!("{since}; no path changes its answer") } else { paths };
    let whom = event.instance.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    format!("{whom}{}; {paths}", phrase(effects))
}

/// Whole seconds, rounded.
fn whole(now: Timestamp, at: Timestamp) -> Duration {
    Duration::from_secs((at.since(now).as_millis().saturating_add(500) / 1000).try_into().unwrap_or(u64::MAX))
}

/// `meta-data/spot/instance-action and termination-time answer from now`.
fn paths(changes: &BTreeMap<String, crate::imds::Difference>, since: &str) -> String {
    let mut phrases = Vec::new();
    for (change, one, several) in [
        (Change::Appears, "answers", "answer"),
        (Change::Changes, "changes", "change"),
        (Change::Vanishes, "answers 404", "answer 404"),
    ] {
        let paths: Vec<&str> = changes
            .iter()
            .filter(|(_, difference)| Change::from(**difference) == change)
            .map(|(path, _)| path.as_str())
            .collect();
        if !paths.is_empty() {
            phrases.push(format!("{} {}", listed(&paths), if paths.len() == 1 { one } else { several }));
        }
    }
    if phrases.is_empty() { String::new() } else { format!("{} {since}", phrases.join("; ")) }
}

/// Paths; of neighbours only the first is told in full.
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
    use crate::imds::Difference;

    #[test]
    fn neighbours_are_told_by_their_last_name() {
        let appears = |paths: &[&str]| {
            let changes = paths.iter().map(|path| ((*path).to_owned(), Difference::Appears)).collect();
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
    fn values_are_not_told() {
        let told =
            effect(&Effect::Set("meta-data/x".into(), Override::Value(b"hunter2".to_vec().into())), None);
        assert_eq!(told.text, "meta-data/x, 7 bytes");
        let told = effect(&Effect::Fact(Fact::UserData(Some(b"hunter2".to_vec()))), None);
        assert_eq!(told.text, "user-data, 7 bytes");
    }
}
