//! The control socket's server.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::unistd::Uid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::SocketAddr;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::ControlSocket;
use super::admission::{Admission, Caller, Crowded, Place};
use super::callers::SocketPeer;
use super::exchange::{ControlRequest, READ_TIMEOUT};
use super::order::ControlBackend;
use super::routes::{refusal_text, respond};
use crate::clock;

/// A client may stay so long: longer than the longest wait.
const LIFETIME: Duration = Duration::from_secs(90);
/// After a failure to accept: it lasts until descriptors are free again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// Bytes of a request head.
const HEAD_BYTES: usize = 8192;

/// Serves the control socket until the task is dropped.
pub(crate) async fn serve(socket: ControlSocket, backend: ControlBackend) -> io::Result<()> {
    let ControlSocket { listener, owner_listener, files } = socket;
    let listener = UnixListener::from_std(listener)?;
    let owner = owner_listener.map(UnixListener::from_std).transpose()?;
    let backend = Arc::new(backend);
    let admission = Admission::new(Uid::effective());
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = accept_owner(owner.as_ref()) => accepted.map(|(stream, _)| (stream, true)),
            accepted = listener.accept() => accepted.map(|(stream, _)| (stream, false)),
        };
        match accepted {
            Ok((stream, as_owner)) => {
                failing = false;
                accept(stream, as_owner, &backend, &admission);
                // It has its turn before the next one comes, which may take its place.
                yield_now().await;
            }
            Err(error) => {
                if !failing {
                    tracing::warn!("cannot accept clients at {}: {error}", files.path().display());
                }
                failing = true;
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

async fn accept_owner(listener: Option<&UnixListener>) -> io::Result<(UnixStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => pending().await,
    }
}

/// Never waits, so that no client keeps the next one from being accepted.
fn accept(stream: UnixStream, as_owner: bool, backend: &Arc<ControlBackend>, admission: &Arc<Admission>) {
    let Ok(peer) = stream.peer_cred() else { return };
    if !clock::has_http_date() {
        drop(tokio::spawn(timeout(READ_TIMEOUT, refuse_for_clock(stream))));
        return;
    }
    let caller = SocketPeer { pid: peer.pid(), uid: peer.uid() };
    match admission.admit(Caller { uid: peer.uid(), as_owner }, Instant::now()) {
        Ok(place) => {
            let backend = Arc::clone(backend);
            tokio::spawn(async move {
                let connection = timeout(LIFETIME, serve_connection(stream, backend, caller, &place));
                tokio::select! {
                    _ = connection => {}
                    () = place.lost() => tracing::debug!("{caller} lost its place at the control socket"),
                }
            });
        }
        Err(Crowded(error)) => {
            let _ = stream.try_write(refusal_text(StatusCode::SERVICE_UNAVAILABLE, error).as_bytes());
        }
    }
}

/// Without HTTP, which has no date now. Who is closed with a request unread loses the response.
async fn refuse_for_clock(mut stream: UnixStream) -> io::Result<()> {
    let error = "the clock of this host is before 1970 or after 9999; set it".to_owned();
    stream.write_all(refusal_text(StatusCode::SERVICE_UNAVAILABLE, error).as_bytes()).await?;
    stream.shutdown().await?;
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

/// One request for each connection: its place is free again as soon as the response is read.
async fn serve_connection(
    stream: UnixStream,
    backend: Arc<ControlBackend>,
    caller: SocketPeer,
    place: &Arc<Place>,
) {
    let service = service_fn(|request| {
        let (backend, place) = (Arc::clone(&backend), Arc::clone(place));
        async move {
            let request =
                ControlRequest { backend, place: Arc::clone(&place), urgent: false, caller, request };
            let response = respond(request).await;
            place.send(Instant::now());
            Ok::<_, Infallible>(response)
        }
    });
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT).max_buf_size(HEAD_BYTES);
    http.keep_alive(false);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("{caller} at the control socket: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream as BlockingStream;

    use tokio::runtime::Builder;
    use tokio::sync::mpsc;

    use super::*;
    use crate::journal::Journal;

    /// One that nobody gets to.
    fn no_backend() -> Arc<ControlBackend> {
        Arc::new(ControlBackend {
            orders: mpsc::channel(1).0,
            status: Box::new(|| unreachable!("no status is asked for")),
            metrics: Box::new(String::new),
            journal: Arc::new(Journal::new(1)),
            show: Box::new(|_, _| unreachable!("no path is asked for")),
            tree: Box::new(|_| None),
            environment: Box::new(|_| unreachable!("no environment is asked for")),
            library: Box::new(|| Err(String::new())),
        })
    }

    #[test]
    fn a_user_whose_share_is_taken_is_refused_before_anything_is_done() {
        let caller = Caller { uid: 1000, as_owner: false };
        let admission = Admission::new(Uid::from_raw(0));
        let mut taken = vec![];
        let place = loop {
            let place = admission.admit(caller, Instant::now()).expect("there are more places than requests");
            if place.execute(false).is_err() {
                break place;
            }
            taken.push(place);
        };
        let runtime = Builder::new_current_thread().enable_all().build().expect("threads are left");
        let answer = |line: &str| {
            let (ours, mut client) = BlockingStream::pair().expect("descriptors are left");
            ours.set_nonblocking(true).expect("a socket");
            client
                .write_all(format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
                .expect("there is room");
            runtime.block_on(async {
                let stream = UnixStream::from_std(ours).expect("a socket");
                serve_connection(stream, no_backend(), SocketPeer { pid: None, uid: 1000 }, &place).await;
            });
            let mut answer = String::new();
            client.read_to_string(&mut answer).expect("it is whole");
            answer
        };
        let refused = answer("GET /v1/nothing");
        assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("too many requests"), "{refused}");
        // Of what has a body that is still to come nothing is known yet.
        let unknown = answer("POST /v1/nothing");
        assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
        taken.pop();
        let unknown = answer("GET /v1/nothing");
        assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
    }

    #[test]
    fn who_is_refused_for_the_clock_gets_the_reason_whatever_it_sent() {
        let (ours, mut client) = BlockingStream::pair().expect("descriptors are left");
        ours.set_nonblocking(true).expect("a socket");
        // More than is read at once.
        client.write_all(&[b'x'; 5_000]).expect("there is room");
        client.shutdown(Shutdown::Write).expect("a socket");
        let runtime = Builder::new_current_thread().enable_all().build().expect("threads are left");
        let refused = runtime.block_on(async {
            let refusal = refuse_for_clock(UnixStream::from_std(ours)?);
            timeout(READ_TIMEOUT, refusal).await.expect("it ends with its client")
        });
        refused.expect("the client is there");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("nothing was left unread");
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        assert!(answer.contains("the clock of this host is before 1970 or after 9999"), "{answer}");
    }
}
