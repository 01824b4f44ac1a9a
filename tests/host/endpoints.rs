//! The endpoints beside IMDS: the same address, table, guard and clean-up as that of IMDS has.

use mock_imds::host::plan::{Plan, Table};
use mock_imds::host::settings::{Endpoint, HostSettings};
use nix::sys::signal::Signal;
use support::host::{Guardian, HEALED, Host, METADATA, Peer, SERVICE, ask, serve};
use support::program;

const ALL: &str = "[host]\nendpoints = [\"imds\", \"ecs\", \"pod-identity\"]\n";
const ADDRESSES: [&str; 3] = ["169.254.169.254", "169.254.170.2", "169.254.170.23"];

fn planned() -> String {
    let endpoints = vec![Endpoint::Imds, Endpoint::Ecs, Endpoint::PodIdentity];
    let settings = HostSettings { endpoints, ..HostSettings::default() };
    let plan = Plan::new(&settings.addresses(), &settings.bridges, &[]);
    plan.tables.iter().map(Table::to_string).collect()
}

/// The link-local addresses of `lo`, as `ip` prints them.
fn on_lo(host: &Host) -> Vec<String> {
    let shown = host.run("ip -4 -o addr show dev lo");
    let addresses = shown.lines().filter_map(|line| line.split_whitespace().nth(3)).map(str::to_owned);
    addresses.filter(|address| address.starts_with("169.254.")).collect()
}

/// The files of the runtime directory.
fn published(host: &Host) -> Vec<String> {
    let entries = std::fs::read_dir(host.runtime()).expect("the runtime directory");
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn held() -> Vec<String> {
    ADDRESSES.iter().map(|address| format!("{address}/32")).collect()
}

#[test]
fn up_down_and_hold_with_all_three() {
    let Some(host) = Host::new() else { return };
    host.configure(ALL);
    let before = host.network();
    for round in ["first", "second"] {
        host.net("up").ended(0, &[]);
        assert_eq!(on_lo(&host), held(), "{round} up");
        assert_eq!(host.our_rules(), planned(), "{round} up: the kernel has what the plan says");
    }
    let labels = host.run("ip -4 addr show dev lo");
    for label in ["lo:imds", "lo:ecs", "lo:pod-identity"] {
        assert!(labels.contains(&format!("scope host {label}\n")), "expected {label} in {labels}");
    }
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "after down");

    let mut guardian = host.start(program(), "");
    let ready = guardian.expect("READY=1");
    let addresses = held().join(", ");
    assert!(
        ready.contains(&format!("STATUS={addresses} on lo; inet mock-imds, arp mock-imds owned")),
        "{ready}"
    );
    assert_eq!((on_lo(&host), host.our_rules()), (held(), planned()));
    assert_eq!(published(&host), ["ecs", "lock", "pod-identity", "record.json", "status.json"]);
    guardian.signal(Signal::SIGTERM);
    guardian.expect_last("STOPPING=1");
    assert_eq!(guardian.wait(), Some(0), "{}", guardian.log());
    assert_eq!(host.network(), before, "after hold");
    assert!(!host.runtime().exists(), "the runtime directory is removed");
}

/// A host that enables nothing has what it had before there was a choice.
#[test]
fn imds_alone_leaves_no_trace_of_the_others() {
    let Some(host) = Host::new() else { return };
    host.run("ip link add ecs-bridge type bridge; ip addr add 169.254.170.1/24 dev ecs-bridge; ip link set ecs-bridge up");
    let _guardian = host.hold();
    assert_eq!(on_lo(&host), ["169.254.169.254/32"], "and nothing on this host is asked about the others");
    assert_eq!(published(&host), ["lock", "record.json", "status.json"]);
    for file in ["status.json", "record.json"] {
        let text = std::fs::read_to_string(host.runtime().join(file)).expect("it is published");
        for word in ["endpoints", "refused"] {
            assert!(!text.contains(word), "{file} has {word:?}:\n{text}");
        }
    }
}

#[test]
fn a_reload_adds_and_removes_an_endpoint() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    for (settings, expected) in [
        (ALL, held()),
        ("[host]\nendpoints = [\"ecs\"]\n", vec!["169.254.170.2/32".into()]),
        ("", vec!["169.254.169.254/32".into()]),
    ] {
        host.configure(settings);
        guardian.reload();
        let mut found = on_lo(&host);
        found.sort();
        assert_eq!(found, expected, "after {settings:?}");
        let marks = published(&host).iter().filter(|name| *name == "ecs" || *name == "pod-identity").count();
        assert_eq!(marks, expected.iter().filter(|address| address.contains(".170.")).count());
    }
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
}

#[test]
fn a_removed_address_is_restored() {
    let Some(host) = Host::new() else { return };
    host.configure(ALL);
    let guardian = host.hold();
    host.run("ip addr del 169.254.170.2/32 dev lo; ip addr del 169.254.170.23/32 dev lo");
    host.eventually("both are back", HEALED, || on_lo(&host).len() == 3);
    guardian.says("169.254.170.2 was removed from lo; restored");
}

#[test]
fn addresses_that_were_there_before_survive() {
    let Some(host) = Host::new() else { return };
    host.configure(ALL);
    host.run("ip addr add 169.254.170.2/32 dev lo; ip addr add 169.254.170.23/24 dev lo");
    let before = host.network();
    let origin = |index: usize| host.status()["addresses"][index]["origin"].clone();
    host.net("up").ended(0, &[]);
    assert_eq!((origin(0), origin(1), origin(2)), ("added".into(), "adopted".into(), "adopted".into()));
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "up and down leave them");
    let killed = host.hold();
    drop(killed);
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "a crash leaves them");
}

#[test]
fn a_killed_guardian_leaves_nothing_behind_down() {
    let Some(host) = Host::new() else { return };
    host.configure(ALL);
    let before = host.network();
    let kill = |mut guardian: Guardian| guardian.end(Signal::SIGKILL);
    kill(host.hold());
    assert_eq!(on_lo(&host), held(), "the addresses are left");
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "what systemd runs afterwards cleans up");
    assert!(!host.runtime().exists(), "the runtime directory is removed");

    kill(host.hold());
    // host.toml may say something else by now, and the record may be lost.
    host.configure("");
    std::fs::remove_dir_all(host.runtime()).expect("the record is lost");
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "by the labels");

    kill(host.hold());
    host.configure(ALL);
    let mut again = host.hold();
    assert_eq!((on_lo(&host).len(), host.our_rules()), (3, planned()), "taken over");
    assert_eq!(again.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

#[test]
fn a_container_is_served_and_a_neighbour_is_not() {
    let Some(host) = Host::new() else { return };
    host.configure(ALL);
    host.run(
        "ip link add br-test type bridge; ip addr add 172.30.0.1/24 dev br-test; ip link set br-test up",
    );
    let container = Peer::new(&host, "veth1");
    host.run("ip link set veth1 master br-test");
    container.run(&host, "ip addr add 172.30.0.2/24 dev eth0; ip route add default via 172.30.0.1");
    let lan = Peer::new(&host, "lan0");
    host.run("ip addr add 192.168.77.1/24 dev lan0");
    let _guardian = host.hold();
    serve("imds", SERVICE);
    serve("ecs", "169.254.170.2:1690");
    serve("pods", "169.254.170.23:1690");

    assert_eq!(ask(METADATA).ok().as_deref(), Some("imds sees 169.254.169.254"));
    for (name, address) in [("ecs", ADDRESSES[1]), ("pods", ADDRESSES[2])] {
        let here = ask(&format!("{address}:80")).ok();
        assert_eq!(here, Some(format!("{name} sees {address}")), "a process of this host");
        let inside = container.asks(&host, &format!("http://{address}/"));
        assert_eq!(inside.as_deref(), Some(format!("{name} sees 172.30.0.2").as_str()), "a container");
    }
    // On the link, and by a route through this host.
    for way in ["169.254.0.0/16 dev eth0", "169.254.170.0/24 via 192.168.77.1"] {
        lan.run(&host, &format!("ip addr replace 192.168.77.2/24 dev eth0; ip route add {way}"));
        for address in &ADDRESSES[1..] {
            for url in [format!("http://{address}/"), format!("http://{address}:1690/")] {
                assert_eq!(lan.asks(&host, &url), None, "{url}, with a route {way}");
            }
            let resolved = lan.run(&host, &format!("ip neigh show {address}"));
            assert!(!resolved.contains("lladdr"), "no ARP answer for {address}, but: {resolved}");
        }
    }
}

#[test]
fn ipv6_by_choice() {
    let Some(host) = Host::new() else { return };
    if !std::path::Path::new("/proc/sys/net/ipv6").exists() {
        support::skip("needs a kernel with IPv6");
        return;
    }
    let before = host.network();
    host.configure("[host]\nipv6 = true\nendpoints = [\"ecs\", \"pod-identity\"]\n");
    let mut guardian = host.hold();
    serve("pods", "[fd00:ec2::23]:1690");
    host.eventually("an answer over IPv6", HEALED, || {
        ask("[fd00:ec2::23]:80").is_ok_and(|answer| answer == "pods sees fd00:ec2::23")
    });
    let shown = host.run("ip -6 -o addr show dev lo");
    assert_eq!((shown.matches("fd00:ec2::23/128").count(), shown.matches("fd00:ec2::254").count()), (1, 0));
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

/// The metadata service of a cloud is at the address of IMDS; who does not take that hides nothing.
#[test]
fn a_cloud_machine_may_have_the_others() {
    let Some(host) = Host::new() else { return };
    host.write("dmi/sys_vendor", "Amazon EC2\n");
    host.configure(ALL);
    host.net("up").ended(78, &["this is a real Amazon EC2 machine"]);
    assert_eq!(on_lo(&host), [""; 0]);
    host.configure("[host]\nendpoints = [\"ecs\", \"pod-identity\"]\n");
    host.net("up").ended(0, &[]);
    assert_eq!(on_lo(&host), held()[1..]);
    host.net("down").ended(0, &[]);
}
