//! What a host's facts lead to. Each case is a healthy host with one fact changed.

mod callers;
mod endpoints;
mod network;
mod programs;
mod service;

use std::net::IpAddr;

use super::examine;
use crate::doctor::facts::{
    CallerInterface, GuardianProcess, HostFacts, ListeningSocket, Probe, ServerState, Unit,
};
use crate::doctor::report::{Finding, FindingLevel};
use crate::doctor::ruleset::Ruleset;
use crate::host::address::InterfaceAddress;
use crate::host::cloud::DetectedCloud;
use crate::host::nft::{InstalledTable, TablesSnapshot};
use crate::host::plan::{Family, Plan};
use crate::host::settings::HostSettings;
use crate::host::status::{
    AddressOrigin, GuardianStatus, LoopbackAddress, NetMode, Protection, Restorations, TableState,
};
use crate::model::endpoint::{ADDRESS_V4, SERVICE_PORT};

/// A host where the package is installed, and everything runs.
fn healthy() -> HostFacts {
    let settings = HostSettings::default();
    let status = GuardianStatus {
        version: "1.0.0".into(),
        mode: NetMode::Hold,
        pid: Some(10),
        since: "2026-07-01T12:00:00Z".into(),
        applied: "2026-07-01T12:00:00Z".into(),
        rejected: None,
        addresses: vec![LoopbackAddress {
            address: ADDRESS_V4.into(),
            prefix: 32,
            origin: AddressOrigin::Added,
        }],
        unavailable: vec![],
        refused: vec![],
        tables: vec![TableState {
            name: "inet mock-imds".into(),
            handle: 1,
            rules: 0,
            protection: Protection::Owned,
        }],
        connection_faults: vec![],
        uplinks: vec![],
        settings: settings.clone(),
        warnings: vec![],
        restorations: Restorations::default(),
    };
    HostFacts {
        version: "1.0.0".into(),
        guardian: GuardianProcess::Running,
        tables: Ok(installed(&settings, Some(10))),
        published: Some(status),
        settings: Ok(settings),
        scenario: Ok(None),
        server: running("1.0.0", 20),
        cloud: None,
        takeover_by_environment: false,
        addresses: Ok(vec![on_lo(32)]),
        probe: Probe::Ours { version: "1.0.0".into(), pid: 20 },
        listeners: vec![listener(&format!("169.254.169.254:{SERVICE_PORT}"))],
        callers: vec![CallerInterface {
            name: "docker0".into(),
            caller_address: Some([172, 17, 0, 2].into()),
        }],
        uplinks: vec![],
        unlisted_bridges: vec![],
        detours: Ok(vec![]),
        rules: Ok(Ruleset::default()),
        firewalls: vec![],
        variables: vec![],
        cloud_init: None,
        saved_rulesets: vec![],
        refused: vec![],
        pod_tokens: false,
        units: vec![],
        leftovers: vec![],
    }
}

fn running(version: &str, pid: u32) -> ServerState {
    ServerState::Running {
        version: version.into(),
        pid,
        instance: "i-1".into(),
        serving: "what it loaded before".into(),
        credential_failure: None,
    }
}

fn on_lo(prefix: u8) -> InterfaceAddress {
    InterfaceAddress {
        address: ADDRESS_V4.into(),
        prefix,
        interface: "lo".into(),
        loopback: true,
        marked: true,
    }
}

fn listener(address: &str) -> ListeningSocket {
    ListeningSocket {
        address: address.parse().expect("an address with a port"),
        process: Some("nginx (7)".into()),
    }
}

/// The tables of these settings, as the kernel shows them.
fn installed(settings: &HostSettings, owner: Option<u32>) -> TablesSnapshot {
    let held: Vec<IpAddr> = settings.addresses();
    let plan = Plan::new(&held, &settings.bridges, &[]);
    let table = |family: Family| {
        let planned = plan.tables.iter().find(|table| table.family == family).expect("each family has one");
        let numbers = |count: usize| (1..).take(count).collect();
        InstalledTable {
            family,
            handle: 1,
            owner,
            chains: numbers(planned.chains.len()),
            rules: numbers(planned.rule_count()),
        }
    };
    TablesSnapshot { tables: vec![table(Family::Inet), table(Family::Arp)] }
}

/// The findings of a check on the healthy host with this change.
fn findings(check: &str, change: impl FnOnce(&mut HostFacts)) -> Vec<Finding> {
    let mut facts = healthy();
    change(&mut facts);
    examine(&facts).findings.into_iter().filter(|finding| <&str>::from(finding.check) == check).collect()
}

/// The only finding of a check on the healthy host with this change.
#[track_caller]
fn finding(check: &str, change: impl FnOnce(&mut HostFacts)) -> Finding {
    let mut findings = findings(check, change);
    assert_eq!(findings.len(), 1, "expected one finding of {check}, found {findings:#?}");
    findings.remove(0)
}

#[track_caller]
fn assert_is(finding: &Finding, level: FindingLevel, found: &str) {
    assert_eq!((finding.level, finding.found.as_str()), (level, found), "{finding}");
}

/// It is a problem with this text, which one of its commands repairs.
#[track_caller]
fn assert_problem(finding: &Finding, found: &str, command: &str) {
    assert_is(finding, FindingLevel::Problem, found);
    let repaired = finding.repair.iter().any(|repair| repair.contains(command));
    assert!(repaired, "expected a command with {command:?}, found:\n{finding}");
}

#[test]
fn a_healthy_host_has_no_problem_and_nothing_unseen() {
    let report = examine(&healthy());
    assert!(report.healthy, "{report}");
    let other: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.level != FindingLevel::Ok).collect();
    assert!(other.is_empty(), "{other:#?}");
    let checks: Vec<&str> = report.findings.iter().map(|finding| finding.check.into()).collect();
    let expected = [
        "cloud",
        "settings",
        "scenario",
        "guardian",
        "address",
        "tables",
        "tables",
        "server",
        "answer",
        "firewall",
        "routes",
        "environment",
    ];
    assert_eq!(checks, expected);
}

#[test]
fn the_report_counts_problems_and_what_is_unseen() {
    let last_line = |change: fn(&mut HostFacts)| {
        let mut facts = healthy();
        change(&mut facts);
        examine(&facts).to_string().lines().last().map(str::to_owned)
    };
    assert_eq!(last_line(|_| {}).as_deref(), Some("no problem"));
    assert_eq!(last_line(|facts| facts.scenario = Ok(Some("bad".into()))).as_deref(), Some("1 problem"));
    let two = last_line(|facts| {
        facts.scenario = Ok(Some("bad".into()));
        facts.probe = Probe::Failed("refused".into());
        facts.rules = Err("root only".into());
    });
    assert_eq!(two.as_deref(), Some("2 problems; 1 unseen: root sees more, sudo mock-imds doctor"));
}

/// What fails because of the refusal is no problem of its own: its commands would fail, too.
#[test]
fn a_cloud_machine_that_is_refused_is_one_problem() {
    let mut facts = healthy();
    let text = "Amazon EC2".into();
    facts.cloud = Some(DetectedCloud { cloud: "Amazon EC2", file: "sys_vendor".into(), text });
    (facts.published, facts.addresses, facts.tables) =
        (None, Ok(vec![]), Ok(TablesSnapshot { tables: vec![] }));
    (facts.probe, facts.listeners) = (Probe::Skipped, vec![]);
    facts.server = ServerState::NoAnswer("no mock-imds server listens at /x; start one".into());
    let unit = |name: &str, active: &str, status_text: &str| Unit {
        name: name.into(),
        load: "loaded".into(),
        active: active.into(),
        file: "enabled".into(),
        status_text: status_text.into(),
    };
    facts.units = vec![unit("mock-imds.service", "failed", "this is a real machine: x")];
    let report = examine(&facts);
    let level = |level| {
        let found = report.findings.iter().filter(|finding| finding.level == level);
        found.map(|finding| (finding.check.into(), finding.found.as_str())).collect::<Vec<(&str, &str)>>()
    };
    let [(check, _)] = level(FindingLevel::Problem)[..] else {
        panic!("expected one problem, found {report}")
    };
    assert_eq!(check, "cloud");
    let notes = [
        ("units", "mock-imds.service has failed"),
        ("guardian", "the host's network is not set up"),
        ("server", "no mock-imds server listens at /x"),
    ];
    assert_eq!(level(FindingLevel::Note), notes, "{report}");
    facts.units.push(unit("mock-imds-net.service", "inactive", ""));
    facts.units[1].load = "masked".into();
    assert!(examine(&facts).to_string().ends_with("\n2 problems"), "a mask is one of its own");
}
