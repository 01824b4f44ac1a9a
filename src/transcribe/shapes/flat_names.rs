//! Names that tools make of paths: `placement_availability_zone`, `network_interfaces_macs_0e_49_61_0f_c3_11_mac`.

use crate::imds::category_paths;

/// Members of the identity document, whose names are in small letters where a tool has flattened it.
const OF_DOCUMENT: [&str; 15] = [
    "accountId",
    "architecture",
    "availabilityZone",
    "billingProducts",
    "devpayProductCodes",
    "imageId",
    "instanceId",
    "instanceType",
    "kernelId",
    "marketplaceProductCodes",
    "pendingTime",
    "privateIp",
    "ramdiskId",
    "region",
    "version",
];
const OF_INFO: [&str; 4] = ["Code", "LastUpdated", "InstanceProfileArn", "InstanceProfileId"];

/// What a flattened name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FlatName {
    Path(String),
    /// A member of a value in JSON.
    Member(&'static str, &'static str),
}

/// The path, or the member, of a name below the tool's own prefix.
pub(super) fn resolve(name: &str) -> Option<FlatName> {
    use crate::transcribe::known_paths::{DOCUMENT, USER_DATA};
    let flat = flattened(name);
    match flat.as_str() {
        "user_data" | "userdata" => return Some(FlatName::Path(USER_DATA.into())),
        "instance_identity_document" | "dynamic_instance_identity_document" => {
            return Some(FlatName::Path(DOCUMENT.into()));
        }
        _ => {}
    }
    if let Some(member) = flat.strip_prefix("instance_identity_document_") {
        let known = OF_DOCUMENT.into_iter().find(|known| known.to_lowercase() == member)?;
        return Some(FlatName::Member(DOCUMENT, known));
    }
    if let Some(member) = flat.strip_prefix("iam_info_") {
        let known = OF_INFO.into_iter().find(|known| known.to_lowercase() == member)?;
        return Some(FlatName::Member("meta-data/iam/info", known));
    }
    let exact = category_paths().find(|path| !path.contains('{') && flattened(without_top(path)) == flat);
    if let Some(path) = exact {
        return Some(FlatName::Path(path.to_owned()));
    }
    let of_family =
        category_paths().filter(|path| path.contains('{')).filter_map(|path| in_family(path, name));
    // The longest rest of a path, so that the name in it is the shortest.
    of_family.max_by_key(|(fixed, _)| *fixed).map(|(_, path)| FlatName::Path(path))
}

/// The path of a name among those that differ in one segment, and how much of the name is fixed.
fn in_family(category: &str, name: &str) -> Option<(usize, String)> {
    let (before, rest) = category.split_once('{')?;
    let after = rest.split_once('}')?.1;
    let (start, end) = (flattened(without_top(before)), flattened(after));
    // Lengths agree: a character becomes a character.
    let flat = flattened(name);
    let inner = flat.strip_prefix(&start)?.strip_suffix(&end).filter(|inner| !inner.is_empty())?;
    let written: String = name.chars().skip(start.len()).take(inner.len()).collect();
    let written = if before.ends_with("/macs/") { mac(&written)? } else { written };
    Some((start.len() + end.len(), format!("{before}{written}{after}")))
}

/// `0e_49_61_0f_c3_11`, with any separators.
fn mac(text: &str) -> Option<String> {
    let pairs: Vec<String> = text.split(['_', ':', '-']).map(str::to_lowercase).collect();
    let is_pair = |pair: &String| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    (pairs.len() == 6 && pairs.iter().all(is_pair)).then(|| pairs.join(":"))
}

fn without_top(path: &str) -> &str {
    path.strip_prefix("meta-data/").or_else(|| path.strip_prefix("dynamic/")).unwrap_or(path)
}

fn flattened(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattened_names_are_paths_again() {
        for (name, path) in [
            ("ami_id", "meta-data/ami-id"),
            ("placement_availability_zone", "meta-data/placement/availability-zone"),
            ("placement_availability_zone_id", "meta-data/placement/availability-zone-id"),
            (
                "network_interfaces_macs_0e_49_61_0f_c3_11_subnet_ipv4_cidr_block",
                "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/subnet-ipv4-cidr-block",
            ),
            ("block_device_mapping_root", "meta-data/block-device-mapping/root"),
            ("public_keys_0_openssh_key", "meta-data/public-keys/0/openssh-key"),
            ("tags_instance_Cost_Center", "meta-data/tags/instance/Cost_Center"),
            ("tags_instance_Größe", "meta-data/tags/instance/Größe"),
            ("user_data", "user-data"),
            ("userdata", "user-data"),
            ("iam_security_credentials_extended_web", "meta-data/iam/security-credentials-extended/web"),
            ("instance_identity_document", "dynamic/instance-identity/document"),
            ("dynamic_instance_identity_document", "dynamic/instance-identity/document"),
        ] {
            assert_eq!(resolve(name), Some(FlatName::Path(path.into())), "{name}");
        }
        let member = FlatName::Member("dynamic/instance-identity/document", "accountId");
        assert_eq!(resolve("instance_identity_document_accountid"), Some(member));
        let member = FlatName::Member("meta-data/iam/info", "InstanceProfileArn");
        assert_eq!(resolve("iam_info_instanceprofilearn"), Some(member));
        assert_eq!((resolve("iam_info_x"), resolve("instance_identity_document_x")), (None, None));
        for name in [
            "uptime",
            "network_interfaces_macs_0e_49_61_0f_c3_mac",
            "network_interfaces_macs_0e_49_61_0f_c3_11_22_mac",
            "network_interfaces_macs_0e_49_61_0f_c3_zz_mac",
            "network_interfaces_macs_0e_49_61_0f_c3_1_mac",
        ] {
            assert_eq!(resolve(name), None, "{name}");
        }
    }
}
