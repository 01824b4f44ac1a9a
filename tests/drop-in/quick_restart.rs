//! The next server is started on the same port at once: SIGTERM frees it within a second, whoever is connected.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Sandbox, eventually};

use crate::port::free_port;
use crate::round_trip::Running;

const PROMISED: Duration = Duration::from_secs(1);
/// The machine may be busy: one of these is in time.
const TIMES: usize = 3;

#[test]
fn connections_do_not_keep_the_port() {
    let mut took = Vec::new();
    while took.len() < TIMES && took.last().is_none_or(|took| *took > PROMISED) {
        took.push(end_with_connections());
    }
    assert!(
        took.iter().any(|took| *took <= PROMISED),
        "expected one end within {PROMISED:?}, found {took:?}"
    );
}

/// How long it takes from SIGTERM to the end, with a connection that is kept and a request that is half sent.
#[expect(clippy::disallowed_methods, reason = "a test of how long something takes")]
fn end_with_connections() -> Duration {
    let (sandbox, port) = (Sandbox::new(), free_port());
    let mut command = Command::new(support::program());
    command
        .arg0("ec2-metadata-mock")
        .args(["-p", &port.to_string()])
        .env_clear()
        .env("HOME", sandbox.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = Running(command.spawn().expect("it starts"));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut kept = eventually("a server", || TcpStream::connect(address).ok());
    kept.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("it reads");
    let read = kept.read(&mut [0; 4096]).expect("it answers");
    assert!(read > 0, "expected an answer, found the end of the connection");
    let mut half = TcpStream::connect(address).expect("it accepts");
    half.write_all(b"GET /latest HTTP/1.1\r\nHost").expect("it reads");

    let start = Instant::now();
    let pid = Pid::from_raw(running.0.id().try_into().expect("process ids are small"));
    kill(pid, Signal::SIGTERM).expect("the child is ours");
    let status = eventually("its end", || running.0.try_wait().expect("the child is ours"));
    let took = start.elapsed();
    assert_eq!(status.signal(), Some(15), "how it ended: {status}");
    assert!(TcpListener::bind(address).is_ok(), "expected that port {port} is free after the end");
    took
}
