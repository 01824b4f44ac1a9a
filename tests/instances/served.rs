//! The same through a server: its counters, clients at addresses of `lo`, connections that are reset.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use support::{DEADLINE, Sandbox};

/// The status that a client at an address of `lo` gets.
fn status(server: SocketAddr, from: Ipv4Addr, path: &str) -> u16 {
    let SocketAddr::V4(server) = server else { panic!("{server} is not IPv4") };
    let descriptor =
        socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    bind(descriptor.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0)))
        .expect("all of 127.0.0.0/8 is on lo");
    connect(descriptor.as_raw_fd(), &SockaddrIn::from(server)).expect("the server accepts");
    let mut stream = TcpStream::from(descriptor);
    stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
    write!(stream, "GET /latest/meta-data/{path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers and closes");
    answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no status in {answer:?}"))
}

#[test]
fn a_server_counts_the_first_clients_and_begins_anew_with_a_reload() {
    let sandbox = Sandbox::new();
    let text = "[[event]]\nfirst-n-clients = 2\nspot-interruption = {}\n";
    sandbox.write("s.toml", text);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let look = |last: u8| status(server.address, Ipv4Addr::new(127, 0, 7, last), "spot/instance-action");
    assert_eq!(status(server.address, Ipv4Addr::new(127, 0, 7, 9), "instance-id"), 200);
    assert_eq!([1, 2, 3, 9, 1, 2].map(look), [200, 200, 404, 404, 200, 200]);
    sandbox.write("s.toml", format!("{text}[instance]\ninstance-type = \"t3.micro\"\n"));
    let reloaded = sandbox.control(&["reload"]);
    assert_eq!(reloaded.code, Some(0), "{reloaded:#?}");
    assert_eq!([3, 9, 1, 2].map(look), [200, 200, 404, 404], "a reload counts from 0");
}

#[test]
fn a_server_tells_clients_apart_by_network() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.toml",
        "[instances.a]\nclients = [\"127.0.8.0/24\"]\nderive = true\ncredentials = { source = \"none\" }\n",
    );
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let iam = |from| status(server.address, from, "iam/info");
    assert_eq!([Ipv4Addr::new(127, 0, 8, 1), Ipv4Addr::new(127, 0, 9, 1)].map(iam), [404, 200]);
}

#[test]
fn a_server_of_a_vanished_instance_resets_connections() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[[event]]\nspot-interruption = { notice = \"0s\", then = \"vanish\" }\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server.address).expect("the server accepts");
        stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
        stream.write_all(b"GET /latest/meta-data/ HTTP/1.1\r\nHost: x\r\n\r\n").expect("the server reads");
        let outcome = stream.read_to_end(&mut vec![]).map_err(|error| error.kind());
        assert_eq!(outcome, Err(ErrorKind::ConnectionReset));
    }
    sandbox.write("s.toml", "");
    assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    assert_eq!(server.get("/latest/meta-data/instance-id").status, 200, "a reload brings it back");
}
