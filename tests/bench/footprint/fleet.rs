//! One process that plays a thousand nodes. Each of them is asked as aws-node-termination-handler asks its own in IMDS mode: a token
//! for six hours, then four leaves again and again; one node in ten is interrupted meanwhile.
//!
//! A node is told by its address, of which the loopback network has enough. Each request has a connection of its own, and all nodes
//! ask at the same period, each at another time in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use crate::memory::megabytes;
use crate::process::{Scratch, Started, millis};
use crate::row;

const NODES: u32 = 1_000;
/// One of so many is interrupted.
const INTERRUPTED: u32 = 10;
/// When, in seconds after the load: between the first polls and the last.
const AT: u64 = 6;
/// The handler's own.
const PERIOD: Duration = Duration::from_secs(2);
const POLLS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);
const POLLED: [&str; 4] = [
    "spot/instance-action",
    "events/maintenance/scheduled",
    "events/recommendations/rebalance",
    "autoscaling/target-lifecycle-state",
];

pub(crate) fn rows() {
    let scratch = Scratch::new("fleet");
    let scenario = scratch.write("fleet.toml", &scenario());
    // The first start makes the keys.
    drop(Started::ours(&scratch, None));
    let server = Started::ours(&scratch, Some(&scenario));
    row(&format!("{NODES} nodes: start to ready"), &millis(server.took), "");
    row("their memory, resident before the first poll", &resident(&server), "");
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (before, start) = (server.processor_time(), Instant::now());
    let nodes = runtime.block_on(poll_all(server.address()));
    let (took, used) = (start.elapsed(), server.processor_time().saturating_sub(before));

    let mut times: Vec<Duration> = nodes.iter().flat_map(|node| node.times.iter().copied()).collect();
    times.sort_unstable();
    let failures: usize = nodes.iter().map(|node| node.failures).sum();
    row("requests; those that failed", &format!("{}; {failures}", times.len()), "0 failed");
    let rate = f64::from(u32::try_from(times.len()).expect("far fewer")) / took.as_secs_f64();
    row("requests a second", &format!("{rate:.0}"), "as asked for: some 2,000");
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    row("p50, p99 of a request", &format!("{}, {}", millis(at(50)), millis(at(99))), "");
    row("slowest", &millis(times.last().copied().unwrap_or_default()), "");
    row(
        "processor time, of one processor",
        &format!("{:.1} %", 100.0 * used.as_secs_f64() / took.as_secs_f64()),
        "",
    );
    let ids: BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    row("instance ids that differ", &ids.len().to_string(), &NODES.to_string());
    let noticed = |interrupted: bool| {
        (0..)
            .zip(&nodes)
            .filter(|(number, node)| is_interrupted(*number) == interrupted && node.noticed)
            .count()
    };
    row(
        "interrupted nodes that saw all notices; others that saw one",
        &format!("{}; {}", noticed(true), noticed(false)),
        &format!("{}; 0", NODES / INTERRUPTED),
    );
    row("resident afterwards", &resident(&server), "");
}

fn resident(server: &Started) -> String {
    format!("{:.1} MB", megabytes(server.resident_within(Duration::from_secs(3), 0)))
}

fn is_interrupted(number: u32) -> bool {
    number.is_multiple_of(INTERRUPTED)
}

/// 127.16.0.1 and on.
fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 16, 0, 1).to_bits() + number)
}

fn scenario() -> String {
    let mut text =
        "[instance]\nlife-cycle = \"spot\"\n[metadata-options]\nhttp-tokens = \"required\"\n".to_owned();
    for number in 0..NODES {
        let address = address(number);
        write!(text, "[instances.node{number}]\nclients = [\"{address}\"]\nderive = true\n")
            .expect("a string takes all");
    }
    for number in (0..NODES).filter(|number| is_interrupted(*number)) {
        write!(
            text,
            "[[event]]\ninstance = \"node{number}\"\nat = \"{AT}s\"\nrebalance-recommendation = {{}}\n\
             spot-interruption = {{ action = \"terminate\", notice = \"2m\" }}\n\
             maintenance = {{ code = \"instance-stop\", not-before = \"1h\" }}\n\
             target-lifecycle-state = \"Terminated\"\n"
        )
        .expect("a string takes all");
    }
    text
}

/// What the handler of a node found.
struct Node {
    id: String,
    times: Vec<Duration>,
    failures: usize,
    /// Whether an interrupted node saw all four notices, or another one any.
    noticed: bool,
}

async fn poll_all(server: SocketAddr) -> Vec<Node> {
    let mut handlers = JoinSet::new();
    for number in 0..NODES {
        handlers.spawn(async move { (number, poll_node(server, number).await) });
    }
    let mut nodes = handlers.join_all().await;
    nodes.sort_unstable_by_key(|(number, _)| *number);
    nodes.into_iter().map(|(_, node)| node).collect()
}

async fn poll_node(server: SocketAddr, number: u32) -> Node {
    let mut node = Node { id: String::new(), times: Vec::new(), failures: 0, noticed: false };
    let mut ticks = interval_at(tokio::time::Instant::now() + PERIOD * number / NODES, PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let token = node
        .ask(
            server,
            number,
            "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n",
        )
        .await
        .unwrap_or_default();
    node.id = node.get(server, number, &token, "instance-id").await.unwrap_or_default();
    let mut seen = BTreeSet::new();
    for _ in 0..POLLS {
        ticks.tick().await;
        for leaf in POLLED {
            let body = node.get(server, number, &token, leaf).await;
            // Without an event it is an empty list, and the other leaves are not there.
            if body.is_some_and(|body| body != "[]") {
                seen.insert(leaf);
            }
        }
    }
    node.noticed = if is_interrupted(number) { seen.len() == POLLED.len() } else { !seen.is_empty() };
    node
}

impl Node {
    async fn get(&mut self, server: SocketAddr, number: u32, token: &str, leaf: &str) -> Option<String> {
        let request = format!(
            "GET /latest/meta-data/{leaf} HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
        );
        self.ask(server, number, &request).await
    }

    /// The body of a 200. A 404 is an answer, too; everything else is a failure.
    async fn ask(&mut self, server: SocketAddr, number: u32, request: &str) -> Option<String> {
        let start = Instant::now();
        let answer = timeout(PATIENCE, exchange(server, number, request)).await;
        self.times.push(start.elapsed());
        let answer = answer.ok().and_then(Result::ok).unwrap_or_default();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        match head.get(..12) {
            Some("HTTP/1.1 200") => Some(body.to_owned()),
            Some("HTTP/1.1 404") => None,
            _ => {
                self.failures += 1;
                None
            }
        }
    }
}

async fn exchange(server: SocketAddr, number: u32, request: &str) -> io::Result<String> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((address(number), 0)))?;
    let mut stream = socket.connect(server).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
