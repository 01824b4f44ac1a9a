//! Connections to the service that are refused or lost: the server says which, the guardian does it.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use nix::sys::signal::Signal;
use support::host::{Host, METADATA, Peer, SERVICE};
use support::{DEADLINE, ServerProcess, program};

/// How long a client waits for a connection.
const PATIENCE: Duration = Duration::from_millis(300);

/// A server as systemd starts it: with a runtime directory.
fn serve(host: &Host, scenario: &str) -> ServerProcess {
    host.write("scenario.toml", scenario);
    let directory = host.directory.join("server");
    fs::create_dir_all(&directory).expect("writable");
    fs::set_permissions(&directory, Permissions::from_mode(0o755)).expect("ours");
    let arguments = ["serve", "--scenario", "scenario.toml", "--listen", SERVICE, "--state", "state"];
    let mut command = host.sandbox.command(&arguments);
    command.env("RUNTIME_DIRECTORY", directory);
    ServerProcess::start(command, &host.directory)
}

/// Runs `mock-imds fault`.
fn fault(host: &Host, words: &str) {
    host.run(&format!("{} fault {words} --control server/control.sock", program().display()));
}

fn connect() -> Result<(), ErrorKind> {
    let address = METADATA.parse().expect("an address");
    TcpStream::connect_timeout(&address, PATIENCE).map(drop).map_err(|error| error.kind())
}

#[track_caller]
fn eventually(host: &Host, what: &str, expected: Result<(), ErrorKind>) {
    host.eventually(what, DEADLINE, || connect() == expected);
}

#[test]
fn connections_are_refused_and_lost_until_the_fault_ends() {
    let Some(host) = Host::new() else { return };
    let guardian = host.hold();
    let server = serve(&host, "");
    let rules = host.our_rules();
    assert_eq!(connect(), Ok(()));

    fault(&host, "--connection refused --name x");
    eventually(&host, "connections are refused", Err(ErrorKind::ConnectionRefused));
    let line = "ip daddr 169.254.169.254 tcp dport 1690 counter reject with tcp reset";
    assert!(host.our_rules().contains(line), "expected {line:?} in {}", host.our_rules());
    assert_eq!(host.status()["connection-faults"][0], "refused");
    let shown = host.net("status").stdout;
    assert!(shown.contains("connections refused"), "net status: {shown}");
    guardian.says("connections refused");

    fault(&host, "set x --connection lost --for 3s");
    eventually(&host, "connections are lost", Err(ErrorKind::TimedOut));
    eventually(&host, "the end of the fault", Ok(()));
    assert_eq!(host.our_rules(), rules, "nothing is left of it");

    fault(&host, "--connection lost --name y");
    eventually(&host, "connections are lost again", Err(ErrorKind::TimedOut));
    fault(&host, "remove y");
    eventually(&host, "the fault is removed", Ok(()));
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn connections_of_one_client_fail_alone() {
    let Some(host) = Host::new() else { return };
    host.run(
        "ip link add br-test type bridge; ip addr add 172.30.0.1/24 dev br-test; ip link set br-test up",
    );
    let container = Peer::new(&host, "veth1");
    host.run("ip link set veth1 master br-test");
    container.run(&host, "ip addr add 172.30.0.2/24 dev eth0; ip route add default via 172.30.0.1");
    let _guardian = host.hold();
    let _server = serve(&host, "");
    let inside = || container.asks(&host, "http://169.254.169.254/latest/meta-data/mac");
    assert!(inside().is_some() && connect() == Ok(()));

    fault(&host, "--connection refused --name x --client 172.30.0.2");
    host.eventually("the container is refused", DEADLINE, || inside().is_none());
    assert_eq!(connect(), Ok(()), "this host is not");
    let line = |client: &str| {
        format!("ip saddr {client} ip daddr 169.254.169.254 tcp dport 1690 counter reject with tcp reset")
    };
    assert!(host.our_rules().contains(&line("172.30.0.2")), "{}", host.our_rules());
    fault(&host, "--connection refused --name x --client 172.30.1.0/24");
    host.eventually("the container is in another network", DEADLINE, || inside().is_some());
    fault(&host, "--connection refused --name x --client 172.30.0.0/24");
    host.eventually("the container's network is refused", DEADLINE, || inside().is_none());
    assert_eq!(connect(), Ok(()), "this host is not in it");
    assert!(host.our_rules().contains(&line("172.30.0.0/24")), "{}", host.our_rules());
    fault(&host, "--connection lost --name x --client host");
    eventually(&host, "this host's connections are lost", Err(ErrorKind::TimedOut));
    assert!(inside().is_some(), "those of the container are not");
    fault(&host, "--connection refused --name x --client 172.30.0.0/24 --endpoint ecs");
    eventually(&host, "the fault is about another endpoint", Ok(()));
    assert!(inside().is_some());
}

#[test]
fn the_death_of_the_server_ends_it() {
    let Some(host) = Host::new() else { return };
    let _guardian = host.hold();
    let rules = host.our_rules();
    let server = serve(&host, "[[fault]]\nconnection = \"lost\"\n");
    eventually(&host, "connections are lost", Err(ErrorKind::TimedOut));
    server.signal(Signal::SIGKILL);
    // Nobody listens now, and the kernel says so.
    eventually(&host, "packets pass again", Err(ErrorKind::ConnectionRefused));
    assert_eq!(host.our_rules(), rules);
    assert!(host.directory.join("server/connection-faults.json").exists(), "the list is left");

    let again = serve(&host, "");
    assert_eq!(connect(), Ok(()));
    let list = host.directory.join("server/connection-faults.json");
    host.eventually("the next server removes the list", DEADLINE, || !list.exists());
    assert_eq!(again.stop().code, Some(0));
}

#[test]
fn another_guardian_goes_on_with_it_and_the_end_leaves_nothing() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    let mut guardian = host.hold();
    let server = serve(&host, "[[fault]]\nconnection = \"refused\"\n[[fault]]\nconnection = \"lost\"\n");
    let refused = Err(ErrorKind::ConnectionRefused);
    eventually(&host, "connections are refused", refused);
    guardian.reload();
    assert_eq!(connect(), refused, "after a reload");
    assert_eq!(guardian.end(Signal::SIGKILL), None);
    let mut guardian = host.hold();
    assert_eq!(connect(), refused, "by the guardian after it");
    assert!(host.our_rules().contains("chain connection-faults"), "{}", host.our_rules());
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.tables(), "");
    assert_eq!(server.stop().code, Some(0));
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before);
}

#[test]
fn a_stopped_instance_refuses_connections_until_it_starts() {
    let Some(host) = Host::new() else { return };
    let _guardian = host.hold();
    let server = serve(&host, "");
    let rules = host.our_rules();
    assert_eq!(connect(), Ok(()));
    host.run(&format!("{} stop-start --down 3s --control server/control.sock", program().display()));
    eventually(&host, "a stopped instance refuses connections", Err(ErrorKind::ConnectionRefused));
    eventually(&host, "it starts again", Ok(()));
    assert_eq!(host.our_rules(), rules, "nothing is left of it");
    assert_eq!(server.stop().code, Some(0));
}

/// Of whom the guardian cannot know that it is the server.
#[test]
fn a_list_that_others_may_have_written_is_not_believed() {
    let Some(host) = Host::new() else { return };
    let guardian = host.hold();
    let _server = serve(&host, "[[fault]]\nconnection = \"lost\"\n");
    eventually(&host, "connections are lost", Err(ErrorKind::TimedOut));
    fs::set_permissions(host.directory.join("server"), Permissions::from_mode(0o777)).expect("ours");
    eventually(&host, "the list is not believed any more", Ok(()));
    guardian.says("is not believed: others may have written it");
}
