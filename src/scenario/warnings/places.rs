//! Regions and zones that there are not, and architectures that a type does not have.

use super::sections::{instances, others_are_meant};
use crate::config::{Item, Section, closest, is_near};
use crate::model::zones::{KnownRegion, REGIONS};
use crate::model::{Architecture, AvailabilityZone, InstanceType, Scenario, StringEnum as _};

/// The last letter of a zone that any region has.
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
    let Some(known) = KnownRegion::named(region.as_str()) else {
        // One that is new to mock-imds works as any other.
        if let Some(meant) = misspelt(region.as_str()) {
            item.warn(
                format!("mock-imds knows no region \"{region}\""),
                format!("did you mean \"{meant}{rest}\"?"),
            );
        } else if rest.len() == 1 && rest.chars().all(|letter| letter > LAST_ZONE) {
            item.warn(
                format!("the region {region} has no zone \"{zone}\""),
                format!("zones end in letters from a on, such as \"{region}a\""),
            );
        }
        return;
    };
    let name = rest.trim_start_matches('-');
    let of_unknown_letters = name.len() == 1 && !known.has_all_letters();
    // New ones of that form open more often than a table is renewed.
    if of_unknown_letters || zone.is_newer_wavelength_zone() || known.zones().any(|zone| zone == name) {
        return;
    }
    let of_its_kind = known.zones().filter(|zone| (zone.len() == 1) == (name.len() == 1));
    let nearest = closest(name, of_its_kind).or_else(|| known.zones().next()).unwrap_or("a");
    let nearest = format!("{region}{}{nearest}", if nearest.len() == 1 { "" } else { "-" });
    item.warn(
        format!("mock-imds knows no zone \"{zone}\" in the region {region}"),
        format!(
            "the nearest that it knows: \"{nearest}\"; one that is new works too, with the id \"{}\"",
            zone.zone_id()
        ),
    );
}

/// The region that was meant, if it is one with a typing error. A number more is rather a new region.
fn misspelt(region: &str) -> Option<&'static str> {
    let without_number = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let mut names = REGIONS.iter().map(|known| known.name);
    let is_new = names.clone().any(|known| without_number(known) == without_number(region));
    names.find(|known| !is_new && is_near(region, known))
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
