//! Whether this is a real cloud machine, whose own metadata service the address on `lo` would hide.
//!
//! Judged without a packet and without root, by the DMI strings that everybody may read, as cloud-init's
//! ds-identify does. Strings that developers' machines carry too are left out: a Chromebook's vendor is
//! "Google", a Hyper-V guest's is "Microsoft Corporation".

use std::fs;
use std::path::Path;

use super::HostError;

/// Where the kernel shows DMI.
pub(crate) const DMI: &str = "/sys/class/dmi/id";
/// Where Xen shows a guest's own identity; Amazon's start with "ec2".
pub(crate) const XEN_UUID: &str = "/sys/hypervisor/uuid";

/// What tells a cloud by its DMI.
struct CloudSignature {
    cloud: &'static str,
    file: &'static str,
    says: DmiTest,
}

enum DmiTest {
    Exactly(&'static str),
    Begins(&'static str),
    Contains(&'static str),
}

const fn exactly(cloud: &'static str, file: &'static str, text: &'static str) -> CloudSignature {
    CloudSignature { cloud, file, says: DmiTest::Exactly(text) }
}

const EC2: &str = "Amazon EC2";
const OPENSTACK: &str = "OpenStack";

const SIGNS: [CloudSignature; 14] = [
    exactly(EC2, "sys_vendor", "Amazon EC2"),
    exactly(EC2, "bios_vendor", "Amazon EC2"),
    CloudSignature { cloud: EC2, file: "board_asset_tag", says: DmiTest::Begins("i-") },
    CloudSignature { cloud: EC2, file: "bios_version", says: DmiTest::Contains("amazon") },
    exactly("Azure", "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77"),
    exactly("Google Compute Engine", "product_name", "Google Compute Engine"),
    exactly(OPENSTACK, "product_name", "OpenStack Nova"),
    exactly(OPENSTACK, "product_name", "OpenStack Compute"),
    CloudSignature { cloud: OPENSTACK, file: "sys_vendor", says: DmiTest::Begins("OpenStack") },
    exactly(OPENSTACK, "chassis_asset_tag", "OpenTelekomCloud"),
    exactly(OPENSTACK, "chassis_asset_tag", "HUAWEICLOUD"),
    exactly(OPENSTACK, "chassis_asset_tag", "SAP CCloud VM"),
    exactly(OPENSTACK, "chassis_asset_tag", "Samsung Cloud Platform"),
    exactly(OPENSTACK, "chassis_asset_tag", "OpenStack Nova"),
];

/// A real cloud, and what told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DetectedCloud {
    /// The cloud's name.
    pub cloud: &'static str,
    /// The file that told it.
    pub file: String,
    /// What the file says.
    pub text: String,
}

/// Judges what the files say. `read` gives a DMI file's text by its name, `xen` the text of [`XEN_UUID`].
pub(crate) fn judge(read: impl Fn(&str) -> Option<String>, xen: Option<&str>) -> Option<DetectedCloud> {
    let told = SIGNS.iter().find_map(|sign| {
        let text = read(sign.file)?.trim().to_owned();
        let matches = match sign.says {
            DmiTest::Exactly(expected) => text == expected,
            DmiTest::Begins(expected) => text.starts_with(expected),
            DmiTest::Contains(expected) => text.to_ascii_lowercase().contains(expected),
        };
        matches.then(|| DetectedCloud { cloud: sign.cloud, file: sign.file.to_owned(), text })
    });
    told.or_else(|| {
        let text = xen?.trim();
        let amazon = text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("ec2"));
        amazon.then(|| DetectedCloud { cloud: EC2, file: XEN_UUID.into(), text: text.into() })
    })
}

/// The cloud that this machine is really in. `dmi` is [`DMI`], or made up.
pub(crate) fn find(dmi: &Path) -> Option<DetectedCloud> {
    // A file that is missing or not readable (containers, other architectures) tells nothing.
    let read = |path: &Path| fs::read_to_string(path).ok();
    judge(|name| read(&dmi.join(name)), read(Path::new(XEN_UUID)).as_deref())
}

/// Refuses on a real cloud machine unless takeover is allowed. `dmi` is [`DMI`], or made up.
pub(crate) fn check(dmi: &Path, allow_takeover: bool) -> Result<(), HostError> {
    match find(dmi) {
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
        judge(read, xen).map(|found| found.cloud)
    }

    #[test]
    fn real_clouds_are_told() {
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
    fn the_refusal_says_what_was_found_and_the_way_out() {
        let found = DetectedCloud { cloud: EC2, file: "sys_vendor".into(), text: "Amazon EC2".into() };
        let sentence = refusal(Path::new(DMI), &found);
        assert!(sentence.contains("/sys/class/dmi/id/sys_vendor is \"Amazon EC2\""), "{sentence}");
        assert!(sentence.contains("allow-takeover = true"), "{sentence}");
    }
}
