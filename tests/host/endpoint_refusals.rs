//! An endpoint beside a real agent, or a network that it would break: refused with a sentence, and the others go on.

use nix::sys::signal::Signal;
use support::DEADLINE;
use support::host::{HEALED, Host, Peer, ask, serve};

use crate::examined_host::ExaminedHost;

const ALL: &str = "[host]\nendpoints = [\"imds\", \"ecs\", \"pod-identity\"]\n";
const ALLOWED: &str = "[host]\nendpoints = [\"imds\", \"ecs\", \"pod-identity\"]\nallow-takeover = true\n";
/// As ecs-init writes them.
const REDIRECT: &str = "table ip nat {
    chain PREROUTING { type nat hook prerouting priority -100; ip daddr 169.254.170.2 tcp dport 80 dnat to 127.0.0.1:51679; }
    chain OUTPUT { type nat hook output priority -100; ip daddr 169.254.170.2 tcp dport 80 redirect to :51679; }
}";

/// The last two numbers of the link-local addresses on `lo`.
fn served(host: &Host) -> Vec<String> {
    let shown = host.run("ip -4 -o addr show dev lo");
    let addresses = shown.lines().filter_map(|line| line.split_whitespace().nth(3));
    let ours = addresses.filter_map(|address| address.strip_prefix("169.254.")?.strip_suffix("/32"));
    ours.map(str::to_owned).collect()
}

/// What is found, by `net up`, `net hold`, `net status` and takeover: which addresses are left, and what is said.
fn refuses(host: &Host, what: &str, said: &[&str], left: &[&str], with_takeover: &[&str]) {
    let before = host.network();
    host.configure(ALL);
    host.net("up").ended(78, said);
    assert_eq!(served(host), left, "{what}: the others are set up");
    let status = host.net("status");
    status.ended(0, &[]);
    assert!(status.stdout.contains("  refused   "), "{what}: {}", status.stdout);
    assert!(status.stdout.contains(said[0]), "{what}: expected {:?} in {}", said[0], status.stdout);
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "{what}: after down");

    let mut guardian = host.start(support::program(), "");
    let ready = guardian.expect("READY=1");
    assert!(ready.contains("is refused: ") && ready.contains(said[0]), "{what}: {ready}");
    for sentence in said {
        guardian.says(sentence);
    }
    assert_eq!(served(host), left, "{what}: held");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before, "{what}: after hold");

    host.configure(ALLOWED);
    host.net("up").ended(if with_takeover.len() == 3 { 0 } else { 78 }, &[]);
    assert_eq!(served(host), with_takeover, "{what}: with takeover allowed");
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "{what}: at the end");
}

const EVERY: [&str; 3] = ["169.254", "170.2", "170.23"];
const WITHOUT_ECS: [&str; 2] = ["169.254", "170.23"];
const WITHOUT_PODS: [&str; 2] = ["169.254", "170.2"];
const IMDS: [&str; 1] = ["169.254"];

#[test]
fn a_listener_of_the_ecs_agent() {
    let Some(host) = Host::new() else { return };
    serve("agent", "127.0.0.1:51679");
    let said = [
        "an Amazon ECS agent runs here (a process listens on 127.0.0.1:51679)",
        "leave \"ecs\" out of endpoints",
    ];
    refuses(&host, "the agent", &said, &WITHOUT_ECS, &EVERY);
}

#[test]
fn links_of_agents() {
    let Some(host) = Host::new() else { return };
    host.run("ip link add ecs-bridge type bridge");
    let said = ["an Amazon ECS agent runs here (the interface ecs-bridge is there)", "allow-takeover = true"];
    refuses(&host, "its bridge", &said, &WITHOUT_ECS, &EVERY);
    host.run("ip link del ecs-bridge; ip link add pod-id-link0 type bridge");
    let said = [
        "an EKS Pod Identity agent runs here (the interface pod-id-link0 is there)",
        "the endpoint pod-identity",
    ];
    refuses(&host, "the link of pods", &said, &WITHOUT_PODS, &EVERY);
}

#[test]
fn a_nat_rule_of_somebody_else() {
    let Some(host) = Host::new() else { return };
    host.nft(REDIRECT);
    let said = ["of the table ip nat redirects 169.254.170.2:80 elsewhere", "nft -a list chain ip nat"];
    refuses(&host, "ecs-init's rules", &said, &WITHOUT_ECS, &EVERY);
    host.run("nft delete table ip nat");
    host.nft(
        "table inet other {
            chain out { type nat hook output priority -90; ip daddr 169.254.170.2 dnat ip to 127.0.0.1; }
        }",
    );
    refuses(&host, "a table inet", &["the chain out of the table inet other"], &WITHOUT_ECS, &EVERY);
    // Rules that change nothing of what is sent there.
    host.nft(
        "flush ruleset\ntable inet other {
            chain filter { type filter hook output priority 0; ip daddr 169.254.170.2 counter accept; }
            chain nat { type nat hook output priority -90; ip daddr 10.0.0.1 dnat ip to 127.0.0.1; ip saddr 169.254.170.2 tcp dport 8 redirect; }
        }",
    );
    host.configure(ALL);
    host.net("up").ended(0, &[]);
    assert_eq!(served(&host), EVERY);
}

#[test]
fn a_rule_that_iptables_wrote() {
    let Some(host) = Host::new() else { return };
    let rule =
        "iptables-nft -t nat -A OUTPUT -d 169.254.170.2 -p tcp --dport 80 -j REDIRECT --to-ports 51679";
    if host.attempt(rule).code != Some(0) {
        support::skip("needs iptables-nft");
        return;
    }
    let said = ["the chain OUTPUT of the table ip nat redirects 169.254.170.2:80"];
    refuses(&host, "iptables", &said, &WITHOUT_ECS, &EVERY);
}

/// Takeover does not lift it: the network would break.
#[test]
fn a_network_of_another_link() {
    let Some(host) = Host::new() else { return };
    host.run("ip link add br-0123456789ab type bridge; ip addr add 169.254.170.1/24 dev br-0123456789ab");
    let said = [
        "the interface br-0123456789ab has the address 169.254.170.1/24",
        "docker network rm 0123456789ab",
        "leave \"ecs\" out of endpoints",
        "leave \"pod-identity\" out of endpoints",
    ];
    refuses(&host, "a Docker network", &said, &IMDS, &IMDS);
    // As the agent's CNI plugin leads to a task.
    host.run(
        "ip link del br-0123456789ab; ip link add task type veth peer name inside; \
         ip link set task addrgenmode none up; ip link set inside addrgenmode none up",
    );
    let carrier = || host.run("ip -o link show type veth").matches(" state UP ").count() == 2;
    host.eventually("both ends are up", DEADLINE, carrier);
    host.run("ip route add 169.254.170.2/32 dev task");
    let said =
        ["a route to 169.254.170.2/32 leads to the interface task", "ip route del 169.254.170.2/32 dev task"];
    refuses(&host, "a route", &said, &WITHOUT_ECS, &WITHOUT_ECS);
    // A route that covers the network is everybody's.
    host.run("ip route del 169.254.170.2/32 dev task; ip route add 169.254.0.0/16 dev task");
    host.configure(ALL);
    host.net("up").ended(0, &[]);
    assert_eq!(served(&host), EVERY);
}

#[test]
fn with_nothing_left_it_does_not_start() {
    let Some(host) = Host::new() else { return };
    host.run("ip link add pod-id-link0 type bridge");
    host.configure("[host]\nendpoints = [\"pod-identity\"]\n");
    let before = host.network();
    for command in ["up", "hold"] {
        host.net(command).ended(78, &["the endpoint pod-identity is refused: an EKS Pod Identity agent"]);
        assert_eq!(host.network(), before, "net {command} changed nothing");
        assert!(!host.runtime().exists(), "net {command} leaves no runtime directory");
    }
    // It is the status of the failed unit.
    let mut guardian = host.start(support::program(), "");
    guardian.expect_last("STATUS=the endpoint pod-identity is refused: an EKS Pod Identity agent");
    assert_eq!(guardian.wait(), Some(78));
}

/// As Docker's network after a boot: it keeps working, and what was taken is given back.
#[test]
fn a_network_that_comes_up_later_gets_its_address_back() {
    let Some(host) = Host::new() else { return };
    host.configure(ALL);
    let mut guardian = host.hold();
    assert_eq!(served(&host), EVERY);
    host.run("ip link add br-local type bridge; ip addr add 169.254.170.1/24 dev br-local; ip link set br-local up");
    host.eventually("both are given up", HEALED, || served(&host) == IMDS);
    guardian.says("the endpoint ecs is refused: the interface br-local has the address 169.254.170.1/24");
    assert!(!host.runtime().join("ecs").exists(), "the socket unit is not wanted");
    assert!(!host.our_rules().contains("169.254.170."), "{}", host.our_rules());
    host.run("ip link del br-local");
    host.eventually("both are back", HEALED, || served(&host) == EVERY);
    guardian.says("nothing stands against the endpoint ecs any more");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
}

#[test]
fn the_doctor_finds_it() {
    let Some(examined) = ExaminedHost::with(ALL) else { return };
    examined.finds(
        "",
        "endpoints",
        "ecs is enabled, and no socket is at 169.254.170.2:1690",
        "restart mock-imds",
    );
    serve("ecs", "169.254.170.2:1690");
    serve("pods", "169.254.170.23:1690");
    examined.healthy("with all three");
    serve("agent", "127.0.0.1:51679");
    examined.finds(
        "",
        "endpoints",
        "the endpoint ecs is refused: an Amazon ECS agent runs here",
        "host.toml",
    );
}

/// The server of a local network for tasks, as amazon-ecs-local-container-endpoints has it in a compose project.
const LOCAL_ENDPOINTS: &str = "
import socket
listener = socket.create_server(('169.254.170.2', 80))
while True:
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\nlocal endpoints')
    connection.close()
";

#[test]
fn a_network_that_was_there_before_goes_on_working() {
    let Some(host) = Host::new() else { return };
    host.run("ip link add br-0123456789ab type bridge; ip addr add 169.254.170.1/24 dev br-0123456789ab; ip link set br-0123456789ab up");
    // Docker's default, by which rules at prerouting see what is sent between its containers.
    host.run("filter=/proc/sys/net/bridge/bridge-nf-call-iptables; [ ! -e $filter ] || echo 1 > $filter");
    let peer = |outside: &str, address: &str| {
        let peer = Peer::new(&host, outside);
        host.run(&format!("ip link set {outside} master br-0123456789ab"));
        peer.run(&host, &format!("ip addr add {address}/24 dev eth0"));
        peer
    };
    let (mut server, task) = (peer("veth2", "169.254.170.2"), peer("veth3", "169.254.170.3"));
    server.serve(&host, LOCAL_ENDPOINTS);
    let works = || task.asks(&host, "http://169.254.170.2/").as_deref() == Some("local endpoints");
    host.eventually("the network works", DEADLINE, works);
    host.configure(ALL);
    let mut guardian = host.hold();
    assert!(works(), "beside the guardian");
    assert_eq!(ask("169.254.170.2:80").ok().as_deref(), Some("local endpoints"), "from this host, too");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert!(works(), "after it");
}
