//! The rows that say what is served, and how it goes.

use super::snapshot::Snapshot;
use crate::commands::layout::{Row, Value};
use crate::config::shell_word;
use crate::control::api::{
    CredentialStatus, FaultOrigin, FaultStatus, InForceStatus, InstanceFacts, InstanceStatus,
};
use crate::terminal::{StyledText, TextStyle, ago, clock_time, spoken, spoken_instants, time_left};

/// Values that are shown of each kind.
const MAX_VALUES: usize = 12;
/// Lines of a report that are shown.
const MAX_REPORT: usize = 20;

pub(super) fn server(snapshot: &Snapshot) -> Row {
    let status = &snapshot.status;
    let up = spoken(snapshot.now.since(status.started_at));
    let text = format!("mock-imds {}, process {}, up {up}", status.version, status.pid);
    Row("server", vec![Value::text(StyledText::plain(text))])
}

/// What the instance is now that clients usually meet.
fn facts(snapshot: &Snapshot) -> Option<&InstanceFacts> {
    let status = &snapshot.status;
    let usual = |instance: &&InstanceStatus| instance.id == status.scenario.instance_id;
    let facts = status.instances.iter().find(usual).map(|instance| &instance.facts);
    facts.filter(|facts| !facts.instance_type.is_empty())
}

pub(super) fn instance(snapshot: &Snapshot) -> Row {
    let id = StyledText::styled(TextStyle::Bold, &snapshot.status.scenario.instance_id);
    let text = match facts(snapshot) {
        Some(InstanceFacts { instance_type, availability_zone, life_cycle, .. }) => {
            id.with(TextStyle::Plain, format!(", {instance_type} in {availability_zone}, {life_cycle}"))
        }
        None => id,
    };
    Row("instance", vec![Value::text(text)])
}

pub(super) fn node(snapshot: &Snapshot) -> Row {
    Row("node", snapshot.status.node.iter().map(|node| Value::text(StyledText::plain(node))).collect())
}

pub(super) fn tokens(snapshot: &Snapshot) -> Row {
    let Some(facts) = facts(snapshot) else { return Row("tokens", vec![]) };
    if facts.http_endpoint == "disabled" {
        let text = "none: http-endpoint is disabled, so that every request gets 403";
        return Row("tokens", vec![Value::text(StyledText::styled(TextStyle::Bad, text))]);
    }
    let meaning = match facts.http_tokens.as_str() {
        "required" => "required: IMDSv2 only",
        _ => "optional: IMDSv1 and IMDSv2",
    };
    let text = format!("{meaning}; hop limit {}", facts.http_put_response_hop_limit);
    Row("tokens", vec![Value::text(StyledText::plain(text))])
}

pub(super) fn scenario(snapshot: &Snapshot) -> Row {
    let scenario = &snapshot.status.scenario;
    let is_built_in = scenario.file.is_none() && scenario.library.is_none();
    let place = if is_built_in { "built-in".to_owned() } else { scenario.name() };
    let mut text = StyledText::plain(place);
    if scenario.sent {
        text = text.with(TextStyle::Plain, ", as it was sent");
    }
    if scenario.used {
        text = text.with(TextStyle::Warning, ", until the next reload");
    }
    let loaded = format!(", loaded {}, {}", ago(scenario.at, snapshot.now), clock(snapshot, scenario.at));
    let mut values = vec![Value::text(text.with(TextStyle::Dim, loaded))];
    if let Some(fallback) = &scenario.fallback {
        let (name, file) = (fallback.serving.name(), &fallback.file);
        let sentence = format!("{name}, because {file} was rejected at the start:");
        values.push(Value::text(StyledText::styled(TextStyle::Bad, sentence)));
        let report = fallback.report.lines().take(MAX_REPORT);
        values.extend(report.map(|line| Value::Line(StyledText::plain(line))));
    }
    Row("scenario", values)
}

pub(super) fn reload(snapshot: &Snapshot) -> Row {
    let Some(reload) = &snapshot.status.last_reload else { return Row("reload", vec![]) };
    let (style, word) =
        if reload.accepted { (TextStyle::Plain, "accepted") } else { (TextStyle::Bad, "REJECTED") };
    let text = StyledText::styled(style, word)
        .with(TextStyle::Plain, format!(" {}, by {}: ", ago(reload.at, snapshot.now), reload.by))
        .with(style, &reload.message);
    Row("reload", vec![Value::text(text)])
}

pub(super) fn warnings(snapshot: &Snapshot) -> Row {
    let scenario = &snapshot.status.scenario;
    if scenario.warnings == 0 {
        return Row("warnings", vec![]);
    }
    // What was sent need not be what the file says.
    let file = scenario.file.as_ref().filter(|_| !scenario.sent);
    let hint =
        file.map(|file| format!(", see `mock-imds check {}`", shell_word(&file.display().to_string())));
    let text = format!("{}{}", scenario.warnings, hint.unwrap_or_default());
    Row("warnings", vec![Value::text(StyledText::styled(TextStyle::Warning, text))])
}

/// `dev-role, from the file /etc/mock-imds/keys.json, expire in 5 h`.
pub(super) fn credentials(snapshot: &Snapshot) -> Row {
    let Some(credentials) = &snapshot.status.credentials else { return Row("credentials", vec![]) };
    let CredentialStatus { role, source, place, fetched_at, expires, failed_at, failure, state } =
        credentials;
    let source = match (source.as_str(), place) {
        ("file", Some(file)) => format!("from the file {file}"),
        ("process", Some(program)) => format!("from the program {program}"),
        (source, _) => source.to_owned(),
    };
    let keys = match (fetched_at, expires) {
        (_, Some(at)) if *at <= snapshot.now => format!(", expired {}", ago(*at, snapshot.now)),
        (_, Some(at)) => format!(", expire {}", time_left(*at, snapshot.now)),
        (None, None) if place.is_some() && failure.is_none() => ", not there yet".to_owned(),
        (None, None) if place.is_some() => ", none".to_owned(),
        _ => String::new(),
    };
    let mut text = StyledText::plain(format!("{role}, {source}{keys}"));
    if let Some(state) = state {
        text = text.with(TextStyle::Warning, format!("; answered as {state}"));
    }
    if let (Some(why), Some(at)) = (failure, failed_at) {
        text = text.with(TextStyle::Bad, format!("; FAILED {}: {why}", ago(*at, snapshot.now)));
    }
    Row("credentials", vec![Value::text(text)])
}

pub(super) fn in_force(snapshot: &Snapshot) -> Row {
    let words = |InForceStatus { what, text, at, instance, client }: &InForceStatus| {
        let client = client.map(|client| format!(" as {client} meets it")).unwrap_or_default();
        let whom = instance.as_ref().map(|name| format!(" (of {name}{client})")).unwrap_or_default();
        let mut words = StyledText::styled(TextStyle::Accent, what.replace('-', " "))
            .with(TextStyle::Plain, format!(": {text}"));
        if let Some(at) = at {
            let far = if *at > snapshot.now { time_left(*at, snapshot.now) } else { ago(*at, snapshot.now) };
            words = words.with(TextStyle::Plain, format!(" {}, {far}", clock(snapshot, *at)));
        }
        Value::Text(words.with(TextStyle::Plain, whom), 2)
    };
    Row("in force", limited(snapshot.status.in_force.iter().map(words)))
}

pub(super) fn faults(snapshot: &Snapshot) -> Row {
    let mut faults: Vec<&FaultStatus> = snapshot.status.faults.iter().collect();
    faults.sort_by_key(|fault| !fault.on);
    Row("faults", limited(faults.into_iter().map(|fault| Value::Text(fault_words(snapshot, fault), 2))))
}

fn fault_words(snapshot: &Snapshot, fault: &FaultStatus) -> StyledText {
    let now = snapshot.now;
    let (style, state) = if fault.on { (TextStyle::Bad, "on") } else { (TextStyle::Dim, "off") };
    let hits = match fault.hits {
        0 => "not hit yet".to_owned(),
        1 => "hit once".to_owned(),
        hits => format!("hit {hits} times"),
    };
    let when = match (fault.begins, fault.ends) {
        (_, Some(ends)) if fault.on => format!("{} left", spoken(ends.since(now))),
        (Some(begins), _) if begins > now => format!("begins {}", time_left(begins, now)),
        (_, Some(ends)) if ends <= now => format!("ended {}", ago(ends, now)),
        (Some(begins), None) if fault.on => format!("since {}", clock(snapshot, begins)),
        _ => spoken_instants(&fault.when, now, &snapshot.zone),
    };
    let origin = match fault.origin {
        FaultOrigin::Scenario => "",
        FaultOrigin::Changed => ", changed at run time",
        FaultOrigin::Ordered => ", added at run time",
    };
    let words = format!(" {}: {}; {hits}; {when}{origin}", fault.name, fault.what);
    StyledText::styled(style, format!("{state:<3}")).with(TextStyle::Plain, words)
}

pub(super) fn instances(snapshot: &Snapshot) -> Row {
    let named =
        snapshot.status.instances.iter().filter_map(|instance| Some((instance.name.as_ref()?, instance)));
    let words = |(name, instance): (&String, &InstanceStatus)| {
        let derive = if instance.derive { ", each its own" } else { "" };
        let nodes = instance.nodes.iter().map(|node| format!("node {node}"));
        let clients: Vec<String> = instance.clients.iter().cloned().chain(nodes).collect();
        let text = format!("{name}, {}, for {}{derive}", instance.id, clients.join(", "));
        Value::Text(StyledText::plain(text), 2)
    };
    Row("instances", limited(named.map(words)))
}

/// `226: 190 v2, 24 v1, 12 for tokens; 3 refused, 5 not found`.
pub(super) fn requests(snapshot: &Snapshot) -> Row {
    let counts = &snapshot.status.request_counts;
    let parts = |parts: &[(u64, &str, TextStyle)]| {
        let mut text = StyledText::default();
        for (count, words, style) in parts.iter().filter(|(count, ..)| *count > 0) {
            let comma = if text == StyledText::default() { "" } else { ", " };
            text = text.with(TextStyle::Plain, comma).with(*style, format!("{count} {words}"));
        }
        text
    };
    let protocols = parts(&[
        (counts.v2, "v2", TextStyle::Plain),
        (counts.v1, "v1", TextStyle::Warning),
        (counts.token, "for tokens", TextStyle::Plain),
    ]);
    let outcomes = parts(&[
        (counts.refused, "refused", TextStyle::Bad),
        (counts.not_found, "not found", TextStyle::Warning),
        (counts.failed, "failed", TextStyle::Bad),
        (counts.unanswered, "unanswered", TextStyle::Bad),
    ]);
    let mut text = StyledText::plain(snapshot.status.requests.to_string());
    if protocols != StyledText::default() {
        text = text.with(TextStyle::Plain, ": ").then(protocols);
    }
    if outcomes != StyledText::default() {
        text = text.with(TextStyle::Plain, "; ").then(outcomes);
    }
    if let Some(last) = snapshot.recent.last() {
        text = text.with(TextStyle::Dim, format!("; the last {}", ago(last.at, snapshot.now)));
    }
    Row("requests", vec![Value::text(text)])
}

fn clock(snapshot: &Snapshot, at: crate::model::Timestamp) -> String {
    clock_time(at, snapshot.now, &snapshot.zone)
}

/// The first values, and how many more there are.
fn limited(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    let more = values.len().saturating_sub(MAX_VALUES);
    values.truncate(MAX_VALUES);
    if more > 0 {
        let text = format!("and {more} more, see `mock-imds status --json`");
        values.push(Value::text(StyledText::styled(TextStyle::Dim, text)));
    }
    values
}
