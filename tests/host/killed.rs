//! A guardian that is killed where no service manager cleans up: neighbours stay out, and the host stays served.

use std::process::{Child, Command, Stdio};

use support::host::{Host, METADATA, Peer, SERVICE, ask, serve};
use support::{DEADLINE, program};

const URLS: [&str; 2] = ["http://169.254.169.254/", "http://169.254.169.254:1690/"];

/// `net hold` as a shell starts it: nobody is notified.
fn hold_by_hand(host: &Host) -> Child {
    let arguments = host.hold_arguments();
    // It must not outlive the test.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program()).args(["net", "hold"]).args(arguments.split(' '));
    command.env_remove("NOTIFY_SOCKET").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().expect("net hold starts");
    host.eventually("the network is set up", DEADLINE, || {
        host.runtime().join("status.json").exists() && host.status()["pid"] == child.id()
    });
    child
}

fn kill(mut guardian: Child) {
    guardian.kill().expect("SIGKILL");
    guardian.wait().expect("its end");
}

#[test]
fn no_neighbour_is_served_after_a_kill() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    let lan = Peer::new(&host, "lan0");
    host.run("ip addr add 192.168.77.1/24 dev lan0");
    lan.run(&host, "ip addr add 192.168.77.2/24 dev eth0; ip route add 169.254.0.0/16 dev eth0");
    let guardian = hold_by_hand(&host);
    serve("imds", SERVICE);
    kill(guardian);
    let asked = || {
        // Both ways of a neighbour: on its link, and routed by this host.
        let on_link = URLS.map(|url| lan.asks(&host, url));
        lan.run(&host, "ip route replace 169.254.169.254 via 192.168.77.1");
        let routed = URLS.map(|url| lan.asks(&host, url));
        lan.run(&host, "ip route del 169.254.169.254; ip neigh flush all");
        [on_link, routed].concat()
    };
    assert_eq!(asked(), [None, None, None, None], "after SIGKILL:\n{}", host.network());
    assert_eq!(ask(METADATA).ok().as_deref(), Some("imds sees 169.254.169.254"), "this host is served");
    host.net("status").ended(1, &["is gone without taking the network down"]);

    let again = hold_by_hand(&host);
    assert_eq!((host.addresses(), host.tables().matches("mock-imds").count()), (1, 2), "taken over");
    assert_eq!(asked(), [None, None, None, None], "with the next guardian");
    kill(again);
    host.net("down").ended(0, &[]);
    drop(lan);
    host.run("ip link del lan0 2>/dev/null || true");
    assert_eq!(host.network(), before, "net down removes what was left");
}

/// An address that somebody else put there is guarded, too.
#[test]
fn an_adopted_address_stays_guarded() {
    let Some(host) = Host::new() else { return };
    host.run("ip addr add 169.254.169.254/32 dev lo");
    let lan = Peer::new(&host, "lan0");
    host.run("ip addr add 192.168.77.1/24 dev lan0");
    lan.run(&host, "ip addr add 192.168.77.2/24 dev eth0; ip route add 169.254.169.254 via 192.168.77.1");
    let guardian = hold_by_hand(&host);
    serve("imds", SERVICE);
    kill(guardian);
    assert_eq!(URLS.map(|url| lan.asks(&host, url)), [None, None]);
    host.net("down").ended(0, &[]);
    assert_eq!(host.addresses(), 1, "it stays");
    assert!(lan.asks(&host, URLS[1]).is_some(), "it was the guard that kept the neighbour out");
}

#[test]
fn a_network_that_is_set_up_again_is_up_since_the_first_time() {
    let Some(host) = Host::new() else { return };
    host.net("up").ended(0, &[]);
    let long_ago = "2020-01-01T00:00:00Z";
    let since_after = |mode: &str| {
        let mut status = host.status();
        (status["mode"], status["since"]) = (mode.into(), long_ago.into());
        host.write("run/status.json", &status.to_string());
        host.net("up").ended(0, &[]);
        host.status()["since"].as_str().map(str::to_owned)
    };
    assert_eq!(since_after("up").as_deref(), Some(long_ago));
    assert_ne!(since_after("hold").as_deref(), Some(long_ago), "a guardian's was another setup");
    host.net("down").ended(0, &[]);
}
