//! Bind mode: `[host] redirect = "none"`, for hosts that refuse nftables.

use nix::sys::signal::Signal;
use support::host::{HEALED, Host, METADATA, Peer, ask, serve};

const BIND: &str = "[host]\nredirect = \"none\"\n";

#[test]
fn bind_mode_adds_the_address_and_no_table() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.configure(BIND);
    let mut guardian = host.hold();
    assert_eq!((host.addresses(), host.tables().as_str()), (1, ""));
    // Who listens on port 80 of the address is asked: nothing changes the port.
    serve("imds", METADATA);
    assert_eq!(ask(METADATA).expect("an answer"), "imds sees 169.254.169.254");
    let tracked = || host.run("cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null || echo 0");
    assert_eq!(tracked().trim(), "0", "no connection is tracked");

    host.run(
        "ip link add br-test type bridge; ip addr add 172.30.0.1/24 dev br-test; ip link set br-test up",
    );
    let peer = Peer::new(&host, "veth1");
    host.run("ip link set veth1 master br-test");
    peer.run(&host, "ip addr add 172.30.0.2/24 dev eth0; ip route add default via 172.30.0.1");
    let inside = peer.asks(&host, "http://169.254.169.254/");
    assert_eq!(inside.as_deref(), Some("imds sees 172.30.0.2"), "containers reach it, too");

    host.run("ip addr del 169.254.169.254/32 dev lo");
    host.eventually("the address is back", HEALED, || host.addresses() == 1);
    guardian.says("nothing keeps neighbours on the LAN out");
    drop(peer);
    host.run("ip link del br-test");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

#[test]
fn a_reload_changes_between_redirect_and_bind_mode() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    assert_eq!(host.tables().matches("mock-imds").count(), 2);
    for _ in 0..2 {
        host.configure(BIND);
        guardian.reload();
        assert_eq!((host.addresses(), host.tables().as_str()), (1, ""), "{}", guardian.log());
        host.configure("");
        guardian.reload();
        assert_eq!((host.addresses(), host.tables().matches("mock-imds").count()), (1, 2));
    }
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
}

#[test]
fn further_endpoints_are_bound_as_well() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.configure(&format!("{BIND}endpoints = [\"ecs\", \"pod-identity\"]\nipv6 = true\n"));
    let mut guardian = host.hold();
    assert_eq!(host.tables(), "");
    for (name, address) in
        [("ecs", "169.254.170.2:80"), ("pods", "169.254.170.23:80"), ("pods", "[fd00:ec2::23]:80")]
    {
        serve(name, address);
        let found = ask(address).expect("an answer");
        assert!(found.starts_with(&format!("{name} sees ")), "{address}: {found}");
    }
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}
