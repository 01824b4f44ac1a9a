//! `[instances.NAME]`: more pretend instances. Each inherits what `[instance]` and its tables say.

use std::collections::BTreeMap;
use std::path::Path;

use ipnet::IpNet;

use super::{credentials, instance, options, overrides};
use crate::config::{Item, Section};
use crate::model::{ClientMatcher, CredentialSource, HttpTokens, Instance, NamedInstance, Profile};

/// Reads all of them.
pub(crate) fn read(
    item: &Item<'_>,
    base: &Path,
    inherited: &Instance,
    profile: Profile,
) -> Vec<NamedInstance> {
    let Some(section) = item.section() else { return vec![] };
    let entries = section.entries();
    let guests: Vec<_> =
        entries.iter().filter_map(|(name, item)| guest(name, item, base, inherited, profile)).collect();
    let mut networks = BTreeMap::new();
    let mut host = None;
    for (guest, item) in &guests {
        for network in &guest.networks {
            if let Some(other) = networks.insert(*network, &guest.name) {
                item.key_error(
                    format!("the clients {network} belong to both {other} and {}", guest.name),
                    "accepted: each network for one instance; a longer prefix may lie within a shorter one",
                );
            }
        }
        if guest.host
            && let Some(other) = host.replace(&guest.name)
        {
            item.key_error(
                format!("the processes of this host belong to both {other} and {}", guest.name),
                "accepted: \"host\" in the clients of one instance",
            );
        }
    }
    guests.into_iter().map(|(guest, _)| guest).collect()
}

fn guest<'a>(
    name: &str,
    item: &Item<'a>,
    base: &Path,
    inherited: &Instance,
    profile: Profile,
) -> Option<(NamedInstance, Item<'a>)> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
        item.key_error(
            format!("{name:?} is not a name for an instance"),
            "accepted: up to 64 lower-case letters, digits and hyphens",
        );
        return None;
    }
    let section = item.section()?;
    let mut instance = inherited.clone();
    let (networks, host) = clients(name, &section);
    let said_derive = section.get("derive");
    let derive = said_derive.as_ref().and_then(Item::boolean).unwrap_or(false);
    if let Some(section) = section.get("credentials").and_then(|item| item.section()) {
        instance.credentials = credentials::read(&section, base);
        if let Some(CredentialSource::File(_) | CredentialSource::Process { .. }) =
            instance.credentials.as_ref().map(|credentials| &credentials.source)
        {
            section.error(
                "a further instance cannot have credentials from a file or a process",
                "accepted: generated, static or none here; file and process in [credentials]",
            );
        }
        if instance.credentials.as_ref().is_some_and(|credentials| credentials.source.is_real()) {
            instance.metadata_options.http_tokens = HttpTokens::Required;
        }
    }
    if let Some(section) = section.get("metadata-options").and_then(|item| item.section()) {
        options::metadata_options(&section, &mut instance.metadata_options);
    }
    let metadata = section.get("metadata").and_then(|item| item.section());
    let said_id = section.get("instance-id").is_some();
    instance::read(&section, base, &mut instance);
    if let Some(metadata) = metadata {
        let own = overrides::read(&metadata, base, &instance, profile);
        instance.overrides.extend(own);
    }
    // What is said is wrong, if it is not true: no reason for a second word.
    let derives = said_derive.is_some_and(|item| derive || item.kind() != "boolean");
    if !said_id && !derives {
        item.key_warn(
            format!("{name} has the instance-id of [instance]"),
            "programs cannot tell the two apart; set instance-id, or derive = true",
        );
    }
    Some((NamedInstance { name: name.to_owned(), networks, host, derive, instance }, item.clone()))
}

/// Addresses, networks, or `"host"`.
fn clients(name: &str, section: &Section<'_>) -> (Vec<IpNet>, bool) {
    let Some(item) = section.get("clients") else {
        section.error(
            format!("the instance {name} has no clients"),
            "accepted: clients = [\"172.18.0.0/16\"], of addresses, networks, or \"host\" for processes of this host",
        );
        return (vec![], false);
    };
    let (mut networks, mut host) = (vec![], false);
    for client in item.array().unwrap_or_default().iter().filter_map(Item::parse) {
        match client {
            ClientMatcher::Host => host = true,
            ClientMatcher::Network(network) => networks.push(network.trunc()),
        }
    }
    (networks, host)
}
