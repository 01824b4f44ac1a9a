//! From facts to findings. Pure; each check is a function, in the order in which a request passes the checked parts.

mod address;
mod answer;
mod endpoints;
mod firewall;
mod others;
mod ports;
mod service;
mod tables;

use super::facts::HostFacts;
use super::report::{CheckName, DoctorReport, Finding, FindingLevel};

pub(crate) fn examine(facts: &HostFacts) -> DoctorReport {
    let checks = [
        address::cloud(facts),
        service::units(facts),
        service::settings(facts),
        service::scenario(facts),
        service::guardian(facts),
        address::address(facts),
        endpoints::endpoints(facts),
        tables::tables(facts),
        ports::ports(facts),
        ports::earlier_redirects(facts),
        service::server(facts),
        service::credentials(facts),
        answer::answer(facts),
        firewall::firewall(facts),
        answer::routes(facts),
        service::versions(facts),
        others::saved_rulesets(facts),
        others::cloud_init(facts),
        others::environment(facts),
        others::leftovers(facts),
    ];
    let findings = checks.into_iter().flatten().collect();
    DoctorReport::new(if facts.published.is_none() { behind_a_refusal(findings) } else { findings })
}

/// On a cloud machine that the guardian refuses nothing runs. That is one problem: what else is found of it has no cause, and
/// no repair, of its own.
fn behind_a_refusal(mut findings: Vec<Finding>) -> Vec<Finding> {
    let is_problem = |finding: &Finding| finding.level == FindingLevel::Problem;
    if findings.iter().any(|finding| finding.check == CheckName::Cloud && is_problem(finding)) {
        for finding in findings.iter_mut().filter(|finding| is_problem(finding)) {
            let follows = match finding.check {
                CheckName::Units => finding.found.contains(" has failed"),
                CheckName::Guardian | CheckName::Server => true,
                _ => false,
            };
            if follows {
                let found = finding.found.split([':', ';']).next().unwrap_or_default();
                *finding =
                    Finding::note(finding.check, found).meaning("because the guardian refuses this machine");
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
