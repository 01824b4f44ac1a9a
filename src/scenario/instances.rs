//! `[instances.NAME]`: named instances. Each inherits the facts of `[instance]` and its tables.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;

use super::named_files::NamedFiles;
use super::{credentials, ecs, instance, options, overrides, pod_identity, propagation};
use crate::config::{Item, Section};
use crate::model::{
    ClientMatcher, CredentialSource, HttpTokens, Instance, NamedInstance, Overrides, Profile,
};

/// Bytes that all instances together may inherit: each has a copy.
const MAX_INHERITED: usize = 64 << 20;
/// Bytes of an override beside its path; its value is shared.
const OVERRIDE_BYTES: usize = 128;

pub(crate) fn read(
    item: &Item<'_>,
    files: &NamedFiles<'_>,
    inherited: &Instance,
    profile: Profile,
) -> Vec<NamedInstance> {
    let Some(section) = item.section() else { return vec![] };
    let entries = section.entries();
    let Some(instances) = read_each(item, &entries, files, inherited, profile) else { return vec![] };
    ecs::ids_are_unique(inherited, &instances);
    let (mut networks, mut nodes) = (BTreeMap::new(), BTreeMap::new());
    let mut host = None;
    for (named, item) in &instances {
        for network in &named.networks {
            if let Some((other, first)) = networks.insert(*network, (&named.name, item)) {
                later(item, first, "clients", |text| is_network(text, *network)).error(
                    if *other == named.name {
                        format!("the clients {network} are twice in those of {other}")
                    } else {
                        format!("the clients {network} belong to both {other} and {}", named.name)
                    },
                    "accepted: each network for one instance; a longer prefix may lie within a shorter one",
                );
            }
        }
        for node in &named.nodes {
            if let Some((other, first)) = nodes.insert(node, (&named.name, item)) {
                later(item, first, "nodes", |text| text == node.as_str()).error(
                    if *other == named.name {
                        format!("the node {node} is twice in the nodes of {other}")
                    } else {
                        format!("the node {node} belongs to both {other} and {}", named.name)
                    },
                    "accepted: each node in the nodes of one instance",
                );
            }
        }
        if named.host
            && let Some((other, first)) = host.replace((&named.name, item))
        {
            later(item, first, "clients", |text| text == "host").error(
                format!("the processes of this host belong to both {other} and {}", named.name),
                "accepted: \"host\" in the clients of one instance",
            );
        }
    }
    instances.into_iter().map(|(named, _)| named).collect()
}

/// Of two instances the one that is later in the file: the last of its `key` that is meant.
fn later<'a>(
    one: &Item<'a>,
    other: &Item<'a>,
    key: &'static str,
    is_meant: impl Fn(&str) -> bool,
) -> Item<'a> {
    let instance = if one.offset() < other.offset() { other } else { one };
    let elements = instance.section().and_then(|section| section.get(key)?.array()).unwrap_or_default();
    let meant = elements
        .into_iter()
        .rfind(|element| element.kind() == "string" && element.string().is_some_and(&is_meant));
    meant.unwrap_or_else(|| instance.clone())
}

fn is_network(text: &str, network: IpNet) -> bool {
    matches!(text.parse(), Ok(ClientMatcher::Network(found)) if found.trunc() == network)
}

/// Reads all instances; `None`, after an error, if they are too many for what each of them inherits.
fn read_each<'a>(
    item: &Item<'a>,
    entries: &[(&'a str, Item<'a>)],
    files: &NamedFiles<'_>,
    inherited: &Instance,
    profile: Profile,
) -> Option<Vec<(NamedInstance, Item<'a>)>> {
    let refuse = |bytes: usize| {
        item.error_at_key(
            format!("{} instances that inherit {bytes} bytes each", entries.len()),
            format!(
                "accepted: at most {} MiB together; set what is long in the instances that need it",
                MAX_INHERITED >> 20
            ),
        );
        None
    };
    let facts = inherited_bytes(inherited);
    if facts.saturating_mul(entries.len()) > MAX_INHERITED {
        return refuse(facts);
    }
    // An instance with a table of its own has a copy of the overrides.
    let overrides = inherited.overrides.keys().map(|path| path.len() + OVERRIDE_BYTES).sum::<usize>();
    let (mut instances, mut copies) = (Vec::new(), 0);
    for (name, entry) in entries {
        let Some((named, entry)) = read_one(name, entry, files, inherited, profile) else { continue };
        copies += usize::from(!Arc::ptr_eq(&named.instance.overrides, &inherited.overrides));
        if overrides.saturating_mul(copies) > MAX_INHERITED {
            return refuse(overrides);
        }
        instances.push((named, entry));
    }
    Some(instances)
}

/// The size of the facts that each instance has a copy of. Whatever facts there are, their debug form has them all.
fn inherited_bytes(instance: &Instance) -> usize {
    struct Length(usize);
    impl Write for Length {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut length = Length(0);
    let facts = Instance { overrides: Overrides::default(), user_data: None, ..instance.clone() };
    let _ = write!(length, "{facts:?}");
    length.0 + instance.user_data.as_ref().map_or(0, Vec::len)
}

fn read_one<'a>(
    name: &str,
    item: &Item<'a>,
    files: &NamedFiles<'_>,
    inherited: &Instance,
    profile: Profile,
) -> Option<(NamedInstance, Item<'a>)> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
        item.error_at_key(
            format!("{name:?} is not a name for an instance"),
            "accepted: up to 64 lower-case letters, digits and hyphens",
        );
        return None;
    }
    let section = item.section()?;
    let mut instance = inherited.clone();
    check_audience(name, &section);
    let nodes = parse_all(section.get("nodes").as_ref());
    let (networks, host) = clients(section.get("clients").as_ref());
    let derive_item = section.get("derive");
    let derive = derive_item.as_ref().and_then(Item::boolean).unwrap_or(false);
    if let Some(section) = section.read("credentials", Item::section) {
        instance.credentials = credentials::read(&section, files);
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
    if let Some(section) = section.read("metadata-options", Item::section) {
        options::metadata_options(&section, &mut instance.metadata_options);
    }
    if let Some(section) = section.read("propagation", Item::section) {
        propagation::read(&section, &mut instance);
    }
    propagation::name(&mut instance, name);
    ecs::inherit(&mut instance);
    if let Some(section) = section.read("ecs", Item::section) {
        ecs::read(&section, files, &mut instance);
    }
    if let Some(section) = section.read("pod-identity", Item::section) {
        pod_identity::read(&section, &mut instance);
    }
    let metadata = section.read("metadata", Item::section);
    let has_own_id = section.get("instance-id").is_some();
    instance::read(&section, files, &mut instance);
    if let Some(metadata) = metadata {
        let own = overrides::read(&metadata, files, &instance, profile);
        if !own.is_empty() {
            Arc::make_mut(&mut instance.overrides).extend(own);
        }
    }
    // A derive that is not a boolean has an error already.
    let derives = derive_item.is_some_and(|item| derive || item.kind() != "boolean");
    let has_clients = host || !networks.is_empty();
    if !has_own_id && !derives && has_clients {
        item.warn_at_key(
            format!("{name} has the instance-id of [instance]"),
            "programs cannot tell the two apart; set instance-id, or derive = true",
        );
    }
    Some((NamedInstance { name: name.to_owned(), networks, host, nodes, derive, instance }, item.clone()))
}

/// Reports an instance that is for nobody, or for both clients and nodes: its clients would find it as the file says on
/// most nodes, and with the identity of a node on that one.
fn check_audience(name: &str, section: &Section<'_>) {
    let (clients, nodes) = (section.get("clients"), section.get("nodes"));
    let says = |item: &Option<Item<'_>>| item.as_ref().is_some_and(|item| !item.is_empty_array());
    if !says(&clients) && !says(&nodes) {
        section.error(
            format!("the instance {name} has no clients"),
            "accepted: clients = [\"172.18.0.0/16\"], of addresses, networks, or \"host\" for processes of this \
             host; or nodes = [\"worker-1\"], of names for `serve --node`",
        );
    }
    if let Some(nodes) = nodes.filter(|_| says(&clients))
        && !nodes.is_empty_array()
    {
        nodes.error_at_key(
            format!("the instance {name} has both clients and nodes"),
            "accepted: one of them; put the other one into an instance of its own",
        );
    }
}

fn parse_all<T: FromStr<Err: Display>>(item: Option<&Item<'_>>) -> Vec<T> {
    item.and_then(Item::array).unwrap_or_default().iter().filter_map(Item::parse).collect()
}

/// Reads `clients`: networks, and whether processes of this host are among the clients.
fn clients(item: Option<&Item<'_>>) -> (Vec<IpNet>, bool) {
    let (mut networks, mut host) = (vec![], false);
    for client in parse_all(item) {
        match client {
            ClientMatcher::Host => host = true,
            ClientMatcher::Network(network) => networks.push(network.trunc()),
        }
    }
    (networks, host)
}
