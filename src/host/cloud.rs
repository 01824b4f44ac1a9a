//! Detection of real cloud machines, whose own metadata service the address on `lo` would hide.
//!
//! Done without a packet and without root, by the DMI strings that everybody may read, as cloud-init's
//! ds-identify does. Strings that developers' machines carry too are left out: a Chromebook's vendor is
//! "Google", a Hyper-V guest's is "Microsoft Corporation". So are clouds whose service is at another address: Alibaba Cloud
//! (100.100.100.200), Tencent Cloud (169.254.0.23), Scaleway (169.254.42.42), `CloudStack` (its router).

use std::fs;
use std::path::Path;

pub(crate) const DMI: &str = "/sys/class/dmi/id";
/// The identity of a Xen guest; Amazon's start with "ec2".
pub(crate) const XEN_UUID: &str = "/sys/hypervisor/uuid";

/// A DMI string that identifies a cloud.
struct CloudSignature {
    cloud: &'static str,
    file: &'static str,
    test: DmiTest,
}

enum DmiTest {
    Equals(&'static str),
    StartsWith(&'static str),
    EndsWith(&'static str),
    Contains(&'static str),
}

impl DmiTest {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equals(expected) => text == *expected,
            Self::StartsWith(expected) => text.starts_with(expected),
            Self::EndsWith(expected) => text.ends_with(expected),
            Self::Contains(expected) => text.to_ascii_lowercase().contains(expected),
        }
    }
}

const fn equals(cloud: &'static str, file: &'static str, text: &'static str) -> CloudSignature {
    CloudSignature { cloud, file, test: DmiTest::Equals(text) }
}

const fn starts(cloud: &'static str, file: &'static str, text: &'static str) -> CloudSignature {
    CloudSignature { cloud, file, test: DmiTest::StartsWith(text) }
}

const fn ends(cloud: &'static str, file: &'static str, text: &'static str) -> CloudSignature {
    CloudSignature { cloud, file, test: DmiTest::EndsWith(text) }
}

const EC2: &str = "Amazon EC2";
const GCE: &str = "Google Compute Engine";
const OPENSTACK: &str = "OpenStack";

/// Clouds with a metadata service at 169.254.169.254. Only root can read `product_serial`, so the guardian's unit cannot.
const SIGNATURES: [CloudSignature; 33] = [
    equals(EC2, "sys_vendor", "Amazon EC2"),
    equals(EC2, "bios_vendor", "Amazon EC2"),
    starts(EC2, "board_asset_tag", "i-"),
    CloudSignature { cloud: EC2, file: "bios_version", test: DmiTest::Contains("amazon") },
    equals("Azure", "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77"),
    equals(GCE, "product_name", "Google Compute Engine"),
    starts(GCE, "product_serial", "GoogleCloud-"),
    equals(OPENSTACK, "product_name", "OpenStack Nova"),
    equals(OPENSTACK, "product_name", "OpenStack Compute"),
    starts(OPENSTACK, "sys_vendor", "OpenStack"),
    equals(OPENSTACK, "chassis_asset_tag", "OpenTelekomCloud"),
    equals(OPENSTACK, "chassis_asset_tag", "HUAWEICLOUD"),
    equals(OPENSTACK, "chassis_asset_tag", "SAP CCloud VM"),
    equals(OPENSTACK, "chassis_asset_tag", "Samsung Cloud Platform"),
    equals(OPENSTACK, "chassis_asset_tag", "OpenStack Nova"),
    equals(OPENSTACK, "chassis_asset_tag", "OpenStack Compute"),
    equals("Oracle Cloud", "chassis_asset_tag", "OracleCloud.com"),
    equals("DigitalOcean", "sys_vendor", "DigitalOcean"),
    equals("Hetzner Cloud", "sys_vendor", "Hetzner"),
    equals("Vultr", "sys_vendor", "Vultr"),
    equals("UpCloud", "sys_vendor", "UpCloud"),
    equals("Akamai (Linode)", "sys_vendor", "Linode"),
    equals("Akamai (Linode)", "sys_vendor", "Akamai"),
    equals("NWCS", "sys_vendor", "NWCS"),
    equals("E24Cloud", "sys_vendor", "e24cloud"),
    equals("Outscale", "sys_vendor", "3DS Outscale"),
    equals("Outscale", "product_name", "3DS Outscale VM"),
    starts("Exoscale", "product_name", "Exoscale"),
    equals("CloudCIX", "product_name", "CloudCIX"),
    ends("ZStack", "chassis_asset_tag", ".zstack.io"),
    ends("Brightbox", "product_serial", ".brightbox.com"),
    starts("IBM Cloud", "chassis_vendor", "IBM:Cloud Compute Server"),
    starts("IBM Cloud", "sys_vendor", "IBM:Cloud Compute Server"),
];

/// A real cloud, and the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DetectedCloud {
    pub cloud: &'static str,
    pub file: String,
    pub text: String,
}

/// `read` gives a DMI file's text by its name, `xen` the text of [`XEN_UUID`].
pub(crate) fn identify(read: impl Fn(&str) -> Option<String>, xen: Option<&str>) -> Option<DetectedCloud> {
    let by_dmi = SIGNATURES.iter().find_map(|signature| {
        let text = read(signature.file)?.trim().to_owned();
        signature.test.matches(&text).then(|| DetectedCloud {
            cloud: signature.cloud,
            file: signature.file.to_owned(),
            text,
        })
    });
    by_dmi.or_else(|| {
        let text = xen?.trim();
        let amazon = text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("ec2"));
        amazon.then(|| DetectedCloud { cloud: EC2, file: XEN_UUID.into(), text: text.into() })
    })
}

/// The cloud of this machine. `dmi` is [`DMI`], or made up.
pub(crate) fn detect(dmi: &Path) -> Option<DetectedCloud> {
    // A file that is missing or not readable (containers, other architectures) is no evidence.
    let read = |path: &Path| fs::read_to_string(path).ok();
    identify(|name| read(&dmi.join(name)), read(Path::new(XEN_UUID)).as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(files: &[(&str, &str)], xen: Option<&str>) -> Option<&'static str> {
        let read =
            |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| format!("{text}\n"));
        identify(read, xen).map(|found| found.cloud)
    }

    /// What machines of these clouds say of themselves.
    #[test]
    fn real_clouds_are_detected() {
        let cases = [
            ("sys_vendor", "Amazon EC2", EC2),
            ("bios_vendor", "Amazon EC2", EC2),
            ("board_asset_tag", "i-0123456789abcdef0", EC2),
            ("bios_version", "4.11.amazon", EC2),
            ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Azure"),
            ("product_name", "Google Compute Engine", GCE),
            ("product_serial", "GoogleCloud-0123456789ABCDEF0123456789ABCDEF", GCE),
            ("product_name", "OpenStack Nova", OPENSTACK),
            ("product_name", "OpenStack Compute", OPENSTACK),
            ("sys_vendor", "OpenStack Foundation", OPENSTACK),
            ("chassis_asset_tag", "OpenTelekomCloud", OPENSTACK),
            ("chassis_asset_tag", "HUAWEICLOUD", OPENSTACK),
            ("chassis_asset_tag", "SAP CCloud VM", OPENSTACK),
            ("chassis_asset_tag", "Samsung Cloud Platform", OPENSTACK),
            ("chassis_asset_tag", "OpenStack Nova", OPENSTACK),
            ("chassis_asset_tag", "OpenStack Compute", OPENSTACK),
            ("chassis_asset_tag", "OracleCloud.com", "Oracle Cloud"),
            ("sys_vendor", "DigitalOcean", "DigitalOcean"),
            ("sys_vendor", "Hetzner", "Hetzner Cloud"),
            ("sys_vendor", "Vultr", "Vultr"),
            ("sys_vendor", "UpCloud", "UpCloud"),
            ("sys_vendor", "Linode", "Akamai (Linode)"),
            ("sys_vendor", "Akamai", "Akamai (Linode)"),
            ("sys_vendor", "NWCS", "NWCS"),
            ("sys_vendor", "e24cloud", "E24Cloud"),
            ("sys_vendor", "3DS Outscale", "Outscale"),
            ("product_name", "3DS Outscale VM", "Outscale"),
            ("product_name", "Exoscale Compute Platform", "Exoscale"),
            ("product_name", "CloudCIX", "CloudCIX"),
            ("chassis_asset_tag", "0123456789.zstack.io", "ZStack"),
            ("product_serial", "srv-abcde.gb1.brightbox.com", "Brightbox"),
            ("chassis_vendor", "IBM:Cloud Compute Server 1.0:bx2-2x8", "IBM Cloud"),
            ("sys_vendor", "IBM:Cloud Compute Server 1.0:bx2-2x8", "IBM Cloud"),
        ];
        assert_eq!(cases.len(), SIGNATURES.len(), "a case for each signature");
        for (file, text, expected) in cases {
            assert_eq!(cloud(&[(file, text)], None), Some(expected), "{file} = {text}");
        }
        assert_eq!(cloud(&[], Some("ec2e1916-9099-7caf-fd21-012345abcdef\n")), Some(EC2));
    }

    /// Their metadata is at other addresses, which stay as they are.
    #[test]
    fn clouds_that_lose_nothing_are_no_obstacle() {
        for (file, text) in [
            ("product_name", "Alibaba Cloud ECS"),
            ("product_name", "Tencent Cloud CVM"),
            ("sys_vendor", "Scaleway"),
            ("product_name", "CloudStack KVM Hypervisor"),
            ("product_name", "SmartDC HVM"),
            ("product_name", "CloudSigma"),
        ] {
            assert_eq!(cloud(&[(file, text)], None), None, "{file} = {text}");
        }
    }

    #[test]
    fn developers_machines_are_not() {
        let cases: [&[(&str, &str)]; 9] = [
            &[],
            &[("sys_vendor", "innotek GmbH"), ("product_name", "VirtualBox")],
            &[
                ("sys_vendor", "VMware, Inc."),
                ("product_name", "VMware20,1"),
                ("chassis_asset_tag", "No Asset Tag"),
            ],
            &[("sys_vendor", "Apple Inc."), ("product_name", "Apple Virtualization Generic Platform")],
            &[("sys_vendor", "QEMU"), ("board_name", "LXD")],
            &[("sys_vendor", "LENOVO"), ("product_name", "20XW"), ("board_asset_tag", "Not Available")],
            &[("sys_vendor", "Google"), ("product_name", "Eve")],
            &[("sys_vendor", "Microsoft Corporation"), ("product_name", "Virtual Machine")],
            &[("sys_vendor", "QEMU"), ("product_name", "Standard PC"), ("bios_version", "1.16.2")],
        ];
        for files in cases {
            assert_eq!(cloud(files, Some("00000000-0000-0000-0000-000000000000")), None, "{files:?}");
        }
    }
}
