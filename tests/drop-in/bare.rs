//! As in a container: an ordinary user without a home, and nothing that can be written.

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use support::http::exchange;
use support::{DEADLINE, NOBODY, Sandbox, eventually, is_root, poll, skip};

#[test]
fn it_serves_as_nobody_without_a_home_or_a_place_to_write() {
    if std::env::var_os("MOCK_IMDS_DROP_IN").is_some() {
        skip("another program is under test");
        return;
    }
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let port = crate::port::free_port();
    let program = File::open(support::program()).expect("cargo has built it");
    // By its descriptor: the path may lead through a home directory that is closed to others.
    let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    command.arg0("ec2-metadata-mock").args(["-p", &port.to_string()]).env_clear().current_dir("/proc");
    let log = sandbox.path("stderr.log");
    command.uid(NOBODY).gid(NOBODY).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(File::create(&log).expect("the directory is writable"));
    let mut child = command.spawn().expect("it starts");
    let address = format!("127.0.0.1:{port}").parse().expect("an address");
    eventually("a server", || std::net::TcpStream::connect(address).ok());
    let request = "GET /latest/meta-data/ami-id HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(address, request);
    let said = || std::fs::read_to_string(&log).unwrap_or_default();
    let _ = poll(DEADLINE, || if said().ends_with(": 200\n") { Ok(()) } else { Err(said()) });
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!((answer.status, answer.body.as_str()), (200, "ami-0a887e401f7654935"));
    let said = said();
    let lines: Vec<&str> = said.lines().map(|line| line.get(20..).unwrap_or(line)).collect();
    let expected = [
        "Warning: Failed to find home directory due to error: $HOME is not defined",
        "Warning:  Config File \"aemm-config\" Not Found in \"[]\"",
        &format!("Initiating ec2-metadata-mock for all mocks on port {port}"),
        "127.0.0.1 GET /latest/meta-data/ami-id: 200",
    ];
    assert_eq!(lines, expected, "stderr, without its dates");
    assert!(TcpListener::bind(address).is_ok(), "expected that port {port} is free after the end");
}
