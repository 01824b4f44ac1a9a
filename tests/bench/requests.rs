//! Requests a second of our server, as a ratio to a bare hyper server in the same run.
//!
//! Absolute numbers say little on a machine that does other things too; the rounds of both servers alternate, so
//! what disturbs one disturbs the other. The clients run in this process and take their share of the cores. The
//! processor time that the servers' threads take for a request is steadier than the rate.
#![expect(clippy::print_stdout, reason = "the result")]

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use mock_imds::config::SourceText;
use mock_imds::identity::KeyRing;
use mock_imds::imds::{Fleet, TokenAuthority};
use mock_imds::model::Timestamp;
use mock_imds::scenario;
use mock_imds::server::{Limits, Server, ServiceState, bind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 64;
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const KEPT: &str = "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\n\r\n";
const CLOSED: &str = "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn main() {
    let (theirs, mine, clients) = (runtime("bare"), runtime("ours"), runtime("clients"));
    let bare = theirs.block_on(bare());
    let (ours, _server) = mine.block_on(async { ours() });
    println!(
        "{CONNECTIONS} connections, median of {ROUNDS} rounds: requests a second, processor time of one"
    );
    for (name, request) in [("one connection for all", KEPT), ("a connection for each", CLOSED)] {
        let (mut hyper, mut imds) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            hyper.push(round(&clients, "bare", bare, request));
            imds.push(round(&clients, "ours", ours, request));
        }
        let (hyper, imds) = (median(hyper), median(imds));
        println!(
            "{name:<24}hyper {:>7}/s {:>6} ns   mock-imds {:>7}/s {:>6} ns   ratio {:.2}",
            hyper.rate,
            hyper.nanos,
            imds.rate,
            imds.nanos,
            ratio(imds.rate, hyper.rate)
        );
    }
}

/// What one round showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Round {
    rate: u64,
    nanos: u64,
}

fn round(clients: &Runtime, server: &str, address: SocketAddr, request: &'static str) -> Round {
    let before = processor_time(server);
    let (count, rate) = clients.block_on(load(address, request));
    Round { rate, nanos: (processor_time(server) - before) / count.max(1) }
}

/// Nanoseconds that the threads of this name have run.
fn processor_time(name: &str) -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux lists a process' threads");
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    threads
        .flatten()
        .filter(|thread| read(thread.path().join("comm")).trim() == name)
        .filter_map(|thread| read(thread.path().join("schedstat")).split(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// As the daemon's.
fn runtime(name: &str) -> Runtime {
    Builder::new_multi_thread().worker_threads(2).thread_name(name).enable_all().build().expect("a runtime")
}

fn ours() -> (SocketAddr, Server) {
    let source = SourceText::new("bench", "[http]\nkeep-alive = true\n");
    let (scenario, _) = scenario::read(&source, Path::new("")).expect("the scenario is good");
    #[expect(clippy::disallowed_methods, reason = "the daemon's clock is read for each request too")]
    let now = || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_secs(since.as_secs())
    };
    let fleet = Fleet::compile(scenario, &Arc::new(KeyRing::generate([7; 32])), now(), now());
    let world = Arc::new(ServiceState::new(fleet, TokenAuthority::new([7; 32]), now, [0; 12]));
    let listeners = bind(&[ANYWHERE]).expect("an ephemeral port");
    (listeners[0].address, Server::start(listeners, world, Limits::default()))
}

/// The least that hyper can do.
async fn bare() -> SocketAddr {
    let listener = TcpListener::bind(ANYWHERE).await.expect("an ephemeral port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let hello = |_: Request<_>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"i-1234567890abcdef0"))))
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(hello)));
        }
    });
    address
}

/// Asks over and over for one round, and gives the requests, and those a second.
async fn load(address: SocketAddr, request: &'static str) -> (u64, u64) {
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let start = tokio::time::Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (stop, count) = (Arc::clone(&stop), Arc::clone(&count));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let answers = converse(address, request, &stop).await.expect("the server answers");
                    count.fetch_add(answers, Ordering::Relaxed);
                }
            })
        })
        .collect();
    tokio::time::sleep(ROUND).await;
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("a client does not panic");
    }
    let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let count = count.load(Ordering::Relaxed);
    (count, count * 1000 / millis)
}

/// Asks on one connection until the round or the connection ends.
async fn converse(address: SocketAddr, request: &str, stop: &AtomicBool) -> std::io::Result<u64> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut buffer, mut answers) = ([0; 2048], 0);
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(request.as_bytes()).await?;
        let mut read = 0;
        while !buffer[..read].ends_with(b"i-1234567890abcdef0") {
            let more = stream.read(&mut buffer[read..]).await?;
            if more == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            read += more;
        }
        answers += 1;
        if request == CLOSED {
            // The server closes first, as on EC2.
            while stream.read(&mut buffer).await? > 0 {}
            break;
        }
    }
    Ok(answers)
}

fn median(mut rounds: Vec<Round>) -> Round {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn ratio(mine: u64, theirs: u64) -> f64 {
    mine as f64 / theirs.max(1) as f64
}
