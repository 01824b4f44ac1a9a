//! Attributes of an instance that have a vocabulary or a shape of their own.

use std::collections::BTreeMap;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::families::{self, FamilyKind};
use super::ids::InstanceType;
use super::resource_ids::HostId;

/// The processor architecture, spelled as in the identity document.
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
    /// The architecture of an instance type.
    pub(crate) fn of(instance_type: &InstanceType) -> Self {
        let family = instance_type.family();
        match families::known(family) {
            Some(FamilyKind::Arm64OnNitro) => Self::Arm64,
            Some(FamilyKind::X86OnNitro | FamilyKind::X86OnXen) => Self::X86_64,
            None => Self::of_new_family(family),
        }
    }

    /// The architecture of a family that is newer than the table, as its name says: AWS' own processors have a `g` after
    /// the generation, as in `m6g`; NVIDIA's Grace has a `gb`, as in `p6e-gb200`; new Macs have Apple's processors.
    fn of_new_family(family: &str) -> Self {
        let attributes = family.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let attributes = attributes.trim_start_matches(|c: char| c.is_ascii_digit());
        let apple_silicon = family.starts_with("mac") && family != "mac1";
        if family == "a1" || apple_silicon || family.contains("-gb") || attributes.starts_with('g') {
            Self::Arm64
        } else {
            Self::X86_64
        }
    }
}

/// The action that the instance is notified to prepare for: `instance-action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum InstanceAction {
    /// Nothing.
    None,
    /// The instance is being shut down.
    Shutdown,
    /// The instance is about to be bundled into an image.
    BundlePending,
}

/// The platform that the instance runs on: `system`.
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

impl System {
    /// The platform of an instance type. New families, and bare metal of all, are on Nitro.
    pub(crate) fn of(instance_type: &InstanceType) -> Self {
        let bare_metal = instance_type.as_str().contains(".metal");
        match families::known(instance_type.family()) {
            Some(FamilyKind::X86OnXen) if !bare_metal => Self::Xen,
            _ => Self::Nitro,
        }
    }
}

/// Detailed monitoring of the instance by Amazon `CloudWatch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Monitoring {
    /// Detailed monitoring: a value every minute.
    Enabled,
    /// Basic monitoring: a value every five minutes.
    Disabled,
}

/// The source of the private DNS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum HostnameType {
    /// The primary private IPv4 address.
    IpName,
    /// The instance id.
    ResourceName,
}

/// The placement beyond the zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The placement group's name.
    pub group_name: Option<String>,
    /// The Dedicated Host's id.
    pub host_id: Option<HostId>,
    /// The number of the partition in a partition placement group, 1 to 7.
    pub partition_number: Option<u8>,
}

/// The keys that EC2 Instance Connect reads: `managed-ssh-keys/`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManagedSshKeys {
    /// User name → signed key blob.
    pub active_keys: BTreeMap<String, String>,
    /// The signer's certificate with its chain, in PEM.
    pub signer_cert: Option<String>,
    /// Certificate name → OCSP response in base64.
    pub signer_ocsp: BTreeMap<String, String>,
}

/// The public half of a key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key pair's name.
    pub name: String,
    /// The key, as one line in OpenSSH's format.
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
            ("p6e-gb200.36xlarge", Architecture::Arm64),
            ("p6-b200.48xlarge", Architecture::X86_64),
            ("mac-m4pro.metal", Architecture::Arm64),
            ("m9g.large", Architecture::Arm64),
            ("p7e-gb300.36xlarge", Architecture::Arm64),
            ("m9i.large", Architecture::X86_64),
        ];
        for (name, expected) in cases {
            let parsed: InstanceType = name.parse().expect(name);
            assert_eq!(Architecture::of(&parsed), expected, "architecture of {name}");
        }
    }

    #[test]
    fn each_family_is_there_once_and_follows_the_rule_for_new_ones() {
        let mut families: Vec<&str> = families::all().map(|(family, _)| family).collect();
        for family in &families {
            let is_arm64 = families::known(family) == Some(FamilyKind::Arm64OnNitro);
            let by_rule = Architecture::of_new_family(family) == Architecture::Arm64;
            assert_eq!(by_rule, is_arm64, "whether {family} is for arm64");
        }
        families.sort_unstable();
        let twice = families.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(
            (twice, families.len()),
            (None, 188),
            "a family that is there twice, and how many there are"
        );
    }

    #[test]
    fn the_system_follows_from_the_type() {
        let cases = [
            ("m5.xlarge", System::Nitro),
            ("t1.micro", System::Xen),
            ("m1.small", System::Xen),
            ("c1.medium", System::Xen),
            ("t2.micro", System::Xen),
            ("i3.large", System::Xen),
            ("i3.metal", System::Nitro),
            ("i3en.large", System::Nitro),
            ("p3.2xlarge", System::Xen),
            ("p3dn.24xlarge", System::Nitro),
            ("m99x.large", System::Nitro),
        ];
        for (name, expected) in cases {
            let parsed: InstanceType = name.parse().expect(name);
            assert_eq!(System::of(&parsed), expected, "system of {name}");
        }
    }
}
