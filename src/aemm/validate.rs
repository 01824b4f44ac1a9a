//! What flags, environment and file may not say. Each mode looks at its own settings only.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::config::{Config, Mode, Value};
use super::go;

const ACTIONS: &[&str] = &["terminate", "hibernate", "stop"];
const CODES: &[&str] =
    &["instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"];
const STATES: &[&str] = &["active", "completed", "canceled"];
const TIMES: &str = "time in RFC3339 format, e.g. 2020-01-07T01:03:47Z";

/// A line for each value that is not allowed.
pub fn problems(config: &Config) -> Vec<String> {
    let mut problems = Vec::new();
    if matches!(config.mode, Mode::All | Mode::Spot) {
        let spot = &config.spot;
        word(&mut problems, "action", &spot.action, ACTIONS);
        time(&mut problems, "time", spot.time.as_deref());
        time(&mut problems, "rebalance-rec-time", spot.rebalance_rec_time.as_deref());
    }
    if matches!(config.mode, Mode::All | Mode::Events) {
        let events = &config.events;
        word(&mut problems, "code", &events.code, CODES);
        word(&mut problems, "state", &events.state, STATES);
        time(&mut problems, "not-before", events.not_before.as_deref());
        time(&mut problems, "not-after", events.not_after.as_deref());
        time(&mut problems, "not-before-deadline", events.not_before_deadline.as_deref());
    }
    if config.mode == Mode::All {
        time(&mut problems, "mock-trigger-time", config.mock.trigger_time.as_deref());
    }
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

/// Whether user data is base64.
///
/// # Errors
/// What is wrong with it, in the words of the original.
pub fn user_data(config: &Config) -> Result<(), String> {
    let Some(Value::Text(text)) = config.userdata.values.get("userdata") else { return Ok(()) };
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    match BASE64_STANDARD.decode(&text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let place = match error {
                base64::DecodeError::InvalidByte(place, _)
                | base64::DecodeError::InvalidLastSymbol { offset: place, .. } => place,
                _ => text.trim_end_matches('=').len(),
            };
            Err(format!("illegal base64 data at input byte {place}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong() -> Config {
        let mut config = Config::default();
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
        let of = |mode| problems(&Config { mode, ..wrong() });
        assert_eq!(of(Mode::Spot), expected[..1]);
        assert_eq!(of(Mode::Events), expected[1..3]);
        assert_eq!(of(Mode::AsgLifecycle), [""; 0]);
    }

    #[test]
    fn user_data_is_base64() {
        let with = |text: &str| {
            let mut config = Config::default();
            config.userdata.values.insert("userdata".into(), text.into());
            user_data(&config)
        };
        assert_eq!(user_data(&Config::default()), Ok(()));
        assert_eq!(with(""), Ok(()));
        assert_eq!(with("aGVs\nbG8="), Ok(()));
        assert_eq!(with("aGV*"), Err("illegal base64 data at input byte 3".into()));
        assert!(with("aGVsbG8").is_err(), "without padding");
    }
}
