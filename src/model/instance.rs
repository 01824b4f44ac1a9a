//! The instance: the facts that a scenario sets, and the values that follow from them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::attributes::{
    Architecture, HostnameType, InstanceAction, ManagedSshKeys, Monitoring, Placement, PublicKey, System,
};
use super::credentials::Credentials;
use super::ecs::EcsTask;
use super::ids::{HostName, InstanceType, MacAddress, TagKey};
use super::interface::{NetworkInterface, SecurityGroups};
use super::late::{Late, ShownLeaf, ShownRole};
use super::location::{AvailabilityZone, Region};
use super::names;
use super::open_list::LifeCycle;
use super::options::MetadataOptions;
use super::overrides::Overrides;
use super::pod_identity::PodIdentity;
use super::propagation::{LateLeaf, Propagation};
use super::resource_ids::{AccountId, AmiId, InstanceId, KernelId, RamdiskId, ReservationId};
use super::signals::Signals;
use super::time::Timestamp;

/// An instance. The fields hold facts that are set, the methods give values that follow from them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the names are EC2's")]
pub struct Instance {
    /// The instance id.
    pub instance_id: InstanceId,
    /// The instance type.
    pub instance_type: InstanceType,
    /// The processor architecture; follows from the type unless set.
    pub architecture: Option<Architecture>,
    /// The image that the instance was launched from.
    pub ami_id: AmiId,
    /// The index among the instances of one launch, from 0.
    pub ami_launch_index: u32,
    /// The path of the image's manifest on S3; `(unknown)` for images on EBS.
    pub ami_manifest_path: String,
    /// The images that the image was derived from.
    pub ancestor_ami_ids: Vec<AmiId>,
    /// The availability zone; the region follows from it.
    pub availability_zone: AvailabilityZone,
    /// The id of the zone; follows from the zone unless set.
    pub availability_zone_id: Option<String>,
    /// The account that owns the instance.
    pub account_id: AccountId,
    /// The reservation, that is the launch request.
    pub reservation_id: ReservationId,
    /// The time of the launch or of the last start: `pendingTime` in the identity document.
    pub launch_time: Timestamp,
    /// The kernel of a paravirtual instance.
    pub kernel_id: Option<KernelId>,
    /// The RAM disk of a paravirtual instance.
    pub ramdisk_id: Option<RamdiskId>,
    /// Marketplace product codes of the image.
    pub product_codes: Vec<String>,
    /// Billing codes, in the identity document only.
    pub billing_products: Vec<String>,
    /// The action that the instance is notified to prepare for.
    pub instance_action: InstanceAction,
    /// The purchasing option.
    pub life_cycle: LifeCycle,
    /// The platform that the instance runs on; follows from the type unless set.
    pub system: Option<System>,
    /// The virtualization profile, such as `default-hvm`.
    pub profile: String,
    /// Detailed monitoring.
    pub monitoring: Monitoring,
    /// The private DNS name; follows from the address or the id unless set.
    pub hostname: Option<HostName>,
    /// The source of the private DNS name.
    pub hostname_type: HostnameType,
    /// The public DNS name; follows from the public address unless set.
    pub public_hostname: Option<HostName>,
    /// The placement group and the host.
    pub placement: Placement,
    /// Virtual device name (`ami`, `root`, `ebs1`, `ephemeral0`, `swap`) → device.
    pub block_device_mapping: BTreeMap<String, String>,
    /// The security groups of every interface that has none of its own.
    pub security_groups: SecurityGroups,
    /// Whether hibernation is configured; `None` on older hosts, which do not show it.
    pub hibernation: Option<bool>,
    /// Elastic GPU id → JSON object, in the form that the driver reads.
    pub elastic_gpus: BTreeMap<String, String>,
    /// Elastic Inference accelerator id → accelerator type.
    pub elastic_inference: BTreeMap<String, String>,
    /// The keys that EC2 Instance Connect pushed.
    pub managed_ssh_keys: ManagedSshKeys,
    /// The key pairs that were given at launch.
    pub public_keys: Vec<PublicKey>,
    /// The tags; in the tree only if the metadata options enable them.
    pub tags: BTreeMap<TagKey, String>,
    /// The user data, before base64.
    pub user_data: Option<Vec<u8>>,
    /// The network interfaces: at least one, sorted by network card and device number, each pair and MAC address once.
    pub interfaces: Vec<NetworkInterface>,
    /// The metadata options.
    pub metadata_options: MetadataOptions,
    /// The instance profile's credentials, if there is one.
    pub credentials: Option<Credentials>,
    /// The task of Amazon ECS, if the scenario says one.
    pub ecs: Option<Arc<EcsTask>>,
    /// The pod's identity, if the scenario says one.
    pub pod_identity: Option<Arc<PodIdentity>>,
    /// The overrides of paths.
    pub overrides: Overrides,
    /// The announcements that events have made; empty in a scenario.
    pub signals: Signals,
    /// How late changes are visible.
    pub propagation: Arc<Propagation>,
    /// What is not shown as it is; empty in a scenario.
    pub late: Late,
}

impl Default for Instance {
    fn default() -> Self {
        let fixed = "the built-in instance is well-formed";
        let groups = SecurityGroups {
            names: vec!["default".into()],
            ids: vec!["sg-0b07f8f6cb485d4df".parse().expect(fixed)],
        };
        Self {
            instance_id: "i-1234567890abcdef0".parse().expect(fixed),
            instance_type: "m5.xlarge".parse().expect(fixed),
            architecture: None,
            ami_id: "ami-0a887e401f7654935".parse().expect(fixed),
            ami_launch_index: 0,
            ami_manifest_path: "(unknown)".into(),
            ancestor_ami_ids: vec![],
            availability_zone: "us-east-1a".parse().expect(fixed),
            availability_zone_id: None,
            account_id: "123456789012".parse().expect(fixed),
            reservation_id: "r-046cb3eca3e201d2f".parse().expect(fixed),
            // 2024-01-15T09:30:00Z: a constant, so that the identity document never changes by itself.
            launch_time: Timestamp::from_secs(1_705_311_000),
            kernel_id: None,
            ramdisk_id: None,
            product_codes: vec![],
            billing_products: vec![],
            instance_action: InstanceAction::None,
            life_cycle: LifeCycle::ON_DEMAND,
            system: None,
            profile: "default-hvm".into(),
            monitoring: Monitoring::Disabled,
            hostname: None,
            hostname_type: HostnameType::IpName,
            public_hostname: None,
            placement: Placement::default(),
            block_device_mapping: [("ami", "/dev/xvda"), ("root", "/dev/xvda")]
                .map(|(name, device)| (name.to_owned(), device.to_owned()))
                .into(),
            security_groups: groups.clone(),
            hibernation: None,
            elastic_gpus: BTreeMap::new(),
            elastic_inference: BTreeMap::new(),
            managed_ssh_keys: ManagedSshKeys::default(),
            public_keys: vec![],
            tags: BTreeMap::new(),
            user_data: None,
            interfaces: vec![NetworkInterface { security_groups: groups, ..NetworkInterface::numbered(0) }],
            metadata_options: MetadataOptions::default(),
            credentials: Some(Credentials::default()),
            ecs: None,
            pod_identity: None,
            overrides: Overrides::default(),
            signals: Signals::default(),
            propagation: Arc::default(),
            late: Late::default(),
        }
    }
}

// === Derived values ===

impl Instance {
    /// The region that owns the zone.
    pub(crate) fn region(&self) -> Region {
        self.availability_zone.region()
    }

    /// The id of the zone, as set or derived.
    pub(crate) fn zone_id(&self) -> String {
        self.availability_zone_id.clone().unwrap_or_else(|| self.availability_zone.zone_id())
    }

    /// The primary interface.
    pub(crate) fn primary(&self) -> &NetworkInterface {
        self.interfaces.first().expect("an instance has at least one interface")
    }

    /// The primary MAC address.
    pub(crate) fn mac(&self) -> &MacAddress {
        &self.primary().mac
    }

    /// The primary interface as a leaf of it shows it; `None` while that leaf is absent.
    pub(crate) fn primary_as_shown(&self, leaf: LateLeaf) -> Option<&NetworkInterface> {
        match self.late.leaf(self.mac(), leaf) {
            None => Some(self.primary()),
            Some(ShownLeaf::Of(before)) => Some(before),
            Some(_) => None,
        }
    }

    /// The instance profile as `iam/info` shows it.
    pub(crate) fn info_as_shown(&self) -> Option<&Credentials> {
        self.late.info(self.credentials.as_ref())
    }

    /// The instance profile whose role and keys are shown.
    pub(crate) fn role_as_shown(&self) -> Option<&Credentials> {
        match self.late.role() {
            None => self.credentials.as_ref(),
            Some(ShownRole::Of(before)) => before.as_deref(),
            Some(ShownRole::Listed(_)) => None,
        }
    }

    /// The primary private IPv4 address; `None` on an IPv6-only instance.
    pub(crate) fn local_ipv4(&self) -> Option<Ipv4Addr> {
        self.primary().private_ipv4s.first().copied()
    }

    /// The private DNS name of the primary interface.
    pub(crate) fn local_hostname(&self) -> String {
        self.local_hostname_of(self.primary())
    }

    /// The private DNS name of an interface: the resource name if it has no IPv4 address.
    pub(crate) fn local_hostname_of(&self, interface: &NetworkInterface) -> String {
        if let Some(hostname) = self.hostname.as_ref().filter(|_| self.is_primary(interface)) {
            return hostname.to_string();
        }
        let region = self.region();
        match (self.hostname_type, interface.private_ipv4s.first()) {
            (HostnameType::IpName, Some(address)) => names::private_by_address(*address, &region),
            _ => names::private_by_instance(&self.instance_id, &region),
        }
    }

    /// The public DNS name of an interface; `None` without a public IPv4 address.
    pub(crate) fn public_hostname_of(&self, interface: &NetworkInterface) -> Option<String> {
        let address = interface.public_ipv4s.first()?;
        let hostname = self.public_hostname.as_ref().filter(|_| self.is_primary(interface));
        Some(hostname.map_or_else(|| names::public(*address, &self.region()), ToString::to_string))
    }

    fn is_primary(&self, interface: &NetworkInterface) -> bool {
        interface.mac == *self.mac()
    }

    /// Whether a name is one of `block-device-mapping`: `ami`, `root`, `swap`, `ebs1`, `ephemeral0`, …
    pub(crate) fn is_virtual_device(name: &str) -> bool {
        let number = name.strip_prefix("ebs").or_else(|| name.strip_prefix("ephemeral"));
        matches!(name, "ami" | "root" | "swap")
            || number.is_some_and(|number| {
                (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
            })
    }

    /// The processor architecture, as set or derived.
    pub(crate) fn architecture(&self) -> Architecture {
        self.architecture.unwrap_or_else(|| Architecture::of(&self.instance_type))
    }

    /// The platform that the instance runs on, as set or derived.
    pub(crate) fn system(&self) -> System {
        self.system.unwrap_or_else(|| System::of(&self.instance_type))
    }
}
