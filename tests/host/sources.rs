//! Who reaches the service by which way: a table. Packets with forged sources are sent raw; whether they arrive is counted
//! behind the guard, in a table of the test's own.

use support::host::{Guardian, Host, METADATA, Peer, SERVICE, ask, serve};

const URLS: [&str; 4] = [
    "http://169.254.169.254/",
    "http://169.254.169.254:1690/",
    "http://[fd00:ec2::254]/",
    "http://[fd00:ec2::254]:1690/",
];

/// Counts what comes to the service from outside, behind the guard.
const COUNT: &str = "
table inet behind
delete table inet behind
table inet behind {
    chain input {
        type filter hook input priority 10; policy accept;
        iif != lo ip daddr 169.254.169.254 counter
        iif != lo ip6 daddr fd00:ec2::254 counter
    }
}
";

/// A host that forwards and checks no source, with a container and a neighbour.
struct Network {
    container: Peer,
    neighbour: Peer,
    guardian: Guardian,
    host: Host,
}

impl Network {
    fn new() -> Option<Self> {
        let host = Host::new()?;
        host.configure("[host]\nipv6 = true\n");
        host.run(
            "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
             ip link add docker0 type bridge; ip link set docker0 up
             ip addr add 172.17.0.1/16 dev docker0; ip addr add fd17::1/64 dev docker0 nodad",
        );
        let container = Peer::new(&host, "veth1");
        host.run("ip link set veth1 master docker0");
        container.run(
            &host,
            "ip addr add 172.17.0.2/16 dev eth0; ip route add default via 172.17.0.1
             ip addr add fd17::2/64 dev eth0 nodad; ip route add default via fd17::1",
        );
        let neighbour = Peer::new(&host, "lan0");
        host.run("ip addr add 192.168.77.1/24 dev lan0; ip addr add fd77::1/64 dev lan0 nodad");
        neighbour.run(&host, "ip addr add 192.168.77.2/24 dev eth0; ip addr add fd77::2/64 dev eth0 nodad");
        host.run("cd /proc/sys/net/ipv4/conf; for i in all lan0 docker0; do echo 0 > $i/rp_filter; \
                  for key in accept_local route_localnet accept_source_route; do echo 1 > $i/$key; done; done");
        let guardian = host.hold();
        serve("imds", SERVICE);
        serve("imds", "[fd00:ec2::254]:1690");
        host.nft(COUNT);
        Some(Self { container, neighbour, guardian, host })
    }

    fn asks(&self, peer: &Peer) -> [bool; 4] {
        URLS.map(|url| peer.asks(&self.host, url).is_some())
    }

    /// The packets that came to the service from outside, since the last question.
    fn arrived(&self) -> u64 {
        let listed = self.host.run("nft list table inet behind");
        self.host.nft(COUNT);
        let packets = listed.split("packets ").skip(1).filter_map(|rest| rest.split(' ').next());
        packets.map(|number| number.parse::<u64>().expect("a number")).sum()
    }

    /// The routes by which the neighbour sends; those of the last question are gone.
    fn neighbour_by(&self, routes: &str) {
        self.neighbour.run(
            &self.host,
            &format!(
                "ip route flush root 169.254.0.0/16; ip -6 route flush root fd00:ec2::/64
                 ip neigh flush all nud permanent; ip neigh flush all; {routes}"
            ),
        );
    }
}

#[test]
fn each_way_has_its_answer() {
    let Some(network) = Network::new() else { return };
    let Network { host, container, neighbour, .. } = &network;
    let answers = [METADATA, SERVICE, "[fd00:ec2::254]:80", "[fd00:ec2::254]:1690"];
    host.eventually("the addresses are there", support::DEADLINE, || {
        answers.iter().all(|at| ask(at).is_ok())
    });
    assert_eq!(network.asks(container), [true; 4], "a container");
    assert!(network.arrived() > 0, "the test counts what arrives");

    let shown = host.run("ip -o link show lan0");
    let mac = shown
        .split("link/ether ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .expect("an Ethernet address");
    let by_hand = format!(
        "ip route add 169.254.169.254 dev eth0; ip neigh replace 169.254.169.254 lladdr {mac} dev eth0 nud permanent
         ip route add fd00:ec2::254 dev eth0; ip neigh replace fd00:ec2::254 lladdr {mac} dev eth0 nud permanent"
    );
    for (way, routes) in [
        (
            "routed by this host",
            "ip route add 169.254.169.254 via 192.168.77.1; ip route add fd00:ec2::254 via fd77::1",
        ),
        ("on its link", "ip route add 169.254.0.0/16 dev eth0; ip route add fd00:ec2::/64 dev eth0"),
        ("by a hardware address that it knows", &by_hand),
    ] {
        network.neighbour_by(routes);
        assert_eq!(network.asks(neighbour), [false; 4], "a neighbour, {way}");
        assert_eq!(network.arrived(), 0, "packets of a neighbour, {way}");
    }

    // A container that has the address itself talks to itself.
    container.run(host, "ip addr add 169.254.169.254/32 dev lo; ip addr add fd00:ec2::254/128 dev lo nodad");
    assert_eq!(network.asks(container), [false; 4], "a container that has the address");
    assert_eq!(network.arrived(), 0, "packets of a container that has the address");
}

/// Sends one SYN to each port of each address with this source: FROM TO...
const FORGE: &str = r#"
import socket, struct, sys
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff
source, target = sys.argv[1], sys.argv[2]
six = ":" in target
family = socket.AF_INET6 if six else socket.AF_INET
a, b = (socket.inet_pton(family, text) for text in (source, target))
for port in (80, 1690):
    def tcp(check): return struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 5 << 4, 2, 65535, check, 0)
    pseudo = a + b + (struct.pack("!IHBB", 20, 0, 0, 6) if six else struct.pack("!BBH", 0, 6, 20))
    segment = tcp(checksum(pseudo + tcp(0)))
    if six:
        packet = struct.pack("!IHBB", 6 << 28, 20, 6, 64) + a + b + segment
        raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    else:
        packet = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + a + b + segment
        raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(packet, (target, 0))
"#;

#[test]
fn a_forged_source_opens_nothing() {
    let Some(network) = Network::new() else { return };
    let Network { host, container, neighbour, .. } = &network;
    host.write("forge.py", FORGE);
    network.neighbour_by(
        "ip route add 169.254.169.254 via 192.168.77.1; ip route add fd00:ec2::254 via fd77::1",
    );
    // Known beforehand, so that no packet waits for it.
    neighbour.run(host, "curl -m 1 -s --noproxy '*' http://192.168.77.1:9 || true; curl -m 1 -gs --noproxy '*' 'http://[fd77::1]:9' || true");
    let forged = |peer: &Peer, source: &str, target: &str| {
        peer.run(host, &format!("python3 {}/forge.py {source} {target}", host.directory.display()));
        network.arrived()
    };
    let guard = || host.run("nft list chain inet mock-imds callers");
    for (source, what) in [
        ("192.168.77.2", "its own"),
        ("172.17.0.77", "a container's"),
        ("172.17.0.1", "the bridge's"),
        ("127.0.0.5", "the loopback's"),
        ("169.254.169.253", "link-local"),
        ("169.254.169.254", "the service's"),
        ("192.168.77.1", "this host's"),
    ] {
        let before = guard();
        assert_eq!(forged(neighbour, source, "169.254.169.254"), 0, "from a neighbour with {what} address");
        assert_ne!(guard(), before, "the guard saw them, with {what} address");
    }
    for (source, what) in [
        ("fd77::2", "its own"),
        ("fd17::77", "a container's"),
        ("::1", "the loopback's"),
        ("fd00:ec2::254", "the service's"),
        ("fe80::1", "link-local"),
    ] {
        assert_eq!(forged(neighbour, source, "fd00:ec2::254"), 0, "from a neighbour with {what} address");
    }
    // By design: containers are told apart by address, and one with NET_RAW can take another's.
    assert_eq!(
        forged(container, "172.17.0.77", "169.254.169.254"),
        2,
        "from a container with another's address"
    );
}

/// A loose source route names this host first and the service next: the first hop is not the guarded address.
const SOURCE_ROUTE: &str = "
import socket
options = bytes([131, 7, 4]) + socket.inet_aton('192.168.77.1') + b'\\0'
client = socket.socket()
client.settimeout(1)
client.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, options)
client.connect(('169.254.169.254', 1690))
";

#[test]
fn a_source_route_opens_nothing() {
    let Some(mut network) = Network::new() else { return };
    let script = network.host.write("route.py", SOURCE_ROUTE);
    let attack = || network.neighbour.attempt(&network.host, &format!("python3 {}", script.display()));
    let done = attack();
    assert!(!done.succeeded(), "a connection by a source route");
    assert_eq!(network.arrived(), 0, "packets with a source route: {done:?}");
    network.host.configure("[host]\nbridges = [\"lan0\"]\n");
    network.guardian.reload();
    assert!(attack().succeeded(), "it was the guard that kept it out");
}

/// Root of a user namespace is nobody on the host.
#[test]
fn root_of_a_user_namespace_changes_nothing_of_the_host() {
    let Some(host) = Host::new() else { return };
    host.run(&format!(
        "chmod 755 {0}; install -m 755 {1} {0}/mock-imds",
        host.directory.display(),
        support::program().display()
    ));
    host.run("install -d -o 65534 -g 65534 own");
    let arguments =
        format!("--config {0}/host.toml --runtime {0}/own/run --dmi {0}/dmi", host.directory.display());
    host.configure("");
    host.run("chmod 644 host.toml");
    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups unshare --user --map-root-user";
    if !host.attempt(&format!("{nobody} true")).succeeded() {
        support::skip("needs user namespaces for everybody");
        return;
    }
    let before = host.network();
    for command in ["up", "hold"] {
        host.attempt(&format!("{nobody} ./mock-imds net {command} {arguments}"))
            .ended(77, &["needs the capability CAP_NET_ADMIN"]);
        assert_eq!(host.network(), before, "net {command} in the host's network");
    }
    let there = host.run(&format!(
        "{nobody} --net sh -c 'ip link set lo up; ./mock-imds net up {arguments} && ip -4 addr show lo && nft list tables'"
    ));
    assert!(there.contains("169.254.169.254/32") && there.contains("inet mock-imds"), "{there}");
    assert_eq!(host.network(), before, "net up in a network of one's own");
}
