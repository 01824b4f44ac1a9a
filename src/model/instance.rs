//! The instance: what is said of it, and what follows.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::credentials::Credentials;
use super::event::Signals;
use super::ids::{
    AccountId, AmiId, HostId, HostName, InstanceId, InstanceType, KernelId, MacAddress, RamdiskId,
    ReservationId, TagKey,
};
use super::interface::NetworkInterface;
use super::location::{AvailabilityZone, Region};
use super::options::MetadataOptions;
use super::scenario::Overrides;
use super::time::Timestamp;
use super::{SecurityGroups, names};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// An instance. Fields hold what is said; methods give what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the names are EC2's")]
pub struct Instance {
    /// The instance's id.
    pub instance_id: InstanceId,
    /// Its type.
    pub instance_type: InstanceType,
    /// The processor; follows from the type unless said.
    pub architecture: Option<Architecture>,
    /// The image that it was launched from.
    pub ami_id: AmiId,
    /// Its number among the instances of one launch.
    pub ami_launch_index: u32,
    /// Where the image's manifest is; `(unknown)` for images on EBS.
    pub ami_manifest_path: String,
    /// The images that the image was made from.
    pub ancestor_ami_ids: Vec<AmiId>,
    /// The zone; the region follows.
    pub availability_zone: AvailabilityZone,
    /// The zone's id; made up from the zone unless said.
    pub availability_zone_id: Option<String>,
    /// The account.
    pub account_id: AccountId,
    /// The launch request.
    pub reservation_id: ReservationId,
    /// When it was launched or last started: `pendingTime` in the identity document.
    pub launch_time: Timestamp,
    /// The paravirtual kernel.
    pub kernel_id: Option<KernelId>,
    /// The paravirtual RAM disk.
    pub ramdisk_id: Option<RamdiskId>,
    /// Marketplace product codes of the image.
    pub product_codes: Vec<String>,
    /// Billing codes, in the identity document only.
    pub billing_products: Vec<String>,
    /// What the instance should prepare for.
    pub instance_action: InstanceAction,
    /// How it is paid for.
    pub life_cycle: LifeCycle,
    /// What it runs on.
    pub system: System,
    /// The virtualization profile.
    pub profile: String,
    /// Detailed monitoring.
    pub monitoring: Monitoring,
    /// The private DNS name; follows from address or id unless said.
    pub hostname: Option<HostName>,
    /// Which of the two the private DNS name follows from.
    pub hostname_type: HostnameType,
    /// The public DNS name; follows from the public address unless said.
    pub public_hostname: Option<HostName>,
    /// Placement groups and hosts.
    pub placement: Placement,
    /// Virtual device name (`ami`, `root`, `ebs1`, `ephemeral0`, `swap`) → device.
    pub block_device_mapping: BTreeMap<String, String>,
    /// The groups of every interface that says none.
    pub security_groups: SecurityGroups,
    /// Whether hibernation is set up; absent on older hosts.
    pub hibernation: Option<bool>,
    /// Elastic GPU id → JSON object, as the driver reads it.
    pub elastic_gpus: BTreeMap<String, String>,
    /// Elastic Inference accelerator id → accelerator type.
    pub elastic_inference: BTreeMap<String, String>,
    /// Keys pushed by EC2 Instance Connect.
    pub managed_ssh_keys: ManagedSshKeys,
    /// Keys given at launch.
    pub public_keys: Vec<PublicKey>,
    /// Tags; in the tree only if the metadata options say so.
    pub tags: BTreeMap<TagKey, String>,
    /// User data, as bytes.
    pub user_data: Option<Vec<u8>>,
    /// At least one; by device number, each number and MAC address once.
    pub interfaces: Vec<NetworkInterface>,
    /// The metadata options.
    pub metadata_options: MetadataOptions,
    /// The instance profile's credentials, if there is one.
    pub credentials: Option<Credentials>,
    /// Last words on paths.
    pub overrides: Overrides,
    /// What events have announced; nothing in a file.
    pub signals: Signals,
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
            life_cycle: LifeCycle::OnDemand,
            system: System::Nitro,
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
            overrides: Overrides::new(),
            signals: Signals::default(),
        }
    }
}

// === What follows ===

impl Instance {
    /// The region that owns the zone.
    pub(crate) fn region(&self) -> Region {
        self.availability_zone.region()
    }

    /// The zone's id.
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

    /// The primary private IPv4 address; none on an IPv6-only instance.
    pub(crate) fn local_ipv4(&self) -> Option<Ipv4Addr> {
        self.primary().private_ipv4s.first().copied()
    }

    /// The primary public IPv4 address.
    pub(crate) fn public_ipv4(&self) -> Option<Ipv4Addr> {
        self.primary().public_ipv4s.first().copied()
    }

    /// The primary IPv6 address.
    pub(crate) fn ipv6(&self) -> Option<Ipv6Addr> {
        self.primary().ipv6s.first().copied()
    }

    /// The private DNS name.
    pub(crate) fn local_hostname(&self) -> String {
        self.local_hostname_of(self.primary())
    }

    /// The private DNS name of an interface. Without an IPv4 address it is the resource name.
    pub(crate) fn local_hostname_of(&self, interface: &NetworkInterface) -> String {
        if let Some(said) = self.hostname.as_ref().filter(|_| self.is_primary(interface)) {
            return said.to_string();
        }
        let region = self.region();
        match (self.hostname_type, interface.private_ipv4s.first()) {
            (HostnameType::IpName, Some(address)) => names::private_by_address(*address, &region),
            _ => names::private_by_instance(&self.instance_id, &region),
        }
    }

    /// The public DNS name.
    pub(crate) fn public_hostname(&self) -> Option<String> {
        self.public_hostname_of(self.primary())
    }

    /// The public DNS name of an interface with a public IPv4 address.
    pub(crate) fn public_hostname_of(&self, interface: &NetworkInterface) -> Option<String> {
        let address = interface.public_ipv4s.first()?;
        let said = self.public_hostname.as_ref().filter(|_| self.is_primary(interface));
        Some(said.map_or_else(|| names::public(*address, &self.region()), ToString::to_string))
    }

    fn is_primary(&self, interface: &NetworkInterface) -> bool {
        interface.device_number == self.primary().device_number
    }

    /// The processor.
    pub(crate) fn architecture(&self) -> Architecture {
        self.architecture.unwrap_or_else(|| Architecture::of(&self.instance_type))
    }
}

// === Words ===

/// The processor, in the words of the identity document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]

pub enum Architecture {
    /// 64-bit x86.
    #[strum(serialize = "x86_64")]
    X86_64,
    /// 64-bit Arm.
    #[strum(serialize = "arm64")]
    Arm64,
    /// 32-bit x86.
    #[strum(serialize = "i386")]
    I386,
}

impl Architecture {
    /// AWS' own processors are those of `a1` and of families with a `g` behind the generation: `m6g`, `c7gn`.
    pub(crate) fn of(instance_type: &InstanceType) -> Self {
        let family = instance_type.as_str().split('.').next().unwrap_or_default();
        let attributes = family.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let attributes = attributes.trim_start_matches(|c: char| c.is_ascii_digit());
        let apple_silicon = family.starts_with("mac2");
        if family == "a1" || apple_silicon || attributes.starts_with('g') {
            Self::Arm64
        } else {
            Self::X86_64
        }
    }
}

/// What the instance should prepare for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum InstanceAction {
    /// Nothing.
    None,
    /// It is being shut down.
    Shutdown,
    /// It is about to be bundled.
    BundlePending,
}

/// How the instance is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum LifeCycle {
    /// On demand.
    OnDemand,
    /// Spot.
    Spot,
    /// Scheduled Instances.
    Scheduled,
    /// Capacity Blocks.
    CapacityBlock,
}

/// What the instance runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum System {
    /// Nitro.
    Nitro,
    /// Xen.
    Xen,
    /// A Xen instance type on Nitro hardware.
    XenOnNitro,
}

/// Detailed monitoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Monitoring {
    /// Every minute.
    Enabled,
    /// Every five minutes.
    Disabled,
}

/// What the private DNS name follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum HostnameType {
    /// The primary private IPv4 address.
    IpName,
    /// The instance id.
    ResourceName,
}

/// Placement groups and hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The placement group.
    pub group_name: Option<String>,
    /// The Dedicated Host.
    pub host_id: Option<HostId>,
    /// The partition of a partition placement group, 1 to 7.
    pub partition_number: Option<u8>,
}

/// What EC2 Instance Connect reads: `managed-ssh-keys/`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManagedSshKeys {
    /// User → signed key blob.
    pub active_keys: BTreeMap<String, String>,
    /// The signer's certificate, and its chain, in PEM.
    pub signer_cert: Option<String>,
    /// Certificate name → OCSP response in base64.
    pub signer_ocsp: BTreeMap<String, String>,
}

/// A key pair's public half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key pair's name.
    pub name: String,
    /// One line in OpenSSH's format.
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_architecture_follows_from_the_type() {
        let cases = [
            ("m5.xlarge", Architecture::X86_64),
            ("m6g.large", Architecture::Arm64),
            ("c7gn.medium", Architecture::Arm64),
            ("g5g.xlarge", Architecture::Arm64),
            ("g5.xlarge", Architecture::X86_64),
            ("a1.large", Architecture::Arm64),
            ("mac2-m2.metal", Architecture::Arm64),
            ("mac1.metal", Architecture::X86_64),
            ("t4g.nano", Architecture::Arm64),
            ("x2iedn.xlarge", Architecture::X86_64),
        ];
        for (name, expected) in cases {
            let parsed: InstanceType = name.parse().expect(name);
            assert_eq!(Architecture::of(&parsed), expected, "architecture of {name}");
        }
    }
}
