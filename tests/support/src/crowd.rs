//! Many clients at once: those that only take room, and those that want answers.
//!
//! They need more descriptors than a shell gives: see [`open_many_files`].

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

/// What a client waits for an answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What a client waits before it connects again.
const PAUSE: Duration = Duration::from_secs(1);

/// The scenario that [`Clients`] need.
pub const SCENARIO: &str = "[http]\nkeep-alive = true\n";
/// A path of it that [`Clients::NonReaders`] ask for: an override is a megabyte at most.
pub const LONG: &str = "/latest/meta-data/long";

/// Raises the limit of open files to what is allowed, and says whether it is at least this.
pub fn open_many_files(wanted: u64) -> bool {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return false };
    let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    soft >= wanted || hard >= wanted
}

/// Clients that take room and give nothing for it. They connect again a second after they were disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// Send nothing.
    Idle,
    /// Send a part of a head.
    SlowHeads,
    /// Send a part of a body.
    SlowBodies,
    /// Have one answer, and keep the connection.
    KeptAlive,
    /// Have one answer, and send a part of the next head.
    SlowNextHeads,
    /// Ask for much and read nothing.
    NonReaders,
}

impl Clients {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::SlowHeads,
        Self::SlowBodies,
        Self::KeptAlive,
        Self::SlowNextHeads,
        Self::NonReaders,
    ];

    fn request(self) -> String {
        let long = format!("GET {LONG} HTTP/1.1\r\nHost: x\r\n\r\n");
        let short = "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n";
        match self {
            Self::Idle => String::new(),
            Self::SlowHeads => "GET / HT".to_owned(),
            Self::SlowBodies => crate::put("Content-Length: 100\r\n\r\n12345"),
            Self::KeptAlive => short.to_owned(),
            Self::SlowNextHeads => format!("{short}GET / HT"),
            Self::NonReaders => long.repeat(20),
        }
    }

    async fn run(self, address: SocketAddr, source: Ipv4Addr, connected: Arc<AtomicUsize>) -> io::Result<()> {
        let mut first = true;
        loop {
            let socket = TcpSocket::new_v4()?;
            if self == Self::NonReaders {
                socket.set_recv_buffer_size(4096)?;
            }
            socket.bind((source, 0).into())?;
            let Ok(Ok(mut stream)) = timeout(PATIENCE, socket.connect(address)).await else { continue };
            let sent = stream.write_all(self.request().as_bytes()).await;
            if first {
                connected.fetch_add(1, Ordering::Relaxed);
                first = false;
            }
            if self == Self::NonReaders {
                while stream.ready(Interest::ERROR).await.is_ok_and(|ready| !ready.is_error()) {}
            } else if sent.is_ok() {
                let mut read = [0; 256];
                while stream.read(&mut read).await.is_ok_and(|bytes| bytes > 0) {}
            }
            drop(stream);
            sleep(PAUSE).await;
        }
    }

    /// Starts so many, and waits until each has connected once, or for a while. They end with the set.
    pub async fn start(self, address: SocketAddr, count: usize) -> JoinSet<io::Result<()>> {
        let connected = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for number in 0..count {
            // Each address has 28,000 ports.
            let source = Ipv4Addr::from_bits(0x7f00_0002 + u32::try_from(number / 10_000).expect("small"));
            clients.spawn(self.run(address, source, Arc::clone(&connected)));
        }
        let all = async {
            while connected.load(Ordering::Relaxed) < count {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = timeout(2 * PATIENCE, all).await;
        clients
    }
}

/// What clients that want answers found.
#[derive(Debug, Default)]
pub struct Answers {
    /// How long each answer took, in order.
    pub times: Vec<Duration>,
    /// Requests without one.
    pub failed: usize,
}

impl Answers {
    /// The time within which so many thousandths of the answers came.
    pub fn permille(&self, permille: usize) -> Duration {
        let index = (self.times.len() * permille / 1000).min(self.times.len().saturating_sub(1));
        self.times.get(index).copied().unwrap_or_default()
    }
}

/// So many clients that each ask once in a period, for so long, each time on a new connection.
pub async fn ask(address: SocketAddr, clients: u32, period: Duration, duration: Duration) -> Answers {
    let mut asking = JoinSet::new();
    for number in 0..clients {
        asking.spawn(async move {
            let mut answers = Answers::default();
            sleep(period * number / clients).await;
            let end = Instant::now() + duration;
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while Instant::now() < end {
                ticks.tick().await;
                let start = Instant::now();
                match timeout(PATIENCE, ask_once(address)).await {
                    Ok(Ok(())) => answers.times.push(start.elapsed()),
                    _ => answers.failed += 1,
                }
            }
            answers
        });
    }
    let mut all = Answers::default();
    for answers in asking.join_all().await {
        all.times.extend(answers.times);
        all.failed += answers.failed;
    }
    all.times.sort_unstable();
    all
}

async fn ask_once(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(crate::get(crate::ID.0).as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.ends_with(crate::ID.1.as_bytes()) { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
