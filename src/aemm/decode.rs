//! `AemmSettings` → [`AemmConfig`]: kinds are loose, as in the original.

use serde_json::Value as Json;

use super::config::{AemmConfig, AemmMode, AemmServer, EventsConfig, FileUse, SpotConfig, StartTime};
use super::go;
use super::path_table::{ConfigValue, PathTable};
use super::settings::AemmSettings;

/// Problems that are listed.
const MAX_PROBLEMS: usize = 100;
/// A value that a problem quotes, in characters.
const QUOTED: usize = 200;

/// Fields of the identity document that hold a list.
const LISTS: &[&str] = &["marketplaceProductCodes"];

/// Values that the original reads before it looks at kinds.
const STRICT: [&str; 4] = [
    "metadata.values.elastic-inference-associations",
    "metadata.values.iam-security-credentials-role",
    "metadata.values.mac",
    "metadata.values.public-ipv4",
];

/// A configuration, its paths as they were said.
///
/// # Errors
/// A line for each value that does not fit, below the first line of the original.
pub(crate) fn decode(settings: &AemmSettings, mode: AemmMode) -> Result<AemmConfig, String> {
    let mut decoder = Decoder { settings, problems: vec![] };
    let config = decoder.config(mode);
    decoder.problems.extend(STRICT.iter().filter_map(|key| not_a_text(settings, key)));
    let mut problems = decoder.problems;
    if problems.is_empty() {
        return Ok(config);
    }
    problems.sort();
    problems.dedup();
    let mut lines: Vec<String> =
        problems.iter().take(MAX_PROBLEMS).map(|problem| format!("\n* {problem}")).collect();
    if problems.len() > MAX_PROBLEMS {
        lines.push(format!("\n* {} more are not listed", problems.len() - MAX_PROBLEMS));
    }
    Err(format!(
        "Fatal error while attempting to load viper config: {} error(s) decoding:\n{}",
        problems.len(),
        lines.concat()
    ))
}

fn not_a_text(settings: &AemmSettings, key: &str) -> Option<String> {
    match settings.get(key)? {
        value @ (Json::Number(_) | Json::Bool(_)) => {
            Some(unfit(key, "a string, in quotes where the format has them", value))
        }
        _ => None,
    }
}

fn unfit(key: &str, accepted: &str, value: &Json) -> String {
    let value = value.to_string();
    let (quoted, more) = match value.char_indices().nth(QUOTED) {
        Some((end, _)) => (&value[..end], "…"),
        None => (&*value, ""),
    };
    format!("'{key}' must be {accepted}; got {quoted}{more}")
}

struct Decoder<'s> {
    settings: &'s AemmSettings,
    problems: Vec<String>,
}

impl Decoder<'_> {
    fn config(&mut self, mode: AemmMode) -> AemmConfig {
        let defaults = AemmConfig::default();
        for object in ["server", "spot", "events"] {
            self.expect_object(object);
        }
        AemmConfig {
            mode,
            file: FileUse {
                save: self.switch("save-config-to-file"),
                watch: self.switch("watch-config-file"),
            },
            server: AemmServer { hostname: self.text("server.hostname"), port: self.text("server.port") },
            imdsv2: self.switch("imdsv2"),
            open_listings: self.switch("open-listings"),
            mock_ip_count: self.integer("mock-ip-count"),
            mock: self.start("mock"),
            rebalance: self.start("rebalance"),
            asg_termination: self.start("asg-termination"),
            spot: SpotConfig {
                action: self.text("spot.action"),
                time: self.time("spot.time"),
                rebalance_rec_time: self.time("spot.rebalance-rec-time"),
            },
            events: EventsConfig {
                code: self.text("events.code"),
                state: self.text("events.state"),
                not_before: self.time("events.not-before"),
                not_after: self.time("events.not-after"),
                not_before_deadline: self.time("events.not-before-deadline"),
            },
            metadata: self.tree("metadata", defaults.metadata),
            dynamic: self.tree("dynamic", defaults.dynamic),
            userdata: self.tree("userdata", defaults.userdata),
        }
    }

    fn start(&mut self, name: &str) -> StartTime {
        StartTime {
            delay_sec: self.integer(&format!("{name}-delay-sec")),
            trigger_time: self.time(&format!("{name}-trigger-time")),
        }
    }

    fn tree(&mut self, name: &str, mut tree: PathTable) -> PathTable {
        for object in [name.to_owned(), format!("{name}.paths"), format!("{name}.values")] {
            if !self.expect_object(&object) {
                return tree;
            }
        }
        for (key, path) in &mut tree.paths {
            *path = self.text(&format!("{name}.paths.{key}"));
        }
        for (key, value) in &mut tree.values {
            *value = self.value(&format!("{name}.values.{key}"), value);
        }
        tree
    }

    /// A value of the kind that the default has. A list has no default, so its name tells.
    fn value(&mut self, key: &str, default: &ConfigValue) -> ConfigValue {
        let name = key.rsplit('.').next().unwrap_or_default();
        match default {
            ConfigValue::Object(fields) => {
                if !self.expect_object(key) {
                    return default.clone();
                }
                let field = |(name, default): &(String, ConfigValue)| {
                    (name.clone(), self.value(&format!("{key}.{name}"), default))
                };
                ConfigValue::Object(fields.iter().map(field).collect())
            }
            _ if LISTS.contains(&name) => self.list(key),
            ConfigValue::Null => self.optional(key).map_or(ConfigValue::Null, ConfigValue::Text),
            ConfigValue::Text(_) | ConfigValue::List(_) => ConfigValue::Text(self.text(key)),
        }
    }

    /// The value of a key; keys of nested objects are in lower case.
    fn value_of(&self, key: &str) -> Option<&Json> {
        self.settings.get(&key.to_lowercase()).filter(|value| !value.is_null())
    }

    fn expect_object(&mut self, key: &str) -> bool {
        match self.value_of(key).cloned() {
            None | Some(Json::Object(_)) => true,
            Some(Json::Array(values)) if values.is_empty() => true,
            Some(other) => self.refuse(key, "an object", &other),
        }
    }

    fn text(&mut self, key: &str) -> String {
        self.optional(key).unwrap_or_default()
    }

    /// An empty time is none.
    fn time(&mut self, key: &str) -> Option<String> {
        self.optional(key).filter(|text| !text.is_empty())
    }

    fn optional(&mut self, key: &str) -> Option<String> {
        let value = self.value_of(key)?.clone();
        self.as_text(key, &value)
    }

    fn as_text(&mut self, key: &str, value: &Json) -> Option<String> {
        match value {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(go::number(number)),
            Json::Bool(on) => Some(if *on { "1" } else { "0" }.to_owned()),
            Json::Null => Some(String::new()),
            Json::Array(_) | Json::Object(_) => self.refuse(key, "a string", value),
        }
    }

    fn list(&mut self, key: &str) -> ConfigValue {
        match self.value_of(key).cloned() {
            None => ConfigValue::Null,
            Some(Json::Array(values)) => {
                let texts = values.iter().enumerate();
                let texts =
                    texts.filter_map(|(place, value)| self.as_text(&format!("{key}[{place}]"), value));
                ConfigValue::List(texts.collect())
            }
            Some(Json::String(text)) if text.is_empty() => ConfigValue::List(vec![]),
            Some(Json::String(text)) => ConfigValue::List(text.split(',').map(str::to_owned).collect()),
            Some(other) => {
                ConfigValue::List(self.as_text(&format!("{key}[0]"), &other).into_iter().collect())
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the original cuts fractions off, too")]
    fn integer(&mut self, key: &str) -> i64 {
        let value = self.value_of(key).cloned();
        match value {
            None => 0,
            Some(Json::Bool(on)) => on.into(),
            Some(Json::Number(number)) => {
                number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)).unwrap_or_default()
            }
            Some(Json::String(text)) if text.is_empty() => 0,
            Some(other) => {
                let parsed = other.as_str().and_then(go::parse_int);
                parsed.unwrap_or_else(|| self.refuse(key, go::INTEGER, &other))
            }
        }
    }

    fn switch(&mut self, key: &str) -> bool {
        match self.value_of(key).cloned() {
            None => false,
            Some(Json::Bool(on)) => on,
            Some(Json::Number(number)) => number.as_f64() != Some(0.0),
            Some(Json::String(text)) if text.is_empty() => false,
            Some(other) => {
                let parsed = other.as_str().and_then(go::parse_bool);
                parsed.unwrap_or_else(|| self.refuse(key, go::BOOLEAN, &other))
            }
        }
    }

    /// Notes that a value does not fit. Nothing comes of what is decoded instead.
    fn refuse<T: Default>(&mut self, key: &str, accepted: &str, value: &Json) -> T {
        self.problems.push(unfit(key, accepted, value));
        T::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(file: Json) -> Result<AemmConfig, String> {
        let Json::Object(file) = file else { panic!("no object") };
        decode(&AemmSettings::defaults().with_file(file), AemmMode::All)
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(with(json!({})), Ok(AemmConfig::default()));
    }

    #[test]
    fn kinds_are_loose() {
        let file = json!({
            "imdsv2": "true", "mock-delay-sec": "3", "mock-ip-count": true, "server": { "port": 1400 },
            "metadata": { "values": { "ami-launch-index": 7, "hostname": true, "local-ipv4": 1.5 } },
            "dynamic": { "values": { "instance-identity-document": {
                "marketplaceproductcodes": ["a", 1], "billingproducts": "b", "accountid": 515_336_597_381_u64,
            } } },
        });
        let config = with(file).unwrap();
        assert!(config.imdsv2);
        assert_eq!((config.mock.delay_sec, config.mock_ip_count), (3, 1));
        assert_eq!(config.server.port, "1400");
        let found = |key: &str| config.metadata.values[key].clone();
        assert_eq!(
            [found("ami-launch-index"), found("hostname"), found("local-ipv4")],
            ["7".into(), "1".into(), "1.5".into()]
        );
        let ConfigValue::Object(document) = &config.dynamic.values["instance-identity-document"] else {
            panic!()
        };
        let field = |name: &str| document.iter().find(|(found, _)| found == name).unwrap().1.clone();
        assert_eq!(field("marketplaceProductCodes"), ConfigValue::List(vec!["a".into(), "1".into()]));
        assert_eq!(field("billingProducts"), "b".into());
        assert_eq!(field("accountId"), "515336597381".into());
        assert_eq!(field("kernelId"), ConfigValue::Null);
    }

    #[test]
    fn what_does_not_fit_is_named_all_at_once() {
        let file = json!({
            "mock-delay-sec": "soon",
            "spot": "stop",
            "metadata": { "values": { "ami-id": [1, 2], "mac": 7 } },
            "imdsv2": { "a": 1 },
            "save-config-to-file": [],
            "watch-config-file": "yes",
        });
        let lines = "Fatal error while attempting to load viper config: 7 error(s) decoding:\n
* 'imdsv2' must be true or false; got {\"a\":1}
* 'metadata.values.ami-id' must be a string; got [1,2]
* 'metadata.values.mac' must be a string, in quotes where the format has them; got 7
* 'mock-delay-sec' must be a whole number of 64 bits; got \"soon\"
* 'save-config-to-file' must be true or false; got []
* 'spot' must be an object; got \"stop\"
* 'watch-config-file' must be true or false; got \"yes\"";
        assert_eq!(with(file).unwrap_err(), lines);
    }

    #[test]
    fn of_many_problems_a_hundred_are_listed_and_of_a_long_value_the_beginning() {
        let codes: Vec<Json> = (0..250).map(|_| json!({})).collect();
        let file = json!({
            "dynamic": { "values": { "instance-identity-document": { "marketplaceproductcodes": codes } } },
            "metadata": { "values": { "ami-id": vec!["x"; 100_000] } },
        });
        let lines = with(file).unwrap_err();
        assert!(lines.contains(" 251 error(s) decoding:"), "{lines}");
        assert!(lines.ends_with("\n* 151 more are not listed"), "{lines}");
        assert_eq!(lines.matches("\n* ").count(), 101, "{lines}");
        assert!(lines.len() < 30_000, "{} bytes", lines.len());
    }
}
