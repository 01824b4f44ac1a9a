//! A server inside the test's process, with limits short enough to wait for.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mock_imds::config::SourceText;
use mock_imds::imds::TokenAuthority;
use mock_imds::model::{ListenEndpoint, Service, Timestamp};
use mock_imds::server::{Limits, Server, ServiceState, bind};
use tokio::runtime::{Builder, Runtime};

use crate::http::{self, Response};
use crate::scenario::fleet;

/// A path that every scenario here answers, and its answer.
pub const ID: (&str, &str) = ("/latest/meta-data/instance-id", "i-1234567890abcdef0");
/// Long enough never to be reached by accident, short enough to be waited for.
const SHORT: Duration = Duration::from_millis(300);

/// A running server.
pub struct InProcessServer {
    runtime: Runtime,
    server: Option<Server>,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it serves.
    pub state: Arc<ServiceState>,
}

/// Limits that tests can wait for; those that a test is not about stay long.
pub fn limits(adjust: impl FnOnce(&mut Limits, Duration)) -> Limits {
    let mut limits = Limits::default();
    adjust(&mut limits, SHORT);
    limits
}

impl InProcessServer {
    /// The built-in scenario with the usual limits.
    pub fn usual() -> Self {
        Self::new("", Limits::default())
    }

    /// A server for this scenario.
    pub fn new(scenario: &str, limits: Limits) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        Self::on(runtime, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), scenario, limits)
    }

    /// A server that serves this service alone.
    pub fn of(service: Service, scenario: &str, limits: Limits) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::on(runtime, ListenEndpoint { address, only: Some(service) }, scenario, limits)
    }

    /// A server on this runtime, at this address.
    pub fn on(runtime: Runtime, address: impl Into<ListenEndpoint>, scenario: &str, limits: Limits) -> Self {
        let address = address.into();
        let source = SourceText::new("test.toml", scenario);
        let now = || Timestamp::from_secs(1_795_230_851);
        let fleet = fleet(&source, Path::new(""), now(), now());
        let state = Arc::new(ServiceState::new(fleet, TokenAuthority::new([7; 32]), now, [0; 12]));
        let (server, address) = runtime.block_on(async {
            let listeners = bind(&[address]).expect("an ephemeral port");
            let address = listeners[0].address;
            (Server::start(listeners, Arc::clone(&state), limits), address)
        });
        Self { runtime, server: Some(server), address, state }
    }

    /// Starts to stop the server, as SIGTERM does; the returned closure waits until it has stopped.
    pub fn drain(&mut self) -> impl FnOnce() -> usize + use<> {
        let server = self.server.take().expect("a server is drained once");
        let drained = self.runtime.spawn(server.drain());
        let runtime = self.runtime.handle().clone();
        move || runtime.block_on(drained).expect("the drain does not panic")
    }

    /// Sends a request and reads until the server closes.
    #[track_caller]
    pub fn exchange(&self, request: impl AsRef<[u8]>) -> Response {
        http::exchange(self.address, request)
    }

    /// Whatever came before, the next client is served.
    #[track_caller]
    pub fn serves_the_next(&self) {
        let (path, expected) = ID;
        let found = self.exchange(get(path));
        assert_eq!((found.status, found.body.as_str()), (200, expected), "the next client's answer");
    }
}

/// A GET that asks the server to close afterwards.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
}

/// A PUT for a token, with these further headers and body.
pub fn put(more: &str) -> String {
    format!(
        "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n{more}"
    )
}
