//! Our own processes: units, settings, guardian, server, versions.

use crate::doctor::facts::{GuardianProcess, HostFacts, Probe, ServerState, Unit};
use crate::doctor::report::{CheckName, Finding};
use crate::host::status::{NetMode, Restoration};

/// The units are enabled, and none has failed.
pub(super) fn units(facts: &HostFacts) -> Vec<Finding> {
    let installed: Vec<&Unit> = facts.units.iter().filter(|unit| unit.load != "not-found").collect();
    if installed.is_empty() {
        return vec![];
    }
    let mut findings: Vec<Finding> = installed.iter().filter_map(|unit| unit_problem(unit)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok(CheckName::Units, "enabled, and none has failed"));
    }
    findings
}

fn unit_problem(unit: &Unit) -> Option<Finding> {
    let name = &unit.name;
    let ours = name == "mock-imds.service";
    if unit.load == "masked" || unit.file == "masked" {
        return Some(
            Finding::problem(CheckName::Units, format!("{name} is masked"))
                .meaning("systemd never starts it")
                .repair(format!("systemctl unmask {name}"))
                .repair("systemctl enable --now mock-imds"),
        );
    }
    if unit.active == "failed" {
        let status_text =
            if unit.status_text.is_empty() { String::new() } else { format!(": {}", unit.status_text) };
        return Some(
            Finding::problem(CheckName::Units, format!("{name} has failed{status_text}"))
                .meaning("its journal says why")
                .repair(format!("journalctl -u {name} -n 20"))
                .repair(format!("systemctl restart {}", if ours { "mock-imds" } else { name })),
        );
    }
    if ours && unit.file == "disabled" {
        return Some(
            Finding::problem(CheckName::Units, format!("{name} is disabled"))
                .meaning("it does not come back after a reboot")
                .repair("systemctl enable --now mock-imds"),
        );
    }
    if ours && unit.active == "inactive" {
        return Some(
            Finding::problem(CheckName::Units, format!("{name} does not run"))
                .repair("systemctl start mock-imds"),
        );
    }
    None
}

pub(super) fn settings(facts: &HostFacts) -> Vec<Finding> {
    let reload = "systemctl reload mock-imds-net";
    let published = facts.published.as_ref();
    match (&facts.settings, published) {
        (Err(why), _) => vec![
            Finding::problem(CheckName::Settings, why)
                .meaning("the guardian keeps its previous settings, and would not start with this file")
                .repair("editor /etc/mock-imds/host.toml   # man mock-imds-host.toml")
                .repair(reload),
        ],
        (Ok(settings), Some(status)) if facts.network_is_up() && settings.differ_from(&status.settings) => {
            vec![
                Finding::problem(CheckName::Settings, "host.toml was changed since the guardian read it")
                    .repair(reload),
            ]
        }
        (_, Some(status)) if status.rejected.is_some() => {
            let why = status.rejected.clone().unwrap_or_default();
            vec![
                Finding::problem(CheckName::Settings, format!("the last reload was rejected: {why}"))
                    .repair(reload),
            ]
        }
        _ => vec![Finding::ok(CheckName::Settings, "host.toml is valid and applied")],
    }
}

/// The scenario file is valid.
pub(super) fn scenario(facts: &HostFacts) -> Vec<Finding> {
    vec![match &facts.scenario {
        Ok(None) => Finding::ok(CheckName::Scenario, "scenario.toml is valid"),
        Ok(Some(report)) => Finding::problem(CheckName::Scenario, report)
            .meaning(instead_of_the_file(&facts.server))
            .repair("editor /etc/mock-imds/scenario.toml   # man mock-imds.toml")
            .repair("systemctl reload mock-imds"),
        Err(why) => Finding::unknown(CheckName::Scenario, why),
    }]
}

/// What is served while scenario.toml is rejected.
fn instead_of_the_file(server: &ServerState) -> String {
    match server {
        ServerState::Running { serving, .. } => {
            format!("the service keeps serving {serving}, over restarts too, and not this file")
        }
        ServerState::NoPermission | ServerState::NoAnswer(_) => {
            "the service serves the last good scenario, or the built-in one if there is none, and not this file"
                .to_owned()
        }
    }
}

/// The network is set up, and a guardian keeps it.
pub(super) fn guardian(facts: &HostFacts) -> Vec<Finding> {
    let Some(status) = &facts.published else {
        return vec![
            Finding::problem(CheckName::Guardian, "the host's network is not set up")
                .meaning("no program of this host finds the service at 169.254.169.254")
                .repair("systemctl start mock-imds"),
        ];
    };
    let mut findings = match (status.mode, facts.guardian) {
        (NetMode::Up, _) => {
            vec![Finding::note(CheckName::Guardian, "set up by \"mock-imds net up\", without a guardian")]
        }
        (NetMode::Hold, GuardianProcess::Gone) => vec![
            Finding::problem(
                CheckName::Guardian,
                format!("it is gone (process {}) and did not clean up", status.pid.unwrap_or(0)),
            )
            .meaning("what it left is the state of a dead process: the redirect went with it")
            .repair("systemctl restart mock-imds-net   # or, where systemd does not run: mock-imds net down"),
        ],
        (NetMode::Hold, _) => vec![Finding::ok(
            CheckName::Guardian,
            format!("process {}, since {}", status.pid.unwrap_or(0), status.since),
        )],
    };
    if let Some(Restoration { at, what }) =
        status.restorations.last.last().filter(|_| status.restorations.count > 0)
    {
        let count = status.restorations.count;
        findings.push(Finding::note(CheckName::Restored, format!("{count} times, last at {at}: {what}")));
    }
    findings
}

pub(super) fn server(facts: &HostFacts) -> Vec<Finding> {
    match (&facts.server, &facts.probe) {
        (ServerState::Running { version, pid, instance, .. }, Probe::Ours { pid: answering, .. })
            if pid != answering =>
        {
            vec![Finding::problem(CheckName::Server, format!("mock-imds {version} (process {pid}, {instance}) has the control socket, and process {answering} answers"))
                .meaning("two servers are running; changes to one do not reach the clients of the other")
                .repair(format!("kill {answering}   # end the one that was started by hand"))]
        }
        (ServerState::Running { version, pid, instance, .. }, _) => {
            vec![Finding::ok(
                CheckName::Server,
                format!("mock-imds {version}, process {pid}, plays {instance}"),
            )]
        }
        (ServerState::NoPermission, _) => {
            vec![Finding::unknown(
                CheckName::Server,
                "its control socket is for root and the group mock-imds",
            )]
        }
        (ServerState::NoAnswer(_), Probe::Ours { .. }) => {
            vec![Finding::note(
                CheckName::Server,
                "no control socket is found; another user's server answers",
            )]
        }
        (ServerState::NoAnswer(why), _) => {
            vec![Finding::problem(CheckName::Server, why.clone()).repair("systemctl start mock-imds")]
        }
    }
}

/// The credential source gives keys.
pub(super) fn credentials(facts: &HostFacts) -> Vec<Finding> {
    let ServerState::Running { credential_failure: Some(why), .. } = &facts.server else {
        return vec![];
    };
    vec![
        Finding::problem(CheckName::Credentials, why.clone())
            .meaning("programs get no valid keys, or will get none once the last ones have expired")
            .repair("mock-imds check /etc/mock-imds/scenario.toml   # as root: as the service sees it")
            .repair("man mock-imds.toml   # [credentials]"),
    ]
}

/// The running programs are the installed ones.
pub(super) fn versions(facts: &HostFacts) -> Vec<Finding> {
    let installed = &facts.version;
    let mut findings = Vec::new();
    if let Some(status) = facts.published.as_ref().filter(|_| facts.network_is_up()) {
        let replaced = facts.guardian == GuardianProcess::ProgramReplaced;
        if status.version != *installed || replaced {
            findings.push(
                Finding::problem(
                    CheckName::Version,
                    format!("the guardian is mock-imds {}, installed is {installed}", status.version),
                )
                .meaning("it was started before the last upgrade")
                .repair("systemctl reload mock-imds-net"),
            );
        }
    }
    let running = match (&facts.server, &facts.probe) {
        (ServerState::Running { version, .. }, _) | (_, Probe::Ours { version, .. }) => Some(version),
        _ => None,
    };
    if let Some(running) = running.filter(|running| *running != installed) {
        findings.push(
            Finding::problem(
                CheckName::Version,
                format!("the server is mock-imds {running}, installed is {installed}"),
            )
            .meaning("it was started before the last upgrade")
            .repair("systemctl restart mock-imds"),
        );
    }
    findings
}
