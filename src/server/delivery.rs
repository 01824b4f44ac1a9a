//! The delivery of a reply: when it goes out, how far it travels, and how much of its body is sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

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
    if !delivery.delay.is_zero() {
        connection.slot.enter(ConnectionStage::Delayed, HTTP_BYTES);
        // A server that stops sends at once what is delayed.
        tokio::select! {
            () = sleep(delivery.delay) => {}
            () = shared.stopped() => {}
        }
        connection.slot.enter(ConnectionStage::Answering, HTTP_BYTES);
    }
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

/// A reply's body, whole or its first half.
pub(super) struct ReplyBody {
    bytes: Option<Bytes>,
    /// The length of the whole body, which Content-Length announces.
    length: u64,
    /// The connection that ends after the half.
    truncated: Option<Arc<ConnectionState>>,
}

impl ReplyBody {
    pub(super) fn new(body: Bytes, end: DeliveryEnd, connection: &Arc<ConnectionState>) -> Self {
        connection.set_reply_bytes(body.len());
        let length = body.len() as u64;
        let truncated = end == DeliveryEnd::Truncated && length > 0;
        let sent = if truncated { body.slice(..body.len() / 2) } else { body };
        let bytes = (!sent.is_empty()).then_some(sent);
        Self { bytes, length, truncated: truncated.then(|| Arc::clone(connection)) }
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
        match &self.truncated {
            Some(connection) => {
                // The flush that follows sends the half, and then ends the connection.
                connection.set_end(ConnectionEnd::Truncate);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.truncated.is_none()
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
