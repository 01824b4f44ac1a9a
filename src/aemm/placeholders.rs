//! Paths that hold the default of a value follow the value: a new MAC address moves all paths of its interface.

use super::config::AemmConfig;
use super::path_table::{ConfigValue, PathTable};

/// A value's key, and the paths that follow it.
const FOLLOWERS: &[(&str, &[&str])] = &[
    (
        "mac",
        &[
            "mac-device-number",
            "mac-ipv4-associations",
            "mac-ipv6-associations",
            "mac-local-hostname",
            "mac-local-ipv4s",
            "mac-mac",
            "mac-network-interface-card-index",
            "mac-network-interface-id",
            "mac-owner-id",
            "mac-public-hostname",
            "mac-public-ipv4s",
            "mac-security-group-ids",
            "mac-security-groups",
            "mac-subnet-id",
            "mac-subnet-ipv4-cidr-block",
            "mac-subnet-ipv6-cidr-blocks",
            "mac-vpc-id",
            "mac-vpc-ipv4-cidr-block",
            "mac-vpc-ipv4-cidr-blocks",
            "mac-vpc-ipv6-cidr-blocks",
        ],
    ),
    ("public-ipv4", &["mac-ipv4-associations"]),
    ("iam-security-credentials-role", &["iam-security-credentials"]),
    ("elastic-inference-associations", &["elastic-inference-accelerator"]),
];

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Placeholders(Vec<Replacement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Replacement {
    keys: &'static [&'static str],
    from: String,
    to: String,
}

impl Placeholders {
    /// Replacements by the values that differ from their defaults.
    pub(crate) fn of(metadata: &PathTable) -> Self {
        let defaults = AemmConfig::default().metadata;
        let replacement = |(key, keys): &(&str, &'static [&'static str])| {
            let (from, to) = (text(&defaults, key)?, text(metadata, key)?);
            (from != to).then_some(Replacement { keys, from, to })
        };
        Self(FOLLOWERS.iter().filter_map(replacement).collect())
    }

    pub(crate) fn fill(&self, metadata: &mut PathTable) {
        for Replacement { keys, from, to } in &self.0 {
            for key in *keys {
                if let Some(path) = metadata.paths.get_mut(*key) {
                    *path = path.replace(from, to);
                }
            }
        }
    }
}

fn text(tree: &PathTable, key: &str) -> Option<String> {
    match tree.values.get(key)? {
        ConfigValue::Text(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(change: impl Fn(&mut PathTable)) -> PathTable {
        let mut tree = AemmConfig::default().metadata;
        change(&mut tree);
        Placeholders::of(&tree).fill(&mut tree);
        tree
    }

    #[test]
    fn two_values_change_one_path() {
        let tree = filled(|tree| {
            tree.values.insert("mac".into(), "0e:00:00:00:00:01".into());
            tree.values.insert("public-ipv4".into(), "198.51.100.7".into());
        });
        let associations = &tree.paths["mac-ipv4-associations"];
        assert!(
            associations.ends_with("/macs/0e:00:00:00:00:01/ipv4-associations/198.51.100.7"),
            "{associations}"
        );
        let moved = tree.paths.values().filter(|path| path.contains("0e:00:00:00:00:01")).count();
        assert_eq!(moved, 20, "paths of the interface");
        // Values stay.
        assert_eq!(tree.values["mac-mac"], "0e:49:61:0f:c3:11".into());
    }

    #[test]
    fn a_path_of_ones_own_stays_unless_it_holds_the_default() {
        let tree = filled(|tree| {
            tree.values.insert("iam-security-credentials-role".into(), "other".into());
            tree.paths.insert("iam-security-credentials".into(), "/my/baskinc-role/baskinc-role".into());
            tree.values.insert("mac".into(), "m".into());
            tree.paths.insert("mac-mac".into(), "/my/mac".into());
        });
        assert_eq!(tree.paths["iam-security-credentials"], "/my/other/other");
        assert_eq!(tree.paths["mac-mac"], "/my/mac");
    }

    #[test]
    fn defaults_change_nothing() {
        assert_eq!(filled(|_| {}), AemmConfig::default().metadata);
    }
}
