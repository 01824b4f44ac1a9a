//! The machine and the address on it.

use std::net::IpAddr;

use crate::doctor::facts::HostFacts;
use crate::doctor::report::{CheckName, Finding};
use crate::host::address::{InterfaceAddress, prefix_length};
use crate::host::settings::Endpoint;

/// A real cloud, whose metadata we would hide.
pub(super) fn cloud(facts: &HostFacts) -> Vec<Finding> {
    let Some(found) = &facts.cloud else {
        return vec![Finding::ok(
            CheckName::Cloud,
            "this is not a cloud machine with a metadata service of its own",
        )];
    };
    let found_text = format!("this is a real {} machine: {} is {:?}", found.cloud, found.file, found.text);
    if facts.applied_settings().allow_takeover || facts.takeover_by_environment {
        return vec![
            Finding::note(CheckName::Cloud, found_text)
                .meaning("its own metadata is hidden: takeover is allowed"),
        ];
    }
    vec![
        Finding::problem(CheckName::Cloud, found_text)
            .meaning(
                "it has a metadata service of its own at 169.254.169.254, so the guardian refuses to start",
            )
            .repair("systemctl disable --now mock-imds   # leave the real service alone")
            .repair(
                "echo MOCK_IMDS_ALLOW_TAKEOVER=1 >>/etc/default/mock-imds   # or: hide it anyway, then systemctl restart mock-imds",
            ),
    ]
}

/// The interfaces that have the address, and its prefix length.
pub(super) fn address(facts: &HostFacts) -> Vec<Finding> {
    let found = match &facts.addresses {
        Ok(found) => found,
        Err(why) => return vec![Finding::unknown(CheckName::Address, why)],
    };
    let mut findings: Vec<Finding> = found.iter().map(|found| one_address(facts, found)).collect();
    let applied = facts.applied_settings();
    let missing = |endpoint: &Endpoint| {
        let address = IpAddr::from(endpoint.service().ipv4());
        (facts.network_is_up() && !facts.refuses(*endpoint) && !facts.has_address(address)).then_some(address)
    };
    for address in applied.endpoints.iter().filter_map(missing) {
        findings.push(
            Finding::problem(
                CheckName::Address,
                format!("{address} is on no interface, though it was set up"),
            )
            .meaning("no program finds the service; the guardian should have restored it within a second")
            .repair("systemctl restart mock-imds-net"),
        );
    }
    let missing = |endpoint: &Endpoint| {
        let address = IpAddr::V6(endpoint.service().ipv6().filter(|_| applied.ipv6)?);
        (facts.network_is_up() && !facts.refuses(*endpoint) && !facts.has_address(address)).then_some(address)
    };
    for address in applied.endpoints.iter().filter_map(missing) {
        let missing = facts.published.as_ref().and_then(|status| status.unavailable.first());
        let why = missing.map_or_else(String::new, |missing| format!(": {}", missing.reason));
        findings.push(
            Finding::problem(CheckName::Ipv6, format!("{address} is not on lo{why}"))
                .meaning("host.toml asks for IPv6, and clients that prefer it get no answer")
                .repair("sysctl net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0 && systemctl reload mock-imds-net")
                .repair("editor /etc/mock-imds/host.toml   # or: [host] ipv6 = false"),
        );
    }
    findings
}

fn one_address(facts: &HostFacts, found: &InterfaceAddress) -> Finding {
    let (name, on) = (format!("{}/{}", found.address, found.prefix), &found.interface);
    if !found.loopback {
        return Finding::problem(CheckName::Address, format!("{name} is on the interface {on}"))
            .meaning(
                "something else serves metadata there (another mock?), and the guardian refuses beside it",
            )
            .repair(format!("ip addr del {name} dev {on}"))
            .repair("systemctl restart mock-imds");
    }
    if found.prefix != prefix_length(found.address) {
        let exact = format!("{}/{}", found.address, prefix_length(found.address));
        return Finding::problem(CheckName::Width, format!("{name} is on lo"))
            .meaning("its whole network is local now: other link-local addresses, as 169.254.170.2, end at this host")
            .repair(format!("ip addr add {exact} dev lo scope host; ip addr del {name} dev lo"));
    }
    if facts.network_is_up() {
        return Finding::ok(CheckName::Address, format!("{name} on lo"));
    }
    let (whose, meaning, repair) = if found.marked {
        ("mock-imds", "left by a guardian that has ended", "mock-imds net down".to_owned())
    } else {
        let delete = format!("ip addr del {name} dev lo");
        ("somebody else", "no guardian of ours holds it: another mock does, or it was added by hand", delete)
    };
    Finding::problem(CheckName::Address, format!("{name} is on lo, added by {whose}"))
        .meaning(meaning)
        .repair(repair)
        .repair("systemctl start mock-imds")
}
