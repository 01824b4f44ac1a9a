//! What is in force: how far the instances differ now from what the file says of them, and what was announced to them.
//! Values of paths and user data are left out: they may be secrets.

use std::borrow::Cow;
use std::net::IpAddr;

use super::describe_containers;
use crate::control::api::InForceStatus;
use crate::imds::Fleet;
use crate::model::timeline::{self, Occurrence};
use crate::model::{
    CredentialState, Instance, MacAddress, MetadataOptions, NetworkInterface, NoticeTime, Override,
    StringEnum as _, Timestamp, format_duration,
};

/// Instances that are looked at; further ones are as these.
const COMPARED: usize = 32;

/// An instance after the events that have happened to it, as clients without an identity of their own meet it.
pub(super) fn present(fleet: &Fleet, name: Option<&str>, base: &Instance, now: Timestamp) -> Instance {
    let occurrences = fleet.clock().occurrences(fleet.events(), now);
    after(fleet, (name, None), base, &occurrences).into_owned()
}

/// An instance after those of the occurrences that concern it, as a client with an identity of its own meets it, if one is
/// given.
pub(super) fn after<'a>(
    fleet: &Fleet,
    (name, client): (Option<&str>, Option<IpAddr>),
    base: &'a Instance,
    occurrences: &[Occurrence],
) -> Cow<'a, Instance> {
    let (events, clock) = (fleet.events(), fleet.clock());
    let changes = |other: &&Occurrence| fleet.event_changes(&events[other.index], name, client);
    let own: Vec<Occurrence> = occurrences.iter().filter(changes).copied().collect();
    if own.is_empty() { Cow::Borrowed(base) } else { Cow::Owned(timeline::after(base, events, &own, clock)) }
}

/// The differences of all instances, by instance.
pub(super) fn in_force(fleet: &Fleet, now: Timestamp) -> Vec<InForceStatus> {
    if fleet.events().is_empty() {
        return vec![];
    }
    let clock = fleet.clock();
    let occurrences = clock.occurrences(fleet.events(), now);
    let date = clock.date(clock.effective(now));
    let instances = fleet.instances().into_iter().map(|(name, base)| (name, None, base)).take(COMPARED);
    let named_clients = fleet.named_clients().into_iter().take(COMPARED);
    let named_clients = named_clients.map(|(client, (name, base))| (name, Some(client), base));
    let differences = instances.chain(named_clients).flat_map(|(name, client, base)| {
        let present = after(fleet, (name, client), base, &occurrences);
        let mut of_instance = differences(base, &present, date);
        of_instance.extend(pending(fleet, &present));
        let of_instance = of_instance.into_iter();
        of_instance.map(move |found| InForceStatus { instance: name.map(str::to_owned), client, ..found })
    });
    let mut found: Vec<InForceStatus> = Vec::new();
    for difference in differences {
        // Most events concern all instances: said once, they are said of all.
        let same = |other: &InForceStatus| {
            (&other.what, &other.text, other.at) == (&difference.what, &difference.text, difference.at)
                && (other.instance.is_none()
                    || other.instance == difference.instance && other.client.is_none())
        };
        if !found.iter().any(same) {
            found.push(difference);
        }
    }
    found
}

fn differences(base: &Instance, present: &Instance, now: Timestamp) -> Vec<InForceStatus> {
    let mut found = notices(present, now);
    found.extend(changed_facts(base, present));
    found.extend(changed_interfaces(base, present));
    found.extend(changed_options(base, present));
    for (key, value) in &present.tags {
        if base.tags.get(key) != Some(value) {
            found.push(entry("tags", format!("{key} = {value}")));
        }
    }
    for key in base.tags.keys().filter(|key| !present.tags.contains_key(*key)) {
        found.push(entry("tags", format!("{key} is removed")));
    }
    for (path, value) in &*present.overrides {
        if base.overrides.get(path) != Some(value) {
            found.push(entry("set", format!("{path}{}", override_words(value))));
        }
    }
    for path in base.overrides.keys().filter(|path| !present.overrides.contains_key(*path)) {
        found.push(entry("unset", path.clone()));
    }
    found
}

/// What is not shown as it is: a path, what it shows, and until when.
fn pending(fleet: &Fleet, present: &Instance) -> Vec<InForceStatus> {
    let clock = fleet.clock();
    let found = present.late.pending().into_iter().map(|(path, shown, end)| {
        let at = end.map(|end| clock.date(clock.instant_of(end)));
        let until = if at.is_some() { "until" } else { "until settled" };
        InForceStatus { at, ..entry("late", format!("{path} is {shown} {until}")) }
    });
    found.collect()
}

/// How the interfaces differ from those of the scenario.
fn changed_interfaces(base: &Instance, present: &Instance) -> Vec<InForceStatus> {
    let find = |instance: &Instance, mac: &MacAddress| {
        instance.interfaces.iter().find(|interface| interface.mac == *mac).cloned()
    };
    let mut found = Vec::new();
    for interface in &present.interfaces {
        let mac = &interface.mac;
        match find(base, mac) {
            None => {
                let (card, number) = interface.attachment();
                let card = if card == 0 { String::new() } else { format!(" on network card {card}") };
                found.push(entry("interface", format!("{mac} is attached as device {number}{card}")));
            }
            // The primary one's public addresses and groups are among the facts.
            Some(before) => {
                let addresses = |nic: &NetworkInterface| {
                    let public = if *mac == *present.mac() { vec![] } else { nic.public_ipv4s.clone() };
                    (
                        nic.private_ipv4s.clone(),
                        public,
                        nic.ipv6s.clone(),
                        nic.ipv4_prefixes.clone(),
                        nic.ipv6_prefixes.clone(),
                    )
                };
                if addresses(&before) != addresses(interface) {
                    found.push(entry("interface", format!("{mac} has other addresses")));
                }
                if before.security_groups.ids != interface.security_groups.ids
                    || (before.security_groups.names != interface.security_groups.names
                        && *mac != *present.mac())
                {
                    found.push(entry("interface", format!("{mac} has other security groups")));
                }
            }
        }
    }
    for interface in base.interfaces.iter().filter(|interface| find(present, &interface.mac).is_none()) {
        found.push(entry("interface", format!("{} is detached", interface.mac)));
    }
    found
}

fn notices(present: &Instance, now: Timestamp) -> Vec<InForceStatus> {
    let signals = &present.signals;
    let mut found = Vec::new();
    if let Some(spot) = &signals.spot {
        found.push(timed("spot-interruption", spot.action.as_str(), &spot.time));
    }
    if let Some(noticed) = &signals.rebalance {
        found.push(timed("rebalance-recommendation", "noticed", noticed));
    }
    for event in &signals.scheduled {
        let text = format!("{} {}, not before", event.code.as_str(), event.id);
        found.push(InForceStatus { at: Some(event.not_before), ..entry("maintenance", text) });
    }
    if let Some(state) = signals.target_lifecycle_state {
        found.push(entry("target-lifecycle-state", state.as_str()));
    }
    if let Some(at) = signals.starts_at {
        found.push(InForceStatus { at: Some(at), ..entry("stop-start", "stopped, until") });
    }
    if let Some(at) = signals.rotated_at {
        found.push(InForceStatus { at: Some(at), ..entry("credentials", "rotated") });
    }
    found.extend(
        describe_containers::in_force(present, now)
            .into_iter()
            .map(|(what, text, at)| InForceStatus { at, ..entry(what, text) }),
    );
    found
}

fn timed(what: &str, text: &str, time: &NoticeTime) -> InForceStatus {
    match time {
        NoticeTime::Moving(span) => {
            entry(what, format!("{text} {} after each request", format_duration(*span)))
        }
        fixed => InForceStatus { at: fixed.fixed(), ..entry(what, text) },
    }
}

fn changed_facts(base: &Instance, present: &Instance) -> Vec<InForceStatus> {
    let mut found = Vec::new();
    let mut fact = |is_changed: bool, what: &str, text: String| {
        if is_changed {
            found.push(entry(what, text));
        }
    };
    let addresses = |instance: &Instance| {
        instance.primary().public_ipv4s.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let user_data =
        present.user_data.as_ref().map_or_else(|| "removed".to_owned(), |bytes| bytes_words(bytes.len()));
    let credentials = |instance: &Instance| instance.credentials.as_ref().map(|found| found.state);
    let state = credentials(present).map(CredentialState::as_str).unwrap_or_default();
    fact(
        base.instance_action != present.instance_action,
        "instance-action",
        present.instance_action.as_str().to_owned(),
    );
    fact(base.life_cycle != present.life_cycle, "life-cycle", present.life_cycle.as_str().to_owned());
    fact(credentials(base) != credentials(present), "credentials", state.to_owned());
    let role = |instance: &Instance| instance.credentials.as_ref().map(|found| found.role.clone());
    let role_words = role(present).map_or_else(|| "removed".to_owned(), |role| role.to_string());
    fact(role(base) != role(present), "instance-profile", role_words);
    fact(base.launch_time != present.launch_time, "launch-time", present.launch_time.rfc3339());
    fact(base.instance_type != present.instance_type, "instance-type", present.instance_type.to_string());
    fact(base.ami_id != present.ami_id, "ami-id", present.ami_id.to_string());
    fact(base.monitoring != present.monitoring, "monitoring", present.monitoring.as_str().to_owned());
    fact(addresses(base) != addresses(present), "public-ipv4s", format!("[{}]", addresses(present)));
    let groups = &present.security_groups;
    fact(base.security_groups != *groups, "security-groups", format!("[{}]", groups.names.join(", ")));
    fact(base.user_data != present.user_data, "user-data", user_data);
    found
}

fn changed_options(base: &Instance, present: &Instance) -> Vec<InForceStatus> {
    let (before, now) = (base.metadata_options, present.metadata_options);
    let limit = |options: MetadataOptions| options.http_put_response_hop_limit;
    let options = [
        (before.http_tokens != now.http_tokens, "http-tokens", now.http_tokens.as_str().to_owned()),
        (before.http_endpoint != now.http_endpoint, "http-endpoint", now.http_endpoint.as_str().to_owned()),
        (limit(before) != limit(now), "http-put-response-hop-limit", limit(now).to_string()),
        (
            before.instance_metadata_tags != now.instance_metadata_tags,
            "instance-metadata-tags",
            now.instance_metadata_tags.as_str().to_owned(),
        ),
    ];
    let changed = options.into_iter().filter(|(is_changed, ..)| *is_changed);
    changed.map(|(_, name, value)| entry("metadata-options", format!("{name} = {value}"))).collect()
}

fn override_words(value: &Override) -> String {
    match value {
        Override::Value(content) => format!(", {}", bytes_words(content.bytes.len())),
        Override::Moved(from) => format!(" in the place of {}", from.as_str()),
        Override::Removed => " is removed".to_owned(),
    }
}

/// "1 byte", "7 bytes".
pub(super) fn bytes_words(count: usize) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}

fn entry(what: &str, text: impl Into<String>) -> InForceStatus {
    InForceStatus { what: what.to_owned(), text: text.into(), at: None, instance: None, client: None }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::config::SourceText;
    use crate::identity::KeyRing;
    use crate::scenario::read;

    #[test]
    fn what_is_over_or_taken_back_is_in_force_no_more() {
        let text = "\
            [[event]]\nat = \"1s\"\nset = { \"meta-data/a\" = \"x\", \"meta-data/b\" = false }\ntags = { Name = \"web\" }\n\
            [[event]]\nat = \"2s\"\nspot-interruption = { action = \"stop\", notice = \"2m\" }\n\
            metadata-options = { http-tokens = \"required\" }\n\
            [[event]]\nat = \"3s\"\nclear = \"spot-interruption\"\nunset = [\"meta-data/b\"]\n\
            [instances.web]\nclients = [\"10.0.0.0/8\"]\n";
        let (scenario, _) = read(&SourceText::new("test", text), "/".as_ref()).expect("it is accepted");
        let load = Timestamp::from_secs(1_795_230_851);
        let fleet = Fleet::compile(scenario, &Arc::new(KeyRing::generate([0; 32])), load, load);
        let at = |seconds| {
            let now = load.plus(Duration::from_secs(seconds));
            let words = |found: InForceStatus| format!("{}: {}", found.what, found.text);
            in_force(&fleet, now).into_iter().map(words).collect::<Vec<_>>()
        };
        assert_eq!(at(0), [""; 0]);
        let first = ["tags: Name = web", "set: meta-data/a, 1 byte", "set: meta-data/b is removed"];
        assert_eq!(at(1), first);
        let required = "metadata-options: http-tokens = required";
        assert_eq!(at(2), ["spot-interruption: stop", required, first[0], first[1], first[2]]);
        assert_eq!(at(3), [required, first[0], first[1]]);
    }

    #[test]
    fn what_happened_to_one_client_is_in_force_there_only() {
        let text = "\
            [[event]]\nat = \"1s\"\nclient = \"10.0.0.7\"\nmetadata-options = { http-tokens = \"required\" }\n\
            [[event]]\nat = \"1s\"\nclient = \"10.1.0.7\"\nmetadata-options = { http-tokens = \"required\" }\n\
            [instances.web]\nclients = [\"10.0.0.0/16\"]\n\
            [instances.workers]\nclients = [\"10.1.0.0/16\"]\nderive = true\n";
        let (scenario, _) = read(&SourceText::new("test", text), "/".as_ref()).expect("it is accepted");
        let load = Timestamp::from_secs(1_795_230_851);
        let fleet = Fleet::compile(scenario, &Arc::new(KeyRing::generate([0; 32])), load, load);
        let now = load.plus(Duration::from_secs(1));
        let place = |found: InForceStatus| (found.instance.unwrap_or_default(), found.client);
        assert_eq!(
            in_force(&fleet, now).into_iter().map(place).collect::<Vec<_>>(),
            [("web".to_owned(), None), ("workers".to_owned(), "10.1.0.7".parse().ok())]
        );
        let tokens = |name| {
            let instances = fleet.instances();
            let (_, base) = instances.iter().find(|(other, _)| *other == name).expect("it is there");
            present(&fleet, name, base, now).metadata_options.http_tokens.as_str()
        };
        assert_eq!([None, Some("web"), Some("workers")].map(tokens), ["optional", "required", "optional"]);
    }
}
