//! `[instance]`

use std::collections::BTreeMap;

use super::assign::{replace_if_some, set_if_some};
use super::named_files::NamedFiles;
use super::{content, contradictions, interface, open_list};
use crate::config::{Item, Section};
use crate::model::{
    Architecture, HostnameType, Instance, InstanceAction, LifeCycle, ManagedSshKeys, Monitoring, Placement,
    PublicKey, System, TagKey,
};

/// User data, before base64. EC2 User Guide, "Run commands at launch".
pub(crate) const USER_DATA_LIMIT: usize = 16 * 1024;

/// Reads the table over an instance: the built-in one, or the one that another inherits from.
pub(crate) fn read(section: &Section<'_>, files: &NamedFiles<'_>, instance: &mut Instance) {
    identity(section, instance);
    place(section, instance);
    launch(section, instance);
    names(section, instance);
    let inherited = instance.security_groups.clone();
    if let Some(names) = section.read("security-groups", Item::lines) {
        instance.security_groups.names = names;
    }
    if let Some(ids) = section.read("security-group-ids", Item::list) {
        instance.security_groups.ids = ids;
    }
    if let Some(keys) = section.read("public-keys", Item::sections) {
        instance.public_keys = keys.iter().filter_map(public_key).collect();
    }
    devices(section, instance);
    set_if_some(&mut instance.tags, section.read("tags", tags));
    let user_data = section.read("user-data", |item| content::read(item, files, USER_DATA_LIMIT));
    replace_if_some(&mut instance.user_data, user_data);
    set_if_some(&mut instance.block_device_mapping, section.read("block-device-mapping", block_devices));
    let interfaces = section.get("network-interface");
    interface::read_all(interfaces.as_ref(), &inherited, instance);
    section.finish();
}

fn identity(section: &Section<'_>, instance: &mut Instance) {
    set_if_some(&mut instance.instance_id, section.read("instance-id", Item::parse));
    set_if_some(&mut instance.instance_type, section.read("instance-type", Item::parse));
    replace_if_some(&mut instance.architecture, section.read("architecture", Item::choice::<Architecture>));
    set_if_some(&mut instance.account_id, section.read("account-id", Item::parse));
    // Whether ids of other forms are worth a warning: nothing else asks.
    let _ = section.read("other-ids", Item::boolean);
    replace_if_some(&mut instance.system, section.read("system", Item::choice::<System>));
    set_if_some(&mut instance.profile, section.read("profile", Item::line));
}

fn place(section: &Section<'_>, instance: &mut Instance) {
    let zone = section.read("availability-zone", Item::parse);
    let region = section.get("region");
    contradictions::region_owns_zone(region.as_ref(), zone.as_ref().unwrap_or(&instance.availability_zone));
    set_if_some(&mut instance.availability_zone, zone);
    replace_if_some(&mut instance.availability_zone_id, section.read("availability-zone-id", Item::line));
    set_if_some(
        &mut instance.placement,
        section.read("placement", Item::section).map(|section| placement(&section)),
    );
}

fn placement(section: &Section<'_>) -> Placement {
    let group = section.get("group-name");
    let partition = section.get("partition-number");
    if let (None, Some(partition)) = (&group, &partition) {
        partition.error(
            "partition-number is set without group-name",
            "accepted: with group-name, the partition placement group that the partition belongs to",
        );
    }
    let placement = Placement {
        group_name: group.and_then(|item| item.line()),
        host_id: section.read("host-id", Item::parse),
        partition_number: partition.and_then(|item| item.integer(1..=7)).and_then(|n| u8::try_from(n).ok()),
    };
    section.finish();
    placement
}

fn launch(section: &Section<'_>, instance: &mut Instance) {
    set_if_some(&mut instance.ami_id, section.read("ami-id", Item::parse));
    let index = section.read("ami-launch-index", |item| item.integer(0..=i64::from(u32::MAX)));
    set_if_some(&mut instance.ami_launch_index, index.and_then(|index| u32::try_from(index).ok()));
    set_if_some(&mut instance.ami_manifest_path, section.read("ami-manifest-path", Item::line));
    set_if_some(&mut instance.ancestor_ami_ids, section.read("ancestor-ami-ids", Item::list));
    set_if_some(&mut instance.reservation_id, section.read("reservation-id", Item::parse));
    let launched = section.read("launch-time", Item::instant);
    set_if_some(&mut instance.launch_time, launched.map(Into::into));
    replace_if_some(&mut instance.kernel_id, section.read("kernel-id", Item::parse));
    replace_if_some(&mut instance.ramdisk_id, section.read("ramdisk-id", Item::parse));
    set_if_some(&mut instance.product_codes, section.read("product-codes", Item::lines));
    set_if_some(&mut instance.billing_products, section.read("billing-products", Item::lines));
    let action = section.read("instance-action", Item::choice::<InstanceAction>);
    set_if_some(&mut instance.instance_action, action);
    set_if_some(&mut instance.life_cycle, section.read("life-cycle", open_list::read::<LifeCycle>));
    set_if_some(&mut instance.monitoring, section.read("monitoring", Item::choice::<Monitoring>));
}

/// Devices that are attached, or could be.
fn devices(section: &Section<'_>, instance: &mut Instance) {
    replace_if_some(&mut instance.hibernation, section.read("hibernation", Item::boolean));
    set_if_some(&mut instance.elastic_gpus, section.read("elastic-gpus", texts));
    set_if_some(&mut instance.elastic_inference, section.read("elastic-inference", texts));
    if let Some(section) = section.read("managed-ssh-keys", Item::section) {
        instance.managed_ssh_keys = ManagedSshKeys {
            active_keys: section.read("active-keys", texts).unwrap_or_default(),
            signer_cert: section.read("signer-cert", Item::string).map(str::to_owned),
            signer_ocsp: section.read("signer-ocsp", texts).unwrap_or_default(),
        };
        section.finish();
    }
}

/// A table of texts whose keys are path segments.
fn texts(item: &Item<'_>) -> Option<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for (key, value) in item.section()?.entries() {
        if key.is_empty()
            || matches!(key, "." | "..")
            || key.contains('/')
            || key.chars().any(char::is_control)
        {
            value.error_at_key(
                format!("{key:?} cannot be part of a path"),
                "accepted: a name without slashes",
            );
        } else {
            texts.extend(value.string().map(|text| (key.to_owned(), text.to_owned())));
        }
    }
    Some(texts)
}

fn names(section: &Section<'_>, instance: &mut Instance) {
    replace_if_some(&mut instance.hostname, section.read("hostname", Item::parse));
    let kind = section.read("hostname-type", Item::choice::<HostnameType>);
    set_if_some(&mut instance.hostname_type, kind);
    replace_if_some(&mut instance.public_hostname, section.read("public-hostname", Item::parse));
}

fn public_key(section: &Section<'_>) -> Option<PublicKey> {
    let name = section.get("name");
    let key = section.get("key");
    section.finish();
    if name.is_none() || key.is_none() {
        section.error(
            "a public key needs name and key",
            "accepted: { name = \"me\", key = \"ssh-ed25519 AAAA… me@host\" }",
        );
    }
    let (name, key) = (name?.line()?, key?);
    let line = key.line()?;
    if line.split_whitespace().count() < 2 {
        key.error(
            "the key is not a public key in OpenSSH's format",
            "accepted: the line of a .pub file, such as \"ssh-ed25519 AAAA… me@host\"",
        );
        return None;
    }
    Some(PublicKey { name, key: line })
}

pub(super) fn tags(item: &Item<'_>) -> Option<BTreeMap<TagKey, String>> {
    let mut tags = BTreeMap::new();
    for (key, value) in item.section()?.entries() {
        match key.parse::<TagKey>() {
            Err(accepted) => {
                value.error_at_key(format!("{key:?} is not a tag key"), format!("accepted: {accepted}"));
            }
            Ok(key) => {
                tags.extend(value.string().map(|text| (key, text.to_owned())));
            }
        }
    }
    Some(tags)
}

fn block_devices(item: &Item<'_>) -> Option<BTreeMap<String, String>> {
    let mut devices = BTreeMap::new();
    for (key, device) in item.section()?.entries() {
        if Instance::is_virtual_device(key) {
            devices.extend(device.line().map(|text| (key.to_owned(), text)));
        } else {
            device.error_at_key(
                format!("{key:?} is not a virtual device name"),
                "accepted: ami, root, swap, ebs1, ebs2, …, ephemeral0, ephemeral1, …",
            );
        }
    }
    Some(devices)
}
