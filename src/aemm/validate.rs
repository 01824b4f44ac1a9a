//! Checks of the settings that flags, environment and file gave. Each mode looks at its own settings only.

use super::compile::sent;
use super::config::{AemmConfig, AemmMode};
use super::{go, user_data};
use crate::scenario::VALUE_LIMIT;

const ACTIONS: &[&str] = &["terminate", "hibernate", "stop"];
const CODES: &[&str] =
    &["instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"];
const STATES: &[&str] = &["active", "completed", "canceled"];
const TIMES: &str = "time in RFC3339 format, e.g. 2020-01-07T01:03:47Z";

/// A line for each value that is not allowed.
pub(crate) fn problems(config: &AemmConfig) -> Vec<String> {
    let mut problems = Vec::new();
    if matches!(config.mode, AemmMode::All | AemmMode::Spot) {
        let spot = &config.spot;
        word(&mut problems, "action", &spot.action, ACTIONS);
        time(&mut problems, "time", spot.time.as_deref());
        time(&mut problems, "rebalance-rec-time", spot.rebalance_rec_time.as_deref());
    }
    if matches!(config.mode, AemmMode::All | AemmMode::Events) {
        let events = &config.events;
        word(&mut problems, "code", &events.code, CODES);
        word(&mut problems, "state", &events.state, STATES);
        time(&mut problems, "not-before", events.not_before.as_deref());
        time(&mut problems, "not-after", events.not_after.as_deref());
        time(&mut problems, "not-before-deadline", events.not_before_deadline.as_deref());
    }
    if config.mode == AemmMode::All {
        time(&mut problems, "mock-trigger-time", config.mock.trigger_time.as_deref());
    }
    problems.extend(lengths(config));
    problems
}

fn word(problems: &mut Vec<String>, flag: &str, value: &str, allowed: &[&str]) {
    if !allowed.contains(&value) {
        problems.push(invalid(flag, value, &allowed.join(",")));
    }
}

fn time(problems: &mut Vec<String>, flag: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !go::is_rfc3339(value)) {
        problems.push(invalid(flag, value, TIMES));
    }
}

fn invalid(flag: &str, value: &str, allowed: &str) -> String {
    format!("Invalid CLI input \"{value}\" for flag {flag}. Allowed value(s): {allowed}.")
}

/// A line for each value that no answer carries.
pub(crate) fn lengths(config: &AemmConfig) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |key: &str, bytes: usize| {
        if bytes > VALUE_LIMIT {
            problems.push(format!("{key} has {bytes} bytes; accepted: at most {VALUE_LIMIT}"));
        }
    };
    for (name, tree) in [("metadata", &config.metadata), ("dynamic", &config.dynamic)] {
        for (key, value) in &tree.values {
            check(&format!("{name}.values.{key}"), sent(value));
        }
    }
    check("userdata.values.userdata, decoded,", user_data::decoded(config).map_or(0, |bytes| bytes.len()));
    problems
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::aemm::path_table::ConfigValue;

    fn wrong() -> AemmConfig {
        let mut config = AemmConfig::default();
        config.spot.action = "sleep".into();
        config.events.state = "done".into();
        config.events.not_after = Some("later".into());
        config.mock.trigger_time = Some("soon".into());
        config.rebalance.trigger_time = Some("never looked at".into());
        config
    }

    #[test]
    fn every_bad_value_has_a_line() {
        let expected = [
            "Invalid CLI input \"sleep\" for flag action. Allowed value(s): terminate,hibernate,stop.",
            "Invalid CLI input \"done\" for flag state. Allowed value(s): active,completed,canceled.",
            "Invalid CLI input \"later\" for flag not-after. Allowed value(s): time in RFC3339 format, e.g. 2020-01-07T01:03:47Z.",
            "Invalid CLI input \"soon\" for flag mock-trigger-time. Allowed value(s): time in RFC3339 format, e.g. 2020-01-07T01:03:47Z.",
        ];
        assert_eq!(problems(&wrong()), expected);
        let of = |mode| problems(&AemmConfig { mode, ..wrong() });
        assert_eq!(of(AemmMode::Spot), expected[..1]);
        assert_eq!(of(AemmMode::Events), expected[1..3]);
        assert_eq!(of(AemmMode::AsgLifecycle), [""; 0]);
    }

    #[test]
    fn a_value_may_be_as_long_as_an_answer() {
        let with = |bytes: usize| {
            let mut config = AemmConfig::default();
            let user_data = BASE64_STANDARD.encode(vec![0; bytes]);
            config.userdata.values.insert("userdata".into(), ConfigValue::Text(user_data));
            config.metadata.values.insert("ami-id".into(), ConfigValue::Text("a".repeat(bytes)));
            let field =
                ("Code".to_owned(), ConfigValue::Text("a".repeat(bytes - "{\n\t\"Code\": \"\"\n}".len())));
            config.metadata.values.insert("iam-info".into(), ConfigValue::Object(vec![field]));
            problems(&AemmConfig { mode: AemmMode::AsgLifecycle, ..config })
        };
        assert_eq!(with(1_048_576), [""; 0]);
        let expected = [
            "metadata.values.ami-id has 1048577 bytes; accepted: at most 1048576",
            "metadata.values.iam-info has 1048577 bytes; accepted: at most 1048576",
            "userdata.values.userdata, decoded, has 1048577 bytes; accepted: at most 1048576",
        ];
        assert_eq!(with(1_048_577), expected);
    }
}
