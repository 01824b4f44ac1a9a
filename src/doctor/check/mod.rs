//! From facts to findings. Pure; each check is a function, in the order of a request's way.

mod firewall;
mod network;
mod others;
mod service;

use super::DoctorReport;
use super::facts::HostFacts;

/// Judges what was seen.
pub(crate) fn examine(facts: &HostFacts) -> DoctorReport {
    let checks = [
        network::cloud(facts),
        service::units(facts),
        service::settings(facts),
        service::guardian(facts),
        network::address(facts),
        network::tables(facts),
        network::ports(facts),
        network::diverted(facts),
        service::server(facts),
        network::probe(facts),
        firewall::firewall(facts),
        network::routes(facts),
        service::versions(facts),
        others::saved(facts),
        others::cloud_init(facts),
        others::environment(facts),
        others::leftovers(facts),
    ];
    DoctorReport::new(checks.into_iter().flatten().collect())
}

/// The one finding of a check as a list.
fn one(finding: super::Finding) -> Vec<super::Finding> {
    vec![finding]
}
