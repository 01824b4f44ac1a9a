//! How clients come, and how far tokens go: a host, and a guest behind a bridge, each in a network namespace
//! of its own. Needs root; nothing of the machine's own network is touched.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread;

use mock_imds::server::Limits;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::gettid;
use support::{Connection, ID, InProcessServer, eventually, get, is_root, limits, put};
use tokio::runtime::Builder;

const V4: (&str, &str) = ("10.11.12.1", "10.11.12.2/24");
const V6: (&str, &str) = ("fd11:12::1", "fd11:12::2/64");
const ONE_HOP: &str = "[metadata-options]\nhttp-put-response-hop-limit = 1\n";

/// A host that serves, and the way to its guest.
struct Lab {
    server: InProcessServer,
    guest: File,
}

impl Lab {
    /// Runs on a thread that is in the host's namespace.
    fn new(scenario: &str, (host_ip, guest_ip): (&str, &str), limits: Limits) -> Self {
        let host = gettid();
        let guest = elsewhere(
            || unshare(CloneFlags::CLONE_NEWNET),
            || {
                ip("link add guest type veth peer name bridge");
                ip(&format!("link set bridge netns {host}"));
                ip(&format!("address add {guest_ip} dev guest{}", nodad(guest_ip)));
                ip("link set guest up");
                File::open("/proc/thread-self/ns/net").expect("the namespace has a file")
            },
        );
        let prefix = guest_ip.split_once('/').expect("an address with its prefix").1;
        ip("link set lo up");
        ip(&format!("address add {host_ip}/{prefix} dev bridge{}", nodad(host_ip)));
        ip("link set bridge up");
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let address = SocketAddr::new(host_ip.parse().expect("an address"), 1690);
        let lab = Self { server: InProcessServer::on(runtime, address, scenario, limits), guest };
        lab.as_guest(|| eventually("a link to the host", || TcpStream::connect(address).ok()));
        lab
    }

    /// Runs a client on the guest's side.
    fn as_guest<T: Send>(&self, client: impl FnOnce() -> T + Send) -> T {
        elsewhere(|| setns(&self.guest, CloneFlags::CLONE_NEWNET), client)
    }
}

/// Runs something on a thread that has entered another namespace.
fn elsewhere<T: Send>(enter: impl FnOnce() -> nix::Result<()> + Send, what: impl FnOnce() -> T + Send) -> T {
    let thread = || {
        enter().expect("root may enter network namespaces");
        what()
    };
    thread::scope(|scope| scope.spawn(thread).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// Runs a test with a lab of its own, if this is root.
fn in_a_lab(scenario: &str, addresses: (&str, &str), limits: Limits, test: impl FnOnce(&Lab) + Send) {
    if is_root() {
        let run = || test(&Lab::new(scenario, addresses, limits));
        elsewhere(|| unshare(CloneFlags::CLONE_NEWNET), run);
    }
}

/// Runs `ip` in the namespace of this thread.
fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("iproute2 is installed");
    assert!(status.success(), "ip {arguments}: {status}");
}

/// An IPv6 address is of no use before duplicate detection has ended.
fn nodad(address: &str) -> &str {
    if address.contains(':') { " nodad" } else { "" }
}

#[test]
fn a_bridged_client_beyond_the_hop_limit_gets_data_but_no_token() {
    for addresses in [V4, V6] {
        in_a_lab(ONE_HOP, addresses, limits(|limits, short| limits.hold = short), |lab| {
            let address = lab.server.address;
            let token = Connection::new(address).send(put("\r\n")).read();
            assert_eq!(token.body.len(), 56, "a process of this host gets a token: {token:?}");
            lab.as_guest(|| {
                let token = Connection::new(address).send(put("\r\n")).read();
                assert_eq!(token.raw, "", "a bridged client gets no token");
                let data = Connection::new(address).send(get(ID.0)).read();
                assert_eq!(data.body, ID.1, "a bridged client gets data");
            });
        });
    }
}

#[test]
fn a_bridged_client_within_the_hop_limit_gets_its_token() {
    for addresses in [V4, V6] {
        in_a_lab("", addresses, Limits::default(), |lab| {
            let address = lab.server.address;
            let token = lab.as_guest(|| Connection::new(address).send(put("\r\n")).read());
            assert_eq!(token.body.len(), 56, "{token:?}");
        });
    }
}

#[test]
fn clients_that_are_held_leave_their_permits_to_others() {
    in_a_lab(ONE_HOP, V4, limits(|limits, _| limits.connections = 2), |lab| {
        let address = lab.server.address;
        lab.as_guest(|| {
            let held: Vec<Connection> = (0..20)
                .map(|_| {
                    let mut client = Connection::new(address);
                    client.send(put("\r\n"));
                    client
                })
                .collect();
            assert_eq!(Connection::new(address).send(get(ID.0)).read().body, ID.1);
            drop(held);
        });
    });
}
