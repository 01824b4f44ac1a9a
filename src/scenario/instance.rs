//! `[instance]`

use std::collections::BTreeMap;
use std::path::Path;

use super::{content, contradictions, interface, replace_if_some, set_if_some};
use crate::config::{Item, Section};
use crate::model::{
    Architecture, HostnameType, Instance, InstanceAction, LifeCycle, ManagedSshKeys, Monitoring, Placement,
    PublicKey, System, TagKey,
};

/// User data, before base64. EC2 User Guide, "Run commands at launch".
pub(crate) const USER_DATA_LIMIT: usize = 16 * 1024;

/// Reads the table over an instance: the built-in one, or the one that another inherits from.
pub(crate) fn read(section: &Section<'_>, base: &Path, instance: &mut Instance) {
    identity(section, instance);
    place(section, instance);
    launch(section, instance);
    names(section, instance);
    let inherited = instance.security_groups.clone();
    if let Some(names) = section.get("security-groups").and_then(|item| item.lines()) {
        instance.security_groups.names = names;
    }
    if let Some(ids) = section.get("security-group-ids").and_then(|item| item.list()) {
        instance.security_groups.ids = ids;
    }
    if let Some(keys) = section.get("public-keys").and_then(|item| item.sections()) {
        instance.public_keys = keys.iter().filter_map(public_key).collect();
    }
    devices(section, instance);
    set_if_some(&mut instance.tags, section.get("tags").and_then(|item| tags(&item)));
    let user_data = section.get("user-data").and_then(|item| content::read(&item, base, USER_DATA_LIMIT));
    replace_if_some(&mut instance.user_data, user_data);
    set_if_some(
        &mut instance.block_device_mapping,
        section.get("block-device-mapping").and_then(|item| block_devices(&item)),
    );
    let interfaces = section.get("network-interface");
    interface::read_all(interfaces.as_ref(), &inherited, instance);
    section.finish();
}

fn identity(section: &Section<'_>, instance: &mut Instance) {
    set_if_some(&mut instance.instance_id, section.get("instance-id").and_then(|item| item.parse()));
    set_if_some(&mut instance.instance_type, section.get("instance-type").and_then(|item| item.parse()));
    replace_if_some(
        &mut instance.architecture,
        section.get("architecture").and_then(|item| item.choice::<Architecture>()),
    );
    set_if_some(&mut instance.account_id, section.get("account-id").and_then(|item| item.parse()));
    set_if_some(&mut instance.system, section.get("system").and_then(|item| item.choice::<System>()));
    set_if_some(&mut instance.profile, section.get("profile").and_then(|item| item.line()));
}

fn place(section: &Section<'_>, instance: &mut Instance) {
    let zone = section.get("availability-zone").and_then(|item| item.parse());
    let region = section.get("region");
    contradictions::region_owns_zone(region.as_ref(), zone.as_ref().unwrap_or(&instance.availability_zone));
    set_if_some(&mut instance.availability_zone, zone);
    replace_if_some(
        &mut instance.availability_zone_id,
        section.get("availability-zone-id").and_then(|item| item.line()),
    );
    set_if_some(
        &mut instance.placement,
        section.get("placement").and_then(|item| item.section()).map(|section| placement(&section)),
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
        host_id: section.get("host-id").and_then(|item| item.parse()),
        partition_number: partition.and_then(|item| item.integer(1..=7)).and_then(|n| u8::try_from(n).ok()),
    };
    section.finish();
    placement
}

fn launch(section: &Section<'_>, instance: &mut Instance) {
    set_if_some(&mut instance.ami_id, section.get("ami-id").and_then(|item| item.parse()));
    let index = section.get("ami-launch-index").and_then(|item| item.integer(0..=i64::from(u32::MAX)));
    set_if_some(&mut instance.ami_launch_index, index.and_then(|index| u32::try_from(index).ok()));
    set_if_some(
        &mut instance.ami_manifest_path,
        section.get("ami-manifest-path").and_then(|item| item.line()),
    );
    set_if_some(&mut instance.ancestor_ami_ids, section.get("ancestor-ami-ids").and_then(|item| item.list()));
    set_if_some(&mut instance.reservation_id, section.get("reservation-id").and_then(|item| item.parse()));
    let launched = section.get("launch-time").and_then(|item| item.instant());
    set_if_some(&mut instance.launch_time, launched.map(Into::into));
    replace_if_some(&mut instance.kernel_id, section.get("kernel-id").and_then(|item| item.parse()));
    replace_if_some(&mut instance.ramdisk_id, section.get("ramdisk-id").and_then(|item| item.parse()));
    set_if_some(&mut instance.product_codes, section.get("product-codes").and_then(|item| item.lines()));
    set_if_some(
        &mut instance.billing_products,
        section.get("billing-products").and_then(|item| item.lines()),
    );
    let action = section.get("instance-action").and_then(|item| item.choice::<InstanceAction>());
    set_if_some(&mut instance.instance_action, action);
    set_if_some(
        &mut instance.life_cycle,
        section.get("life-cycle").and_then(|item| item.choice::<LifeCycle>()),
    );
    set_if_some(
        &mut instance.monitoring,
        section.get("monitoring").and_then(|item| item.choice::<Monitoring>()),
    );
}

/// What is attached, or could be.
fn devices(section: &Section<'_>, instance: &mut Instance) {
    replace_if_some(&mut instance.hibernation, section.get("hibernation").and_then(|item| item.boolean()));
    set_if_some(&mut instance.elastic_gpus, section.get("elastic-gpus").and_then(|item| texts(&item)));
    set_if_some(
        &mut instance.elastic_inference,
        section.get("elastic-inference").and_then(|item| texts(&item)),
    );
    if let Some(section) = section.get("managed-ssh-keys").and_then(|item| item.section()) {
        instance.managed_ssh_keys = ManagedSshKeys {
            active_keys: section.get("active-keys").and_then(|item| texts(&item)).unwrap_or_default(),
            signer_cert: section.get("signer-cert").and_then(|item| item.string()).map(str::to_owned),
            signer_ocsp: section.get("signer-ocsp").and_then(|item| texts(&item)).unwrap_or_default(),
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
            value.key_error(format!("{key:?} cannot be part of a path"), "accepted: a name without slashes");
        } else {
            texts.extend(value.string().map(|text| (key.to_owned(), text.to_owned())));
        }
    }
    Some(texts)
}

fn names(section: &Section<'_>, instance: &mut Instance) {
    replace_if_some(&mut instance.hostname, section.get("hostname").and_then(|item| item.parse()));
    let kind = section.get("hostname-type").and_then(|item| item.choice::<HostnameType>());
    set_if_some(&mut instance.hostname_type, kind);
    replace_if_some(
        &mut instance.public_hostname,
        section.get("public-hostname").and_then(|item| item.parse()),
    );
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

fn tags(item: &Item<'_>) -> Option<BTreeMap<TagKey, String>> {
    let mut tags = BTreeMap::new();
    for (key, value) in item.section()?.entries() {
        match key.parse::<TagKey>() {
            Err(accepted) => {
                value.key_error(format!("{key:?} is not a tag key"), format!("accepted: {accepted}"));
            }
            Ok(key) => {
                tags.extend(value.string().map(|text| (key, text.to_owned())));
            }
        }
    }
    Some(tags)
}

fn block_devices(item: &Item<'_>) -> Option<BTreeMap<String, String>> {
    let numbered = |key: &str, prefix: &str| {
        key.strip_prefix(prefix)
            .is_some_and(|n| !n.is_empty() && n.len() <= 4 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut devices = BTreeMap::new();
    for (key, device) in item.section()?.entries() {
        if matches!(key, "ami" | "root" | "swap") || numbered(key, "ebs") || numbered(key, "ephemeral") {
            devices.extend(device.line().map(|text| (key.to_owned(), text)));
        } else {
            device.key_error(
                format!("{key:?} is not a virtual device name"),
                "accepted: ami, root, swap, ebs1, ebs2, …, ephemeral0, ephemeral1, …",
            );
        }
    }
    Some(devices)
}
