//! The endpoints beside IMDS: Amazon ECS and EKS Pod Identity.

use std::net::{IpAddr, SocketAddr};

use crate::doctor::facts::HostFacts;
use crate::doctor::report::{CheckName, Finding};
use crate::host::settings::{Endpoint, Redirect};
use crate::model::endpoint::{METADATA_PORT, SERVICE_PORT};

/// Each endpoint that is enabled: refused, without a socket, or well. Nothing on a host that serves IMDS alone.
pub(super) fn endpoints(facts: &HostFacts) -> Vec<Finding> {
    let applied = facts.applied_settings();
    let others = applied.endpoints.iter().filter(|endpoint| **endpoint != Endpoint::Imds);
    let mut findings: Vec<Finding> = others.map(|endpoint| one_endpoint(facts, *endpoint)).collect();
    if facts.pod_tokens && applied.serves(Endpoint::PodIdentity) {
        findings.push(
            Finding::note(CheckName::Endpoints, "/run/secrets/pods.eks.amazonaws.com is there")
                .meaning("this is a pod with a token of a real EKS Pod Identity agent; programs in it send that token to us"),
        );
    }
    findings
}

fn one_endpoint(facts: &HostFacts, endpoint: Endpoint) -> Finding {
    let (name, address) = (endpoint.name(), endpoint.service().ipv4());
    let published = facts.published.iter().flat_map(|status| &status.refused);
    let refused = published.chain(&facts.refused).find(|refused| refused.endpoint == endpoint);
    if let Some(refused) = refused {
        return Finding::problem(CheckName::Endpoints, refused.sentence())
            .meaning(format!("programs of this host and its containers do not find mock-imds at {address}"))
            .repair("editor /etc/mock-imds/host.toml   # man mock-imds-host.toml, ENDPOINTS")
            .repair("systemctl reload mock-imds-net && systemctl restart mock-imds");
    }
    let settings = facts.applied_settings();
    let ipv6 = endpoint.service().ipv6().filter(|_| settings.ipv6);
    let addresses = [Some(IpAddr::V4(address)), ipv6.map(IpAddr::V6)];
    let binds = settings.redirect == Redirect::None;
    let (port, other) = if binds { (METADATA_PORT, SERVICE_PORT) } else { (SERVICE_PORT, METADATA_PORT) };
    let missing = addresses.into_iter().flatten().find(|address| !facts.listens_at((*address, port).into()));
    let Some(address) = missing.filter(|_| facts.network_is_up()) else {
        return Finding::ok(CheckName::Endpoints, format!("{name} at http://{address}/"));
    };
    let socket = SocketAddr::new(address, port);
    let finding =
        Finding::problem(CheckName::Endpoints, format!("{name} is enabled, and no socket is at {socket}"));
    if !facts.listens_at((address, other).into()) {
        return finding
            .meaning("the service was not restarted since host.toml enables the endpoint")
            .repair("systemctl restart mock-imds");
    }
    let unit = if address.is_ipv6() { format!("mock-imds-{name}-ipv6") } else { format!("mock-imds-{name}") };
    bind_half(finding, &unit, binds)
}

/// What a socket needs that is at the other port: the drop-in of the bind mode, or to be without it.
fn bind_half(finding: Finding, unit: &str, binds: bool) -> Finding {
    let directory = format!("/etc/systemd/system/{unit}.socket.d");
    let drop_in = unit.replacen("mock-imds", "bind", 1);
    let finding = if binds {
        finding.meaning("one half of the bind mode is missing: nothing brings port 80 to the service").repair(
            format!("mkdir -p {directory} && cp /usr/share/mock-imds/dropins/{drop_in}.conf {directory}/"),
        )
    } else {
        finding
            .meaning(
                "its socket is on port 80 by a drop-in of the bind mode, and [host] redirect is not \"none\"",
            )
            .repair(format!("rm {directory}/{drop_in}.conf"))
    };
    finding.repair(format!("systemctl daemon-reload && systemctl restart {unit}.socket mock-imds"))
}
