//! One connection, from the first byte to the last.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use hyper::server::conn::http1::{Builder, Parts};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout};

use super::delivery::{self, ConnectionSlot};
use super::limits::Limits;
use super::request::{NoReply, parting, respond};
use super::wire::{ConnectionState, Wire};
use super::{Shared, ingress};

/// How hyper speaks: header names as on EC2, nothing added, nothing without a limit.
///
/// Not with `pipeline_flush`: hyper 1.12 then forgets to send the last reply of a connection that closes with
/// bytes unread, such as the 431 for an oversized head. Nor with `max_headers`: another number than hyper's own
/// 100 costs an allocation for each request.
pub(super) fn protocol(limits: &Limits) -> Builder {
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

/// Serves a connection until it ends, then ends it so that the client gets what was written.
pub(super) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    permit: OwnedSemaphorePermit,
) {
    let local = stream.local_addr().unwrap_or(peer);
    let seat = ConnectionSlot::new(Arc::clone(&shared), permit);
    let talk = Arc::new(ConnectionState::new(peer, ingress::of(&stream, local, peer), seat));
    let wire = Wire::new(stream, Arc::clone(&talk));
    match talk_http(&shared, wire, &talk).await {
        ConnectionEnd::Close => {}
        ConnectionEnd::Linger(stream) => linger(stream, &shared.limits).await,
        ConnectionEnd::Hold(stream) => {
            // A client that only waits must not keep others out.
            talk.seat.leave();
            hold(stream, &shared).await;
        }
        ConnectionEnd::Silence(stream) => delivery::silence(stream, &shared).await,
        ConnectionEnd::Reset(stream) => delivery::reset(stream),
    }
}

/// What is left to do when HTTP is over.
enum ConnectionEnd {
    Close,
    Linger(TcpStream),
    Hold(TcpStream),
    Silence(TcpStream),
    Reset(TcpStream),
}

/// What happens to a connection.
enum Event {
    /// It is over.
    Over(hyper::Result<()>),
    /// Its time is up.
    Late,
    /// The server stops.
    Stop,
}

async fn talk_http(shared: &Shared, wire: Wire, talk: &Arc<ConnectionState>) -> ConnectionEnd {
    let service = service_fn(|request| {
        let (world, talk, limits) = (Arc::clone(&shared.world), Arc::clone(talk), Arc::clone(&shared.limits));
        Box::pin(respond(world, talk, limits, request))
    });
    let limits = &shared.limits;
    let mut http = shared.http.serve_connection(TokioIo::new(wire), service);
    let mut stop = shared.stop.subscribe();
    let mut deadline = pin!(sleep(limits.lifetime));
    let (mut stopping, mut finishing) = (false, false);
    let outcome = loop {
        let event = tokio::select! {
            biased;
            outcome = poll_fn(|context| http.poll_without_shutdown(context)) => Event::Over(outcome),
            () = &mut deadline => Event::Late,
            _ = stop.wait_for(|stop| *stop), if !stopping => Event::Stop,
        };
        match event {
            Event::Over(outcome) => break outcome,
            Event::Late if finishing => return ConnectionEnd::Close,
            Event::Stop if !talk.has_asked() => {
                stopping = true;
                // It connected to be answered; its request may be on the way.
                deadline.as_mut().reset(Instant::now() + limits.first_request);
            }
            Event::Late | Event::Stop => {
                (stopping, finishing) = (true, true);
                Pin::new(&mut http).graceful_shutdown();
                deadline.as_mut().reset(Instant::now() + limits.grace);
            }
        }
    };
    ending(outcome, http.into_parts(), talk)
}

fn ending<S>(
    outcome: hyper::Result<()>,
    parts: Parts<TokioIo<Wire>, S>,
    talk: &ConnectionState,
) -> ConnectionEnd {
    let Parts { io, read_buf, .. } = parts;
    let stream = io.into_inner().into_inner();
    match outcome {
        Err(_) if talk.is_cut() => ConnectionEnd::Close,
        Ok(()) => {
            let more = !read_buf.is_empty() || talk.has_unread();
            if more || stream.try_read(&mut [0; 64]).is_ok_and(|bytes| bytes > 0) {
                ConnectionEnd::Linger(stream)
            } else {
                ConnectionEnd::Close
            }
        }
        Err(error) => {
            tracing::debug!(IMDS_CLIENT = %talk.peer.ip(), "{}: connection ended: {error}", talk.peer);
            match parting(&error) {
                Some(NoReply::Hold) => ConnectionEnd::Hold(stream),
                Some(NoReply::Silence) => ConnectionEnd::Silence(stream),
                Some(NoReply::Reset) => ConnectionEnd::Reset(stream),
                // hyper has answered 400, 414 or 431, and most likely not read all that came.
                None if error.is_parse() => ConnectionEnd::Linger(stream),
                Some(NoReply::Crowded | NoReply::Broken(_)) | None => ConnectionEnd::Close,
            }
        }
    }
}

/// Closes our side and reads on until the client has closed its own: closing both with bytes unread sends a
/// reset, and a reset takes away the reply that the client has not read yet.
async fn linger(mut stream: TcpStream, limits: &Limits) {
    if stream.shutdown().await.is_ok() {
        let _ = timeout(limits.linger, read_to_end(&mut stream)).await;
    }
}

/// Says nothing until the client gives up.
async fn hold(mut stream: TcpStream, shared: &Shared) {
    let Ok(_permit) = shared.held.try_acquire() else { return };
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        _ = timeout(shared.limits.hold, read_to_end(&mut stream)) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Reads and forgets until the client closes its side or the connection fails.
pub(super) async fn read_to_end(stream: &mut TcpStream) {
    let mut forgotten = [0; 4096];
    while stream.read(&mut forgotten).await.is_ok_and(|bytes| bytes > 0) {}
}
