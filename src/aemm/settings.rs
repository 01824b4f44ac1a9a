//! Every setting by its configuration key: flags over environment over file over defaults, leaf by leaf.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::config::AemmConfig;
use super::flags;
use super::path_table::ConfigValue;

/// The default of `config-file`. `$HOME` is not expanded.
pub(crate) const DEFAULT_FILE: &str = "$HOME/aemm-config.json";

/// Settings outside of the trees that have no default.
const UNSET: &[&str] = &[
    "asg-termination-trigger-time",
    "events.not-after",
    "events.not-before",
    "events.not-before-deadline",
    "mock-trigger-time",
    "open-listings",
    "rebalance-trigger-time",
    "spot.rebalance-rec-time",
    "spot.time",
];

/// Settings as they were said, nested, by lower-case keys; nothing is unset by `null`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AemmSettings(Map<String, Value>);

impl AemmSettings {
    pub(crate) fn defaults() -> Self {
        let config = AemmConfig::default();
        let mut settings = Self(Map::new());
        let plain: [(&str, Value); 12] = [
            ("asg-termination-delay-sec", 0.into()),
            ("config-file", DEFAULT_FILE.into()),
            ("events.code", config.events.code.into()),
            ("events.state", config.events.state.into()),
            ("imdsv2", false.into()),
            ("mock-delay-sec", 0.into()),
            ("mock-ip-count", config.mock_ip_count.into()),
            ("rebalance-delay-sec", 0.into()),
            ("save-config-to-file", false.into()),
            ("server.hostname", config.server.hostname.into()),
            ("server.port", config.server.port.into()),
            ("spot.action", config.spot.action.into()),
        ];
        for (key, value) in plain {
            settings.set(key, value);
        }
        settings.set("watch-config-file", false.into());
        for (name, tree) in
            [("metadata", config.metadata), ("dynamic", config.dynamic), ("userdata", config.userdata)]
        {
            for (key, path) in tree.paths {
                settings.set_at(&[name, "paths", &key], path.into());
            }
            for (key, value) in tree.values {
                settings.set_at(&[name, "values", &key], json(&value));
            }
        }
        settings
    }

    /// All of it, with the file's own keys that mean nothing.
    pub(crate) fn map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The value of a dotted key.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let mut names = key.split('.');
        let first = self.0.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.set_at(&key.split('.').collect::<Vec<_>>(), value);
    }

    /// The file takes precedence over the defaults.
    #[must_use]
    pub(crate) fn with_file(mut self, file: Map<String, Value>) -> Self {
        overlay(&mut self.0, file);
        self
    }

    /// The environment takes precedence over the file.
    #[must_use]
    pub(crate) fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        for leaf in leaves() {
            if let Some(text) = variable(&variable_name(&leaf)) {
                let names: Vec<&str> = leaf.iter().map(String::as_str).collect();
                self.set_at(&names, text.into());
            }
        }
        self
    }

    /// Flags take precedence over everything.
    #[must_use]
    pub(crate) fn with_flags(mut self, given: &BTreeMap<&'static str, Value>) -> Self {
        for flag in flags::all() {
            if let Some(value) = given.get(flag.long) {
                self.set(flag.key, value.clone());
            }
        }
        self
    }

    fn set_at(&mut self, names: &[&str], value: Value) {
        let Some((last, above)) = names.split_last() else { return };
        let mut fields = &mut self.0;
        for name in above {
            let below = fields.entry(name.to_lowercase()).or_insert_with(|| Value::Object(Map::new()));
            // The value of a part takes precedence over that of the whole.
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            let Value::Object(inner) = below else { return };
            fields = inner;
        }
        fields.insert(last.to_lowercase(), value);
    }
}

fn overlay(below: &mut Map<String, Value>, above: Map<String, Value>) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (_, Value::Null) => {}
            (Some(Value::Object(below)), Value::Object(above)) => overlay(below, above),
            (_, value) => _ = below.insert(key, value),
        }
    }
}

/// The default of a tree's value as JSON.
fn json(value: &ConfigValue) -> Value {
    match value {
        ConfigValue::Null => Value::Null,
        ConfigValue::Text(text) => text.as_str().into(),
        ConfigValue::List(texts) => texts.iter().map(String::as_str).collect(),
        ConfigValue::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.to_lowercase(), json(value))).collect())
        }
    }
}

/// The names of every leaf. Each has a variable in the environment.
pub(crate) fn leaves() -> Vec<Vec<String>> {
    let mut settings = AemmSettings::defaults();
    for key in UNSET {
        settings.set(key, Value::Null);
    }
    names(&settings.0)
}

/// The names of every leaf of a tree.
pub(crate) fn names(tree: &Map<String, Value>) -> Vec<Vec<String>> {
    fn below(prefix: &[String], value: &Value, leaves: &mut Vec<Vec<String>>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    below(&[prefix, std::slice::from_ref(name)].concat(), value, leaves);
                }
            }
            _ => leaves.push(prefix.to_vec()),
        }
    }
    let mut leaves = Vec::new();
    for (name, value) in tree {
        below(std::slice::from_ref(name), value, &mut leaves);
    }
    leaves
}

/// `server.hostname` → `AEMM_SERVER_HOSTNAME`.
pub(crate) fn variable_name(leaf: &[String]) -> String {
    format!("AEMM_{}", leaf.join("_").to_uppercase().replace(['-', '.'], "_"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("no object: {value}") };
        map
    }

    #[test]
    fn flags_go_before_environment_before_file_before_defaults() {
        let file = map(json!({ "spot": { "action": "stop", "time": "file" }, "mock-ip-count": 7 }));
        let variable = |name: &str| match name {
            "AEMM_SPOT_TIME" => Some("environment".to_owned()),
            "AEMM_MOCK_IP_COUNT" => Some("5".to_owned()),
            "AEMM_SERVER_HOSTNAME" => Some(String::new()),
            _ => None,
        };
        let settings = AemmSettings::defaults()
            .with_file(file)
            .with_environment(variable)
            .with_flags(&BTreeMap::from([("mock-ip-count", 3.into())]));
        let found = |key| settings.get(key).cloned().unwrap_or_default();
        assert_eq!(found("mock-ip-count"), 3);
        assert_eq!(found("spot.time"), "environment");
        assert_eq!(found("spot.action"), "stop");
        assert_eq!(found("server.hostname"), "", "empty is a value");
        assert_eq!(found("server.port"), "1338");
    }

    #[test]
    fn files_are_merged_leaf_by_leaf_and_null_says_nothing() {
        let file = json!({ "metadata": { "values": { "iam-info": { "code": "Failed" }, "mac": null } }, "other": 1 });
        let settings = AemmSettings::defaults().with_file(map(file));
        let found = |key| settings.get(key).cloned().unwrap_or_default();
        assert_eq!(found("metadata.values.iam-info.code"), "Failed");
        assert_eq!(found("metadata.values.iam-info.instanceprofileid"), "AIPA5BOGHHXZELSK34VU4");
        assert_eq!(found("metadata.values.mac"), "0e:49:61:0f:c3:11");
        assert_eq!(found("other"), 1);
    }

    #[test]
    fn every_leaf_has_a_variable() {
        let names: Vec<String> = leaves().iter().map(|leaf| variable_name(leaf)).collect();
        for name in [
            "AEMM_SERVER_PORT",
            "AEMM_EVENTS_NOT_BEFORE_DEADLINE",
            "AEMM_ASG_TERMINATION_TRIGGER_TIME",
            "AEMM_METADATA_VALUES_IAM_INFO_CODE",
            "AEMM_METADATA_PATHS_MAC_VPC_ID",
            "AEMM_DYNAMIC_VALUES_INSTANCE_IDENTITY_DOCUMENT_ACCOUNTID",
            "AEMM_DYNAMIC_VALUES_INSTANCE_IDENTITY_DOCUMENT_KERNELID",
            "AEMM_USERDATA_VALUES_USERDATA",
        ] {
            assert!(names.iter().any(|found| found == name), "{name} is missing");
        }
        assert!(!names.iter().any(|name| name == "AEMM_SPOT_ITN_ACTION"));
    }
}
