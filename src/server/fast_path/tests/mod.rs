//! The fast path, a step at a time.

mod idle;
mod requests;
mod sockets;

use std::net::{TcpListener, TcpStream as StdStream};
use std::time::Duration;

use tokio::runtime::Handle;

use super::*;
use crate::model::{Http, Scenario};
use crate::server::connection::http_builder;
use crate::server::limits::Limits;
use crate::server::tests::{connection, service};

const REQUEST: &[u8] = b"GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n";
const LAST_REQUEST: &[u8] = b"GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const OTHER_REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Connections here take several requests.
fn shared() -> Shared {
    let limits = Limits::default();
    let http = Http { keep_alive: true, ..Http::default() };
    let builder = http_builder(&limits);
    let service = service(Scenario { http, ..Scenario::default() });
    Shared::new(service, limits, builder, Handle::current().into())
}

/// Does something with the fast path of a connection by this way.
fn with_path(ingress: Ingress, act: impl FnOnce(&mut FastPath<'_>)) {
    let (shared, connection) = (shared(), connection(ingress));
    act(&mut FastPath::new(&shared, &connection, Instant::now() + Duration::from_hours(1)));
}

fn connected() -> (StdStream, StdStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let client = StdStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    (client, listener.accept().expect("a client").0)
}

fn name(next: &Next<'_>) -> &'static str {
    match next {
        Next::Read => "read",
        Next::Deliver(_) => "deliver",
        Next::Close => "close",
        Next::Linger => "linger",
        Next::Hyper => "hyper",
    }
}
