//! How long a request takes while a fault lets others hang, as a ratio to the same requests without the fault.
//!
//! Two servers in one process, of which one has the fault; their rounds alternate, so what disturbs one disturbs the
//! other. In a round some clients ask for one path a thousand times a second, each on a connection of its own, and
//! others ask for another path once a second, wait a second for the answer, and leave. With the fault these hang;
//! without it they are answered at once. Time counts from the connection to the end of the answer; of the rounds' 99th
//! percentiles the lower quartile counts, because whatever else the machine does only adds to them.
#![expect(clippy::print_stdout, reason = "the result")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mock_imds::config::SourceText;
use mock_imds::identity::KeyRing;
use mock_imds::imds::{Fleet, TokenAuthority};
use mock_imds::model::Timestamp;
use mock_imds::scenario;
use mock_imds::server::{Limits, Server, ServiceState, bind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep, timeout};

const ROUNDS: usize = 30;
const ROUND: Duration = Duration::from_secs(1);
/// Requests a second that are measured: one each millisecond.
const PERIOD: Duration = Duration::from_millis(1);
/// Clients that ask for the other path, once in this time each.
const OTHERS: u32 = 500;
const PATIENCE: Duration = Duration::from_secs(1);
const MEASURED: &str = "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\n\r\n";
const OTHER: &str = "GET /latest/meta-data/iam/info HTTP/1.1\r\nHost: x\r\n\r\n";
const FAULT: &str = "[[fault]]\npath = \"meta-data/iam/**\"\nhang = true\n";

fn main() {
    let runtime = |name: &str| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name(name).enable_all().build().expect("a runtime")
    };
    let (servers, clients) = (runtime("servers"), runtime("clients"));
    let keys = Arc::new(KeyRing::generate([7; 32]));
    let (well, _well) = serve(&servers, "", &keys);
    let (faulty, _faulty) = serve(&servers, FAULT, &keys);
    println!(
        "1,000 requests a second beside {OTHERS} clients that ask for another path, {ROUNDS} rounds of {ROUND:?} each"
    );
    // What comes first pays for cold caches.
    clients.block_on(round(well));
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(clients.block_on(round(well)));
        with.push(clients.block_on(round(faulty)));
    }
    let (without, with) = (show("answered", &without), show("hanging", &with));
    println!("p99 hanging / answered: {:.2}", with.as_secs_f64() / without.as_secs_f64());
}

/// Prints what the rounds of one server showed, and gives the lower quartile of their 99th percentiles.
fn show(others: &str, rounds: &[Round]) -> Duration {
    let sum = |count: fn(&Round) -> u64| rounds.iter().map(count).sum::<u64>();
    let sorted = |percent| {
        let mut all: Vec<Duration> = rounds.iter().map(|round| round.percentile(percent)).collect();
        all.sort_unstable();
        all
    };
    let (p50, p99) = (sorted(50), sorted(99));
    println!(
        "others {others:<9} {:>6} requests, {} failed: p50 {:>5} µs, p99 {:>5} µs (least {}, median {}, most {}); {:>5} of the others unanswered",
        sum(|round| round.times.len() as u64),
        sum(|round| round.failures),
        p50[ROUNDS / 4].as_micros(),
        p99[ROUNDS / 4].as_micros(),
        p99[0].as_micros(),
        p99[ROUNDS / 2].as_micros(),
        p99[ROUNDS - 1].as_micros(),
        sum(|round| round.unanswered),
    );
    p99[ROUNDS / 4]
}

/// What a round showed.
struct Round {
    /// How long each request took, in order.
    times: Vec<Duration>,
    failures: u64,
    unanswered: u64,
}

impl Round {
    fn percentile(&self, percent: usize) -> Duration {
        self.times.get(self.times.len() * percent / 100).copied().unwrap_or_default()
    }
}

fn serve(runtime: &Runtime, scenario: &str, keys: &Arc<KeyRing>) -> (SocketAddr, Server) {
    let (scenario, _) =
        scenario::read(&SourceText::new("bench", scenario), Path::new("")).expect("the scenario is good");
    #[expect(clippy::disallowed_methods, reason = "the daemon's clock is read for each request too")]
    let now = || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_secs(since.as_secs())
    };
    let fleet = Fleet::compile(scenario, keys, now(), now());
    let world = Arc::new(ServiceState::new(fleet, TokenAuthority::new([7; 32]), now, [0; 12]));
    runtime.block_on(async {
        let listeners = bind(&[SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]).expect("an ephemeral port");
        (listeners[0].address, Server::start(listeners, world, Limits::default()))
    })
}

async fn round(address: SocketAddr) -> Round {
    let unanswered = Arc::new(AtomicU64::new(0));
    let mut others = JoinSet::new();
    for number in 0..OTHERS {
        others.spawn(ask_again_and_again(address, PATIENCE * number / OTHERS, Arc::clone(&unanswered)));
    }
    // Until all of them have begun.
    sleep(PATIENCE).await;
    let end = Instant::now() + ROUND;
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    while Instant::now() < end {
        ticks.tick().await;
        requests.spawn(async move {
            let start = Instant::now();
            timeout(PATIENCE, ask(address, MEASURED)).await.ok()?.ok()?;
            Some(start.elapsed())
        });
    }
    let outcomes = requests.join_all().await;
    others.shutdown().await;
    let failures = outcomes.iter().filter(|outcome| outcome.is_none()).count() as u64;
    let mut times: Vec<Duration> = outcomes.into_iter().flatten().collect();
    times.sort_unstable();
    Round { times, failures, unanswered: unanswered.load(Ordering::Relaxed) }
}

async fn ask_again_and_again(address: SocketAddr, after: Duration, unanswered: Arc<AtomicU64>) {
    let mut ticks = interval_at(Instant::now() + after, PATIENCE);
    loop {
        ticks.tick().await;
        if timeout(PATIENCE, ask(address, OTHER)).await.is_err() {
            unanswered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One request on a connection of its own, to the end of its answer.
async fn ask(address: SocketAddr, request: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200") { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
