//! `[instance]`

use super::document::Document;
use super::instance_tables;
use super::interface::ObservedInterface;
use crate::model::{
    AccountId, AmiId, Architecture, AvailabilityZone, HostName, Instance, InstanceAction, InstanceId,
    InstanceType, KernelId, LifeCycle, Monitoring, RamdiskId, ReservationId, SecurityGroupId, StringEnum,
    System, Timestamp, names,
};
use crate::scenario::USER_DATA_LIMIT;
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::known_paths::USER_DATA;
use crate::transcribe::observations::Observations;
use crate::transcribe::quote;

pub(super) fn write(
    observations: &Observations,
    document: &Document,
    primary: Option<&ObservedInterface>,
    draft: &mut Draft,
) {
    let mut table = DraftTable::new("[instance]");
    let value = |leaf: &str, key: &str| observations.text(leaf).or_else(|| document.text(key));
    table.set_id::<InstanceId>("instance-id", value("meta-data/instance-id", "instanceId"));
    let kind = value("meta-data/instance-type", "instanceType");
    table.set_if_valid::<InstanceType>("instance-type", kind);
    architecture(document, kind, &mut table);
    table.set_id::<AccountId>("account-id", account(observations, document).as_deref());
    let zone = zone(observations, document);
    let zone = zone.as_deref();
    zone_and_id(observations, zone, &mut table);
    table.set_if_valid::<LifeCycle>("life-cycle", observations.text("meta-data/instance-life-cycle"));
    table.set_if_valid::<InstanceAction>("instance-action", observations.text("meta-data/instance-action"));
    table.set_if_valid::<System>("system", observations.text("meta-data/system"));
    table.set_line("profile", observations.text("meta-data/profile"));
    table.set_if_valid::<Monitoring>("monitoring", observations.text("dynamic/fws/instance-monitoring"));
    launch(observations, document, &mut table);
    hostnames(observations, zone, primary, &mut table);
    groups(observations, primary, &mut table);
    user_data(observations, &mut table);
    if !table.is_empty() {
        table.add_first_comment(
            "The instance. Region, partition, ARNs and the identity document follow from it.",
        );
    }
    draft.push(table);
    instance_tables::write(observations, draft);
}

fn architecture(document: &Document, kind: Option<&str>, table: &mut DraftTable) {
    let follows = kind.and_then(|kind| kind.parse().ok()).map(|kind| Architecture::of(&kind).as_str());
    let other = document.text("architecture").filter(|name| follows != Some(name));
    table.set_if_valid::<Architecture>("architecture", other);
}

/// From the document, the identity role, an interface, or the ARN of the profile: not every service has all of them.
fn account(observations: &Observations, document: &Document) -> Option<String> {
    let role = || {
        let info = observations.read_json("meta-data/identity-credentials/ec2/info")?;
        Some(info.get("AccountId")?.as_str()?.to_owned())
    };
    let owner = || {
        let mac = observations.text("meta-data/mac")?;
        Some(observations.text(&format!("meta-data/network/interfaces/macs/{mac}/owner-id"))?.to_owned())
    };
    let profile = || {
        let info = observations.read_json("meta-data/iam/info")?;
        Some(info.get("InstanceProfileArn")?.as_str()?.split(':').nth(4)?.to_owned())
    };
    document.text("accountId").map(str::to_owned).or_else(role).or_else(owner).or_else(profile)
}

fn zone(observations: &Observations, document: &Document) -> Option<String> {
    let named = observations.text("meta-data/placement/availability-zone");
    let named = named.or_else(|| document.text("availabilityZone"));
    let usable = named.filter(|zone| zone.parse::<AvailabilityZone>().is_ok()).map(str::to_owned);
    // A region alone has a zone, too.
    let first = || observations.text("meta-data/placement/region").map(|region| format!("{region}a"));
    usable.or_else(first)
}

fn zone_and_id(observations: &Observations, zone: Option<&str>, table: &mut DraftTable) {
    table.set_if_valid::<AvailabilityZone>("availability-zone", zone);
    let follows = zone.and_then(|zone| zone.parse().ok()).map(|zone: AvailabilityZone| zone.zone_id());
    let id = observations.text("meta-data/placement/availability-zone-id");
    table.set_line("availability-zone-id", id.filter(|id| follows.as_deref() != Some(id)));
}

fn launch(observations: &Observations, document: &Document, table: &mut DraftTable) {
    let value = |leaf: &str, key: &str| observations.text(leaf).or_else(|| document.text(key));
    table.set_id::<AmiId>("ami-id", value("meta-data/ami-id", "imageId"));
    if let Some(index) =
        observations.text("meta-data/ami-launch-index").and_then(|text| text.parse::<u32>().ok())
    {
        table.set("ami-launch-index", i64::from(index));
    }
    table.set_line("ami-manifest-path", observations.text("meta-data/ami-manifest-path"));
    let ancestors = observations.lines("meta-data/ancestor-ami-ids");
    if !ancestors.is_empty() {
        table.set_ids::<AmiId>("ancestor-ami-ids", &ancestors);
    }
    table.set_id::<ReservationId>("reservation-id", observations.text("meta-data/reservation-id"));
    if let Some(time) = document.text("pendingTime").and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
        table.set_toml("launch-time", quote::instant(Timestamp::from(time)).to_string());
    }
    let mut codes = observations.lines("meta-data/product-codes");
    if codes.is_empty() {
        codes = document.list("marketplaceProductCodes");
    }
    table.set_list("product-codes", &codes);
    table.set_list("billing-products", &document.list("billingProducts"));
    match observations.text("meta-data/hibernation/configured") {
        Some("true") => table.set("hibernation", true),
        Some("false") => table.set("hibernation", false),
        _ => {}
    }
    table.set_id::<KernelId>("kernel-id", value("meta-data/kernel-id", "kernelId"));
    table.set_id::<RamdiskId>("ramdisk-id", value("meta-data/ramdisk-id", "ramdiskId"));
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
        if !ids.is_empty() || !observations.partial {
            table.set_ids::<SecurityGroupId>("security-group-ids", &ids);
        }
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
