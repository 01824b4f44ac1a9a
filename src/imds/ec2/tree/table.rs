//! Every path of the tree: the version that introduced it, when it is present, and its value.
//!
//! Dates are those of the EC2 User Guide, "Instance metadata categories". Where the guide gives none
//! (marked *undated*), the date is the earliest served version under which a recorded listing shows the
//! path, or, without any recording, the first one that is certain not to be too early.

use std::fmt::Display;

use crate::imds::ec2::leaf_context::LiveValue;
use crate::imds::ec2::version::Version;
use crate::imds::ec2::{credentials, signals};
use crate::model::{Instance, InstanceMetadataTags, LateLeaf, NetworkInterface, StringEnum, json};

/// A path, or a family of paths.
pub(crate) struct CategoryRow {
    /// Below the version; `{…}` stands for a name that the rule gives.
    pub path: &'static str,
    pub introduced: Version,
    pub rule: RowValue,
}

/// The condition under which a path is present, and its value.
pub(crate) enum RowValue {
    Always(fn(&Instance) -> String),
    When(fn(&Instance) -> Option<String>),
    /// As `When`, for a value that need not be text.
    Bytes(fn(&Instance) -> Option<Vec<u8>>),
    /// One leaf for each pair of name and value.
    Each(fn(&Instance) -> Vec<(String, String)>),
    /// One directory for each name, with a listing line of its own and the value in it.
    Labelled(fn(&Instance) -> Vec<(String, String, String)>),
    /// One leaf for each interface that has a value.
    Interface(fn(&Instance, &NetworkInterface) -> Option<String>),
    /// Leaves of each interface, by name and value.
    InterfaceEach(fn(&NetworkInterface) -> Vec<(String, String)>),
    /// When there is a value at the time of the request.
    Live(LiveValue),
    /// As `Live`, under a name that the instance gives.
    LiveNamed(fn(&Instance) -> Option<String>, LiveValue),
}

const fn row(path: &'static str, introduced: &str, rule: RowValue) -> CategoryRow {
    CategoryRow { path, introduced: Version::of(introduced), rule }
}

/// A leaf of each interface that has a value.
macro_rules! nic {
    ($leaf:literal, $introduced:literal, $value:expr) => {
        row(concat!("meta-data/network/interfaces/macs/{mac}/", $leaf), $introduced, Interface($value))
    };
}

use LateLeaf::{Ipv6s, LocalIpv4s, PublicIpv4s, SecurityGroups};
use RowValue::{Always, Bytes, Each, Interface, InterfaceEach, Labelled, Live, LiveNamed, When};

pub(crate) const ROWS: &[CategoryRow] = &[
    row("dynamic/fws/instance-monitoring", "2009-04-04", Always(|i| i.monitoring.as_str().into())),
    row("dynamic/instance-identity/document", "2009-04-04", Live(|v| Some(v.identity.document.clone()))),
    row(
        "dynamic/instance-identity/pkcs7",
        "2009-04-04",
        Live(|v| Some(v.identity.signatures().pkcs7.clone())),
    ),
    // Undated; in a tree recorded under 2016-09-02.
    row(
        "dynamic/instance-identity/rsa2048",
        "2016-09-02",
        Live(|v| Some(v.identity.signatures().rsa2048.clone())),
    ),
    row(
        "dynamic/instance-identity/signature",
        "2009-04-04",
        Live(|v| Some(v.identity.signatures().signature.clone())),
    ),
    row("meta-data/ami-id", "1.0", Always(|i| text(&i.ami_id))),
    row("meta-data/ami-launch-index", "1.0", Always(|i| text(i.ami_launch_index))),
    row("meta-data/ami-manifest-path", "1.0", Always(|i| i.ami_manifest_path.clone())),
    row("meta-data/ancestor-ami-ids", "2007-10-10", When(|i| lines(&i.ancestor_ami_ids))),
    row(
        "meta-data/autoscaling/target-lifecycle-state",
        "2021-07-15",
        When(|i| i.signals.target_lifecycle_state.map(|state| state.as_str().into())),
    ),
    row("meta-data/block-device-mapping/{name}", "2007-12-15", Each(|i| pairs(&i.block_device_mapping))),
    row("meta-data/elastic-gpus/associations/{id}", "2016-11-30", Each(|i| pairs(&i.elastic_gpus))),
    row("meta-data/elastic-inference/associations/{id}", "2018-11-29", Each(accelerators)),
    row(
        "meta-data/events/maintenance/history",
        "2018-08-17",
        Always(|i| signals::maintenance(&i.signals.history)),
    ),
    row(
        "meta-data/events/maintenance/scheduled",
        "2018-08-17",
        Always(|i| signals::maintenance(&i.signals.scheduled)),
    ),
    row(
        "meta-data/events/recommendations/rebalance",
        "2020-10-27",
        Live(|v| signals::rebalance(&v.instance.signals, v.now)),
    ),
    // Undated; on newer hosts only. Hibernation came in November 2018.
    row("meta-data/hibernation/configured", "2019-10-01", When(|i| i.hibernation.map(text))),
    row("meta-data/hostname", "1.0", Always(Instance::local_hostname)),
    row("meta-data/iam/info", "2012-01-12", Live(credentials::info)),
    row("meta-data/iam/security-credentials/{role}", "2012-01-12", LiveNamed(role_name, credentials::role)),
    // Undated and behind a switch: SDKs ask for it, the service did not answer in public by mid-2025.
    row(
        "meta-data/iam/security-credentials-extended/{role}",
        "2024-04-11",
        LiveNamed(role_name, credentials::role_extended),
    ),
    row(
        "meta-data/identity-credentials/ec2/info",
        "2018-05-23",
        Live(|v| Some(credentials::identity_info(v))),
    ),
    row(
        "meta-data/identity-credentials/ec2/security-credentials/ec2-instance",
        "2018-05-23",
        Live(|v| Some(credentials::identity_role(v))),
    ),
    row("meta-data/instance-action", "2008-09-01", Always(|i| i.instance_action.as_str().into())),
    row("meta-data/instance-id", "1.0", Always(|i| text(&i.instance_id))),
    row("meta-data/instance-life-cycle", "2019-10-01", Always(|i| i.life_cycle.as_str().to_owned())),
    row("meta-data/instance-type", "2007-08-29", Always(|i| text(&i.instance_type))),
    row("meta-data/ipv6", "2021-01-03", When(|i| i.primary_as_shown(Ipv6s)?.ipv6s.first().map(text))),
    row("meta-data/kernel-id", "2008-02-01", When(|i| i.kernel_id.as_ref().map(text))),
    row("meta-data/local-hostname", "2007-01-19", Always(Instance::local_hostname)),
    row(
        "meta-data/local-ipv4",
        "1.0",
        When(|i| i.primary_as_shown(LocalIpv4s)?.private_ipv4s.first().map(text)),
    ),
    row("meta-data/mac", "2011-01-01", Always(|i| text(i.mac()))),
    // Undated; EC2 Instance Connect came in June 2019.
    row(
        "meta-data/managed-ssh-keys/active-keys/{user}",
        "2019-10-01",
        Each(|i| pairs(&i.managed_ssh_keys.active_keys)),
    ),
    row(
        "meta-data/managed-ssh-keys/signer-cert",
        "2019-10-01",
        When(|i| i.managed_ssh_keys.signer_cert.clone()),
    ),
    row(
        "meta-data/managed-ssh-keys/signer-ocsp/{name}",
        "2019-10-01",
        Each(|i| pairs(&i.managed_ssh_keys.signer_ocsp)),
    ),
    // No longer available, the guide says; hosts answer an XML declaration and nothing more.
    row(
        "meta-data/metrics/vhostmd",
        "2011-05-01",
        Always(|_| r#"<?xml version="1.0" encoding="UTF-8"?>"#.into()),
    ),
    nic!("device-number", "2011-01-01", |_, n| Some(text(n.device_number))),
    nic!("interface-id", "2011-01-01", |_, n| Some(text(&n.interface_id))),
    row(
        "meta-data/network/interfaces/macs/{mac}/ipv4-associations/{address}",
        "2011-01-01",
        InterfaceEach(|n| n.ipv4_associations().iter().map(|(p, a)| (text(p), text(a))).collect()),
    ),
    // Undated; prefix delegation came in July 2021.
    nic!("ipv4-prefix", "2021-07-15", |_, n| lines(&n.ipv4_prefixes)),
    nic!("ipv6-prefix", "2021-07-15", |_, n| lines(&n.ipv6_prefixes)),
    nic!("ipv6s", "2016-06-30", |_, n| lines(&n.ipv6s)),
    nic!("local-hostname", "2011-01-01", |i, n| Some(i.local_hostname_of(n))),
    nic!("local-ipv4s", "2011-01-01", |_, n| lines(&n.private_ipv4s)),
    nic!("mac", "2011-01-01", |_, n| Some(text(&n.mac))),
    // The guide calls it network-card-index; every client reads this name.
    nic!("network-card", "2020-11-01", |_, n| n.network_card.map(text)),
    nic!("owner-id", "2011-01-01", |i, n| Some(text(n.owner_id.as_ref().unwrap_or(&i.account_id)))),
    nic!("public-hostname", "2011-01-01", Instance::public_hostname_of),
    nic!("public-ipv4s", "2011-01-01", |_, n| lines(&n.public_ipv4s)),
    nic!("security-group-ids", "2011-01-01", |_, n| lines(&n.security_groups.ids)),
    nic!("security-groups", "2011-01-01", |_, n| lines(&n.security_groups.names)),
    nic!("subnet-id", "2011-01-01", |_, n| Some(text(&n.subnet_id))),
    nic!("subnet-ipv4-cidr-block", "2011-01-01", |_, n| n.subnet_ipv4_cidr_block.map(text)),
    nic!("subnet-ipv6-cidr-blocks", "2016-06-30", |_, n| lines(&n.subnet_ipv6_cidr_blocks)),
    nic!("vpc-id", "2011-01-01", |_, n| Some(text(&n.vpc_id))),
    nic!("vpc-ipv4-cidr-block", "2011-01-01", |_, n| n.vpc_ipv4_cidr_blocks.first().map(text)),
    nic!("vpc-ipv4-cidr-blocks", "2016-06-30", |_, n| lines(&n.vpc_ipv4_cidr_blocks)),
    nic!("vpc-ipv6-cidr-blocks", "2016-06-30", |_, n| lines(&n.vpc_ipv6_cidr_blocks)),
    row("meta-data/placement/availability-zone", "2008-02-01", Always(|i| text(&i.availability_zone))),
    row("meta-data/placement/availability-zone-id", "2019-10-01", Always(Instance::zone_id)),
    row("meta-data/placement/group-name", "2020-08-24", When(|i| i.placement.group_name.clone())),
    row("meta-data/placement/host-id", "2020-08-24", When(|i| i.placement.host_id.as_ref().map(text))),
    row(
        "meta-data/placement/partition-number",
        "2020-08-24",
        When(|i| i.placement.partition_number.map(text)),
    ),
    row("meta-data/placement/region", "2020-08-24", Always(|i| text(i.region()))),
    row("meta-data/product-codes", "2007-03-01", When(|i| lines(&i.product_codes))),
    // Undated; in listings recorded under 2016-09-02.
    row("meta-data/profile", "2016-09-02", Always(|i| i.profile.clone())),
    row(
        "meta-data/public-hostname",
        "2007-01-19",
        When(|i| i.public_hostname_of(i.primary_as_shown(PublicIpv4s)?)),
    ),
    row(
        "meta-data/public-ipv4",
        "2007-01-19",
        When(|i| i.primary_as_shown(PublicIpv4s)?.public_ipv4s.first().map(text)),
    ),
    row("meta-data/public-keys/{index}/openssh-key", "1.0", Labelled(public_keys)),
    row("meta-data/ramdisk-id", "2007-10-10", When(|i| i.ramdisk_id.as_ref().map(text))),
    row("meta-data/reservation-id", "1.0", Always(|i| text(&i.reservation_id))),
    row(
        "meta-data/security-groups",
        "1.0",
        When(|i| lines(&i.primary_as_shown(SecurityGroups)?.security_groups.names)),
    ),
    row("meta-data/services/domain", "2014-02-25", Always(|i| i.region().partition().domain.into())),
    row("meta-data/services/partition", "2015-10-20", Always(|i| i.region().partition().name.into())),
    row(
        "meta-data/spot/instance-action",
        "2016-11-15",
        Live(|v| signals::instance_action(&v.instance.signals, v.now)),
    ),
    row(
        "meta-data/spot/termination-time",
        "2014-11-05",
        Live(|v| signals::termination_time(&v.instance.signals, v.now)),
    ),
    row("meta-data/system", "2022-09-24", Always(|i| i.system().as_str().into())),
    row("meta-data/tags/instance/{key}", "2021-03-23", Each(tags)),
    row("user-data", "1.0", Bytes(|i| i.user_data.clone())),
];

/// The path of each row. Tests demand of a new one what the others have.
pub fn category_paths() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|category| category.path)
}

fn role_name(instance: &Instance) -> Option<String> {
    instance.role_as_shown().map(|credentials| text(&credentials.role))
}

fn text(value: impl Display) -> String {
    value.to_string()
}

/// One a line; nothing rather than an empty leaf.
fn lines<T: Display>(values: &[T]) -> Option<String> {
    let lines: Vec<String> = values.iter().map(ToString::to_string).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn pairs<K: Display>(map: &std::collections::BTreeMap<K, String>) -> Vec<(String, String)> {
    map.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
}

/// One object whose only key names the schema.
fn accelerators(instance: &Instance) -> Vec<(String, String)> {
    let object = |(id, kind): (&String, &String)| {
        let inner = [
            ("elastic-inference-accelerator-id", json::string(id)),
            ("elastic-inference-accelerator-type", json::string(kind)),
        ];
        let members: Vec<String> = inner.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        (id.clone(), format!("{{\"version_2018_04_12\":{{{}}}}}", members.join(",")))
    };
    instance.elastic_inference.iter().map(object).collect()
}

fn tags(instance: &Instance) -> Vec<(String, String)> {
    match instance.metadata_options.instance_metadata_tags {
        InstanceMetadataTags::Enabled => pairs(&instance.tags),
        InstanceMetadataTags::Disabled => vec![],
    }
}

/// Listed as `0=name`, found under `0`; the key is the one value that ends in a newline.
fn public_keys(instance: &Instance) -> Vec<(String, String, String)> {
    let entry = |(index, key): (usize, &crate::model::PublicKey)| {
        (index.to_string(), format!("{index}={}", key.name), format!("{}\n", key.key))
    };
    instance.public_keys.iter().enumerate().map(entry).collect()
}
