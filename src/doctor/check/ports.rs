//! Other programs at ports 80 and 1690, and rules that redirect before ours.

use super::firewall::packet;
use crate::doctor::facts::{HostFacts, ListeningSocket};
use crate::doctor::report::{CheckName, Finding};
use crate::doctor::ruleset::PacketFate;
use crate::host::plan::{NAT_PRIORITY, TABLE};
use crate::host::settings::Redirect;
use crate::model::endpoint::{ADDRESS_V4, METADATA_PORT, SERVICE_PORT};

pub(super) fn ports(facts: &HostFacts) -> Vec<Finding> {
    facts.listeners.iter().filter_map(|listener| listening(facts, listener)).collect()
}

fn listening(facts: &HostFacts, listener: &ListeningSocket) -> Option<Finding> {
    let bind = facts.applied_settings().redirect == Redirect::None;
    let (address, port) = (listener.address, listener.address.port());
    let who = listener.process.clone().unwrap_or_else(|| "a process".into());
    let found = format!("{who} listens on {address}");
    let wildcard = address.ip().is_unspecified();
    Some(match port {
        SERVICE_PORT if wildcard => Finding::problem(CheckName::Port1690, found)
            .meaning("the service's own socket can't be bound beside it")
            .repair("ss -ltnp 'sport = :1690'   # end that program, or give it another port")
            .repair("systemctl restart mock-imds.socket mock-imds"),
        METADATA_PORT if wildcard && bind => Finding::problem(CheckName::Port80, found)
            .meaning("without a redirect the service needs port 80 of its address for itself")
            .repair("ss -ltnp 'sport = :80'   # end that program, or bind it to other addresses only")
            .repair("systemctl restart mock-imds.socket mock-imds"),
        METADATA_PORT if wildcard => {
            Finding::note(CheckName::Port80, format!("{found}: both work, the redirect takes precedence"))
        }
        METADATA_PORT if address.ip() == ADDRESS_V4 && !bind => at_the_address(facts, found),
        _ => return None,
    })
}

/// A server at port 80 of our address, though there is a redirect.
fn at_the_address(facts: &HostFacts, found: String) -> Finding {
    if facts.listens_on(SERVICE_PORT) {
        return Finding::problem(CheckName::Port80, found)
            .meaning("another metadata service (an older mock, a proxy) has the address' port 80; the redirect takes precedence")
            .repair("ss -ltnp 'src 169.254.169.254'   # end that program");
    }
    Finding::problem(CheckName::Bind, found)
        .meaning("no socket is on port 1690, where the redirect ends: a drop-in of bind mode, and host.toml does not say redirect = \"none\"; the two halves disagree")
        .repair("rm /etc/systemd/system/mock-imds.socket.d/bind.conf && systemctl daemon-reload && systemctl restart mock-imds.socket")
        .repair("editor /etc/mock-imds/host.toml   # or: [host] redirect = \"none\", then systemctl reload mock-imds-net")
}

/// Rules of other programs that redirect our packets before our rule does.
pub(super) fn earlier_redirects(facts: &HostFacts) -> Vec<Finding> {
    let (Ok(rules), true) = (&facts.rules, facts.network_is_up()) else { return vec![] };
    let later =
        |table: &str, priority: i64| table == format!("inet {TABLE}") || priority > i64::from(NAT_PRIORITY);
    let problem = |hook: &str, interface: &str| {
        let fate = rules.fate_of(&packet(interface, None, METADATA_PORT), ("nat", hook), later);
        let PacketFate::Diverted(place) = fate else { return None };
        Some(
            Finding::problem(CheckName::Port80, format!("{} in the table {} changes the destination of requests first", place.cause, place.table))
                .meaning(format!("the chain {} has a priority ahead of ours ({NAT_PRIORITY}); requests end elsewhere", place.base_chain))
                .repair(format!("nft -a list chain {} {}   # remove the rule, or give the chain a priority above {NAT_PRIORITY}", place.table, place.base_chain)),
        )
    };
    let host = problem("output", "");
    let callers = facts.callers.iter().find_map(|caller| problem("prerouting", &caller.name));
    host.into_iter().chain(callers).collect()
}
