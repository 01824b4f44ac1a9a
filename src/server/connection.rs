//! One connection, from the first byte to the last. Its end, whatever asks for it, happens here.

use std::error::Error as _;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::server::conn::http1::{Builder, Parts};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::fast_path::{FastEnd, FastPath, has_unread};
use super::limits::Limits;
use super::listen::AcceptedSocket;
use super::shared::Shared;
use super::stage::ConnectionStage;
use super::state::{ConnectionEnd, ConnectionState, NoReply};
use super::table::Slot;
use super::wire::{HTTP_BYTES, Wire};
use super::{ingress, request};
use crate::clock;
use crate::model::Service;

/// The reply to what is hyper's while it cannot be used; see [`clock::has_http_date`].
const NO_DATE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The settings of hyper: header names as on EC2, nothing added, nothing without a limit.
///
/// Not with `pipeline_flush`: hyper 1.12 then forgets to send the last reply of a connection that closes with
/// bytes unread, such as the 431 for an oversized head. Nor with `max_headers`: another number than hyper's own
/// 100 costs an allocation for each request.
pub(super) fn http_builder(limits: &Limits) -> Builder {
    let mut http = Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .title_case_headers(true)
        .auto_date_header(false)
        // `printf … | nc` closes its side before it has read the reply.
        .half_close(true);
    http
}

/// Serves a connection, and ends it.
///
/// What waits for a request takes little memory: hyper is in a box of its own while it serves one.
pub(super) async fn serve(shared: Arc<Shared>, accepted: AcceptedSocket, slot: Slot) {
    let AcceptedSocket { socket, local, peer, only } = accepted;
    let connection = ConnectionState::new(peer, ingress::of(&socket, local, peer.ip()), slot);
    let connection = Arc::new(connection.reaching(only, Service::at(local.to_canonical())));
    let end = Instant::now() + shared.limits.lifetime;
    let mut fast_path = FastPath::new(&shared, &connection, end);
    if fast_path.serve_at_once(&socket) {
        return;
    }
    let registered = socket.set_nonblocking(true).and_then(|()| TcpStream::from_std(socket));
    let mut stream = match registered {
        Ok(stream) => stream,
        Err(error) => {
            // epoll has no room: the next one finds some, and the log says so.
            tracing::debug!("{peer}: connection ended: {error}");
            return shared.table.note_unregistered(error);
        }
    };
    loop {
        let received = match fast_path.serve(&mut stream).await {
            FastEnd::Over(ConnectionEnd::Unused | ConnectionEnd::Close) => return,
            FastEnd::Over(end) => {
                drop(fast_path);
                return Box::pin(finish(&shared, stream, &connection, end)).await;
            }
            FastEnd::Hyper(received) => received,
        };
        if !clock::has_http_date() {
            tracing::debug!("{}: refused: the clock is before 1970 or after 9999", connection.peer);
            let _ = timeout(shared.limits.write, stream.write_all(NO_DATE)).await;
            return Box::pin(finish(&shared, stream, &connection, ConnectionEnd::Linger)).await;
        }
        // Until the head is whole.
        connection.slot.enter(ConnectionStage::Head, HTTP_BYTES);
        match Box::pin(serve_http(&shared, stream, received.into(), &connection, end)).await {
            HttpEnd::Idle(kept, begun) => {
                stream = kept;
                fast_path.resume(begun);
            }
            HttpEnd::Over(end, stream) => {
                drop(fast_path);
                return Box::pin(finish(&shared, stream, &connection, end)).await;
            }
        }
    }
}

/// Ends a connection as its state asks.
async fn finish(shared: &Shared, stream: TcpStream, connection: &ConnectionState, end: ConnectionEnd) {
    match end {
        ConnectionEnd::Unused | ConnectionEnd::Close | ConnectionEnd::Truncate => {}
        ConnectionEnd::Linger => {
            connection.slot.enter(ConnectionStage::Lingering, 0);
            linger(stream, &shared.limits).await;
        }
        ConnectionEnd::Hold => {
            // A client that only waits must not keep others out.
            connection.slot.release();
            if let Ok(_permit) = shared.hop_limited.try_acquire() {
                keep_silent(stream, shared.limits.hold, shared).await;
            }
        }
        ConnectionEnd::Silence => {
            connection.slot.enter(ConnectionStage::Silenced, 0);
            keep_silent(stream, shared.limits.silence, shared).await;
        }
        ConnectionEnd::Reset => reset(stream),
    }
}

/// How HTTP on a connection ended.
enum HttpEnd {
    /// The client has its reply and may send another request, of which this has come.
    Idle(TcpStream, Vec<u8>),
    Over(ConnectionEnd, TcpStream),
}

/// An event in the life of a connection.
enum Event {
    HttpOver(hyper::Result<()>),
    Deadline,
    Stop,
    IdleCheck,
}

async fn serve_http(
    shared: &Arc<Shared>,
    stream: TcpStream,
    received: Bytes,
    connection: &Arc<ConnectionState>,
    end: Instant,
) -> HttpEnd {
    let service =
        service_fn(|request| Box::pin(request::respond(Arc::clone(shared), Arc::clone(connection), request)));
    let limits = &shared.limits;
    connection.set_socket(Some(&stream));
    let wire = Wire::new(stream, Arc::clone(connection), received, limits.write);
    let mut http = shared.http.serve_connection(TokioIo::new(wire), service);
    let mut stop = pin!(shared.stopped());
    let mut deadline = pin!(sleep_until(end));
    let mut idle_check = pin!(sleep(limits.keep_http));
    let (mut finishing, mut requests) = (false, 0);
    let outcome = loop {
        let event = tokio::select! {
            biased;
            outcome = poll_fn(|context| http.poll_without_shutdown(context)) => Event::HttpOver(outcome),
            () = &mut deadline => Event::Deadline,
            () = &mut stop, if !finishing => Event::Stop,
            () = &mut idle_check, if !finishing => Event::IdleCheck,
        };
        match event {
            Event::HttpOver(outcome) => break Some(outcome),
            Event::Deadline if finishing => break None,
            Event::Deadline | Event::Stop => {
                finishing = true;
                Pin::new(&mut http).graceful_shutdown();
                deadline.as_mut().reset(Instant::now() + limits.grace);
            }
            Event::IdleCheck => {
                // Not in the middle of a head: hyper counts the time that it takes.
                let waits = connection.slot.stage() == ConnectionStage::KeptAlive;
                if waits && connection.requests() == requests {
                    let Parts { io, read_buf, .. } = http.into_parts();
                    connection.set_socket(None::<&TcpStream>);
                    let (stream, unread) = io.into_inner().into_parts();
                    return HttpEnd::Idle(stream, [read_buf, unread].concat());
                }
                requests = connection.requests();
                idle_check.as_mut().reset(Instant::now() + limits.keep_http);
            }
        }
    };
    let Parts { io, read_buf, .. } = http.into_parts();
    connection.set_socket(None::<&TcpStream>);
    let (stream, unread) = io.into_inner().into_parts();
    let end = match outcome {
        Some(Ok(())) if !read_buf.is_empty() || !unread.is_empty() || has_unread(&stream) => {
            ConnectionEnd::Linger
        }
        Some(Ok(())) => connection.end(),
        Some(Err(error)) => end_after(&error, connection),
        None => ConnectionEnd::Close,
    };
    HttpEnd::Over(end, stream)
}

/// The end that the connection's state asks for if the error is due to it, else the one that suits the error.
fn end_after(error: &hyper::Error, connection: &ConnectionState) -> ConnectionEnd {
    let end = connection.end();
    match end {
        ConnectionEnd::Truncate | ConnectionEnd::Hold | ConnectionEnd::Silence | ConnectionEnd::Reset => end,
        ConnectionEnd::Unused | ConnectionEnd::Close | ConnectionEnd::Linger => {
            let peer = connection.peer;
            // An aborted request has been logged with its reason.
            if !error.source().is_some_and(<dyn std::error::Error>::is::<NoReply>) {
                tracing::debug!(IMDS_CLIENT = %peer.ip(), "{peer}: connection ended: {error}");
            }
            // hyper has answered 400, 414 or 431, and most likely not read all that came.
            if error.is_parse() { ConnectionEnd::Linger } else { ConnectionEnd::Close }
        }
    }
}

/// Closes our side and reads on until the client has closed its own: closing both with bytes unread sends a
/// reset, and a reset takes away the reply that the client has not read yet.
async fn linger(mut stream: TcpStream, limits: &Limits) {
    if stream.shutdown().await.is_ok() {
        let _ = timeout(limits.linger, discard_all(&stream)).await;
    }
}

/// Sends nothing until the client gives up.
async fn keep_silent(stream: TcpStream, limit: Duration, shared: &Shared) {
    tokio::select! {
        _ = timeout(limit, discard_all(&stream)) => {}
        () = shared.stopped() => {}
    }
}

/// Closes with a reset. The kernel may still refuse; then it is an ordinary close.
fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
    drop(stream);
}

/// Reads until the client closes its side or the connection fails.
async fn discard_all(stream: &TcpStream) {
    while stream.readable().await.is_ok() {
        match discard(stream) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Not async: the buffer is on the stack, not in each connection.
fn discard(stream: &TcpStream) -> io::Result<usize> {
    stream.try_read(&mut [0; 4096])
}
