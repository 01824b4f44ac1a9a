//! `mock-imds doctor` on a healthy host, and on hosts with one thing wrong each: it must find that thing, and say the
//! command that mends it.

use nix::sys::signal::Signal;
use serde_json::Value;
use support::host::{METADATA, SERVICE, serve};
use support::program;

use crate::examined_host::ExaminedHost;

#[test]
fn a_healthy_host_has_no_problem() {
    let Some(examined) = ExaminedHost::with("") else { return };
    examined.healthy("as installed");
    // Docker's and firewalld's tables as they are on developers' machines, and a web server.
    examined.host.nft(
        "table ip nat {
            chain PREROUTING { type nat hook prerouting priority -100; fib daddr type local tcp dport 80 dnat to 172.30.0.2:8080; }
        }
        table inet filter {
            chain input { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; iifname \"br-*\" jump bridged; }
            chain bridged { tcp dport { 22, 1690 } accept; }
        }",
    );
    serve("web", "0.0.0.0:80");
    examined.healthy("with a published port, a firewall that lets callers in, and a web server");

    let text = examined.run("", "").stdout;
    for expected in
        ["answers at http://169.254.169.254/", "lets callers in from br-test", "owned", "no problem"]
    {
        assert!(text.contains(expected), "expected {expected:?} in:\n{text}");
    }

    // Any user may ask; what root alone sees is said.
    let nobody = examined.run("setpriv --reuid 65534 --regid 65534 --clear-groups", "");
    assert_eq!(nobody.code, Some(0), "{nobody:?}");
    for expected in [
        "answers at http://169.254.169.254/",
        "unseen   tables        only root may list nftables; the guardian says: inet mock-imds, arp mock-imds owned",
        "unseen   firewall",
        "unseen   server",
        "root sees more, sudo mock-imds doctor",
    ] {
        assert!(nobody.stdout.contains(expected), "expected {expected:?} in:\n{}", nobody.stdout);
    }
}

#[test]
fn the_probe_is_no_request() {
    let Some(examined) = ExaminedHost::new() else { return };
    let binary = program().display();
    let requests = || {
        let socket = examined.host.directory.join("control.sock");
        let line = format!("{binary} status --json --control {}", socket.display());
        let status: Value = serde_json::from_str(&examined.host.run(&line)).expect("JSON");
        status["requests"].as_u64().expect("a count")
    };
    let before = requests();
    examined.healthy("the first time");
    examined.healthy("again");
    assert_eq!(requests(), before);
    // A container is told nothing.
    let asked = "-H 'X-Mock-Imds-Probe: n' http://169.254.169.254/latest/meta-data/instance-id";
    let answer = examined.container.asks(&examined.host, asked);
    assert_eq!(answer.as_deref(), Some("i-1234567890abcdef0"));
}

// === the network ===

#[test]
fn doctor_finds_faults_of_the_address() {
    let Some(mut examined) = ExaminedHost::new() else { return };
    // Another interface has it too.
    examined.host.run(
        "ip link add other0 type bridge; ip link set other0 up; ip addr add 169.254.169.254/16 dev other0",
    );
    let cure = examined.finds(
        "",
        "address",
        "169.254.169.254/16 is on the interface other0",
        "ip addr del 169.254.169.254/16 dev other0",
    );
    examined.cure(&cure);
    examined.healthy("after its cure");

    // A guardian that died, and its address.
    examined.guardian.end(Signal::SIGKILL);
    examined.finds("", "guardian", "did not clean up", "mock-imds net down");
    examined.finds("", "address", "added by mock-imds", "mock-imds net down");
    examined.host.net("down").ended(0, &[]);
    examined.finds("", "guardian", "is not set up", "systemctl start mock-imds");

    // Somebody added it with the width that ifconfig gives.
    examined.host.run("ip addr add 169.254.169.254/16 dev lo");
    let cure =
        examined.finds("", "width", "169.254.169.254/16 is on lo", "ip addr add 169.254.169.254/32 dev lo");
    examined.guardian = examined.host.hold();
    examined.finds("", "width", "169.254.169.254/16 is on lo", "ip addr del 169.254.169.254/16 dev lo");
    examined.cure(&cure);
    examined.healthy("after its cure");
}

#[test]
fn doctor_finds_faults_of_the_server() {
    let Some(mut examined) = ExaminedHost::new() else { return };
    examined.server = None;
    examined.finds("", "answer", "nothing answers", "systemctl restart mock-imds");
    examined.finds("", "server", "no mock-imds server listens", "systemctl start mock-imds");
    // Another program on the service's port.
    serve("other", "0.0.0.0:1690");
    examined.finds("", "port-1690", "listens on 0.0.0.0:1690", "ss -ltnp 'sport = :1690'");
    examined.finds("", "answer", "another server answers", "ss -ltnp 'sport = :1690'");
}

#[test]
fn doctor_finds_a_metadata_server_without_a_redirect() {
    let Some(mut examined) = ExaminedHost::new() else { return };
    serve("other", METADATA);
    examined.finds("", "port-80", "listens on 169.254.169.254:80", "ss -ltnp 'src 169.254.169.254'");
    // The redirect is gone: nobody owned it, or nobody looks after it any more.
    examined.guardian.end(Signal::SIGKILL);
    examined.host.attempt("nft flush ruleset");
    examined.finds("", "answer", "another server answers", "systemctl restart mock-imds-net");
}

#[test]
fn doctor_finds_what_diverts_requests() {
    let Some(examined) = ExaminedHost::new() else { return };
    let diverting = |priority: &str| {
        examined.host.nft(&format!(
            "table ip other {{
                chain out {{ type nat hook output priority {priority}; tcp dport 80 dnat to 172.30.0.2:8080; }}
                chain pre {{ type nat hook prerouting priority {priority}; fib daddr type local tcp dport 80 dnat to 172.30.0.2:8080; }}
            }}"
        ));
    };
    diverting("-100");
    examined.healthy("a published port comes after ours");
    examined.host.run("nft delete table ip other");
    diverting("-150");
    examined.finds(
        "",
        "port-80",
        "in the table ip other changes the destination",
        "nft -a list chain ip other out",
    );
    examined.finds("", "answer", "nothing answers", "systemctl restart");
}

#[test]
fn doctor_finds_tables_that_were_changed_or_removed() {
    let Some(mut examined) = ExaminedHost::new() else { return };
    examined.guardian.end(Signal::SIGTERM);
    // Nobody watches over what `net up` made.
    examined.host.net("up").ended(0, &[]);
    examined.healthy("by net up");
    examined.host.run("nft add rule inet mock-imds guard counter");
    examined.finds("", "tables", "inet mock-imds has", "systemctl restart mock-imds-net");
    examined.host.run("nft delete table inet mock-imds");
    examined.finds("", "tables", "there is no table inet mock-imds", "systemctl restart mock-imds-net");
}

#[test]
fn doctor_opens_firewalls_to_callers() {
    let Some(examined) = ExaminedHost::new() else {
        return;
    };
    let id =
        || examined.container.asks(&examined.host, "http://169.254.169.254/latest/meta-data/instance-id");
    let drops = "chain input { type filter hook input priority 0; policy drop; ct state vmap { established : accept, related : accept, invalid : drop }; iif lo accept; tcp dport 22 accept; ip protocol icmp accept; }";
    let rejects = "chain input { type filter hook input priority 10; policy accept; ct state established,related accept; iifname \"lo\" accept; iifname \"br-*\" jump zone; jump zone; }
        chain zone { tcp dport { 22, 80, 443 } accept; reject with icmpx admin-prohibited; }";
    for (name, chains) in [("by its policy", drops), ("by its last rule", rejects)] {
        examined.host.nft(&format!("table inet filter {{\n{chains}\n}}"));
        assert_eq!(id(), None, "the firewall keeps the container out {name}");
        let cure = examined.finds("", "firewall", "the chain input of the table inet filter stops callers on br-test", "nft 'insert rule inet filter input iifname \"br-test\" ip daddr 169.254.169.254 tcp dport 1690 accept'");
        examined.cure(&cure);
        assert_eq!(id().as_deref(), Some("i-1234567890abcdef0"), "the rule lets the container in {name}");
        examined.healthy("after its cure");
        examined.host.run("nft delete table inet filter");
    }
}

#[test]
fn doctor_finds_policy_routes() {
    let Some(examined) = ExaminedHost::new() else { return };
    examined.host.run(
        "ip link add vpn0 type bridge; ip link set vpn0 up; ip addr add 10.9.0.1/24 dev vpn0
         ip route add 169.254.0.0/16 dev vpn0 table 51; ip route add 172.30.0.0/16 dev vpn0 table 52",
    );
    // Some VPN clients move the rule "lookup local" behind their own.
    examined.host.run("ip rule add pref 90 lookup local; ip rule del pref 0; ip rule add pref 10 to 169.254.0.0/16 lookup 51");
    let cure = examined.finds(
        "",
        "routes",
        "packets of this host to 169.254.169.254 go to the interface vpn0, by the routing table 51",
        "ip rule add pref 0 lookup local",
    );
    examined.host.run(cure.last().expect("a command"));
    examined.healthy("after its cure");
    // Answers to a container that leave by the VPN.
    examined.host.run("ip rule add pref 10 to 172.30.0.0/16 lookup 52");
    examined.finds(
        "",
        "routes",
        "answers to callers on br-test go to the interface vpn0",
        "ip route get 172.30.0.2",
    );
}

#[test]
fn doctor_finds_ipv6_that_is_wanted_and_disabled() {
    let Some(mut examined) = ExaminedHost::new() else { return };
    examined.host.run("for i in all lo; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done");
    examined.host.configure("[host]\nipv6 = true\n");
    examined.guardian.reload();
    examined.finds("", "ipv6", "IPv6 is disabled on lo", "sysctl net.ipv6.conf.all.disable_ipv6=0");
}

#[test]
fn doctor_finds_two_servers() {
    let Some(mut examined) = ExaminedHost::new() else { return };
    examined.server = None;
    // One by hand on the real address, and another with the usual control socket.
    let by_hand = examined.host.serve_with(SERVICE, "--control other.sock");
    examined.server = Some(examined.host.serve("127.0.0.1:1338"));
    examined.finds("", "server", "has the control socket, and process", &format!("kill {}", by_hand.pid()));
    drop(by_hand);
    examined.server = None;
    examined.server = Some(examined.host.serve(SERVICE));
    examined.healthy("after its cure");
}

#[test]
fn doctor_finds_a_bind_mode_of_which_one_half_is_missing() {
    let Some(mut examined) = ExaminedHost::new() else {
        return;
    };
    examined.host.configure("[host]\nredirect = \"none\"\n");
    examined.guardian.reload();
    let cure = "cp /usr/share/mock-imds/dropins/bind.conf /etc/systemd/system/mock-imds.socket.d/";
    examined.finds("", "bind", "no socket is on 169.254.169.254:80", cure);
    examined.server = None;
    examined.server = Some(examined.host.serve(METADATA));
    examined.healthy("with both halves");
    // The other half alone: the socket is on port 80, and host.toml wants the redirect.
    examined.host.configure("");
    examined.guardian.reload();
    examined.finds(
        "",
        "bind",
        "listens on 169.254.169.254:80",
        "rm /etc/systemd/system/mock-imds.socket.d/bind.conf",
    );
    // And a web server on every address.
    examined.host.configure("[host]\nredirect = \"none\"\n");
    examined.guardian.reload();
    examined.server = None;
    serve("web", "0.0.0.0:80");
    examined.finds("", "port-80", "listens on 0.0.0.0:80", "bind it to other addresses only");
}
