//! Keys that have no effect, because another one would be needed.

use super::sections::{instances, table};
use crate::config::Section;
use crate::model::{EventEffect, InstanceMetadataTags, MetadataOption, Scenario};

pub(super) fn add(root: &Section<'_>, scenario: &Scenario) {
    hidden_tags(root, scenario);
    http(root, scenario);
}

/// Tags that no program sees.
fn hidden_tags(root: &Section<'_>, scenario: &Scenario) {
    let named = scenario.named_instances.iter().map(|named| &named.instance);
    let mut all = std::iter::once(&scenario.instance).chain(named);
    let shown = |tags: InstanceMetadataTags| tags == InstanceMetadataTags::Enabled;
    let by_event = scenario
        .events
        .iter()
        .flat_map(|event| &event.effects)
        .any(|effect| matches!(effect, EventEffect::Option(MetadataOption::Tags(tags)) if shown(*tags)));
    if by_event || all.any(|instance| shown(instance.metadata_options.instance_metadata_tags)) {
        return;
    }
    for section in instances(root) {
        if let Some(item) = section.get("tags")
            && table(&section, "tags").is_some_and(|tags| !tags.entries().is_empty())
        {
            item.warn_at_key(
                "no program sees these tags: instance-metadata-tags is \"disabled\"",
                "instance-metadata-tags = \"enabled\" in [metadata-options] shows them",
            );
        }
    }
}

fn http(root: &Section<'_>, scenario: &Scenario) {
    let Some(section) = table(root, "http") else { return };
    let profile = scenario.http.profile;
    if !profile.may_open_listings()
        && scenario.http.open_listings
        && let Some(item) = section.get("open-listings")
    {
        item.warn_at_key("open-listings has no effect without profile = \"aemm\"", "leave it out");
    }
    if !scenario.http.allowed_hosts.is_empty()
        && !scenario.has_real_credentials()
        && let Some(item) = section.get("allowed-hosts")
    {
        item.warn_at_key(
            "allowed-hosts has no effect: every name is allowed while the credentials are generated",
            "it is for the sources static, file and process of [credentials]",
        );
    }
}
