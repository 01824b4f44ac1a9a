//! The endpoints beside IMDS: Amazon ECS and EKS Pod Identity.

use std::net::SocketAddr;

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
    let port = if facts.applied_settings().redirect == Redirect::None { METADATA_PORT } else { SERVICE_PORT };
    let socket = SocketAddr::new(address.into(), port);
    if facts.network_is_up() && !facts.listens_at(socket) {
        return Finding::problem(
            CheckName::Endpoints,
            format!("{name} is enabled, and no socket is at {socket}"),
        )
        .meaning("the service was not restarted since host.toml enables the endpoint")
        .repair("systemctl restart mock-imds");
    }
    Finding::ok(CheckName::Endpoints, format!("{name} at http://{address}/"))
}
