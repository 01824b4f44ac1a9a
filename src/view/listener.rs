//! The listening socket and its connections, all of them bounded.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};

use super::live;
use super::routes::{self, READ_TIMEOUT};
use super::state::ViewState;
use crate::exit::{ExitStatus, Failure};

/// Connections at one time; further ones wait in the socket's queue. Each sends a head within its time, or is gone.
const CONNECTIONS: usize = 128;
const LIFETIMES: Lifetimes = Lifetimes {
    answer: Duration::from_mins(2),
    delivery: Duration::from_secs(20),
    stream: Duration::from_mins(15),
};
/// Bytes of a request head.
const HEAD_BYTES: usize = 16 << 10;
/// After a failure to accept: it lasts until descriptors are free again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The longest parts of a connection's life.
#[derive(Debug, Clone, Copy)]
struct Lifetimes {
    /// Until there is an answer: an order may wait 90 seconds for the server.
    answer: Duration,
    /// Until the client has read it: one that reads nothing leaves its place to others.
    delivery: Duration,
    /// Of a stream of events, which begins anew after it.
    stream: Duration,
}

/// How far a connection is.
#[derive(Debug, Default)]
struct Progress {
    answered: Notify,
    is_stream: AtomicBool,
}

pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| unusable(address, &error))
}

fn unusable(address: SocketAddr, error: &io::Error) -> Failure {
    match error.kind() {
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
    }
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
                let _ = stream.set_nodelay(true);
                tokio::spawn(async move {
                    serve_bounded(stream, peer, state, LIFETIMES).await;
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

/// Ends a connection that takes longer than it may.
async fn serve_bounded(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    state: Arc<ViewState>,
    lifetimes: Lifetimes,
) {
    let progress = Progress::default();
    let mut connection = pin!(connection(stream, peer, state, &progress));
    tokio::select! {
        () = &mut connection => return,
        () = progress.answered.notified() => {}
        () = sleep(lifetimes.answer) => return,
    }
    let is_stream = progress.is_stream.load(Ordering::Relaxed);
    let _ = timeout(if is_stream { lifetimes.stream } else { lifetimes.delivery }, connection).await;
}

/// One request for each connection: an idle one takes nobody's place.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    state: Arc<ViewState>,
    progress: &Progress,
) {
    let service = service_fn(|request: Request<Incoming>| {
        progress.is_stream.store(request.uri().path() == live::PATH, Ordering::Relaxed);
        let state = Arc::clone(&state);
        async move {
            let reply = routes::respond(request, peer, state).await;
            progress.answered.notify_one();
            Ok::<_, Infallible>(reply)
        }
    });
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT).max_buf_size(HEAD_BYTES);
    http.keep_alive(false);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("{peer}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::control::ControlClient;
    use crate::view::token::ViewToken;

    fn state(directory: &Path) -> Arc<ViewState> {
        Arc::new(ViewState {
            client: ControlClient::new(Some(&directory.join("no.sock"))),
            token: ViewToken::load_or_make(&directory.join("token"), false).expect("it can be made"),
            command_options: vec![],
            allowed_hosts: vec![],
            guardian: directory.to_owned(),
        })
    }

    #[test]
    fn an_address_that_cannot_be_had_is_told_with_what_to_do() {
        for (kind, status, advice) in [
            (ErrorKind::AddrInUse, ExitStatus::Unavailable, "is in use, by another view perhaps"),
            (ErrorKind::PermissionDenied, ExitStatus::NoPermission, "choose a port above 1023"),
            (ErrorKind::AddrNotAvailable, ExitStatus::Unavailable, "cannot listen at 127.0.0.1:80: "),
        ] {
            let failure = unusable(SocketAddr::from(([127, 0, 0, 1], 80)), &kind.into());
            assert_eq!(failure.status, status, "{failure}");
            assert!(failure.message.contains(advice), "expected {advice:?}, found {failure}");
        }
    }

    /// Serves a client that asks for the page, with room for so many bytes on the way to it. Gives what it had read at the end.
    async fn read_by(reads: bool, room: usize) -> usize {
        let directory =
            std::env::temp_dir().join(format!("mock-imds-view-{}-{room}-{reads}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("it can be made");
        let (mut client, server) = duplex(room);
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let short = Duration::from_millis(50);
        let long = Duration::from_mins(1);
        let lifetimes = Lifetimes { answer: long, delivery: if reads { long } else { short }, stream: long };
        let connection = tokio::spawn(serve_bounded(server, peer, state(&directory), lifetimes));
        client.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.expect("it is read");
        let mut read = vec![];
        if reads {
            client.read_to_end(&mut read).await.expect("it ends");
        }
        connection.await.expect("it ends by itself");
        std::fs::remove_dir_all(&directory).expect("it is ours");
        read.len()
    }

    #[tokio::test]
    async fn who_does_not_read_the_answer_leaves_its_place() {
        assert_eq!(
            timeout(Duration::from_secs(30), read_by(false, 64)).await,
            Ok(0),
            "expected an end by the limit"
        );
    }

    #[tokio::test]
    async fn who_reads_gets_all_of_it() {
        assert!(read_by(true, 64).await > 1000, "the page has more");
    }
}
