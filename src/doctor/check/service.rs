//! Our own processes: units, settings, guardian, server, versions.

use super::one;
use crate::doctor::Finding;
use crate::doctor::facts::{GuardianProcess, HostFacts, Probe, ServerState, Unit};
use crate::host::status::{NetMode, Restoration};

/// Whether systemd starts us.
pub(super) fn units(facts: &HostFacts) -> Vec<Finding> {
    let installed: Vec<&Unit> = facts.units.iter().filter(|unit| unit.load != "not-found").collect();
    if installed.is_empty() {
        return vec![];
    }
    let mut findings: Vec<Finding> = installed.iter().filter_map(|unit| judge_unit(unit)).collect();
    if findings.is_empty() {
        findings.push(Finding::well("units", "enabled, and none has failed"));
    }
    findings
}

fn judge_unit(unit: &Unit) -> Option<Finding> {
    let name = &unit.name;
    let ours = name == "mock-imds.service";
    if unit.load == "masked" || unit.file == "masked" {
        return Some(
            Finding::problem("units", format!("{name} is masked"))
                .means("systemd never starts it")
                .mend(format!("systemctl unmask {name}"))
                .mend("systemctl enable --now mock-imds"),
        );
    }
    if unit.active == "failed" {
        let said = if unit.said.is_empty() { String::new() } else { format!(": {}", unit.said) };
        return Some(
            Finding::problem("units", format!("{name} has failed{said}"))
                .means("its journal says why")
                .mend(format!("journalctl -u {name} -n 20"))
                .mend(format!("systemctl restart {}", if ours { "mock-imds" } else { name })),
        );
    }
    if ours && unit.file == "disabled" {
        return Some(
            Finding::problem("units", format!("{name} is disabled"))
                .means("it does not come back after a reboot")
                .mend("systemctl enable --now mock-imds"),
        );
    }
    if ours && unit.active == "inactive" {
        return Some(
            Finding::problem("units", format!("{name} does not run")).mend("systemctl start mock-imds"),
        );
    }
    None
}

/// Whether host.toml is good, and holds.
pub(super) fn settings(facts: &HostFacts) -> Vec<Finding> {
    let reload = "systemctl reload mock-imds-net";
    let published = facts.published.as_ref();
    match (&facts.settings, published) {
        (Err(why), _) => one(Finding::problem("settings", why)
            .means("the guardian keeps its previous settings, and would not start with this file")
            .mend("editor /etc/mock-imds/host.toml   # man mock-imds-host.toml")
            .mend(reload)),
        (Ok(said), Some(status)) if facts.up() && *said != status.settings => {
            one(Finding::problem("settings", "host.toml was changed since the guardian read it").mend(reload))
        }
        (_, Some(status)) if status.rejected.is_some() => {
            let why = status.rejected.clone().unwrap_or_default();
            one(Finding::problem("settings", format!("the last reload was rejected: {why}")).mend(reload))
        }
        _ => one(Finding::well("settings", "host.toml is valid and applied")),
    }
}

/// Whether somebody keeps the network.
pub(super) fn guardian(facts: &HostFacts) -> Vec<Finding> {
    let Some(status) = &facts.published else {
        return one(Finding::problem("guardian", "the host's network is not set up")
            .means("no program of this host finds the service at 169.254.169.254")
            .mend("systemctl start mock-imds"));
    };
    let mut findings = match (status.mode, facts.guardian) {
        (NetMode::Up, _) => {
            one(Finding::note("guardian", "set up by \"mock-imds net up\", without a guardian"))
        }
        (NetMode::Hold, GuardianProcess::Gone) => one(Finding::problem(
            "guardian",
            format!("it is gone (process {}) and did not clean up", status.pid.unwrap_or(0)),
        )
        .means("what it left is the state of a dead process: the redirect went with it")
        .mend("systemctl restart mock-imds-net   # or, where systemd does not run: mock-imds net down")),
        (NetMode::Hold, _) => one(Finding::well(
            "guardian",
            format!("process {}, since {}", status.pid.unwrap_or(0), status.since),
        )),
    };
    if let Some(Restoration { at, what }) =
        status.restorations.last.last().filter(|_| status.restorations.count > 0)
    {
        let count = status.restorations.count;
        findings.push(Finding::note("restored", format!("{count} times, last at {at}: {what}")));
    }
    findings
}

/// Whether our server runs.
pub(super) fn server(facts: &HostFacts) -> Vec<Finding> {
    match (&facts.server, &facts.probe) {
        (ServerState::Runs { version, pid, instance }, Probe::Ours { pid: answering, .. }) if pid != answering => {
            one(Finding::problem("server", format!("mock-imds {version} (process {pid}, {instance}) has the control socket, and process {answering} answers"))
                .means("two servers are running; changes to one do not reach the clients of the other")
                .mend(format!("kill {answering}   # end the one that was started by hand")))
        }
        (ServerState::Runs { version, pid, instance }, _) => {
            one(Finding::well("server", format!("mock-imds {version}, process {pid}, plays {instance}")))
        }
        (ServerState::Closed, _) => one(Finding::unseen("server", "its control socket is for root and the group mock-imds")),
        (ServerState::Silent(_), Probe::Ours { .. }) => {
            one(Finding::note("server", "no control socket is found; another user's server answers"))
        }
        (ServerState::Silent(why), _) => one(Finding::problem("server", why.clone()).mend("systemctl start mock-imds")),
    }
}

/// Whether what runs is what is installed.
pub(super) fn versions(facts: &HostFacts) -> Vec<Finding> {
    let installed = &facts.version;
    let mut findings = Vec::new();
    if let Some(status) = facts.published.as_ref().filter(|_| facts.up()) {
        let replaced = facts.guardian == GuardianProcess::Replaced;
        if status.version != *installed || replaced {
            findings.push(
                Finding::problem(
                    "version",
                    format!("the guardian is mock-imds {}, installed is {installed}", status.version),
                )
                .means("it was started before the last upgrade")
                .mend("systemctl reload mock-imds-net"),
            );
        }
    }
    let running = match (&facts.server, &facts.probe) {
        (ServerState::Runs { version, .. }, _) | (_, Probe::Ours { version, .. }) => Some(version),
        _ => None,
    };
    if let Some(running) = running.filter(|running| *running != installed) {
        findings.push(
            Finding::problem(
                "version",
                format!("the server is mock-imds {running}, installed is {installed}"),
            )
            .means("it was started before the last upgrade")
            .mend("systemctl restart mock-imds"),
        );
    }
    findings
}
