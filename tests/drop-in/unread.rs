//! Nobody reads what it prints: it serves all the same, and ends.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Connection, Sandbox, UnreadPipe, eventually};

use crate::port::free_port;
use crate::round_trip::Running;

#[test]
fn it_serves_and_ends_while_nobody_reads_its_output() {
    let (sandbox, port) = (Sandbox::new(), free_port());
    let log = UnreadPipe::new(&sandbox.path("log"));
    let output = format!("1<>{}", log.path().display());
    let arguments = ["aemm", "-p", &port.to_string()];
    let mut command = log.as_stderr_of(&sandbox, support::program(), &arguments, &output);
    let mut running = Running(command.spawn().expect("it starts"));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    eventually("a server", || TcpStream::connect(address).ok());
    for _ in 0..3000 {
        let mut client = Connection::new(address);
        let request = "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        assert_eq!(client.send(request).read().status, 200);
    }
    let pid = Pid::from_raw(running.0.id().try_into().expect("process ids are small"));
    kill(pid, Signal::SIGTERM).expect("the child is ours");
    let status = eventually("its end", || running.0.try_wait().expect("the child is ours"));
    assert_eq!(status.signal(), Some(15), "how it ended: {status}");
}
