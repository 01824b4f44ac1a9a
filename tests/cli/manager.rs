//! A service manager's protocols: inherited sockets, notifications, the watchdog. The test plays the manager.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType};
use support::{Connection, DEADLINE, Sandbox, ServerProcess, finish};

const ID: &str = "/latest/meta-data/instance-id";

/// The server with `descriptor` as its descriptor 3, and `LISTEN_PID` its own process, as systemd passes them.
fn inheriting(sandbox: &Sandbox, descriptor: OwnedFd, more: &[&str]) -> Command {
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";
    let own = sandbox.serve_arguments();
    let without_listen =
        own.iter().map(String::as_str).filter(|word| !matches!(*word, "--listen" | "127.0.0.1:0"));
    let mut arguments = vec!["-c", script, "sh", support::program().to_str().expect("a path in UTF-8")];
    arguments.extend(without_listen.chain(more.iter().copied()));
    let mut command = sandbox.prepared(Path::new("/bin/sh"), &arguments);
    command.stdin(Stdio::from(descriptor));
    command
}

fn copy(listener: &TcpListener) -> OwnedFd {
    listener.try_clone().expect("descriptors are left").into()
}

#[test]
fn an_inherited_socket_wins_and_no_client_notices_a_restart() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("an ephemeral port");
    let address: SocketAddr = listener.local_addr().expect("it is bound");

    let first = ServerProcess::start(
        inheriting(&sandbox, copy(&listener), &["--listen", "127.0.0.1:0"]),
        &sandbox.path(""),
    );
    assert_eq!(first.address, address);
    first.says("--listen is ignored");
    assert_eq!(first.get(ID).status, 200);
    assert!(sandbox.control(&["status"]).stdout.contains("(held by the service manager)"));
    assert_eq!(first.stop().code, Some(0));

    // Nobody accepts now; the socket is still there, so the client waits and is answered.
    let mut waiting = Connection::new(address);
    waiting.send(format!("GET {ID} HTTP/1.1\r\nHost: x\r\n\r\n"));
    let second = ServerProcess::start(inheriting(&sandbox, copy(&listener), &[]), &sandbox.path(""));
    assert_eq!(waiting.read().status, 200);
    assert_eq!(second.stop().code, Some(0));
}

#[test]
fn a_descriptor_that_is_no_listener_is_named() {
    let sandbox = Sandbox::new();
    let socket = |kind| {
        nix::sys::socket::socket(AddressFamily::Inet, kind, SockFlag::empty(), None).expect("a socket")
    };
    let local = std::os::unix::net::UnixListener::bind(sandbox.path("local")).expect("writable");
    let descriptors = [
        ("a file", std::fs::File::open("/dev/null").expect("it is there").into()),
        ("a socket that does not listen", socket(SockType::Stream)),
        ("a UDP socket", socket(SockType::Datagram)),
        ("a unix socket", local.into()),
    ];
    for (what, descriptor) in descriptors {
        let found = finish(&mut inheriting(&sandbox, descriptor, &[]));
        assert!(
            found.stderr.contains("descriptor 3 of LISTEN_FDS is not a listening TCP socket"),
            "{what}: {found:?}"
        );
        assert_eq!(found.code, Some(69), "{what}");
    }
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve_with(&[], |command| {
        command.env("LISTEN_PID", "1").env("LISTEN_FDS", "1");
    });
    assert_eq!(server.get(ID).status, 200);
}

/// The manager's end of `NOTIFY_SOCKET`.
struct Manager(UnixDatagram);

impl Manager {
    fn new(sandbox: &Sandbox) -> Self {
        let socket = UnixDatagram::bind(sandbox.path("notify")).expect("the directory is writable");
        socket.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
        Self(socket)
    }

    fn serve(sandbox: &Sandbox, more: &[&str], variables: &[(&str, &str)]) -> ServerProcess {
        sandbox.serve_with(more, |command| {
            command.env("NOTIFY_SOCKET", sandbox.path("notify")).envs(variables.iter().copied());
        })
    }

    /// The next message, as lines.
    #[track_caller]
    fn hears(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        let count = self.0.recv(&mut buffer).expect("a notification within the deadline");
        String::from_utf8_lossy(&buffer[..count]).lines().map(str::to_owned).collect()
    }
}

#[test]
fn start_reload_and_stop_are_notified() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "");
    let manager = Manager::new(&sandbox);
    let server = Manager::serve(&sandbox, &["--scenario", "s.toml"], &[]);

    let ready = manager.hears();
    assert_eq!(ready[0], "READY=1");
    assert!(ready[1].starts_with("STATUS=serving i-1234567890abcdef0 from /"), "{ready:?}");

    sandbox.write("s.toml", "[instance]\ninstance-id = \"i-0fedcba0987654321\"\n");
    server.signal(Signal::SIGHUP);
    let reloading = manager.hears();
    assert_eq!(reloading[0], "RELOADING=1");
    let monotonic = reloading[1].strip_prefix("MONOTONIC_USEC=").expect("the time of the reload");
    assert!(monotonic.parse::<u64>().is_ok_and(|time| time > 0), "{reloading:?}");
    let ready = manager.hears();
    assert_eq!(ready[0], "READY=1");
    assert!(ready[1].starts_with("STATUS=serving i-0fedcba0987654321 from /"), "{ready:?}");

    assert_eq!(sandbox.control(&["spot"]).code, Some(0));
    let changed = manager.hears();
    assert!(changed[0].starts_with("STATUS=serving i-0fedcba0987654321 "), "{changed:?}");
    assert!(changed[0].ends_with(", changed once since"), "{changed:?}");
    assert_eq!(sandbox.control(&["clock", "pause"]).code, Some(0));
    let paused = manager.hears();
    assert!(paused[0].contains(", changed once since, its clock is paused at "), "{paused:?}");

    sandbox.write("s.toml", "[instance]\ninstance-id = 3\n");
    assert_eq!(sandbox.control(&["reload"]).code, Some(78));
    assert_eq!(manager.hears()[0], "RELOADING=1");
    let ready = manager.hears();
    assert_eq!((ready.len(), ready[0].as_str()), (2, "READY=1"), "a rejected reload ends too: {ready:?}");
    assert!(
        ready[1].starts_with("STATUS=reload rejected ") && ready[1].contains("s.toml:2:15: "),
        "{ready:?}"
    );

    server.signal(Signal::SIGTERM);
    assert_eq!(manager.hears()[0], "STOPPING=1");
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn the_watchdog_is_fed_when_asked_for() {
    let sandbox = Sandbox::new();
    let manager = Manager::new(&sandbox);
    let _server = Manager::serve(&sandbox, &[], &[("WATCHDOG_USEC", "200000")]);
    assert_eq!(manager.hears()[0], "READY=1");
    for _ in 0..5 {
        assert_eq!(manager.hears(), ["WATCHDOG=1"]);
    }
}

#[test]
fn another_process_watchdog_is_not_ours() {
    let sandbox = Sandbox::new();
    let manager = Manager::new(&sandbox);
    let server = Manager::serve(&sandbox, &[], &[("WATCHDOG_USEC", "1000"), ("WATCHDOG_PID", "1")]);
    assert_eq!(manager.hears()[0], "READY=1");
    assert_eq!(server.get(ID).status, 200);
    server.signal(Signal::SIGTERM);
    assert_eq!(manager.hears()[0], "STOPPING=1", "nothing came in between");
}
