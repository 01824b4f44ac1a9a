//! The server that answers at the address, and the routes to it.

use crate::doctor::facts::{HostFacts, Probe, RouteDetour};
use crate::doctor::report::{CheckName, Finding};
use crate::model::endpoint::{ADDRESS_V4, METADATA_PORT, SERVICE_PORT};

pub(super) fn answer(facts: &HostFacts) -> Vec<Finding> {
    match &facts.probe {
        Probe::Skipped => vec![],
        Probe::Ours { version, pid } => vec![Finding::ok(
            CheckName::Answer,
            format!("mock-imds {version} (process {pid}) answers at http://169.254.169.254/"),
        )],
        Probe::Failed(why) => vec![Finding::problem(
            CheckName::Answer,
            format!("nothing answers at http://169.254.169.254/: {why}"),
        )
        .meaning("programs of this host time out or are refused")
        .repair("systemctl restart mock-imds.socket mock-imds; systemctl status mock-imds mock-imds.socket")],
        Probe::Foreign { status_line, server, endpoint } => {
            let server = server.as_ref().map_or_else(String::new, |server| format!(", Server: {server}"));
            let found = format!("another server answers at http://169.254.169.254/: {status_line}{server}");
            vec![match endpoint {
                None => Finding::problem(CheckName::Answer, found)
                    .meaning("the connection leaves this host's sockets: a published port (docker run -p 80:…) or a proxy takes it")
                    .repair("nft list ruleset | grep -n 'dport 80'; docker ps --filter publish=80   # who publishes port 80")
                    .repair("systemctl restart mock-imds-net   # the redirect then comes first again"),
                Some(end) if end.port() == METADATA_PORT => Finding::problem(CheckName::Answer, found)
                    .meaning(format!("the connection ends at {end}: nothing redirects it to port {SERVICE_PORT}, and a server on port 80 takes it"))
                    .repair("systemctl restart mock-imds-net"),
                Some(end) => Finding::problem(CheckName::Answer, found)
                    .meaning(format!("the connection ends at {end}, and no server of this version listens there"))
                    .repair(format!("ss -ltnp 'sport = :{}'   # end that program", end.port()))
                    .repair("systemctl restart mock-imds.socket mock-imds"),
            }]
        }
    }
}

/// Routes of VPNs and policies over the link-local network.
pub(super) fn routes(facts: &HostFacts) -> Vec<Finding> {
    let detours = match &facts.detours {
        Ok(detours) => detours,
        Err(why) => return vec![Finding::unknown(CheckName::Routes, why)],
    };
    if detours.is_empty() && facts.has_address(ADDRESS_V4.into()) {
        return vec![Finding::ok(CheckName::Routes, "packets to the address stay on this host")];
    }
    let finding = |detour: &RouteDetour| {
        Finding::problem(
            CheckName::Routes,
            format!("{} go to {}, not to {}", detour.traffic, detour.found, detour.expected),
        )
        .meaning("a VPN or a policy route takes 169.254.0.0/16 or the containers' network")
        .repair(format!("{}   # find the rule or route, and its program", detour.command))
        .repair("ip rule add pref 0 lookup local   # if the rule \"lookup local\" is not the first")
    };
    detours.iter().map(finding).collect()
}
