//! Instances with much network, and instances that change while they are asked.
//!
//! - Sixty interfaces on four cards beside one: requests a second for one interface's listing and for a leaf of it, as a
//!   ratio in alternating rounds.
//! - A thousand instances with an interface each that arrives late: the slowest request while they change and the
//!   scenario is loaded again.
//!
//! `--quick`: one short round of each, with a tenth of the instances, for a look whether it works.
#![expect(clippy::print_stdout, reason = "the result")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mock_imds::server::Limits;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use support::{Connection, InProcessServer, Sandbox, sixty_interfaces};

const MACS: &str = "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11";
/// Clients of the thousand instances at the same time.
const CLIENTS: usize = 8;
/// What the slowest request may take.
const REACH: Duration = Duration::from_millis(5);

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    interfaces(if quick { 1 } else { 9 }, Duration::from_millis(if quick { 250 } else { 1_000 }));
    let (instances, within) = if quick { (100, 1) } else { (1_000, 10) };
    changes(instances, Duration::from_secs(within));
}

// === Sixty interfaces ===

fn interfaces(rounds: usize, round: Duration) {
    let keep_alive = "[http]\nkeep-alive = true\n";
    let one = InProcessServer::new(keep_alive, Limits::default());
    let sixty = InProcessServer::new(&(keep_alive.to_owned() + &sixty_interfaces()), Limits::default());
    for (name, path) in [("listing", format!("{MACS}/")), ("leaf", format!("{MACS}/local-ipv4s"))] {
        let (mut with_one, mut with_sixty) = (vec![], vec![]);
        for _ in 0..rounds {
            with_one.push(rate(one.address, &path, round));
            with_sixty.push(rate(sixty.address, &path, round));
        }
        let [one, sixty] = [with_one, with_sixty].map(median);
        println!(
            "{name:<8}one interface {one:>8.0}/s   sixty {sixty:>8.0}/s   ratio {:.2}   to reach 0.90",
            sixty / one
        );
    }
}

/// Requests a second of one client over one connection.
fn rate(address: SocketAddr, path: &str, round: Duration) -> f64 {
    let mut connection = Connection::new(address);
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < round {
        // A reply is written at once, so that all of it has come.
        let reply = connection.send(&request).read_until("\r\n\r\n");
        assert_eq!(reply.status, 200, "{path}: {}", reply.raw);
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

// === A thousand instances ===

/// Each attaches an interface within the time, whose leaves come one after the other.
fn scenario(instances: usize, within: Duration) -> String {
    let mut text = "[propagation]\nprofile = \"typical\"\nseed = 1\n".to_owned();
    let step = within.as_millis() / instances as u128;
    for number in 0..instances {
        let client = client(number);
        let at = number as u128 * step;
        write!(
            text,
            "[instances.i{number}]\nclients = [\"{client}\"]\n[[event]]\nat = \"{at}ms\"\ninstance = \"i{number}\"\n\
             attach-interface = {{ mac = \"0e:49:61:0f:c3:77\" }}\n"
        )
        .expect("a string takes all");
    }
    text
}

fn client(number: usize) -> Ipv4Addr {
    let [.., high, low] = u32::try_from(number + 1).expect("a small number").to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

/// What clients saw of a server.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    failures: usize,
}

fn changes(instances: usize, within: Duration) {
    let sandbox = Sandbox::new();
    let file = sandbox.write("scenario.toml", scenario(instances, within));
    let server = sandbox.serve(&["--scenario", file.to_str().expect("UTF-8")]);
    let (address, stop) = (server.address, AtomicBool::new(false));
    let seen = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|first| {
                scope.spawn({
                    let stop = &stop;
                    move || ask_all(address, instances, first, stop)
                })
            })
            .collect();
        thread::sleep(within / 2);
        let reload = sandbox.control(&["reload"]);
        assert!(reload.succeeded(), "mock-imds reload: {reload:?}");
        thread::sleep(within);
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().map(|client| client.join().expect("a client does not panic")).collect::<Vec<_>>()
    });
    let failures: usize = seen.iter().map(|seen| seen.failures).sum();
    let mut times: Vec<Duration> = seen.into_iter().flat_map(|seen| seen.times).collect();
    times.sort_unstable();
    let at = |part: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = (times.len() as f64 * part) as usize;
        times[index.min(times.len() - 1)].as_secs_f64() * 1e3
    };
    println!(
        "{instances} instances that change, and a reload: {} requests, {failures} failed; p50 {:.2} ms, p99 {:.2} ms, slowest \
         {:.2} ms, {} above {REACH:?}   to reach 0",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0),
        times.iter().filter(|time| **time > REACH).count()
    );
    assert_eq!(server.stop().code, Some(0), "the server ends well");
}

/// Asks for all instances in turn, a connection for each request, as the clients of EC2's do.
fn ask_all(address: SocketAddr, instances: usize, first: usize, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    for number in (0..instances).cycle().skip(first * instances / CLIENTS) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        match ask(address, client(number)) {
            Ok(()) => seen.times.push(start.elapsed()),
            Err(_) => seen.failures += 1,
        }
    }
    seen
}

fn ask(server: SocketAddr, client: Ipv4Addr) -> io::Result<()> {
    let SocketAddr::V4(server) = server else { return Err(io::ErrorKind::Unsupported.into()) };
    let own = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let [a, b, c, d] = client.octets();
    bind(own.as_raw_fd(), &SockaddrIn::new(a, b, c, d, 0))?;
    connect(own.as_raw_fd(), &SockaddrIn::from(server))?;
    let mut stream = TcpStream::from(own);
    stream.write_all(format!("GET {MACS}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
