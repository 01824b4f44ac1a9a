//! What a client sends on a connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::LazyLock;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mock_imds::config::SourceText;
use mock_imds::imds::{Fleet, TokenAuthority};
use mock_imds::scenario;
use mock_imds::server::{Limits, Server, ServiceState, bind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::service::{AEMM, KEYS, LOADED, STRICT};

/// For an exchange on this host, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(20);
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Servers on one thread, with the client: a run does the same each time, and its time is that thread's.
struct Servers {
    runtime: Runtime,
    addresses: Vec<SocketAddr>,
    /// Runs until the program ends.
    _running: Vec<Server>,
    clients: u32,
}

static SERVERS: LazyLock<Mutex<Servers>> = LazyLock::new(|| Mutex::new(Servers::new(&["", STRICT, AEMM])));

impl Servers {
    fn new(scenarios: &[&str]) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let _context = runtime.enter();
        let (addresses, servers) = scenarios.iter().map(|text| serve(text)).unzip();
        Self { addresses, _running: servers, clients: 0, runtime }
    }

    /// Sends the bytes, says that there are no more, and reads until the server closes.
    fn exchange(&mut self, number: usize, bytes: &[u8]) -> Vec<u8> {
        // Ports of closed connections stay taken for a minute: there are addresses enough.
        self.clients = (self.clients + 1) % (1 << 23);
        let [_, a, b, c] = (self.clients + 2).to_be_bytes();
        let address = self.addresses[number % self.addresses.len()];
        let exchange = async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind((Ipv4Addr::new(127, a, b, c), 0).into()).expect("an address of this host");
            let mut stream = socket.connect(address).await.expect("the server accepts");
            let (mut reader, mut writer) = stream.split();
            let mut received = Vec::new();
            let send = async {
                // A server that has answered may close before it has read all.
                let _ = writer.write_all(bytes).await;
                let _ = writer.shutdown().await;
            };
            let receive = reader.read_to_end(&mut received);
            let _ = tokio::join!(send, receive);
            received
        };
        self.runtime.block_on(async { timeout(DEADLINE, exchange).await }).expect("the server closes")
    }
}

fn serve(text: &str) -> (SocketAddr, Server) {
    let source = SourceText::new("the scenario", text);
    let (scenario, _) = scenario::read(&source, Path::new("")).unwrap_or_else(|report| panic!("{report}"));
    let fleet = Fleet::compile(scenario, &KEYS, LOADED, LOADED);
    let state = Arc::new(ServiceState::new(fleet, TokenAuthority::new([7; 32]), || LOADED, [0; 12]));
    let listeners = bind(&[ANYWHERE]).expect("an ephemeral port");
    let address = listeners[0].address;
    (address, Server::start(listeners, state, Limits::default()))
}

/// The first byte is the number of the service.
pub fn run(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else { return };
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    let received = servers.exchange(usize::from(*first), bytes);
    let text = String::from_utf8_lossy(&received);
    let status = text.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    match status {
        // 505 is what amazon-ec2-metadata-mock says of a version.
        Some(200..=499 | 505) => {}
        Some(status) => panic!("expected no failure of the server, found {status}: {text}"),
        None => assert!(text.is_empty(), "expected a response, found {text:?}"),
    }
}
