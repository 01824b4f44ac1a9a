//! `[instance]` and its tables.

use super::document::Document;
use super::interface::ObservedInterface;
use crate::model::{
    AccountId, AmiId, Architecture, AvailabilityZone, HostId, HostName, Instance, InstanceAction, InstanceId,
    InstanceType, KernelId, LifeCycle, Monitoring, RamdiskId, ReservationId, SecurityGroupId, StringEnum,
    System, TagKey, Timestamp, names,
};
use crate::scenario::USER_DATA_LIMIT;
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::known_paths::{KEYS, USER_DATA};
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

pub(super) fn write(
    observations: &Observations,
    document: &Document,
    primary: Option<&ObservedInterface>,
    draft: &mut Draft,
) {
    let mut table = DraftTable::new("[instance]");
    table.add_comment("The instance. Region, partition, ARNs and the identity document follow from it.");
    let value = |leaf: &str, key: &str| observations.text(leaf).or_else(|| document.text(key));
    table.set_if_valid::<InstanceId>("instance-id", value("meta-data/instance-id", "instanceId"));
    let kind = value("meta-data/instance-type", "instanceType");
    table.set_if_valid::<InstanceType>("instance-type", kind);
    architecture(document, kind, &mut table);
    table.set_if_valid::<AccountId>("account-id", account(observations, document).as_deref());
    let zone = value("meta-data/placement/availability-zone", "availabilityZone");
    zone_and_id(observations, zone, &mut table);
    table.set_if_valid::<LifeCycle>("life-cycle", observations.text("meta-data/instance-life-cycle"));
    table.set_if_valid::<InstanceAction>("instance-action", observations.text("meta-data/instance-action"));
    table.set_if_valid::<System>("system", observations.text("meta-data/system"));
    line(&mut table, "profile", observations.text("meta-data/profile"));
    table.set_if_valid::<Monitoring>("monitoring", observations.text("dynamic/fws/instance-monitoring"));
    launch(observations, document, &mut table);
    hostnames(observations, zone, primary, &mut table);
    groups(observations, primary, &mut table);
    user_data(observations, &mut table);
    draft.push(table);
    public_keys(observations, draft);
    tables(observations, draft);
}

fn line(table: &mut DraftTable, key: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty() && !text.chars().any(char::is_control)) {
        table.set(key, text);
    }
}

fn list(table: &mut DraftTable, key: &str, texts: &[&str]) {
    if !texts.is_empty() {
        table.set_toml(key, quote::list(texts));
    }
}

fn architecture(document: &Document, kind: Option<&str>, table: &mut DraftTable) {
    let follows = kind.and_then(|kind| kind.parse().ok()).map(|kind| Architecture::of(&kind).as_str());
    let other = document.text("architecture").filter(|name| follows != Some(name));
    table.set_if_valid::<Architecture>("architecture", other);
}

/// From the document, the identity role, or an interface: not every service has all of them.
fn account(observations: &Observations, document: &Document) -> Option<String> {
    let role = || {
        let info = observations.read_json("meta-data/identity-credentials/ec2/info")?;
        Some(info.get("AccountId")?.as_str()?.to_owned())
    };
    let owner = || {
        let mac = observations.text("meta-data/mac")?;
        Some(observations.text(&format!("meta-data/network/interfaces/macs/{mac}/owner-id"))?.to_owned())
    };
    document.text("accountId").map(str::to_owned).or_else(role).or_else(owner)
}

fn zone_and_id(observations: &Observations, zone: Option<&str>, table: &mut DraftTable) {
    table.set_if_valid::<AvailabilityZone>("availability-zone", zone);
    let follows = zone.and_then(|zone| zone.parse().ok()).map(|zone: AvailabilityZone| zone.zone_id());
    let id = observations.text("meta-data/placement/availability-zone-id");
    line(table, "availability-zone-id", id.filter(|id| follows.as_deref() != Some(id)));
}

fn launch(observations: &Observations, document: &Document, table: &mut DraftTable) {
    let value = |leaf: &str, key: &str| observations.text(leaf).or_else(|| document.text(key));
    table.set_if_valid::<AmiId>("ami-id", value("meta-data/ami-id", "imageId"));
    if let Some(index) =
        observations.text("meta-data/ami-launch-index").and_then(|text| text.parse::<u32>().ok())
    {
        table.set("ami-launch-index", i64::from(index));
    }
    line(table, "ami-manifest-path", observations.text("meta-data/ami-manifest-path"));
    list(table, "ancestor-ami-ids", &observations.lines("meta-data/ancestor-ami-ids"));
    table.set_if_valid::<ReservationId>("reservation-id", observations.text("meta-data/reservation-id"));
    if let Some(time) = document.text("pendingTime").and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
        table.set_toml("launch-time", quote::instant(Timestamp::from(time)).to_string());
    }
    let mut codes = observations.lines("meta-data/product-codes");
    if codes.is_empty() {
        codes = document.list("marketplaceProductCodes");
    }
    list(table, "product-codes", &codes);
    list(table, "billing-products", &document.list("billingProducts"));
    match observations.text("meta-data/hibernation/configured") {
        Some("true") => table.set("hibernation", true),
        Some("false") => table.set("hibernation", false),
        _ => {}
    }
    table.set_if_valid::<KernelId>("kernel-id", value("meta-data/kernel-id", "kernelId"));
    table.set_if_valid::<RamdiskId>("ramdisk-id", value("meta-data/ramdisk-id", "ramdiskId"));
}

/// Names that follow from the address or the id are not set.
fn hostnames(
    observations: &Observations,
    zone: Option<&str>,
    primary: Option<&ObservedInterface>,
    table: &mut DraftTable,
) {
    let zone = zone.and_then(|zone| zone.parse::<AvailabilityZone>().ok());
    let region = zone.unwrap_or_else(|| Instance::default().availability_zone).region();
    let private = primary.and_then(|interface| interface.private.first());
    let by_address = private.map(|address| names::private_by_address(*address, &region));
    let id = observations.text("meta-data/instance-id").and_then(|id| id.parse().ok());
    let by_id = id.map(|id| names::private_by_instance(&id, &region));
    let name =
        observations.text("meta-data/local-hostname").or_else(|| observations.text("meta-data/hostname"));
    match name {
        Some(name) if by_address.as_deref() == Some(name) => {}
        Some(name) if by_id.as_deref() == Some(name) => table.set("hostname-type", "resource-name"),
        other => table.set_if_valid::<HostName>("hostname", other),
    }
    let public = primary.and_then(|interface| interface.public.first());
    let follows = public.map(|address| names::public(*address, &region));
    let public_name =
        observations.text("meta-data/public-hostname").filter(|name| follows.as_deref() != Some(name));
    table.set_if_valid::<HostName>("public-hostname", public_name.filter(|_| public.is_some()));
}

fn groups(observations: &Observations, primary: Option<&ObservedInterface>, table: &mut DraftTable) {
    let names = observations.lines("meta-data/security-groups");
    if !names.is_empty() || observations.lacks("meta-data/security-groups") {
        table.set_toml("security-groups", quote::list(names));
    }
    if let Some(interface) = primary {
        let ids = interface.lines(observations, "security-group-ids");
        table.set_toml(
            "security-group-ids",
            quote::list(ids.into_iter().filter(|id| id.parse::<SecurityGroupId>().is_ok())),
        );
    }
}

pub(super) fn user_data(observations: &Observations, table: &mut DraftTable) {
    if let Some(digest) = &observations.user_data_digest {
        table.add_comment(format!("Its user data is not here: {digest}. `--with-user-data` includes it."));
    }
    // A longer one becomes an override.
    if let Some(value) =
        observations.values.get(USER_DATA).filter(|value| value.bytes.len() <= USER_DATA_LIMIT)
    {
        table.set_toml("user-data", quote::content(&value.bytes, None));
    }
}

/// Keys after a gap in the numbers are left to overrides.
fn public_keys(observations: &Observations, draft: &mut Draft) {
    for number in 0.. {
        let Some(key) = observations.text(&format!("{KEYS}/{number}/openssh-key")) else { return };
        let Some(name) = observations.key_names.get(&number) else { return };
        let key = key.trim_end_matches('\n');
        if key.split_whitespace().count() < 2 || key.chars().any(char::is_control) {
            return;
        }
        let mut table = DraftTable::new("[[instance.public-keys]]");
        table.set("name", name.as_str());
        table.set("key", key);
        draft.push(table);
    }
}

fn tables(observations: &Observations, draft: &mut Draft) {
    draft.push(table(observations, "[instance.tags]", "meta-data/tags/instance", |key| {
        key.parse::<TagKey>().is_ok()
    }));
    let devices = "meta-data/block-device-mapping";
    let mut mapping =
        table(observations, "[instance.block-device-mapping]", devices, Instance::is_virtual_device);
    if observations.lacks(devices) {
        mapping = mapping.keep_if_empty();
    }
    draft.push(mapping);
    draft.push(accelerators(observations));
    let any = |_: &str| true;
    draft.push(table(observations, "[instance.elastic-gpus]", "meta-data/elastic-gpus/associations", any));
    let mut ssh = DraftTable::new("[instance.managed-ssh-keys]");
    if let Some(certificate) = observations.text("meta-data/managed-ssh-keys/signer-cert") {
        ssh.set("signer-cert", certificate);
    }
    draft.push(ssh);
    for part in ["active-keys", "signer-ocsp"] {
        let path = format!("meta-data/managed-ssh-keys/{part}");
        draft.push(table(observations, &format!("[instance.managed-ssh-keys.{part}]"), &path, any));
    }
    let mut placement = DraftTable::new("[instance.placement]");
    let group = observations.text("meta-data/placement/group-name");
    line(&mut placement, "group-name", group);
    let partition =
        observations.text("meta-data/placement/partition-number").and_then(|text| text.parse::<u8>().ok());
    if let Some(partition) = partition.filter(|_| group.is_some()) {
        placement.set("partition-number", i64::from(partition));
    }
    placement.set_if_valid::<HostId>("host-id", observations.text("meta-data/placement/host-id"));
    draft.push(placement);
}

/// The leaves of a directory, by name and text.
fn table(
    observations: &Observations,
    header: &str,
    directory: &str,
    accepts: impl Fn(&str) -> bool,
) -> DraftTable {
    let mut table = DraftTable::new(header);
    for (name, value) in
        observations.below(directory).filter(|(name, _)| !name.contains('/') && accepts(name))
    {
        if let Ok(text) = std::str::from_utf8(&value.bytes) {
            table.set(name, text);
        }
    }
    table
}

fn accelerators(observations: &Observations) -> DraftTable {
    let mut table = DraftTable::new("[instance.elastic-inference]");
    let directory = "meta-data/elastic-inference/associations";
    let ids: Vec<String> = observations.below(directory).map(|(id, _)| id.to_owned()).collect();
    for id in ids {
        let association = observations.read_json(&format!("{directory}/{id}")).unwrap_or_default();
        let kind = association.pointer("/version_2018_04_12/elastic-inference-accelerator-type");
        if let Some(kind) = kind.and_then(serde_json::Value::as_str) {
            table.set(&id, kind);
        }
    }
    table
}
