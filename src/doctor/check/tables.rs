//! Our tables: as the guardian published them, and as the kernel has them.

use std::net::IpAddr;

use crate::doctor::facts::HostFacts;
use crate::doctor::report::{CheckName, Finding};
use crate::host::nft::InstalledTable;
use crate::host::plan::{Family, Plan, TABLE, Table};
use crate::host::settings::Redirect;
use crate::host::status::Protection;
use crate::model::endpoint::METADATA_PORT;

pub(super) fn tables(facts: &HostFacts) -> Vec<Finding> {
    let Some(published) = facts.published.as_ref().filter(|_| facts.network_is_up()) else { return vec![] };
    if published.settings.redirect == Redirect::None {
        return without_redirect(facts);
    }
    let installed = match &facts.tables {
        Ok(installed) => installed,
        Err(why) => {
            let names: Vec<&str> = published.tables.iter().map(|table| table.name.as_str()).collect();
            let owned = published.tables.iter().all(|table| table.protection == Protection::Owned);
            let how = if owned { "owned" } else { "watched" };
            return vec![Finding::unknown(
                CheckName::Tables,
                format!("{why}; the guardian says: {} {how}", names.join(", ")),
            )];
        }
    };
    let held: Vec<IpAddr> = published.addresses.iter().map(|on_lo| on_lo.address).collect();
    let plan = Plan::new(&held, &published.settings.bridges, &published.uplinks);
    let watched = published.pid.is_some();
    plan.tables.iter().map(|table| planned_table(table, installed.table(table.family), watched)).collect()
}

fn planned_table(planned: &Table, installed: Option<&InstalledTable>, watched: bool) -> Finding {
    let name = format!("{} {TABLE}", planned.family);
    let restart = "systemctl restart mock-imds-net";
    match installed {
        None if planned.family == Family::Arp => Finding::note(CheckName::Tables, format!("there is no table {name}"))
            .meaning("this kernel has no arp tables: a neighbour may resolve the address; its packets are dropped anyway"),
        None => Finding::problem(CheckName::Tables, format!("there is no table {name}"))
            .meaning("nothing redirects port 80 to the service, and nothing keeps the LAN out")
            .repair(restart),
        Some(installed)
            if installed.rules.len() != planned.rule_count() || installed.chains.len() != planned.chains.len() =>
        {
            let (found, expected) = (installed.rules.len(), planned.rule_count());
            Finding::problem(CheckName::Tables, format!("the table {name} has {found} rules, not {expected}"))
                .meaning("it was changed, and does not match host.toml")
                .repair(restart)
        }
        Some(installed) if installed.owner.is_some() => {
            Finding::ok(CheckName::Tables, format!("{name}, owned: no other process can change it"))
        }
        Some(_) => Finding::note(CheckName::Tables, format!("{name}, without an owner")).meaning(if watched {
            "this kernel has no owned tables (Linux 5.12 has); the guardian restores what is removed"
        } else {
            "\"net up\" set it up without a guardian: a flush removes it"
        }),
    }
}

/// Bind mode: no table, and the socket on port 80.
fn without_redirect(facts: &HostFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if facts.tables.as_ref().is_ok_and(|installed| !installed.tables.is_empty()) {
        findings.push(
            Finding::problem(CheckName::Bind, "[host] redirect is \"none\", but a table of mock-imds exists")
                .meaning("an older \"net up\" or guardian left it")
                .repair("systemctl stop mock-imds && mock-imds net down && systemctl start mock-imds"),
        );
    }
    if facts.listens_on(METADATA_PORT) {
        findings
            .push(Finding::ok(CheckName::Bind, "no table, and the socket is on 169.254.169.254:80 itself"));
    } else {
        findings.push(
            Finding::problem(CheckName::Bind, "[host] redirect is \"none\", and no socket is on 169.254.169.254:80")
                .meaning("one half of the bind mode is missing: nothing brings port 80 to the service")
                .repair("mkdir -p /etc/systemd/system/mock-imds.socket.d && cp /usr/share/mock-imds/dropins/bind.conf /etc/systemd/system/mock-imds.socket.d/")
                .repair("systemctl daemon-reload && systemctl restart mock-imds.socket mock-imds"),
        );
    }
    findings
}
