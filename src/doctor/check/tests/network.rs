//! The machine, the address, the tables, the routes.

use std::net::IpAddr;

use super::{assert_is, assert_problem, finding, findings, installed, listener, on_lo};
use crate::doctor::facts::{GuardianProcess, HostFacts, Probe, RouteDetour};
use crate::doctor::report::FindingLevel::{Note, Ok as Healthy, Problem, Unknown};
use crate::host::address::InterfaceAddress;
use crate::host::cloud::DetectedCloud;
use crate::host::settings::{HostSettings, Redirect};
use crate::host::status::{Protection, Unavailable};
use crate::model::endpoint::ADDRESS_V6;

fn on_azure(facts: &mut HostFacts) {
    let text = "7783-7084-3265-9085-8269-3286-77".into();
    facts.cloud = Some(DetectedCloud { cloud: "Azure", file: "chassis_asset_tag".into(), text });
}

#[test]
fn a_cloud_machine_is_a_problem_until_takeover_is_allowed() {
    let found = "this is a real Azure machine: chassis_asset_tag is \"7783-7084-3265-9085-8269-3286-77\"";
    assert_problem(&finding("cloud", on_azure), found, "MOCK_IMDS_ALLOW_TAKEOVER=1");
    let by_environment = finding("cloud", |facts| {
        on_azure(facts);
        facts.takeover_by_environment = true;
    });
    assert_is(&by_environment, Note, found);
    let by_file = finding("cloud", |facts| {
        on_azure(facts);
        facts.published.as_mut().expect("it is up").settings.allow_takeover = true;
    });
    assert_is(&by_file, Note, found);
}

#[test]
fn an_address_is_on_lo_alone_and_held() {
    let addresses = |found: Vec<InterfaceAddress>| move |facts: &mut HostFacts| facts.addresses = Ok(found);
    assert_is(&finding("address", |_| {}), Healthy, "169.254.169.254/32 on lo");
    assert_is(&finding("address", |facts| facts.addresses = Err("no netlink".into())), Unknown, "no netlink");
    let missing = finding("address", addresses(vec![]));
    assert_problem(
        &missing,
        "169.254.169.254 is on no interface, though it was set up",
        "systemctl restart mock-imds-net",
    );
    let elsewhere = InterfaceAddress { interface: "dummy0".into(), loopback: false, ..on_lo(32) };
    assert_problem(
        &finding("address", addresses(vec![elsewhere])),
        "169.254.169.254/32 is on the interface dummy0",
        "ip addr del 169.254.169.254/32 dev dummy0",
    );
    let wide = finding("width", addresses(vec![on_lo(16)]));
    assert_problem(
        &wide,
        "169.254.169.254/16 is on lo",
        "ip addr add 169.254.169.254/32 dev lo scope host; ip addr del 169.254.169.254/16 dev lo",
    );
}

#[test]
fn an_address_that_nobody_holds_is_named_by_who_added_it() {
    let left = |found: InterfaceAddress| {
        finding("address", |facts| {
            facts.guardian = GuardianProcess::Gone;
            facts.addresses = Ok(vec![found]);
        })
    };
    assert_problem(&left(on_lo(32)), "169.254.169.254/32 is on lo, added by mock-imds", "mock-imds net down");
    let foreign = InterfaceAddress { marked: false, ..on_lo(32) };
    assert_problem(
        &left(foreign),
        "169.254.169.254/32 is on lo, added by somebody else",
        "ip addr del 169.254.169.254/32 dev lo",
    );
    let none = findings("address", |facts| {
        facts.published = None;
        facts.addresses = Ok(vec![]);
    });
    assert!(none.is_empty(), "nothing was set up: {none:?}");
}

#[test]
fn ipv6_that_is_set_is_on_lo_or_a_problem() {
    let ask = |facts: &mut HostFacts| facts.published.as_mut().expect("it is up").settings.ipv6 = true;
    assert_problem(
        &finding("ipv6", ask),
        "fd00:ec2::254 is not on lo",
        "sysctl net.ipv6.conf.all.disable_ipv6=0",
    );
    let reason = finding("ipv6", |facts| {
        ask(facts);
        let status = facts.published.as_mut().expect("it is up");
        status.unavailable = vec![Unavailable { address: ADDRESS_V6.into(), reason: "IPv6 is off".into() }];
    });
    assert_problem(&reason, "fd00:ec2::254 is not on lo: IPv6 is off", "editor /etc/mock-imds/host.toml");
    let there = findings("ipv6", |facts| {
        ask(facts);
        let six = InterfaceAddress { address: IpAddr::from(ADDRESS_V6), prefix: 128, ..on_lo(128) };
        facts.addresses.as_mut().expect("seen").push(six);
    });
    assert!(there.is_empty(), "{there:?}");
    assert!(
        findings("ipv6", |facts| {
            ask(facts);
            facts.guardian = GuardianProcess::Gone;
        })
        .is_empty()
    );
    assert!(findings("ipv6", |_| {}).is_empty());
}

#[test]
fn tables_are_compared_with_the_plan() {
    let found = |change: fn(&mut HostFacts)| {
        findings("tables", change).into_iter().map(|it| (it.level, it.found)).collect::<Vec<_>>()
    };
    let owned = |name: &str| (Healthy, format!("{name} mock-imds, owned: no other process can change it"));
    assert_eq!(found(|_| {}), [owned("inet"), owned("arp")]);
    let unowned = |name: &str| (Note, format!("{name} mock-imds, without an owner"));
    let without_owner = |facts: &mut HostFacts| facts.tables = Ok(installed(&HostSettings::default(), None));
    assert_eq!(found(without_owner), [unowned("inet"), unowned("arp")]);
    let meaning = findings("tables", without_owner).remove(0).meaning;
    assert!(meaning.contains("the guardian restores"), "{meaning}");
    let meaning = findings("tables", |facts| {
        without_owner(facts);
        facts.published.as_mut().expect("it is up").pid = None;
    })
    .remove(0)
    .meaning;
    assert!(meaning.contains("a flush removes it"), "{meaning}");
    let absent = found(|facts| facts.tables.as_mut().expect("seen").tables.clear());
    assert_eq!(
        absent,
        [
            (Problem, "there is no table inet mock-imds".into()),
            (Note, "there is no table arp mock-imds".into())
        ]
    );
    let fewer = found(|facts| {
        facts.tables.as_mut().expect("seen").tables[0].rules.pop_first();
    });
    assert_eq!(fewer[0].0, Problem);
    assert!(fewer[0].1.starts_with("the table inet mock-imds has "), "{fewer:?}");
    let chains = found(|facts| {
        facts.tables.as_mut().expect("seen").tables[1].chains.pop_first();
    });
    assert_eq!((chains[0].0, chains[1].0), (Healthy, Problem));
    assert!(found(|facts| facts.guardian = GuardianProcess::Gone).is_empty());
}

#[test]
fn tables_that_are_not_seen_are_told_as_the_guardian_says() {
    let unseen = |protection: Protection| {
        finding("tables", |facts| {
            facts.tables = Err("root only".into());
            facts.published.as_mut().expect("it is up").tables[0].protection = protection;
        })
    };
    assert_is(&unseen(Protection::Owned), Unknown, "root only; the guardian says: inet mock-imds owned");
    assert_is(&unseen(Protection::Watched), Unknown, "root only; the guardian says: inet mock-imds watched");
}

#[test]
fn without_a_redirect_the_socket_is_on_port_80() {
    let bind = |facts: &mut HostFacts| {
        facts.published.as_mut().expect("it is up").settings.redirect = Redirect::None;
        facts.tables.as_mut().expect("seen").tables.clear();
        facts.listeners = vec![listener("169.254.169.254:80")];
    };
    assert_is(&finding("bind", bind), Healthy, "no table, and the socket is on 169.254.169.254:80 itself");
    let no_socket = finding("bind", |facts| {
        bind(facts);
        facts.listeners = vec![listener("169.254.169.254:1690")];
    });
    assert_problem(
        &no_socket,
        "[host] redirect is \"none\", and no socket is on 169.254.169.254:80",
        "systemctl daemon-reload",
    );
    let both = findings("bind", |facts| {
        bind(facts);
        facts.tables = Ok(installed(&HostSettings::default(), None));
    });
    assert_problem(
        &both[0],
        "[host] redirect is \"none\", but a table of mock-imds exists",
        "mock-imds net down",
    );
    assert_eq!(both[1].level, Healthy);
}

#[test]
fn a_route_that_leaves_the_host_is_a_problem() {
    assert_is(&finding("routes", |_| {}), Healthy, "packets to the address stay on this host");
    assert_is(&finding("routes", |facts| facts.detours = Err("no netlink".into())), Unknown, "no netlink");
    let detour = finding("routes", |facts| {
        facts.detours = Ok(vec![RouteDetour {
            traffic: "packets of this host to 169.254.169.254".into(),
            expected: "lo".into(),
            found: "the interface tun0, by table 51820".into(),
            command: "ip route get 169.254.169.254".into(),
        }]);
    });
    assert_problem(
        &detour,
        "packets of this host to 169.254.169.254 go to the interface tun0, by table 51820, not to lo",
        "ip route get 169.254.169.254   # find the rule",
    );
    let no_address = findings("routes", |facts| facts.addresses = Ok(vec![]));
    assert!(no_address.is_empty(), "{no_address:?}");
}

#[test]
fn another_answer_is_judged_by_where_its_connection_ends() {
    let foreign = |endpoint: Option<&str>| {
        finding("answer", |facts| {
            facts.probe = Probe::Foreign {
                status_line: "HTTP/1.1 200 OK".into(),
                server: Some("nginx".into()),
                endpoint: endpoint.map(|end| end.parse().expect("an address with a port")),
            };
        })
    };
    let found = "another server answers at http://169.254.169.254/: HTTP/1.1 200 OK, Server: nginx";
    assert_problem(&foreign(None), found, "docker ps --filter publish=80");
    assert_problem(&foreign(Some("169.254.169.254:80")), found, "systemctl restart mock-imds-net");
    assert_problem(&foreign(Some("127.0.0.1:1690")), found, "ss -ltnp 'sport = :1690'");
    let failed = finding("answer", |facts| facts.probe = Probe::Failed("refused".into()));
    assert_problem(&failed, "nothing answers at http://169.254.169.254/: refused", "systemctl restart");
    assert!(findings("answer", |facts| facts.probe = Probe::Skipped).is_empty());
}
