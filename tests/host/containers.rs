//! Who reaches the service: processes of this host, containers on its bridges; and who else is on port 80.

use nix::sys::signal::Signal;
use support::host::{Host, METADATA, Peer, SERVICE, ask, serve};

const IMDS: &str = "imds sees 169.254.169.254";

/// A bridge as Docker makes one for a user network, with one container on it.
fn container(host: &Host) -> Peer {
    host.run(
        "ip link add br-test type bridge; ip addr add 172.30.0.1/24 dev br-test; ip link set br-test up",
    );
    let peer = Peer::new(host, "veth1");
    host.run("ip link set veth1 master br-test");
    peer.run(host, "ip addr add 172.30.0.2/24 dev eth0; ip route add default via 172.30.0.1");
    peer
}

#[test]
fn a_process_of_the_host_reaches_the_service() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    serve("imds", SERVICE);
    assert_eq!(ask(METADATA).expect("an answer"), IMDS);
    assert_eq!(ask(SERVICE).expect("an answer"), IMDS);
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert!(ask(METADATA).is_err(), "nothing answers afterwards");
}

#[test]
fn a_bridged_container_reaches_the_service_and_shows_its_address() {
    let Some(host) = Host::new() else {
        return;
    };
    let early = container(&host);
    let _guardian = host.hold();
    serve("imds", SERVICE);
    for url in ["http://169.254.169.254/", "http://169.254.169.254:1690/"] {
        assert_eq!(early.asks(&host, url).as_deref(), Some("imds sees 172.30.0.2"), "{url}");
    }
    // A bridge that appears later.
    host.run(
        "ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up",
    );
    let late = Peer::new(&host, "veth2");
    host.run("ip link set veth2 master docker0");
    late.run(&host, "ip addr add 172.17.0.2/16 dev eth0; ip route add default via 172.17.0.1");
    // With a link-local route of its own, as many images have: it asks by ARP and is answered.
    late.run(&host, "ip route add 169.254.0.0/16 dev eth0");
    assert_eq!(late.asks(&host, "http://169.254.169.254/").as_deref(), Some("imds sees 172.17.0.2"));
}

#[test]
fn a_web_server_on_port_80_and_the_service_do_not_meet() {
    let Some(host) = Host::new() else { return };
    // After.
    let mut guardian = host.hold();
    serve("imds", SERVICE);
    serve("web", "0.0.0.0:80");
    assert_eq!(ask(METADATA).expect("an answer"), IMDS);
    assert_eq!(ask("127.0.0.1:80").expect("an answer"), "web sees 127.0.0.1");
    // Before: it runs already when the guardian starts again.
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(ask("127.0.0.1:80").expect("an answer"), "web sees 127.0.0.1");
    let _guardian = host.hold();
    assert_eq!(ask(METADATA).expect("an answer"), IMDS);
    assert_eq!(ask("127.0.0.1:80").expect("an answer"), "web sees 127.0.0.1");
}

/// Docker's rules for `-p 80:80`: everything for an address of this host.
const PUBLISHED: &str = "
table ip nat {
	chain DOCKER { tcp dport 80 dnat to 172.30.0.2:8080; }
	chain PREROUTING { type nat hook prerouting priority -100; policy accept; fib daddr type local jump DOCKER; }
	chain OUTPUT { type nat hook output priority -100; policy accept; fib daddr type local jump DOCKER; }
	chain POSTROUTING { type nat hook postrouting priority 100; policy accept; oifname \"br-test\" masquerade; }
}
";

/// The container that publishes its port.
const SERVER: &str = "
import socket
listener = socket.create_server(('172.30.0.2', 8080))
while True:
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\npublished')
    connection.close()
";

#[test]
fn a_published_port_80_does_not_take_the_requests() {
    let Some(host) = Host::new() else { return };
    let mut peer = container(&host);
    peer.serve(&host, SERVER);
    let is_published = || ask("172.30.0.1:80").is_ok_and(|answer| answer == "published");
    let check = |order: &str| {
        host.eventually("the port is published", support::DEADLINE, is_published);
        assert_eq!(ask(METADATA).ok().as_deref(), Some(IMDS), "{order}, from the host");
        let inside = peer.asks(&host, "http://169.254.169.254/");
        assert_eq!(inside.as_deref(), Some("imds sees 172.30.0.2"), "{order}, from the container");
    };

    // The rules would take them: so it is while nobody redirects.
    host.run("ip addr add 169.254.169.254/32 dev lo");
    host.nft(PUBLISHED);
    host.eventually("the container takes them", support::DEADLINE, || {
        ask(METADATA).is_ok_and(|answer| answer == "published")
    });

    let mut guardian = host.hold();
    serve("imds", SERVICE);
    check("Docker's rules loaded before ours");
    host.run("nft delete table ip nat");
    host.nft(PUBLISHED);
    check("Docker's rules loaded after ours");
    guardian.end(Signal::SIGTERM);
}

#[test]
fn ipv6_by_choice() {
    let Some(host) = Host::new() else { return };
    if !std::path::Path::new("/proc/sys/net/ipv6").exists() {
        support::skip("needs a kernel with IPv6");
        return;
    }
    let before = host.network();
    host.configure("[host]\nipv6 = true\n");
    let mut guardian = host.hold();
    serve("imds", "[fd00:ec2::254]:1690");
    // The kernel adds the local route of an IPv6 address from a work queue.
    host.eventually("an answer over IPv6", support::host::HEALED, || {
        ask("[fd00:ec2::254]:80").is_ok_and(|answer| answer == "imds sees fd00:ec2::254")
    });
    let shown = host.run("ip -6 addr show dev lo");
    assert_eq!(shown.matches("inet6 fd00:ec2::254/128 ").count(), 1, "{shown}");
    assert!(shown.contains("nodad"), "{shown}");
    assert_eq!(host.run("ip -6 route show table main"), "", "no route of it in the main table");

    host.run("ip addr del fd00:ec2::254/128 dev lo");
    let there = || host.run("ip -6 addr show dev lo").contains("fd00:ec2::254/128");
    host.eventually("it is back", support::host::HEALED, there);

    host.configure("[host]\nipv6 = false\n");
    guardian.reload();
    assert!(!there(), "a reload without it removes it");
    assert!(!host.our_rules().contains("ip6"), "{}", host.our_rules());
    assert_eq!(host.addresses(), 1);
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

#[test]
fn ipv6_that_is_disabled_is_said_and_left_out() {
    let Some(host) = Host::new() else { return };
    if !std::path::Path::new("/proc/sys/net/ipv6").exists() {
        support::skip("needs a kernel with IPv6");
        return;
    }
    host.run("for i in all lo; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done");
    host.configure("[host]\nipv6 = true\n");
    let mut guardian = host.hold();
    serve("imds", SERVICE);
    assert_eq!(ask(METADATA).expect("an answer"), IMDS);
    assert_eq!(host.status()["unavailable"][0]["address"], "fd00:ec2::254");
    assert!(!host.our_rules().contains("ip6"), "{}", host.our_rules());
    let sentence = "fd00:ec2::254 is left out: IPv6 is disabled on lo";
    guardian.says(sentence);
    host.run("ip addr del 169.254.169.254/32 dev lo");
    host.eventually("IPv4 is watched", support::host::HEALED, || host.addresses() == 1);
    assert_eq!(guardian.log().matches(sentence).count(), 1, "said once: {}", guardian.log());
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
}
