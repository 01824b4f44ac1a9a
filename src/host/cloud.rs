//! Detection of real cloud machines, whose own metadata service the address on `lo` would hide.
//!
//! Done without a packet and without root, by the DMI strings that everybody may read, as cloud-init's
//! ds-identify does. Strings that developers' machines carry too are left out: a Chromebook's vendor is
//! "Google", a Hyper-V guest's is "Microsoft Corporation".

use std::fs;
use std::path::Path;

use super::HostError;

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
    Contains(&'static str),
}

const fn equals(cloud: &'static str, file: &'static str, text: &'static str) -> CloudSignature {
    CloudSignature { cloud, file, test: DmiTest::Equals(text) }
}

const EC2: &str = "Amazon EC2";
const OPENSTACK: &str = "OpenStack";

const SIGNATURES: [CloudSignature; 14] = [
    equals(EC2, "sys_vendor", "Amazon EC2"),
    equals(EC2, "bios_vendor", "Amazon EC2"),
    CloudSignature { cloud: EC2, file: "board_asset_tag", test: DmiTest::StartsWith("i-") },
    CloudSignature { cloud: EC2, file: "bios_version", test: DmiTest::Contains("amazon") },
    equals("Azure", "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77"),
    equals("Google Compute Engine", "product_name", "Google Compute Engine"),
    equals(OPENSTACK, "product_name", "OpenStack Nova"),
    equals(OPENSTACK, "product_name", "OpenStack Compute"),
    CloudSignature { cloud: OPENSTACK, file: "sys_vendor", test: DmiTest::StartsWith("OpenStack") },
    equals(OPENSTACK, "chassis_asset_tag", "OpenTelekomCloud"),
    equals(OPENSTACK, "chassis_asset_tag", "HUAWEICLOUD"),
    equals(OPENSTACK, "chassis_asset_tag", "SAP CCloud VM"),
    equals(OPENSTACK, "chassis_asset_tag", "Samsung Cloud Platform"),
    equals(OPENSTACK, "chassis_asset_tag", "OpenStack Nova"),
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
        let matches = match signature.test {
            DmiTest::Equals(expected) => text == expected,
            DmiTest::StartsWith(expected) => text.starts_with(expected),
            DmiTest::Contains(expected) => text.to_ascii_lowercase().contains(expected),
        };
        matches.then(|| DetectedCloud { cloud: signature.cloud, file: signature.file.to_owned(), text })
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

/// Refuses on a real cloud machine unless takeover is allowed. `dmi` is [`DMI`], or made up.
pub(crate) fn check(dmi: &Path, allow_takeover: bool) -> Result<(), HostError> {
    match detect(dmi) {
        Some(found) if !allow_takeover => Err(HostError::Refused(refusal(dmi, &found))),
        Some(found) => {
            tracing::warn!(
                "this is a real {} machine; its metadata is hidden because of [host] allow-takeover = true",
                found.cloud
            );
            Ok(())
        }
        None => Ok(()),
    }
}

fn refusal(dmi: &Path, found: &DetectedCloud) -> String {
    let DetectedCloud { cloud, file, text } = found;
    format!(
        "this is a real {cloud} machine ({} is {text:?}), and taking 169.254.169.254 would hide its metadata; \
         to do so anyway, set allow-takeover = true under [host] in /etc/mock-imds/host.toml",
        dmi.join(file).display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(files: &[(&str, &str)], xen: Option<&str>) -> Option<&'static str> {
        let read =
            |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| format!("{text}\n"));
        identify(read, xen).map(|found| found.cloud)
    }

    #[test]
    fn real_clouds_are_detected() {
        let cases = [
            ("sys_vendor", "Amazon EC2", EC2),
            ("board_asset_tag", "i-0123456789abcdef0", EC2),
            ("bios_version", "4.11.amazon", EC2),
            ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Azure"),
            ("product_name", "Google Compute Engine", "Google Compute Engine"),
            ("product_name", "OpenStack Nova", OPENSTACK),
            ("sys_vendor", "OpenStack Foundation", OPENSTACK),
            ("chassis_asset_tag", "OpenTelekomCloud", OPENSTACK),
        ];
        for (file, text, expected) in cases {
            assert_eq!(cloud(&[(file, text)], None), Some(expected), "{file} = {text}");
        }
        assert_eq!(cloud(&[], Some("ec2e1916-9099-7caf-fd21-012345abcdef\n")), Some(EC2));
    }

    #[test]
    fn developers_machines_are_not() {
        let cases: [&[(&str, &str)]; 5] = [
            &[],
            &[("sys_vendor", "LENOVO"), ("product_name", "20XW"), ("board_asset_tag", "Not Available")],
            &[("sys_vendor", "Google"), ("product_name", "Eve")],
            &[("sys_vendor", "Microsoft Corporation"), ("product_name", "Virtual Machine")],
            &[("sys_vendor", "QEMU"), ("product_name", "Standard PC"), ("bios_version", "1.16.2")],
        ];
        for files in cases {
            assert_eq!(cloud(files, Some("00000000-0000-0000-0000-000000000000")), None, "{files:?}");
        }
    }

    #[test]
    fn the_refusal_names_what_was_found_and_the_way_out() {
        let found = DetectedCloud { cloud: EC2, file: "sys_vendor".into(), text: "Amazon EC2".into() };
        let sentence = refusal(Path::new(DMI), &found);
        assert!(sentence.contains("/sys/class/dmi/id/sys_vendor is \"Amazon EC2\""), "{sentence}");
        assert!(sentence.contains("allow-takeover = true"), "{sentence}");
    }
}
