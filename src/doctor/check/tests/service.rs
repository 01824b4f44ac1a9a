//! Units, settings, guardian, server, versions.

use super::{assert_is, assert_problem, finding, findings, healthy, running};
use crate::doctor::check::examine;
use crate::doctor::facts::{GuardianProcess, Probe, ServerState, Unit};
use crate::doctor::report::CheckName;
use crate::doctor::report::FindingLevel::{Note, Ok as Healthy, Unknown};
use crate::host::status::{NetMode, Restoration};

fn unit(name: &str, load: &str, active: &str, file: &str) -> Unit {
    Unit {
        name: name.into(),
        load: load.into(),
        active: active.into(),
        file: file.into(),
        status_text: String::new(),
    }
}

#[test]
fn each_state_of_a_unit_has_its_command() {
    let units = |unit: Unit| move |facts: &mut crate::doctor::facts::HostFacts| facts.units = vec![unit];
    let (ours, net) = ("mock-imds.service", "mock-imds-net.service");
    let healthy = [unit(ours, "loaded", "active", "enabled"), unit(net, "loaded", "inactive", "static")];
    for unit in healthy {
        assert_is(&finding("units", units(unit)), Healthy, "enabled, and none has failed");
    }
    assert!(findings("units", units(unit(ours, "not-found", "inactive", ""))).is_empty());
    let problems = [
        (
            unit(ours, "masked", "inactive", "masked"),
            "mock-imds.service is masked",
            "systemctl unmask mock-imds.service",
        ),
        (
            unit(net, "loaded", "active", "masked"),
            "mock-imds-net.service is masked",
            "systemctl enable --now mock-imds",
        ),
        (
            unit(ours, "loaded", "failed", "enabled"),
            "mock-imds.service has failed",
            "systemctl restart mock-imds",
        ),
        (
            unit(net, "loaded", "failed", "static"),
            "mock-imds-net.service has failed",
            "systemctl restart mock-imds-net.service",
        ),
        (
            unit(ours, "loaded", "active", "disabled"),
            "mock-imds.service is disabled",
            "systemctl enable --now mock-imds",
        ),
        (
            unit(ours, "loaded", "inactive", "enabled"),
            "mock-imds.service does not run",
            "systemctl start mock-imds",
        ),
    ];
    for (unit, found, command) in problems {
        assert_problem(&finding("units", units(unit)), found, command);
    }
    let failed = Unit { status_text: "no memory".into(), ..unit(ours, "loaded", "failed", "enabled") };
    assert_problem(
        &finding("units", units(failed)),
        "mock-imds.service has failed: no memory",
        "journalctl -u mock-imds.service",
    );
}

#[test]
fn host_toml_is_compared_with_what_the_guardian_applied() {
    let applied = |change: fn(&mut crate::host::settings::HostSettings)| {
        finding("settings", |facts| change(facts.settings.as_mut().expect("valid")))
    };
    let changed = "host.toml was changed since the guardian read it";
    assert_problem(
        &applied(|settings| settings.ipv6 = !settings.ipv6),
        changed,
        "systemctl reload mock-imds-net",
    );
    assert_problem(&applied(|settings| settings.bridges.clear()), changed, "systemctl reload mock-imds-net");
    let valid = "host.toml is valid and applied";
    assert_is(&applied(|settings| settings.allow_takeover = true), Healthy, valid);
    let not_up = finding("settings", |facts| {
        facts.guardian = GuardianProcess::Gone;
        facts.settings.as_mut().expect("valid").bridges.clear();
    });
    assert_is(&not_up, Healthy, valid);
    let rejected = finding("settings", |facts| {
        facts.published.as_mut().expect("it is up").rejected = Some("line 3: no".into());
    });
    assert_problem(&rejected, "the last reload was rejected: line 3: no", "systemctl reload mock-imds-net");
    let invalid = finding("settings", |facts| facts.settings = Err("line 1: what?".into()));
    assert_problem(&invalid, "line 1: what?", "editor /etc/mock-imds/host.toml");
}

#[test]
fn a_scenario_that_is_refused_is_shown_with_its_report() {
    let refused = finding("scenario", |facts| facts.scenario = Ok(Some("line 7: no such key".into())));
    assert_problem(&refused, "line 7: no such key", "systemctl reload mock-imds");
    assert_eq!(
        refused.meaning,
        "the service keeps serving what it loaded before, over restarts too, and not this file"
    );
    let stopped = finding("scenario", |facts| {
        facts.scenario = Ok(Some("line 7: no such key".into()));
        facts.server = ServerState::NoAnswer("no socket".into());
    });
    assert!(stopped.meaning.contains("or the built-in one if there is none"), "{}", stopped.meaning);
    let unreadable = finding("scenario", |facts| facts.scenario = Err("permission denied".into()));
    assert_is(&unreadable, Unknown, "permission denied");
}

#[test]
fn a_guardian_is_missing_gone_or_replaced_by_net_up() {
    let none = finding("guardian", |facts| facts.published = None);
    assert_problem(&none, "the host's network is not set up", "systemctl start mock-imds");
    let gone = finding("guardian", |facts| facts.guardian = GuardianProcess::Gone);
    assert_problem(&gone, "it is gone (process 10) and did not clean up", "systemctl restart mock-imds-net");
    let up = finding("guardian", |facts| facts.published.as_mut().expect("it is up").mode = NetMode::Up);
    assert_is(&up, Note, "set up by \"mock-imds net up\", without a guardian");
    let held = finding("guardian", |_| {});
    assert_is(&held, Healthy, "process 10, since 2026-07-01T12:00:00Z");
}

#[test]
fn what_the_guardian_restored_is_told() {
    let restored = finding("restored", |facts| {
        let restorations = &mut facts.published.as_mut().expect("it is up").restorations;
        for what in ["the address", "the table"] {
            restorations.push(Restoration { at: "2026-07-01T13:00:00Z".into(), what: what.into() });
        }
    });
    assert_is(&restored, Note, "2 times, last at 2026-07-01T13:00:00Z: the table");
    let uncounted = findings("restored", |facts| {
        let restorations = &mut facts.published.as_mut().expect("it is up").restorations;
        restorations.last.push(Restoration { at: "2026-07-01T13:00:00Z".into(), what: "the address".into() });
    });
    assert!(uncounted.is_empty(), "{uncounted:?}");
}

#[test]
fn the_server_is_the_one_that_answers() {
    assert_is(&finding("server", |_| {}), Healthy, "mock-imds 1.0.0, process 20, plays i-1");
    let two = finding("server", |facts| facts.probe = Probe::Ours { version: "1.0.0".into(), pid: 21 });
    assert_problem(
        &two,
        "mock-imds 1.0.0 (process 20, i-1) has the control socket, and process 21 answers",
        "kill 21",
    );
    let hidden = finding("server", |facts| facts.server = ServerState::NoPermission);
    assert_is(&hidden, Unknown, "its control socket is for root and the group mock-imds");
    let silent = ServerState::NoAnswer("no socket".into());
    let another = finding("server", |facts| facts.server = silent.clone());
    assert_is(&another, Note, "no control socket is found; another user's server answers");
    let none = finding("server", |facts| {
        facts.server = silent;
        facts.probe = Probe::Failed("refused".into());
    });
    assert_problem(&none, "no socket", "systemctl start mock-imds");
}

#[test]
fn credentials_that_fail_are_a_problem() {
    assert!(findings("credentials", |_| {}).is_empty());
    let failing = finding("credentials", |facts| {
        facts.server = ServerState::Running {
            version: "1.0.0".into(),
            pid: 20,
            instance: "i-1".into(),
            serving: "what it loaded before".into(),
            credential_failure: Some("the program ended with 1".into()),
        };
    });
    assert_problem(&failing, "the program ended with 1", "mock-imds check");
}

#[test]
fn programs_of_an_earlier_version_are_named() {
    let found = |change: fn(&mut crate::doctor::facts::HostFacts)| {
        let mut facts = healthy();
        change(&mut facts);
        let all = examine(&facts).findings;
        all.into_iter()
            .filter(|finding| finding.check == CheckName::Version)
            .map(|it| it.found)
            .collect::<Vec<_>>()
    };
    let guardian = "the guardian is mock-imds 1.0.0, installed is 1.0.0";
    assert_eq!(found(|facts| facts.guardian = GuardianProcess::ProgramReplaced), [guardian]);
    assert_eq!(
        found(|facts| facts.published.as_mut().expect("it is up").version = "0.9.0".into()),
        ["the guardian is mock-imds 0.9.0, installed is 1.0.0"]
    );
    assert_eq!(
        found(|facts| facts.server = running("0.9.0", 20)),
        ["the server is mock-imds 0.9.0, installed is 1.0.0"]
    );
    let answering = found(|facts| {
        facts.server = ServerState::NoPermission;
        facts.probe = Probe::Ours { version: "0.8.0".into(), pid: 20 };
    });
    assert_eq!(answering, ["the server is mock-imds 0.8.0, installed is 1.0.0"]);
    let dead = found(|facts| {
        facts.guardian = GuardianProcess::Gone;
        facts.published.as_mut().expect("it was up").version = "0.9.0".into();
    });
    assert!(dead.is_empty(), "{dead:?}");
}
