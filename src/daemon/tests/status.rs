//! The line for the service manager, and what the status says of the scenario.

use std::time::Duration;

use super::fleets::{LOADED, fleet, loaded_scenario};
use crate::config::{Problem, Report, Severity};
use crate::control::api::{FallbackScenario, FallbackStatus, ReloadStatus, ScenarioStatus};
use crate::daemon::load_tally::LoadTally;
use crate::daemon::origin::ScenarioOrigin;
use crate::daemon::status::{StatusInputs, scenario_status};
use crate::imds::{Fleet, FleetChange};
use crate::model::Instance;

const FAULTS: &str = "[[fault]]\nname = \"a\"\nhang = true\n[[fault]]\nname = \"b\"\nhang = true\n";

fn inputs(change: impl FnOnce(&mut StatusInputs)) -> StatusInputs {
    let instance_id = Instance::default().instance_id;
    let scenario = scenario_status(&loaded_scenario(""), false, &instance_id, LOADED);
    let mut inputs = StatusInputs { scenario, last_reload: None, loads: LoadTally::default() };
    change(&mut inputs);
    inputs
}

#[test]
fn the_line_says_what_is_served_and_what_has_changed_since() {
    let without = |indices: &[usize]| {
        let removed = indices.iter().copied().collect();
        fleet(FAULTS).apply(FleetChange::RemoveFaults(removed))
    };
    let paused = fleet("").apply(FleetChange::Pause(LOADED.plus(Duration::from_secs(90))));
    let usual = format!("serving i-1234567890abcdef0 from /test.toml, loaded {}", LOADED.rfc3339());
    let line = |fleet: &Fleet| inputs(|_| {}).line(fleet);
    assert_eq!(line(&fleet("")), usual);
    // Faults of the file that are removed are changes.
    assert_eq!(line(&without(&[0])), format!("{usual}, changed once since"));
    assert_eq!(line(&without(&[0, 1])), format!("{usual}, changed 2 times since"));
    assert_eq!(line(&paused), format!("{usual}, its clock is paused at 1m30s"));
    let used = inputs(|inputs| inputs.scenario.used = true).line(&fleet(""));
    assert_eq!(used, usual.replace(", loaded", " (until the next reload), loaded"));

    let reload = |accepted| {
        let message = "s.toml:2: x".to_owned();
        Some(ReloadStatus { at: LOADED, by: "a signal".to_owned(), accepted, message })
    };
    let accepted = inputs(|inputs| inputs.last_reload = reload(true)).line(&fleet(""));
    assert_eq!(accepted, usual);
    let rejected = format!("reload rejected {}: s.toml:2: x; still {usual}", LOADED.rfc3339());
    assert_eq!(inputs(|inputs| inputs.last_reload = reload(false)).line(&fleet("")), rejected);

    let fallback = FallbackStatus {
        serving: FallbackScenario::LastGood,
        file: "/test.toml".to_owned(),
        message: "/test.toml:2: x".to_owned(),
        report: String::new(),
    };
    let served = inputs(|inputs| inputs.scenario.fallback = Some(Box::new(fallback))).line(&fleet(""));
    let last_good = usual.replace("from /test.toml", "from the last good scenario");
    assert_eq!(served, format!("scenario rejected: /test.toml:2: x; {last_good}"));
}

#[test]
fn the_status_has_the_origin_and_the_number_of_warnings() {
    let instance_id = Instance::default().instance_id;
    let status = |origin: ScenarioOrigin, listed: usize, omitted: usize| -> ScenarioStatus {
        let warning =
            Problem { severity: Severity::Warning, span: None, found: "x".to_owned(), help: vec![] };
        let mut warnings = Report { problems: vec![warning; listed], ..Report::default() };
        warnings.omitted.warnings = omitted;
        let loaded = crate::daemon::load::LoadedScenario { origin, warnings, ..loaded_scenario("") };
        scenario_status(&loaded, true, &instance_id, LOADED)
    };
    let found = status(ScenarioOrigin::File("/a.toml".into()), 2, 3);
    assert_eq!((found.warnings, found.name(), found.sent), (5, "/a.toml".to_owned(), false));
    let found = status(ScenarioOrigin::Sent { sent: "/b.toml".into() }, 0, 0);
    assert_eq!((found.warnings, found.name(), found.sent), (0, "/b.toml".to_owned(), true));
    let found = status(ScenarioOrigin::Library { library: "fleet".into() }, 1, 0);
    assert_eq!((found.warnings, found.name(), found.sent), (1, "fleet of the library".to_owned(), false));
    let found = status(ScenarioOrigin::BuiltIn, 0, 1);
    assert_eq!((found.warnings, found.name(), found.used), (1, "the built-in scenario".to_owned(), true));
}
