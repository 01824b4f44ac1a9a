//! The tables below `[instance]`.

use crate::model::{HostId, Instance, TagKey};
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::known_paths::KEYS;
use crate::transcribe::observations::Observations;

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

pub(super) fn write(observations: &Observations, draft: &mut Draft) {
    public_keys(observations, draft);
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
    draft.push(table(observations, "[instance.elastic-gpus]", "meta-data/elastic-gpus/associations", |_| {
        true
    }));
    managed_ssh_keys(observations, draft);
    draft.push(placement(observations));
}

fn managed_ssh_keys(observations: &Observations, draft: &mut Draft) {
    let mut ssh = DraftTable::new("[instance.managed-ssh-keys]");
    if let Some(certificate) = observations.text("meta-data/managed-ssh-keys/signer-cert") {
        ssh.set("signer-cert", certificate);
    }
    draft.push(ssh);
    for part in ["active-keys", "signer-ocsp"] {
        let path = format!("meta-data/managed-ssh-keys/{part}");
        draft.push(table(observations, &format!("[instance.managed-ssh-keys.{part}]"), &path, |_| true));
    }
}

fn placement(observations: &Observations) -> DraftTable {
    let mut placement = DraftTable::new("[instance.placement]");
    let group = observations.text("meta-data/placement/group-name");
    placement.set_line("group-name", group);
    let partition =
        observations.text("meta-data/placement/partition-number").and_then(|text| text.parse::<u8>().ok());
    if let Some(partition) = partition.filter(|_| group.is_some()) {
        placement.set("partition-number", i64::from(partition));
    }
    placement.set_id::<HostId>("host-id", observations.text("meta-data/placement/host-id"));
    placement
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
