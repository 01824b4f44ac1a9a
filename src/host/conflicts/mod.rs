//! What an endpoint other than IMDS must not take away: a real agent, a redirect or a network of somebody else's. Each
//! refuses its own endpoint; the others go on.
//!
//! ```text
//! gather    links, addresses, routes, sockets, rules of others → ConflictFacts
//! refusal   ConflictFacts → the sentence; pure
//! ```
//!
//! Refused always: a network of other interfaces, which would break. Refused unless takeover is allowed: an agent that
//! runs, with the interface and the addresses that are its own; a rule that redirects.

mod gather;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use super::nft::ForeignRedirect;
use super::settings::{Endpoint, HostSettings};
use crate::model::endpoint::METADATA_PORT;

pub(crate) use gather::gather;

/// The network of both endpoints; a Docker network with the ECS address covers it as a rule.
pub(super) const NETWORK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 170, 0), 24);

/// The ports of the agent of Amazon ECS: introspection, and credentials with task metadata.
const ECS_AGENT_PORTS: [u16; 2] = [51678, 51679];
/// The bridge of the agent's CNI plugins.
const ECS_BRIDGE: &str = "ecs-bridge";
/// The interface that the EKS Pod Identity agent makes for its addresses.
const POD_IDENTITY_LINK: &str = "pod-id-link0";

/// An endpoint that host.toml enables and that this host cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RefusedEndpoint {
    pub endpoint: Endpoint,
    /// A sentence without a full stop: what was found, and what to do.
    pub reason: String,
}

impl RefusedEndpoint {
    /// For the log, and for who ran the command.
    pub(crate) fn sentence(&self) -> String {
        format!("the endpoint {} is refused: {}", self.endpoint.name(), self.reason)
    }
}

/// A network of another interface than `lo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherNetwork {
    /// An address with its prefix length, or the destination of a route.
    pub network: IpNet,
    pub interface: String,
    pub routed: bool,
}

/// What refusals depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ConflictFacts {
    /// The names of all interfaces.
    pub links: Vec<String>,
    /// Addresses and routes in [`NETWORK`], and the IPv6 address of Pod Identity, at other interfaces than `lo`.
    pub networks: Vec<OtherNetwork>,
    /// Where TCP sockets of root listen. Those of others are no agent: any user can have one, and would take the endpoint
    /// away.
    pub listeners: Vec<SocketAddr>,
    /// The unit `ecs.service` runs.
    pub ecs_service: bool,
    pub redirects: Vec<ForeignRedirect>,
}

/// The endpoints of these settings that must not be served beside what was found.
pub(crate) fn refusals(settings: &HostSettings, facts: &ConflictFacts) -> Vec<RefusedEndpoint> {
    let refusal = |endpoint: &Endpoint| {
        let reason = reason(*endpoint, facts, settings.allow_takeover)?;
        Some(RefusedEndpoint { endpoint: *endpoint, reason })
    };
    settings.endpoints.iter().filter_map(refusal).collect()
}

/// The addresses of all endpoints that are not refused.
pub(crate) fn served_addresses(settings: &HostSettings, refused: &[RefusedEndpoint]) -> Vec<IpAddr> {
    let served = settings
        .endpoints
        .iter()
        .filter(|endpoint| !refused.iter().any(|refused| refused.endpoint == **endpoint));
    served.flat_map(|endpoint| settings.addresses_of(*endpoint)).collect()
}

/// True if one of these endpoints can be refused.
pub(crate) fn possible(settings: &HostSettings) -> bool {
    settings.endpoints.iter().any(|endpoint| *endpoint != Endpoint::Imds)
}

fn reason(endpoint: Endpoint, facts: &ConflictFacts, allow_takeover: bool) -> Option<String> {
    // What hides a real one has rules of its own: takeover, and an address on another interface.
    if endpoint == Endpoint::Imds {
        return None;
    }
    let mut others = facts.networks.iter().filter(|found| found.interface != POD_IDENTITY_LINK);
    if let Some(network) = others.find(|found| concerns(endpoint, found)) {
        return Some(in_use(endpoint, network));
    }
    let agent = match endpoint {
        Endpoint::Ecs => {
            ecs_agent(facts).map(|evidence| ("an Amazon ECS agent", evidence, "systemctl stop ecs"))
        }
        _ => pod_identity_agent(facts)
            .map(|evidence| ("an EKS Pod Identity agent", evidence, "remove its pod or its interface")),
    };
    let found = agent
        .map(|(who, evidence, stop)| {
            format!(
                "{who} runs here ({evidence}), and its clients would get other credentials; stop it ({stop})"
            )
        })
        .or_else(|| redirected(endpoint, facts))
        .filter(|_| !allow_takeover)?;
    Some(format!(
        "{found}, or leave \"{}\" out of endpoints; to take the address anyway, set allow-takeover = true under [host]",
        endpoint.name()
    ))
}

/// A network is that of both endpoints, an address alone that of its own.
fn concerns(endpoint: Endpoint, found: &OtherNetwork) -> bool {
    match found.network.addr() {
        IpAddr::V4(address) if found.network.prefix_len() == 32 => endpoint.service().ipv4() == address,
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => endpoint.service().ipv6() == Some(address),
    }
}

fn in_use(endpoint: Endpoint, found: &OtherNetwork) -> String {
    let OtherNetwork { network, interface, routed } = found;
    let what = if *routed {
        format!("a route to {network} leads to the interface {interface}")
    } else {
        format!("the interface {interface} has the address {network}")
    };
    let remove = match interface.strip_prefix("br-") {
        Some(id) if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("a Docker network: docker network rm {id}")
        }
        _ if *routed => format!("ip route del {network} dev {interface}"),
        _ => format!("ip addr del {network} dev {interface}"),
    };
    format!(
        "{what}, and {} here would break that network; remove it ({remove}), or leave \"{}\" out of endpoints",
        endpoint.service().ipv4(),
        endpoint.name()
    )
}

/// What shows that an agent of Amazon ECS runs. `/etc/ecs/ecs.config` alone does not: it outlives the agent.
fn ecs_agent(facts: &ConflictFacts) -> Option<String> {
    let local = |socket: &&SocketAddr| {
        let everywhere = socket.ip().is_unspecified();
        ECS_AGENT_PORTS.contains(&socket.port()) && (socket.ip().is_loopback() || everywhere)
    };
    if let Some(socket) = facts.listeners.iter().find(local) {
        return Some(format!("a process listens on {socket}"));
    }
    if facts.ecs_service {
        return Some("the unit ecs.service runs".to_owned());
    }
    has_link(facts, ECS_BRIDGE)
}

fn pod_identity_agent(facts: &ConflictFacts) -> Option<String> {
    let addressed = facts.networks.iter().any(|found| found.interface == POD_IDENTITY_LINK);
    let evidence = || format!("the interface {POD_IDENTITY_LINK} is there");
    has_link(facts, POD_IDENTITY_LINK).or_else(|| addressed.then(evidence))
}

fn has_link(facts: &ConflictFacts, name: &str) -> Option<String> {
    facts.links.iter().any(|link| link == name).then(|| format!("the interface {name} is there"))
}

fn redirected(endpoint: Endpoint, facts: &ConflictFacts) -> Option<String> {
    let address = endpoint.service().ipv4();
    let rule = facts.redirects.iter().find(|rule| rule.address == address)?;
    Some(format!(
        "a rule in the chain {} of the table {} redirects {address}:{METADATA_PORT} elsewhere; remove it (nft -a list chain {} {})",
        rule.chain, rule.table, rule.table, rule.chain
    ))
}
