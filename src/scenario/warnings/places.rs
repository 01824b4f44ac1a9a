//! Regions and zones that there are not, and architectures that a type does not have.

use super::sections::{instances, others_are_meant};
use crate::config::{Item, Section, is_near};
use crate::model::{Architecture, AvailabilityZone, InstanceType, Scenario, StringEnum as _};

/// The regions of all partitions. botocore 1.43.11 lists these but me-west-1 and sa-west-1.
const REGIONS: [&str; 48] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];
/// The last letter that a zone of a region has: us-east-1 has six.
const LAST_ZONE: char = 'f';

pub(super) fn add(root: &Section<'_>, scenario: &Scenario) {
    for section in instances(root).into_iter().filter(|section| !others_are_meant(root, section)) {
        if let Some(item) = text(&section, "availability-zone") {
            zone(&item);
        }
        if let Some(item) = text(&section, "availability-zone-id") {
            zone_id(&item, &section, scenario);
        }
        if let Some(item) = text(&section, "architecture") {
            architecture(&item, &section, scenario);
        }
    }
}

fn text<'a>(section: &Section<'a>, key: &'static str) -> Option<Item<'a>> {
    section.get(key).filter(|item| item.kind() == "string")
}

fn zone(item: &Item<'_>) {
    let Some(zone) = item.text().and_then(|text| text.parse::<AvailabilityZone>().ok()) else { return };
    let region = zone.region();
    let rest = &zone.as_str()[region.as_str().len()..];
    if !REGIONS.contains(&region.as_str()) {
        // One that is new to mock-imds works as any other.
        if let Some(meant) = misspelt(region.as_str()) {
            item.warn(
                format!("mock-imds knows no region \"{region}\""),
                format!("did you mean \"{meant}{rest}\"?"),
            );
            return;
        }
    }
    if rest.len() == 1 && rest.chars().all(|letter| letter > LAST_ZONE) {
        item.warn(
            format!("the region {region} has no zone \"{zone}\""),
            format!("zones end in letters from a on, such as \"{region}a\""),
        );
    }
}

/// The region that was meant, if it is one with a typing error. A number more is rather a new region.
fn misspelt(region: &str) -> Option<&'static str> {
    let without_number = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let is_new = REGIONS.iter().any(|known| without_number(known) == without_number(region));
    REGIONS.into_iter().find(|known| !is_new && is_near(region, known))
}

/// `use1-az1` belongs to `us-east-1`.
fn zone_id(item: &Item<'_>, section: &Section<'_>, scenario: &Scenario) {
    let Some(id) = item.text() else { return };
    let named = text(section, "availability-zone").and_then(|item| item.text()?.parse().ok());
    let zone: AvailabilityZone = named.unwrap_or_else(|| scenario.instance.availability_zone.clone());
    let derived = zone.zone_id();
    let region = |id: &str| id.split('-').next().unwrap_or_default().to_owned();
    if region(id) != region(&derived) {
        item.warn(
            format!("the zone id \"{id}\" does not belong to the region of the zone {zone}"),
            format!("such as \"{derived}\"; leave availability-zone-id out, it follows from the zone"),
        );
    }
}

fn architecture(item: &Item<'_>, section: &Section<'_>, scenario: &Scenario) {
    let Some(written) = item.text() else { return };
    let named = text(section, "instance-type").and_then(|item| item.text()?.parse().ok());
    let kind: InstanceType = named.unwrap_or_else(|| scenario.instance.instance_type.clone());
    let derived = Architecture::of(&kind);
    // Old images for i386 run on types for x86_64.
    let is_arm = |name: &str| name == Architecture::Arm64.as_str();
    if is_arm(written) != is_arm(derived.as_str()) {
        item.warn(
            format!("instance type {kind} is {}, not {written}", derived.as_str()),
            "leave architecture out, it follows from the type".to_owned(),
        );
    }
}
