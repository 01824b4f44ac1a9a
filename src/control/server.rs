//! The control socket's server.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::ControlSocket;
use super::exchange::{ControlRequest, READ_TIMEOUT};
use super::journal_handler::WAITING;
use super::order::{ControlBackend, OrderSource};
use super::routes::respond;

/// Clients at one time.
const CONNECTIONS: usize = 64;
/// A client may stay so long: longer than the longest wait.
const LIFETIME: Duration = Duration::from_secs(90);
/// Bytes of a request head.
const HEAD_BYTES: usize = 8192;

/// Serves the control socket until the task is dropped.
pub(crate) async fn serve(socket: ControlSocket, backend: ControlBackend) -> io::Result<()> {
    let listener = UnixListener::from_std(socket.listener.try_clone()?)?;
    let backend = Arc::new(backend);
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let waiting = Arc::new(Semaphore::new(WAITING));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return Ok(()) };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (backend, waiting) = (Arc::clone(&backend), Arc::clone(&waiting));
                tokio::spawn(async move {
                    let _ = timeout(LIFETIME, serve_connection(stream, backend, waiting)).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept clients at {}: {error}", socket.path().display());
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn serve_connection(stream: UnixStream, backend: Arc<ControlBackend>, waiting: Arc<Semaphore>) {
    let Ok(peer) = stream.peer_cred() else { return };
    let caller = OrderSource::Peer { pid: peer.pid(), uid: peer.uid() };
    let service = service_fn(|request| {
        let (backend, waiting) = (Arc::clone(&backend), Arc::clone(&waiting));
        let request = ControlRequest { backend, waiting, caller, request };
        async move { Ok::<_, Infallible>(respond(request).await) }
    });
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT).max_buf_size(HEAD_BYTES);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("{caller} at the control socket: {error}");
    }
}
