//! A bridge on the list that has a port to the LAN is the LAN; ports come and go.
//!
//! The port is a macvlan in passthru mode: as a network card it is no guest's interface, and every kernel can make one.

use support::{DEADLINE, Outcome};

use crate::examined_host::ExaminedHost;
use nix::sys::signal::Signal;
use support::host::{Guardian, HEALED, Host, Peer, SERVICE, serve};

const URLS: [&str; 2] = ["http://169.254.169.254/", "http://169.254.169.254:1690/"];

/// A host that forwards, with br-lan (192.168.77.1) and nothing in it.
fn host(settings: &str) -> Option<Host> {
    let host = Host::new()?;
    host.configure(settings);
    host.run("ip link add br-lan type bridge; ip link set br-lan up; ip addr add 192.168.77.1/24 dev br-lan");
    host.run("echo 1 > /proc/sys/net/ipv4/ip_forward");
    Some(host)
}

/// A neighbour at 192.168.77.2 that goes by this host to the address; its cable ends in `lan0`.
fn neighbour(host: &Host) -> Peer {
    let peer = Peer::new(host, "cable0");
    host.run("ip link add link cable0 name lan0 type macvlan mode passthru; ip link set lan0 up");
    peer.run(host, "ip addr add 192.168.77.2/24 dev eth0; ip route add 169.254.169.254 via 192.168.77.1");
    peer
}

/// A container at 192.168.77.3, on the same bridge.
fn guest(host: &Host) -> Peer {
    let peer = Peer::new(host, "veth3");
    host.run("ip link set veth3 master br-lan");
    peer.run(host, "ip addr add 192.168.77.3/24 dev eth0; ip route add default via 192.168.77.1");
    peer
}

fn reaches(host: &Host, peer: &Peer) -> bool {
    let answers = URLS.map(|url| peer.asks(host, url).is_some());
    assert_eq!(answers[0], answers[1], "both ports alike");
    answers[0]
}

fn dropped(host: &Host, name: &str) -> bool {
    host.run("nft list table inet mock-imds").contains(&format!("iifname \"{name}\" counter"))
}

fn told(guardian: &Guardian, what: &str) -> usize {
    guardian.log().matches(what).count()
}

#[test]
fn a_lan_port_closes_a_bridge_and_its_removal_opens_it() {
    let Some(host) = host("") else { return };
    let guardian = host.hold();
    serve("imds", SERVICE);
    let (lan, container) = (neighbour(&host), guest(&host));
    assert!(reaches(&host, &container), "a bridge of guests");
    for turn in 1..=3 {
        host.run("ip link set lan0 master br-lan");
        host.eventually("the bridge is closed", HEALED, || dropped(&host, "br-lan"));
        assert!(!reaches(&host, &lan), "the neighbour, turn {turn}");
        assert!(!reaches(&host, &container), "nobody on it is told from a neighbour");
        let status = host.net("status").stdout;
        let line = "kept out  br-lan: its port lan0 is a macvlan interface, not a guest's";
        assert!(status.contains(line), "expected {line:?} in:\n{status}");
        host.run("ip link set lan0 nomaster");
        host.eventually("the bridge is open", HEALED, || !dropped(&host, "br-lan"));
        assert!(reaches(&host, &container), "guests alone again, turn {turn}");
        assert_eq!(host.status()["uplinks"], serde_json::json!([]));
        host.eventually("it is told", DEADLINE, || {
            told(&guardian, "packets from br-lan are dropped") == turn
        });
    }
    assert_eq!(host.status()["restorations"]["count"], 0, "nothing was restored for it");
}

#[test]
fn a_bridge_that_has_a_lan_port_already_is_never_open() {
    let Some(host) = host("") else { return };
    let lan = neighbour(&host);
    host.run("ip link set lan0 master br-lan");
    host.net("up").ended(0, &["packets from br-lan are dropped", "add its exact name to [host] bridges"]);
    serve("imds", SERVICE);
    assert!(!reaches(&host, &lan), "with net up");
    let mut guardian = host.hold();
    assert!(!reaches(&host, &lan), "with net hold");
    guardian.reload();
    assert!(!reaches(&host, &lan), "after a reload");
    // An exact name is the administrator's decision; another name is another bridge, from the moment that it has it.
    host.configure("[host]\nbridges = [\"br-*\", \"br-lan\"]\n");
    guardian.reload();
    assert!(reaches(&host, &lan), "it was the guard that kept it out");
    host.run("ip link set br-lan down; ip link set br-lan name br-other; ip link set br-other up");
    host.eventually("it is known by its new name", HEALED, || dropped(&host, "br-other"));
    assert!(!dropped(&host, "br-lan") && !reaches(&host, &lan), "renamed");
    host.run("ip link del br-other");
    host.eventually("it is forgotten", HEALED, || !dropped(&host, "br-other"));
}

#[test]
fn what_is_above_or_beside_a_lan_bridge_is_the_lan_too() {
    let Some(host) = host("") else { return };
    let lan = neighbour(&host);
    host.run("ip link set lan0 master br-lan");
    let mut guardian = host.hold();
    serve("imds", SERVICE);
    // A second bridge, joined to it by a veth pair; the host's address is there.
    host.run(
        "ip addr flush dev br-lan; ip link add br-far type bridge; ip link set br-far up
         ip link add join0 type veth peer name join1; ip link set join0 up; ip link set join1 up
         ip link set join1 master br-far; ip addr add 192.168.77.1/24 dev br-far; ip link set join0 master br-lan",
    );
    host.eventually("the far bridge is closed", HEALED, || dropped(&host, "br-far"));
    assert!(!reaches(&host, &lan), "by a joined bridge");
    host.run("ip link del br-far; ip link del join0");
    // A macvlan on the bridge has the host's address, and is the only one to answer for it. With br_netfilter its packets
    // come in by the bridge first.
    host.run("echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore");
    host.run("filter=/proc/sys/net/bridge/bridge-nf-call-iptables; [ ! -e $filter ] || echo 0 > $filter");
    host.run(
        "ip link add link br-lan name br-mac type macvlan mode bridge; ip link set br-mac up
         ip addr add 192.168.77.1/24 dev br-mac",
    );
    host.eventually("the macvlan is closed", HEALED, || dropped(&host, "br-mac"));
    lan.run(&host, "ip neigh flush all");
    assert!(!reaches(&host, &lan), "by a macvlan");
    // It was the guard that kept it out.
    host.configure("[host]\nbridges = [\"br-*\", \"br-mac\"]\n");
    guardian.reload();
    assert!(reaches(&host, &lan), "by name");
}

#[test]
fn doctor_says_which_bridge_is_not_trusted_and_why() {
    let Some(mut examined) = ExaminedHost::new() else { return };
    let host = &examined.host;
    host.run("ip link add cable0 type veth peer name cable1; ip link add link cable0 name lan0 type macvlan mode passthru");
    host.run("ip link set lan0 master br-test");
    host.eventually("the bridge is closed", HEALED, || dropped(host, "br-test"));
    examined.healthy("a bridge that is kept out is no problem");
    let text = examined.run("", "").stdout;
    for expected in [
        "br-test is kept out: its port lan0 is a macvlan interface",
        "add its exact name \"br-test\" to [host] bridges",
    ] {
        assert!(text.contains(expected), "expected {expected:?} in:\n{text}");
    }
    host.run("ip link set lan0 nomaster");
    examined.guardian.end(Signal::SIGTERM);
    // Nobody follows what `net up` made.
    examined.host.net("up").ended(0, &[]);
    examined.healthy("by net up");
    examined.host.run("ip link set lan0 master br-test");
    examined.finds("", "callers", "br-test leads out of this host", "mock-imds net up");
    examined.host.net("up").ended(0, &["packets from br-test are dropped"]);
    examined.healthy("after its cure");
}

/// A neighbour that speaks the tunnel of an overlay network.
#[test]
fn a_tunnel_to_other_hosts_is_the_lan() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    serve("imds", SERVICE);
    let lan = Peer::new(&host, "lan0");
    let tunnel = |local, remote, address| {
        format!(
            "ip link add flannel.1 type vxlan id 1 dstport 8472 local {local} remote {remote}
             ip addr add {address}/24 dev flannel.1; ip link set flannel.1 up"
        )
    };
    host.run("ip addr add 192.168.77.1/24 dev lan0");
    lan.run(&host, "ip addr add 192.168.77.2/24 dev eth0");
    host.run(&tunnel("192.168.77.1", "192.168.77.2", "10.42.0.1"));
    lan.run(&host, &tunnel("192.168.77.2", "192.168.77.1", "10.42.0.2"));
    lan.run(&host, "ip route add 169.254.169.254 via 10.42.0.1");
    let known = || dropped(&host, "flannel.1");
    host.eventually("the tunnel is closed", HEALED, known);
    assert!(!reaches(&host, &lan), "through the tunnel");
    host.configure("[host]\nbridges = [\"flannel.1\"]\n");
    guardian.reload();
    assert!(reaches(&host, &lan), "it was the guard that kept it out");
}

/// Interfaces come and go by the hundred while somebody removes the address.
#[test]
fn a_lan_port_is_seen_in_a_storm() {
    let Some(host) = host("") else { return };
    let _guardian = host.hold();
    let lan = neighbour(&host);
    serve("imds", SERVICE);
    let storm = "for i in $(seq 1 60); do ip link add s$i type bridge; ip addr del 169.254.169.254/32 dev lo; done; \
                 for i in $(seq 1 60); do ip link del s$i; done";
    let done: Outcome =
        host.attempt(&format!("({storm}) >/dev/null 2>&1 & ip link set lan0 master br-lan; wait"));
    assert!(done.succeeded(), "{done:?}");
    host.eventually("the bridge is closed", HEALED, || dropped(&host, "br-lan"));
    host.eventually("the address is back", 3 * HEALED, || host.addresses() == 1);
    assert!(!reaches(&host, &lan), "after the storm");
}
