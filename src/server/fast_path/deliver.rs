//! Replies that do not go out at once, as they are; and the end of a round.

use std::io;
use std::mem;
use std::os::fd::AsRawFd;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::socket::{has_left, has_unread, write_all};
use super::{FastEnd, FastPath, GATHERED_BODY_BYTES, Next, PendingReply, Round, write};
use crate::server::delivery;
use crate::server::state::ConnectionEnd;
use crate::server::wire::apply_hop_limit;

impl<'c> FastPath<'c> {
    /// Writes what is left of a round, and gives the end of the fast path if it has come.
    pub(super) async fn finish(
        &mut self,
        stream: &TcpStream,
        round: io::Result<Round<'c>>,
    ) -> Option<FastEnd> {
        let Ok(Round { next, unwritten }) = round else { return Some(FastEnd::Over(ConnectionEnd::Close)) };
        if !unwritten.is_empty() {
            if self.write_all(stream, &unwritten).await.is_err() {
                return Some(FastEnd::Over(ConnectionEnd::Close));
            }
            self.active = Instant::now();
        }
        match next {
            Next::Read => None,
            Next::Close => Some(FastEnd::Over(self.close(stream))),
            Next::Linger => Some(FastEnd::Over(ConnectionEnd::Linger)),
            Next::Hyper => {
                self.headers.forget_beyond(0);
                Some(FastEnd::Hyper(mem::take(&mut self.received)))
            }
            Next::Deliver(pending) => self.deliver(stream, *pending).await,
        }
    }

    /// Delivers a reply later, or in another way, or not at all.
    async fn deliver(&mut self, stream: &TcpStream, pending: PendingReply<'c>) -> Option<FastEnd> {
        let PendingReply { reply, mut recorder, form } = pending;
        let Self { shared, connection, .. } = *self;
        if delivery::prepare(shared, connection, reply.delivery, reply.hop_limit).await.is_err() {
            return Some(FastEnd::Over(connection.end()));
        }
        if !reply.delivery.delay.is_zero() && has_left(stream) {
            recorder.set_client_left();
        }
        recorder.set_status(reply.status);
        drop(recorder);
        let mut bytes = Vec::new();
        write::write_head(&mut bytes, &reply, form.close);
        let body = if form.head_only { Bytes::new() } else { reply.body.clone() };
        let (mut body, end) = delivery::sent(body, reply.delivery.end);
        if form.chunked && !body.is_empty() {
            let mut chunk = Vec::new();
            write::write_chunk(&mut chunk, &body, end.is_none());
            body = chunk.into();
        }
        let body_delay = if body.is_empty() { Duration::ZERO } else { reply.delivery.body_delay };
        if body_delay.is_zero() && body.len() <= GATHERED_BODY_BYTES {
            bytes.extend_from_slice(&mem::take(&mut body));
        }
        let written = async {
            apply_hop_limit(stream, connection)?;
            self.write_all(stream, &bytes).await?;
            delivery::wait(shared, connection, body_delay).await;
            self.write_all(stream, &body).await
        };
        if written.await.is_err() {
            return Some(FastEnd::Over(ConnectionEnd::Close));
        }
        // The time for the next request begins with this reply, however late it was.
        self.active = Instant::now();
        if let Some(end) = end {
            return Some(FastEnd::Over(end));
        }
        form.close.then(|| FastEnd::Over(self.close(stream)))
    }

    /// The end of a connection that closes after its last reply.
    pub(super) fn close(&self, stream: &impl AsRawFd) -> ConnectionEnd {
        let unread = !self.received.is_empty() || has_unread(stream);
        if unread { ConnectionEnd::Linger } else { ConnectionEnd::Close }
    }

    async fn write_all(&self, stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        write_all(stream, &self.connection.slot, &self.shared.limits, bytes).await
    }
}
