//! The listening socket and its connections, all of them bounded.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::live;
use super::routes::{self, READ_TIMEOUT};
use super::state::ViewState;
use crate::exit::{ExitStatus, Failure};

/// Connections at one time; further ones wait in the socket's queue. Each sends a head within its time, or is gone.
const CONNECTIONS: usize = 128;
/// The longest life of a connection with one answer: an order may wait 90 seconds for the server.
const ANSWER_LIFETIME: Duration = Duration::from_mins(2);
/// The longest life of a stream of events, which begins anew after it.
const STREAM_LIFETIME: Duration = Duration::from_mins(15);
/// Bytes of a request head.
const HEAD_BYTES: usize = 16 << 10;
/// After a failure to accept: it lasts until descriptors are free again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::new(
            ExitStatus::Unavailable,
            format!(
                "{address} is in use, by another view perhaps: `mock-imds view --url` prints its address if it is \
                 yours; or choose another one with --listen"
            ),
        ),
        ErrorKind::PermissionDenied => Failure::new(
            ExitStatus::NoPermission,
            format!("this user may not listen at {address}; choose a port above 1023 with --listen"),
        ),
        _ => Failure::new(ExitStatus::Unavailable, format!("cannot listen at {address}: {error}")),
    })
}

/// Serves until the task is dropped.
pub(super) async fn serve(listener: TcpListener, state: Arc<ViewState>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut failing = false;
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
        match listener.accept().await {
            Ok((stream, peer)) => {
                failing = false;
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    serve_bounded(stream, peer, state).await;
                    drop(permit);
                });
            }
            Err(error) => {
                if !failing {
                    tracing::warn!("cannot accept clients: {error}");
                }
                failing = true;
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// Ends a connection whose client does not read its answer.
async fn serve_bounded(stream: TcpStream, peer: SocketAddr, state: Arc<ViewState>) {
    let is_stream = AtomicBool::new(false);
    let mut connection = pin!(connection(stream, peer, state, &is_stream));
    if timeout(ANSWER_LIFETIME, &mut connection).await.is_err() && is_stream.load(Ordering::Relaxed) {
        let _ = timeout(STREAM_LIFETIME, connection).await;
    }
}

/// One request for each connection: an idle one takes nobody's place.
async fn connection(stream: TcpStream, peer: SocketAddr, state: Arc<ViewState>, is_stream: &AtomicBool) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        is_stream.store(request.uri().path() == live::PATH, Ordering::Relaxed);
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(routes::respond(request, peer, state).await) }
    });
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT).max_buf_size(HEAD_BYTES);
    http.keep_alive(false);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("{peer}: {error}");
    }
}
