//! The delivery of a reply: when it goes out, how far it travels, and how much of its body is sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::sleep;

use super::shared::Shared;
use super::stage::ConnectionStage;
use super::state::{ConnectionEnd, ConnectionState, NoReply};
use super::wire::HTTP_BYTES;
use crate::imds::{Delivery, DeliveryEnd, Ingress};

// === Before the reply, or instead of it ===

/// Holds a reply back for as long as a fault delays it, and sets its hop limit.
pub(super) async fn prepare(
    shared: &Shared,
    connection: &ConnectionState,
    delivery: Delivery,
    hop_limit: Option<u8>,
) -> Result<(), NoReply> {
    if delivery.end == DeliveryEnd::Silence {
        return Err(connection.abort(ConnectionEnd::Silence, "a fault silences it"));
    }
    wait(shared, connection, delivery.delay).await;
    if delivery.end == DeliveryEnd::Reset {
        return Err(connection.abort(ConnectionEnd::Reset, "a fault resets the connection"));
    }
    match HopLimit::of(hop_limit, connection.ingress) {
        HopLimit::Unreachable => {
            return Err(connection.abort(ConnectionEnd::Hold, "the hop limit keeps it from the client"));
        }
        HopLimit::Default => connection.set_hop_limit(None),
        HopLimit::Hops(limit) => connection.set_hop_limit(Some(limit)),
    }
    Ok(())
}

/// Waits for as long as a fault wants. A server that stops sends at once what is delayed.
pub(super) async fn wait(shared: &Shared, connection: &ConnectionState, delay: Duration) {
    if delay.is_zero() {
        return;
    }
    connection.slot.enter(ConnectionStage::Delayed, HTTP_BYTES);
    tokio::select! {
        () = sleep(delay) => {}
        () = shared.stopped() => {}
    }
    connection.slot.enter(ConnectionStage::Answering, HTTP_BYTES);
}

/// The hop limit of the packets that carry a reply.
#[derive(Debug, PartialEq, Eq)]
enum HopLimit {
    Default,
    Hops(u8),
    Unreachable,
}

impl HopLimit {
    /// On EC2 the reply to a token request starts at the instance's host, so each router takes one hop away. Here it
    /// starts on the very bridge that the client is on, one hop nearer than there; and a packet from this host to
    /// its bridge passes no router, so the kernel's hop limit can't stop it there.
    fn of(limit: Option<u8>, ingress: Ingress) -> Self {
        match (limit, ingress) {
            (None, _) | (_, Ingress::Host) => Self::Default,
            (Some(0 | 1), Ingress::Bridge) => Self::Unreachable,
            (Some(limit), Ingress::Bridge) => Self::Hops(limit - 1),
        }
    }
}

// === The body ===

/// What is sent of a body, and how the connection ends after it unless the reply ends as HTTP has it.
pub(super) fn sent(body: Bytes, end: DeliveryEnd) -> (Bytes, Option<ConnectionEnd>) {
    match end {
        DeliveryEnd::Truncated if !body.is_empty() => {
            (body.slice(..body.len() / 2), Some(ConnectionEnd::Truncate))
        }
        DeliveryEnd::Stalled if !body.is_empty() => (Bytes::new(), Some(ConnectionEnd::Silence)),
        _ => (body, None),
    }
}

/// A reply's body, or what is sent of it.
pub(super) struct ReplyBody {
    bytes: Option<Bytes>,
    /// The length of the whole body, which Content-Length announces.
    length: u64,
    /// What comes before the body.
    delay: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// The connection that ends after a part of it.
    unfinished: Option<(Arc<ConnectionState>, ConnectionEnd)>,
}

impl ReplyBody {
    pub(super) fn new(body: Bytes, end: DeliveryEnd, connection: &Arc<ConnectionState>) -> Self {
        connection.set_reply_bytes(body.len());
        let length = body.len() as u64;
        let (sent, end) = sent(body, end);
        let bytes = (!sent.is_empty()).then_some(sent);
        Self { bytes, length, delay: None, unfinished: end.map(|end| (Arc::clone(connection), end)) }
    }

    /// The same after a delay.
    pub(super) fn after(
        self,
        delay: Duration,
        shared: &Arc<Shared>,
        connection: &Arc<ConnectionState>,
    ) -> Self {
        if delay.is_zero() {
            return self;
        }
        let (shared, connection) = (Arc::clone(shared), Arc::clone(connection));
        Self { delay: Some(Box::pin(async move { wait(&shared, &connection, delay).await })), ..self }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(delay) = &mut self.delay {
            ready!(delay.as_mut().poll(context));
            self.delay = None;
        }
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &self.unfinished {
            Some((connection, end)) => {
                // The flush that follows sends what was written, and then ends HTTP on the connection.
                connection.set_end(*end);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.unfinished.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bridged_clients_are_limited() {
        let cases = [
            (None, Ingress::Bridge, HopLimit::Default),
            (Some(1), Ingress::Host, HopLimit::Default),
            (Some(1), Ingress::Bridge, HopLimit::Unreachable),
            (Some(2), Ingress::Bridge, HopLimit::Hops(1)),
            (Some(64), Ingress::Bridge, HopLimit::Hops(63)),
            (Some(2), Ingress::Host, HopLimit::Default),
        ];
        for (hop_limit, ingress, expected) in cases {
            let found = HopLimit::of(hop_limit, ingress);
            assert_eq!(found, expected, "hop limit {hop_limit:?} from {ingress:?}");
        }
    }
}
