//! `[instance]` and its tables.

use super::Document;
use super::interface::ObservedInterface;
use crate::model::{
    AccountId, AmiId, Architecture, AvailabilityZone, HostId, HostName, Instance, InstanceAction, InstanceId,
    InstanceType, KernelId, LifeCycle, Monitoring, RamdiskId, ReservationId, SecurityGroupId, StringEnum,
    System, TagKey, Timestamp, names,
};
use crate::scenario::USER_DATA_LIMIT;
use crate::transcribe::draft::{Block, Draft};
use crate::transcribe::observations::{KEYS, Observations, USER_DATA};
use crate::transcribe::quote;

pub(super) fn write(
    seen: &Observations,
    document: &Document,
    primary: Option<&ObservedInterface>,
    draft: &mut Draft,
) {
    let mut block = Block::new("[instance]");
    block.comment("The instance. Region, partition, ARNs and the identity document follow from it.");
    let told = |leaf: &str, key: &str| seen.text(leaf).or_else(|| document.text(key));
    block.parsed::<InstanceId>("instance-id", told("meta-data/instance-id", "instanceId"));
    let kind = told("meta-data/instance-type", "instanceType");
    block.parsed::<InstanceType>("instance-type", kind);
    architecture(document, kind, &mut block);
    block.parsed::<AccountId>("account-id", account(seen, document).as_deref());
    let zone = told("meta-data/placement/availability-zone", "availabilityZone");
    zone_and_id(seen, zone, &mut block);
    block.word::<LifeCycle>("life-cycle", seen.text("meta-data/instance-life-cycle"));
    block.word::<InstanceAction>("instance-action", seen.text("meta-data/instance-action"));
    block.word::<System>("system", seen.text("meta-data/system"));
    line(&mut block, "profile", seen.text("meta-data/profile"));
    block.word::<Monitoring>("monitoring", seen.text("dynamic/fws/instance-monitoring"));
    launch(seen, document, &mut block);
    hostnames(seen, zone, primary, &mut block);
    groups(seen, primary, &mut block);
    user_data(seen, &mut block);
    draft.push(block);
    public_keys(seen, draft);
    tables(seen, draft);
}

fn line(block: &mut Block, key: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty() && !text.chars().any(char::is_control)) {
        block.say(key, text);
    }
}

fn list(block: &mut Block, key: &str, texts: &[&str]) {
    if !texts.is_empty() {
        block.raw(key, quote::list(texts));
    }
}

fn architecture(document: &Document, kind: Option<&str>, block: &mut Block) {
    let follows = kind.and_then(|kind| kind.parse().ok()).map(|kind| Architecture::of(&kind).as_str());
    let said = document.text("architecture").filter(|said| follows != Some(said));
    block.word::<Architecture>("architecture", said);
}

/// From the document, the identity role, or an interface: not every service has all of them.
fn account(seen: &Observations, document: &Document) -> Option<String> {
    let role = || {
        let info = seen.parsed("meta-data/identity-credentials/ec2/info")?;
        Some(info.get("AccountId")?.as_str()?.to_owned())
    };
    let owner = || {
        let mac = seen.text("meta-data/mac")?;
        Some(seen.text(&format!("meta-data/network/interfaces/macs/{mac}/owner-id"))?.to_owned())
    };
    document.text("accountId").map(str::to_owned).or_else(role).or_else(owner)
}

fn zone_and_id(seen: &Observations, zone: Option<&str>, block: &mut Block) {
    block.parsed::<AvailabilityZone>("availability-zone", zone);
    let follows = zone.and_then(|zone| zone.parse().ok()).map(|zone: AvailabilityZone| zone.zone_id());
    let id = seen.text("meta-data/placement/availability-zone-id");
    line(block, "availability-zone-id", id.filter(|id| follows.as_deref() != Some(id)));
}

fn launch(seen: &Observations, document: &Document, block: &mut Block) {
    let told = |leaf: &str, key: &str| seen.text(leaf).or_else(|| document.text(key));
    block.parsed::<AmiId>("ami-id", told("meta-data/ami-id", "imageId"));
    if let Some(index) = seen.text("meta-data/ami-launch-index").and_then(|text| text.parse::<u32>().ok()) {
        block.say("ami-launch-index", i64::from(index));
    }
    line(block, "ami-manifest-path", seen.text("meta-data/ami-manifest-path"));
    list(block, "ancestor-ami-ids", &seen.lines("meta-data/ancestor-ami-ids"));
    block.parsed::<ReservationId>("reservation-id", seen.text("meta-data/reservation-id"));
    if let Some(time) = document.text("pendingTime").and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
        block.raw("launch-time", quote::instant(Timestamp::from(time)).to_string());
    }
    let mut codes = seen.lines("meta-data/product-codes");
    if codes.is_empty() {
        codes = document.list("marketplaceProductCodes");
    }
    list(block, "product-codes", &codes);
    list(block, "billing-products", &document.list("billingProducts"));
    match seen.text("meta-data/hibernation/configured") {
        Some("true") => block.say("hibernation", true),
        Some("false") => block.say("hibernation", false),
        _ => {}
    }
    block.parsed::<KernelId>("kernel-id", told("meta-data/kernel-id", "kernelId"));
    block.parsed::<RamdiskId>("ramdisk-id", told("meta-data/ramdisk-id", "ramdiskId"));
}

/// Names that follow from address or id are not said.
fn hostnames(
    seen: &Observations,
    zone: Option<&str>,
    primary: Option<&ObservedInterface>,
    block: &mut Block,
) {
    let zone = zone.and_then(|zone| zone.parse::<AvailabilityZone>().ok());
    let region = zone.unwrap_or_else(|| Instance::default().availability_zone).region();
    let private = primary.and_then(|interface| interface.private.first());
    let by_address = private.map(|address| names::private_by_address(*address, &region));
    let id = seen.text("meta-data/instance-id").and_then(|id| id.parse().ok());
    let by_id = id.map(|id| names::private_by_instance(&id, &region));
    let name = seen.text("meta-data/local-hostname").or_else(|| seen.text("meta-data/hostname"));
    match name {
        Some(name) if by_address.as_deref() == Some(name) => {}
        Some(name) if by_id.as_deref() == Some(name) => block.say("hostname-type", "resource-name"),
        other => block.parsed::<HostName>("hostname", other),
    }
    let public = primary.and_then(|interface| interface.public.first());
    let follows = public.map(|address| names::public(*address, &region));
    let said = seen.text("meta-data/public-hostname").filter(|name| follows.as_deref() != Some(name));
    block.parsed::<HostName>("public-hostname", said.filter(|_| public.is_some()));
}

fn groups(seen: &Observations, primary: Option<&ObservedInterface>, block: &mut Block) {
    let names = seen.lines("meta-data/security-groups");
    if !names.is_empty() || seen.lacks("meta-data/security-groups") {
        block.raw("security-groups", quote::list(names));
    }
    if let Some(interface) = primary {
        let ids = interface.lines(seen, "security-group-ids");
        block.raw(
            "security-group-ids",
            quote::list(ids.into_iter().filter(|id| id.parse::<SecurityGroupId>().is_ok())),
        );
    }
}

pub(super) fn user_data(seen: &Observations, block: &mut Block) {
    if let Some(digest) = &seen.user_data {
        block.comment(format!("Its user data is not here: {digest}. `--with-user-data` includes it."));
    }
    // More is said as the last word on its path.
    if let Some(leaf) = seen.leaves.get(USER_DATA).filter(|leaf| leaf.bytes.len() <= USER_DATA_LIMIT) {
        block.raw("user-data", quote::content(&leaf.bytes, None));
    }
}

/// As far as they are numbered from 0 without a gap.
fn public_keys(seen: &Observations, draft: &mut Draft) {
    for number in 0.. {
        let Some(key) = seen.text(&format!("{KEYS}/{number}/openssh-key")) else { return };
        let Some(name) = seen.key_names.get(&number) else { return };
        let key = key.trim_end_matches('\n');
        if key.split_whitespace().count() < 2 || key.chars().any(char::is_control) {
            return;
        }
        let mut block = Block::new("[[instance.public-keys]]");
        block.say("name", name.as_str());
        block.say("key", key);
        draft.push(block);
    }
}

fn tables(seen: &Observations, draft: &mut Draft) {
    draft
        .push(table(seen, "[instance.tags]", "meta-data/tags/instance", |key| key.parse::<TagKey>().is_ok()));
    let devices = "meta-data/block-device-mapping";
    let mut mapping = table(seen, "[instance.block-device-mapping]", devices, is_device);
    if seen.lacks(devices) {
        mapping = mapping.even_empty();
    }
    draft.push(mapping);
    draft.push(accelerators(seen));
    let any = |_: &str| true;
    draft.push(table(seen, "[instance.elastic-gpus]", "meta-data/elastic-gpus/associations", any));
    let mut ssh = Block::new("[instance.managed-ssh-keys]");
    if let Some(certificate) = seen.text("meta-data/managed-ssh-keys/signer-cert") {
        ssh.say("signer-cert", certificate);
    }
    draft.push(ssh);
    for part in ["active-keys", "signer-ocsp"] {
        let path = format!("meta-data/managed-ssh-keys/{part}");
        draft.push(table(seen, &format!("[instance.managed-ssh-keys.{part}]"), &path, any));
    }
    let mut placement = Block::new("[instance.placement]");
    let group = seen.text("meta-data/placement/group-name");
    line(&mut placement, "group-name", group);
    let partition =
        seen.text("meta-data/placement/partition-number").and_then(|text| text.parse::<u8>().ok());
    if let Some(partition) = partition.filter(|_| group.is_some()) {
        placement.say("partition-number", i64::from(partition));
    }
    placement.parsed::<HostId>("host-id", seen.text("meta-data/placement/host-id"));
    draft.push(placement);
}

/// The leaves of a directory, by name and text.
fn table(seen: &Observations, header: &str, directory: &str, accepts: impl Fn(&str) -> bool) -> Block {
    let mut block = Block::new(header);
    for (name, leaf) in seen.below(directory).filter(|(name, _)| !name.contains('/') && accepts(name)) {
        if let Ok(text) = std::str::from_utf8(&leaf.bytes) {
            block.say(name, text);
        }
    }
    block
}

fn is_device(name: &str) -> bool {
    let digits = name.strip_prefix("ebs").or_else(|| name.strip_prefix("ephemeral"));
    matches!(name, "ami" | "root" | "swap")
        || digits.is_some_and(|digits| {
            (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        })
}

fn accelerators(seen: &Observations) -> Block {
    let mut block = Block::new("[instance.elastic-inference]");
    let directory = "meta-data/elastic-inference/associations";
    let ids: Vec<String> = seen.below(directory).map(|(id, _)| id.to_owned()).collect();
    for id in ids {
        let told = seen.parsed(&format!("{directory}/{id}")).unwrap_or_default();
        let kind = told.pointer("/version_2018_04_12/elastic-inference-accelerator-type");
        if let Some(kind) = kind.and_then(serde_json::Value::as_str) {
            block.say(&id, kind);
        }
    }
    block
}
