//! The way of a request: address, tables, ports, what answers, routes.

use std::net::IpAddr;

use super::firewall::packet;
use super::one;
use crate::doctor::Finding;
use crate::doctor::facts::{HostFacts, Probe, RouteDetour};
use crate::doctor::ruleset::PacketFate;
use crate::host::address::{self, width};
use crate::host::plan::{Family, NAT_PRIORITY, Plan, TABLE};
use crate::host::settings::Redirect;
use crate::host::status::Protection;
use crate::model::endpoint::{ADDRESS_V4, ADDRESS_V6, METADATA_PORT, SERVICE_PORT};

const V4: IpAddr = IpAddr::V4(ADDRESS_V4);

/// A real cloud, whose metadata we would hide.
pub(super) fn cloud(facts: &HostFacts) -> Vec<Finding> {
    let Some(found) = &facts.cloud else {
        return one(Finding::well("cloud", "this is not a cloud machine with a metadata service of its own"));
    };
    let said = format!("this is a real {} machine: {} is {:?}", found.cloud, found.file, found.text);
    if facts.applied().allow_takeover {
        return one(
            Finding::note("cloud", said).means("its own metadata is hidden because of allow-takeover = true")
        );
    }
    one(Finding::problem("cloud", said)
        .means("it has a metadata service of its own at 169.254.169.254, so the guardian refuses to start")
        .mend("systemctl disable --now mock-imds   # leave the real service alone")
        .mend("editor /etc/mock-imds/host.toml     # or: [host] allow-takeover = true, to hide it anyway"))
}

/// Who has the address, and how wide.
pub(super) fn address(facts: &HostFacts) -> Vec<Finding> {
    let found = match &facts.addresses {
        Ok(found) => found,
        Err(why) => return one(Finding::unseen("address", why)),
    };
    let mut findings: Vec<Finding> = found.iter().map(|found| judge_address(facts, found)).collect();
    if !facts.has(V4) && facts.up() {
        findings.push(
            Finding::problem("address", "169.254.169.254 is on no interface, though it was set up")
                .means("no program finds the service; the guardian should have restored it within a second")
                .mend("systemctl restart mock-imds-net"),
        );
    }
    let applied = facts.applied();
    if applied.ipv6 && !facts.has(ADDRESS_V6.into()) && facts.up() {
        let missing = facts.published.as_ref().and_then(|status| status.unavailable.first());
        let why = missing.map_or_else(String::new, |missing| format!(": {}", missing.reason));
        findings.push(
            Finding::problem("ipv6", format!("fd00:ec2::254 is not on lo{why}"))
                .means("host.toml asks for IPv6, and clients that prefer it get no answer")
                .mend("sysctl net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0 && systemctl reload mock-imds-net")
                .mend("editor /etc/mock-imds/host.toml   # or: [host] ipv6 = false"),
        );
    }
    findings
}

fn judge_address(facts: &HostFacts, found: &address::InterfaceAddress) -> Finding {
    let (name, on) = (format!("{}/{}", found.address, found.prefix), &found.interface);
    if !found.loopback {
        return Finding::problem("address", format!("{name} is on the interface {on}"))
            .means("something else serves metadata there (another mock?), and the guardian refuses beside it")
            .mend(format!("ip addr del {name} dev {on}"))
            .mend("systemctl restart mock-imds");
    }
    if found.prefix != width(found.address) {
        let exact = format!("{}/{}", found.address, width(found.address));
        return Finding::problem("width", format!("{name} is on lo"))
            .means("its whole network is local now: other link-local addresses, as 169.254.170.2, end at this host")
            .mend(format!("ip addr add {exact} dev lo scope host; ip addr del {name} dev lo"));
    }
    if facts.up() {
        return Finding::well("address", format!("{name} on lo"));
    }
    let (whose, means, mend) = if found.marked {
        ("mock-imds", "left by a guardian that has ended", "mock-imds net down".to_owned())
    } else {
        let delete = format!("ip addr del {name} dev lo");
        ("somebody else", "no guardian of ours holds it: another mock does, or it was added by hand", delete)
    };
    Finding::problem("address", format!("{name} is on lo, added by {whose}"))
        .means(means)
        .mend(mend)
        .mend("systemctl start mock-imds")
}

/// Our tables: as the guardian says, and as the kernel has them.
pub(super) fn tables(facts: &HostFacts) -> Vec<Finding> {
    let Some(published) = facts.published.as_ref().filter(|_| facts.up()) else { return vec![] };
    if published.settings.redirect == Redirect::None {
        return without_redirect(facts);
    }
    let seen = match &facts.tables {
        Ok(seen) => seen,
        Err(why) => {
            let names: Vec<&str> = published.tables.iter().map(|table| table.name.as_str()).collect();
            let owned = published.tables.iter().all(|table| table.protection == Protection::Owned);
            let how = if owned { "owned" } else { "watched" };
            return one(Finding::unseen(
                "tables",
                format!("{why}; the guardian says: {} {how}", names.join(", ")),
            ));
        }
    };
    let held: Vec<IpAddr> = published.addresses.iter().map(|held| held.address).collect();
    let plan = Plan::new(&held, &published.settings.bridges);
    let mut findings = Vec::new();
    for table in &plan.tables {
        let name = format!("{} {TABLE}", table.family);
        let restart = "systemctl restart mock-imds-net";
        match seen.table(table.family) {
            None if table.family == Family::Arp => findings.push(
                Finding::note("tables", format!("there is no table {name}"))
                    .means("this kernel has no arp tables: a neighbour may resolve the address; its packets are dropped anyway"),
            ),
            None => findings.push(
                Finding::problem("tables", format!("there is no table {name}"))
                    .means("nothing redirects port 80 to the service, and nothing keeps the LAN out")
                    .mend(restart),
            ),
            Some(seen) if seen.rules.len() != table.rule_count() || seen.chains.len() != table.chains.len() => {
                findings.push(
                    Finding::problem("tables", format!("the table {name} has {} rules, not {}", seen.rules.len(), table.rule_count()))
                        .means("it was changed, and does not match host.toml")
                        .mend(restart),
                );
            }
            Some(seen) if seen.owner.is_some() => findings.push(Finding::well("tables", format!("{name}, owned: no other process can change it"))),
            Some(_) => {
                let watched = published.pid.is_some();
                let finding = Finding::note("tables", format!("{name}, without an owner"));
                let means = if watched {
                    "this kernel has no owned tables (Linux 5.12 has); the guardian restores what is removed"
                } else {
                    "\"net up\" set it up without a guardian: a flush removes it"
                };
                findings.push(finding.means(means));
            }
        }
    }
    findings
}

/// Bind mode: no table, and the socket on port 80.
fn without_redirect(facts: &HostFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if facts.tables.as_ref().is_ok_and(|seen| !seen.tables.is_empty()) {
        findings.push(
            Finding::problem("bind", "[host] redirect is \"none\", but a table of mock-imds exists")
                .means("an older \"net up\" or guardian left it")
                .mend("systemctl stop mock-imds && mock-imds net down && systemctl start mock-imds"),
        );
    }
    if listens(facts, METADATA_PORT) {
        findings.push(Finding::well("bind", "no table, and the socket is on 169.254.169.254:80 itself"));
    } else {
        findings.push(
            Finding::problem("bind", "[host] redirect is \"none\", and no socket is on 169.254.169.254:80")
                .means("one half of the bind mode is missing: nothing brings port 80 to the service")
                .mend("mkdir -p /etc/systemd/system/mock-imds.socket.d && cp /usr/share/mock-imds/dropins/bind.conf /etc/systemd/system/mock-imds.socket.d/")
                .mend("systemctl daemon-reload && systemctl restart mock-imds.socket mock-imds"),
        );
    }
    findings
}

fn listens(facts: &HostFacts, port: u16) -> bool {
    facts.listeners.iter().any(|listener| listener.address == (V4, port).into())
}

/// Who else listens on 80 and 1690.
pub(super) fn ports(facts: &HostFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let bind = facts.applied().redirect == Redirect::None;
    for listener in &facts.listeners {
        let (address, port) = (listener.address, listener.address.port());
        let who = listener.process.clone().unwrap_or_else(|| "a process".into());
        let wild = address.ip().is_unspecified();
        if port == SERVICE_PORT && wild {
            findings.push(
                Finding::problem("port-1690", format!("{who} listens on {address}"))
                    .means("the service's own socket can't be bound beside it")
                    .mend("ss -ltnp 'sport = :1690'   # end that program, or give it another port")
                    .mend("systemctl restart mock-imds.socket mock-imds"),
            );
        } else if port == METADATA_PORT && wild && bind {
            findings.push(
                Finding::problem("port-80", format!("{who} listens on {address}"))
                    .means("without a redirect the service needs port 80 of its address for itself")
                    .mend("ss -ltnp 'sport = :80'   # end that program, or bind it to other addresses only")
                    .mend("systemctl restart mock-imds.socket mock-imds"),
            );
        } else if port == METADATA_PORT && address.ip() == V4 && !bind {
            let half = !listens(facts, SERVICE_PORT);
            let said = format!("{who} listens on {address}");
            findings.push(if half {
                Finding::problem("bind", said)
                    .means("no socket is on port 1690, where the redirect ends: a drop-in of bind mode, and host.toml does not say redirect = \"none\"; the two halves disagree")
                    .mend("rm /etc/systemd/system/mock-imds.socket.d/bind.conf && systemctl daemon-reload && systemctl restart mock-imds.socket")
                    .mend("editor /etc/mock-imds/host.toml   # or: [host] redirect = \"none\", then systemctl reload mock-imds-net")
            } else {
                Finding::problem("port-80", said)
                    .means("another metadata service (an older mock, a proxy) has the address' port 80; the redirect takes precedence")
                    .mend("ss -ltnp 'src 169.254.169.254'   # end that program")
            });
        } else if port == METADATA_PORT && wild {
            findings.push(Finding::note(
                "port-80",
                format!("{who} listens on {address}: both work, the redirect takes precedence"),
            ));
        }
    }
    findings
}

/// Rules that take our packets before our redirect does.
pub(super) fn diverted(facts: &HostFacts) -> Vec<Finding> {
    let (Ok(rules), true) = (&facts.rules, facts.up()) else { return vec![] };
    let earlier =
        |table: &str, priority: i64| table == format!("inet {TABLE}") || priority > i64::from(NAT_PRIORITY);
    let judge = |hook: &str, interface: &str| {
        let outcome = rules.judge(&packet(interface, None, METADATA_PORT), ("nat", hook), earlier);
        let PacketFate::Diverted(place) = outcome else { return None };
        Some(
            Finding::problem("port-80", format!("{} in the table {} changes the destination of requests first", place.how, place.table))
                .means(format!("the chain {} has a priority ahead of ours ({NAT_PRIORITY}); requests end elsewhere", place.base))
                .mend(format!("nft -a list chain {} {}   # remove the rule, or give the chain a priority above {NAT_PRIORITY}", place.table, place.base)),
        )
    };
    let host = judge("output", "");
    let callers = facts.callers.iter().find_map(|caller| judge("prerouting", &caller.name));
    host.into_iter().chain(callers).collect()
}

/// What answers.
pub(super) fn probe(facts: &HostFacts) -> Vec<Finding> {
    match &facts.probe {
        Probe::Unasked => vec![],
        Probe::Ours { version, pid } => one(Finding::well(
            "answer",
            format!("mock-imds {version} (process {pid}) answers at http://169.254.169.254/"),
        )),
        Probe::Failed(why) => one(Finding::problem(
            "answer",
            format!("nothing answers at http://169.254.169.254/: {why}"),
        )
        .means("programs of this host time out or are refused")
        .mend("systemctl restart mock-imds.socket mock-imds; systemctl status mock-imds mock-imds.socket")),
        Probe::Foreign { said, server, landed } => {
            let server = server.as_ref().map_or_else(String::new, |server| format!(", Server: {server}"));
            let found = format!("another server answers at http://169.254.169.254/: {said}{server}");
            one(match landed {
                None => Finding::problem("answer", found)
                    .means("the connection leaves this host's sockets: a published port (docker run -p 80:…) or a proxy takes it")
                    .mend("nft list ruleset | grep -n 'dport 80'; docker ps --filter publish=80   # who publishes port 80")
                    .mend("systemctl restart mock-imds-net   # the redirect then comes first again"),
                Some(end) if end.port() == METADATA_PORT => Finding::problem("answer", found)
                    .means(format!("the connection ends at {end}: nothing redirects it to port {SERVICE_PORT}, and a server on port 80 takes it"))
                    .mend("systemctl restart mock-imds-net"),
                Some(end) => Finding::problem("answer", found)
                    .means(format!("the connection ends at {end}, and no server of this version listens there"))
                    .mend(format!("ss -ltnp 'sport = :{}'   # end that program", end.port()))
                    .mend("systemctl restart mock-imds.socket mock-imds"),
            })
        }
    }
}

/// Routes of VPNs and policies over the link-local network.
pub(super) fn routes(facts: &HostFacts) -> Vec<Finding> {
    let detours = match &facts.detours {
        Ok(detours) => detours,
        Err(why) => return one(Finding::unseen("routes", why)),
    };
    if detours.is_empty() && facts.has(V4) {
        return one(Finding::well("routes", "packets to the address stay on this host"));
    }
    let judge = |detour: &RouteDetour| {
        Finding::problem(
            "routes",
            format!("{} go to {}, not to {}", detour.what, detour.found, detour.expected),
        )
        .means("a VPN or a policy route takes 169.254.0.0/16 or the containers' network")
        .mend(format!("{}   # find the rule or route, and its program", detour.show))
        .mend("ip rule add pref 0 lookup local   # if the rule \"lookup local\" is not the first")
    };
    detours.iter().map(judge).collect()
}
