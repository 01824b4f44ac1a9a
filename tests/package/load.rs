//! A steady stream of requests from inside a machine's network, each on a connection of its own.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use nix::sched::{CloneFlags, setns};
use support::machine::Machine;

/// Where every program asks.
const METADATA: ([u8; 4], u16) = ([169, 254, 169, 254], 80);
/// A request that got no answer by then has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two requests of one client: a few hundred a second, so that no gap of some milliseconds is missed.
const PAUSE: Duration = Duration::from_millis(2);
const CLIENTS: usize = 2;

/// Clients that ask until they are told to stop.
pub struct Load {
    state: Arc<State>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    stop: AtomicBool,
    ok: AtomicU32,
    refused: AtomicU32,
    failed: AtomicU32,
    first_failure: std::sync::Mutex<Option<String>>,
}

/// How the requests went.
#[derive(Debug, PartialEq, Eq)]
pub struct Tally {
    /// Answered with 200 and a body.
    pub ok: u32,
    /// No connection: refused, or nowhere to go.
    pub refused: u32,
    /// A connection, but no whole answer.
    pub failed: u32,
    /// What the first request that was not ok met.
    pub first_failure: Option<String>,
}

impl Load {
    /// Starts the clients in this machine's network.
    pub fn start(machine: &Machine) -> Self {
        let state = Arc::new(State::default());
        let client = || {
            let namespace =
                File::open(format!("/proc/{}/ns/net", machine.leader())).expect("the machine runs");
            let state = Arc::clone(&state);
            spawn(move || {
                // A thread changes its own network namespace only.
                setns(namespace, CloneFlags::CLONE_NEWNET).expect("root may enter a namespace");
                state.ask_until_stopped();
            })
        };
        Self { clients: (0..CLIENTS).map(|_| client()).collect(), state }
    }

    /// Answered requests so far.
    pub fn ok(&self) -> u32 {
        self.state.ok.load(Ordering::Relaxed)
    }

    /// Ends the clients and gives the whole tally.
    pub fn stop(self) -> Tally {
        self.state.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("a client counts, and never panics");
        }
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        Tally {
            ok: count(&self.state.ok),
            refused: count(&self.state.refused),
            failed: count(&self.state.failed),
            first_failure: self.state.first_failure.lock().expect("no client panics").take(),
        }
    }
}

impl Tally {
    /// Fails the test unless every request was answered, and there were some.
    #[track_caller]
    #[expect(clippy::print_stderr, reason = "what was measured belongs into the test's output")]
    pub fn expect_no_loss(&self, machine: &Machine, what: &str) {
        eprintln!("{what}: {self:?}");
        if self.refused + self.failed > 0 || self.ok < 100 {
            machine.fail(&format!(
                "{what}\nexpected: hundreds of requests, every one answered\nfound: {self:?}"
            ));
        }
    }
}

impl State {
    fn ask_until_stopped(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let (counter, why) = match connect() {
                Err(error) => (&self.refused, Some(format!("connect: {error}"))),
                Ok(stream) => match ask(stream) {
                    Err(why) => (&self.failed, Some(why)),
                    Ok(()) => (&self.ok, None),
                },
            };
            counter.fetch_add(1, Ordering::Relaxed);
            if let Some(why) = why {
                self.first_failure.lock().expect("no client panics").get_or_insert(why);
            }
            sleep(PAUSE);
        }
    }
}

fn connect() -> std::io::Result<TcpStream> {
    TcpStream::connect_timeout(&SocketAddr::from(METADATA), PATIENCE)
}

fn ask(mut stream: TcpStream) -> Result<(), String> {
    let request =
        b"GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    let exchange = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.write_all(request))
        .and_then(|()| stream.read_to_string(&mut answer));
    match exchange {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(format!("no answer within {PATIENCE:?}")),
        Err(error) => Err(format!("no whole answer: {error}; so far: {answer:?}")),
        Ok(_) if answer.starts_with("HTTP/1.1 200 ") && answer.contains("\r\n\r\ni-") => Ok(()),
        Ok(_) => Err(format!("another answer: {answer:?}")),
    }
}
