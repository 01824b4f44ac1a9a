//! What faults do to a connection: it waits, it is cut, it is reset, or it hears nothing.
//!
//! A connection that a fault holds up gives its permit to others, so that they are not slowed.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};

use super::Shared;
use super::connection::read_to_end;
use super::request::NoReply;
use super::wire::ConnectionState;
use crate::imds::{Delivery, DeliveryEnd};

// === A connection's place ===

/// Where a connection counts. It ends with the connection.
pub(super) struct ConnectionSlot {
    shared: Arc<Shared>,
    place: Mutex<Slot>,
}

enum Slot {
    Inside(#[expect(dead_code, reason = "its drop lets the next connection in")] OwnedSemaphorePermit),
    Aside(#[expect(dead_code, reason = "its drop makes room aside")] OwnedSemaphorePermit),
    Outside,
}

impl ConnectionSlot {
    /// The place of a connection that was let in.
    pub(super) fn new(shared: Arc<Shared>, permit: OwnedSemaphorePermit) -> Self {
        Self { shared, place: Mutex::new(Slot::Inside(permit)) }
    }

    /// Counts no more.
    pub(super) fn leave(&self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Slot::Outside;
    }

    /// Lets the next connection in, if there is room aside.
    fn step_aside(&self) -> bool {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*place, Slot::Aside(_)) {
            let Ok(room) = Arc::clone(&self.shared.aside).try_acquire_owned() else { return false };
            *place = Slot::Aside(room);
        }
        true
    }
}

// === What happens before an answer, or instead of it ===

/// Holds an answer back as long as it takes; `Err` if there will be none.
pub(super) async fn hold_back(seat: &ConnectionSlot, delivery: Delivery) -> Result<(), NoReply> {
    if delivery.end == DeliveryEnd::Silence || !delivery.delay.is_zero() {
        if !seat.step_aside() {
            return Err(NoReply::Crowded);
        }
        if delivery.end == DeliveryEnd::Silence {
            return Err(NoReply::Silence);
        }
        // A server that stops answers at once what waits.
        let mut stop = seat.shared.stop.subscribe();
        tokio::select! {
            () = sleep(delivery.delay) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
    if delivery.end == DeliveryEnd::Reset { Err(NoReply::Reset) } else { Ok(()) }
}

/// Says nothing until the client gives up.
pub(super) async fn silence(mut stream: TcpStream, shared: &Shared) {
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        _ = timeout(shared.limits.silence, read_to_end(&mut stream)) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Closes with a reset. The kernel may still refuse; then it is an ordinary close.
pub(super) fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
    drop(stream);
}

// === A body that may break off ===

/// A reply's body, whole or half.
pub(super) struct ReplyBody {
    bytes: Option<Bytes>,
    length: u64,
    /// Whose connection is cut once the half was sent.
    cut: Option<Arc<ConnectionState>>,
}

impl ReplyBody {
    /// What is sent of a body. Its length is said in full.
    pub(super) fn new(body: Bytes, end: DeliveryEnd, talk: &Arc<ConnectionState>) -> Self {
        let length = body.len() as u64;
        let truncated = end == DeliveryEnd::Truncated && length > 0;
        let sent = if truncated { body.slice(..body.len() / 2) } else { body };
        let bytes = (!sent.is_empty()).then_some(sent);
        Self { bytes, length, cut: truncated.then(|| Arc::clone(talk)) }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &self.cut {
            Some(talk) => {
                // The flush that follows sends the half, and then ends the connection.
                talk.cut();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
