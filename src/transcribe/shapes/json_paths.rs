//! Which paths are directories, and which values are JSON.

use crate::imds::category_paths;
use crate::transcribe::known_paths::{DOCUMENT, EXTENDED, IDENTITY_ROLE, ROLES};

const JSON: [&str; 7] = [
    DOCUMENT,
    "meta-data/iam/info",
    "meta-data/identity-credentials/ec2/info",
    "meta-data/spot/instance-action",
    "meta-data/events/recommendations/rebalance",
    "meta-data/events/maintenance/scheduled",
    "meta-data/events/maintenance/history",
];
/// Directories of JSON.
const OF_JSON: [&str; 5] = [
    "meta-data/elastic-gpus/associations/",
    "meta-data/elastic-inference/associations/",
    "meta-data/iam/security-credentials/",
    "meta-data/iam/security-credentials-extended/",
    "meta-data/identity-credentials/ec2/security-credentials/",
];

/// True if the object at a path is a value in JSON, not a directory.
pub(super) fn is_json(path: &str) -> bool {
    debug_assert!(
        [ROLES, EXTENDED, IDENTITY_ROLE].iter().all(|roles| OF_JSON.contains(&format!("{roles}/").as_str()))
    );
    JSON.contains(&path) || OF_JSON.iter().any(|directory| path.starts_with(directory))
}

/// True if EC2 has values below the path, and none at it.
pub(super) fn is_directory(path: &str) -> bool {
    is_known(path) && !matches(path).any(|more| more == 0)
}

/// True if EC2 has a value at the path, or below it.
pub(in crate::transcribe) fn is_known(path: &str) -> bool {
    matches(path).next().is_some()
}

/// For each category that the path begins: how many segments follow.
fn matches(path: &str) -> impl Iterator<Item = usize> {
    let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    category_paths().filter_map(move |category| {
        let names: Vec<&str> = category.split('/').collect();
        let more = names.len().checked_sub(segments.len())?;
        let fits = |(name, segment): (&&str, &String)| name.starts_with('{') || name == segment;
        names.iter().zip(&segments).all(fits).then_some(more)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_values_are_told_apart() {
        for (path, directory, known, json) in [
            ("meta-data", true, true, false),
            ("meta-data/placement", true, true, false),
            ("meta-data/network/interfaces/macs/0e:49:61:0f:c3:11", true, true, false),
            ("meta-data/placement/region", false, true, false),
            ("meta-data/events/maintenance/scheduled", false, true, true),
            ("meta-data/iam/security-credentials/web", false, true, true),
            ("meta-data/elsewhere", false, false, false),
            ("user-data", false, true, false),
        ] {
            assert_eq!(
                (is_directory(path), is_known(path), is_json(path)),
                (directory, known, json),
                "{path}"
            );
        }
    }
}
