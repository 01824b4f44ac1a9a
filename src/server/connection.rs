//! One connection, from the first byte to the last. Its end, whatever asks for it, happens here.

use std::error::Error as _;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1::{Builder, Parts};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout};

use super::limits::Limits;
use super::shared::Shared;
use super::state::{ConnectionEnd, ConnectionSlot, ConnectionState, NoReply};
use super::wire::Wire;
use super::{ingress, request};

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

/// Serves a connection until HTTP on it is over, then ends it.
pub(super) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    permit: OwnedSemaphorePermit,
) {
    let local = stream.local_addr().unwrap_or(peer);
    let slot = ConnectionSlot::new(permit, Arc::clone(&shared.parked));
    let connection = Arc::new(ConnectionState::new(peer, ingress::of(&stream, local, peer), slot));
    let (end, stream) = serve_http(&shared, stream, &connection).await;
    match end {
        ConnectionEnd::Unused | ConnectionEnd::Close | ConnectionEnd::Truncate => {}
        ConnectionEnd::Linger => linger(stream, &shared.limits).await,
        ConnectionEnd::Hold => {
            // A client that only waits must not keep others out.
            connection.slot.release();
            if let Ok(_permit) = shared.hop_limited.try_acquire() {
                keep_silent(stream, shared.limits.hold, &shared).await;
            }
        }
        ConnectionEnd::Silence => keep_silent(stream, shared.limits.silence, &shared).await,
        ConnectionEnd::Reset => reset(stream),
    }
}

/// An event in the life of a connection.
enum Event {
    HttpOver(hyper::Result<()>),
    Deadline,
    Stop,
}

async fn serve_http(
    shared: &Arc<Shared>,
    stream: TcpStream,
    connection: &Arc<ConnectionState>,
) -> (ConnectionEnd, TcpStream) {
    let service =
        service_fn(|request| Box::pin(request::respond(Arc::clone(shared), Arc::clone(connection), request)));
    let limits = &shared.limits;
    let wire = Wire::new(stream, Arc::clone(connection));
    let mut http = shared.http.serve_connection(TokioIo::new(wire), service);
    let mut stop = pin!(shared.stopped());
    let mut deadline = pin!(sleep(limits.lifetime));
    let (mut stopping, mut finishing) = (false, false);
    let outcome = loop {
        let event = tokio::select! {
            biased;
            outcome = poll_fn(|context| http.poll_without_shutdown(context)) => Event::HttpOver(outcome),
            () = &mut deadline => Event::Deadline,
            () = &mut stop, if !stopping => Event::Stop,
        };
        match event {
            Event::HttpOver(outcome) => break Some(outcome),
            Event::Deadline if finishing => break None,
            Event::Stop if connection.end() == ConnectionEnd::Unused => {
                stopping = true;
                // It connected to be answered; its request may be on the way.
                deadline.as_mut().reset(Instant::now() + limits.first_request);
            }
            Event::Deadline | Event::Stop => {
                (stopping, finishing) = (true, true);
                Pin::new(&mut http).graceful_shutdown();
                deadline.as_mut().reset(Instant::now() + limits.grace);
            }
        }
    };
    let Parts { io, read_buf, .. } = http.into_parts();
    let stream = io.into_inner().into_inner();
    let end = match outcome {
        Some(Ok(())) if !read_buf.is_empty() || has_unread(&stream) => ConnectionEnd::Linger,
        Some(Ok(())) => connection.end(),
        Some(Err(error)) => end_after(&error, connection),
        None => ConnectionEnd::Close,
    };
    (end, stream)
}

fn has_unread(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0; 64]).is_ok_and(|bytes| bytes > 0)
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
        let _ = timeout(limits.linger, discard_all(&mut stream)).await;
    }
}

/// Sends nothing until the client gives up.
async fn keep_silent(mut stream: TcpStream, limit: Duration, shared: &Shared) {
    tokio::select! {
        _ = timeout(limit, discard_all(&mut stream)) => {}
        () = shared.stopped() => {}
    }
}

/// Closes with a reset. The kernel may still refuse; then it is an ordinary close.
fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
    drop(stream);
}

/// Reads until the client closes its side or the connection fails.
async fn discard_all(stream: &mut TcpStream) {
    let mut discarded = [0; 4096];
    while stream.read(&mut discarded).await.is_ok_and(|bytes| bytes > 0) {}
}
