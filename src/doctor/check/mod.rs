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
use super::report::DoctorReport;

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
    DoctorReport::new(checks.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests;
