//! The metrics that are times, in seconds since 1970.

use std::time::Duration;

use tokio::sync::watch;

use super::fleets::{LOADED, fleet_at, loaded_scenario, scenario, service};
use crate::clock;
use crate::daemon::load_tally::LoadTally;
use crate::daemon::metrics::metrics;
use crate::daemon::status::{StatusInputs, scenario_status};
use crate::model::Instance;

#[test]
fn times_are_seconds_with_their_milliseconds() {
    let at = LOADED.plus(Duration::from_millis(250));
    let scenario_status = scenario_status(&loaded_scenario(""), false, &Instance::default().instance_id, at);
    let inputs = StatusInputs { scenario: scenario_status, last_reload: None, loads: LoadTally::default() };
    let (_sender, inputs) = watch::channel(inputs);
    let before = clock::now();
    let text = metrics(service(fleet_at(scenario(""), clock::read())), inputs)();
    let after = clock::now();
    let value = |name: &str| {
        let name = format!("mock_imds_{name} ");
        let found = text.lines().find_map(|line| line.strip_prefix(&name));
        found.unwrap_or_else(|| panic!("expected {name}, found:\n{text}")).to_owned()
    };
    assert!(!text.contains("container_requests_total"), "nobody has asked there:\n{text}");
    assert_eq!(value("scenario_load_time_seconds"), "1795230851.25");
    let seconds = |name: &str| {
        let value = value(name);
        value
            .split('.')
            .next()
            .and_then(|whole| whole.parse().ok())
            .unwrap_or_else(|| panic!("{name} {value}"))
    };
    let present = before.as_secs()..=after.as_secs();
    assert!(present.contains(&seconds("start_time_seconds")), "expected one of {present:?}, found:\n{text}");
    let expiry = seconds("credentials_expiry_time_seconds");
    assert!((after.as_secs()..after.as_secs() + 86_400).contains(&expiry), "{text}");
}
