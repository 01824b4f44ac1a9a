//! Who does not reach the service: the neighbours on the LAN.

use support::host::{Host, Peer, SERVICE, serve};

/// A neighbour that takes 169.254.0.0/16 for its own link, as every host with a link-local route does.
fn neighbour(host: &Host) -> Peer {
    let peer = Peer::new(host, "lan0");
    host.run("ip addr add 192.168.77.1/24 dev lan0; ip addr add fd77::1/64 dev lan0 nodad");
    peer.run(host, "ip addr add 192.168.77.2/24 dev eth0; ip route add 169.254.0.0/16 dev eth0");
    peer.run(host, "ip addr add fd77::2/64 dev eth0 nodad; ip route add fd00:ec2::254/128 via fd77::1");
    peer
}

fn reached(host: &Host, peer: &Peer, urls: &[&str]) -> Vec<Option<String>> {
    urls.iter().map(|url| peer.asks(host, url)).collect()
}

#[test]
fn a_lan_neighbour_gets_no_arp_answer_and_no_packet() {
    let Some(host) = Host::new() else { return };
    host.configure("[host]\nipv6 = true\n");
    let peer = neighbour(&host);
    let mut guardian = host.hold();
    serve("imds", SERVICE);
    serve("imds", "[fd00:ec2::254]:1690");
    let urls = [
        "http://169.254.169.254/",
        "http://169.254.169.254:1690/",
        "http://[fd00:ec2::254]/",
        "http://[fd00:ec2::254]:1690/",
    ];
    assert_eq!(peer.asks(&host, urls[0]), None);
    let resolved = peer.run(&host, "ip neigh show 169.254.169.254");
    assert!(!resolved.contains("lladdr"), "no ARP answer, but: {resolved}");

    // One that knows the hardware address anyway.
    let shown = host.run("ip -o link show lan0");
    let hardware = shown.split("link/ether ").nth(1).and_then(|rest| rest.split(' ').next());
    let hardware = hardware.expect("an Ethernet address");
    peer.run(&host, &format!("ip neigh replace 169.254.169.254 lladdr {hardware} dev eth0 nud permanent"));
    assert_eq!(reached(&host, &peer, &urls), [None, None, None, None]);
    let dropped = host.run("nft list chain inet mock-imds callers");
    assert!(!dropped.contains("packets 0 "), "the guard counted nothing:\n{dropped}");

    // The same neighbour gets all of that once its interface is on the list: it was the guard that kept it out.
    host.configure("[host]\nipv6 = true\nbridges = [\"lan*\"]\n");
    guardian.reload();
    let (four, six) = (Some("imds sees 192.168.77.2".to_owned()), Some("imds sees fd77::2".to_owned()));
    assert_eq!(reached(&host, &peer, &urls), [four.clone(), four, six.clone(), six]);
    peer.run(&host, "ip neigh del 169.254.169.254 dev eth0");
    assert!(peer.asks(&host, urls[0]).is_some(), "with an ARP answer");
}

/// An empty list: this host only.
#[test]
fn an_empty_list_keeps_containers_out_too() {
    let Some(host) = Host::new() else { return };
    host.configure("[host]\nbridges = []\n");
    host.run(
        "ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up",
    );
    let peer = Peer::new(&host, "veth1");
    host.run("ip link set veth1 master docker0");
    peer.run(&host, "ip addr add 172.17.0.2/16 dev eth0; ip route add default via 172.17.0.1");
    let _guardian = host.hold();
    serve("imds", SERVICE);
    assert_eq!(peer.asks(&host, "http://169.254.169.254/"), None);
    assert_eq!(support::host::ask(support::host::METADATA).expect("an answer"), "imds sees 169.254.169.254");
}
