//! The fast path: usual requests answered without hyper, in buffers that all connections of a thread share.
//!
//! A usual request is a GET, HEAD or PUT of HTTP/1.1 without a body (see [`parse`]); of those to the endpoints of containers only
//! a GET. With the first other one the connection goes to hyper, with the bytes that it has sent. Both paths call the same
//! [`answer`](crate::imds::answer), and both write the same, but that hyper puts the length of an empty body last.

mod at_once;
mod deliver;
mod parse;
mod socket;
#[cfg(test)]
mod tests;
mod write;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use http::{Method, Version};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::head::is_complete;
use super::recorder::RequestRecorder;
use super::request::reply_to;
use super::shared::Shared;
use super::stage::ConnectionStage;
use super::state::{ConnectionEnd, ConnectionState};
use crate::imds::{Delivery, Ingress, Reply, RequestHead};
use parse::{LastHeaders, Parsed, PlainRequest};
use socket::try_write;
pub(super) use socket::{has_left, has_unread};

/// The bytes that are read at once. A head that is longer is hyper's.
const READ_BYTES: usize = 8 * 1024;
/// The rounds of reading and writing after which others have their turn.
const ROUNDS: usize = 16;
/// What an idle connection may keep of its last request.
const KEPT_BYTES: usize = 1024;
/// The bytes of replies that are gathered before they are written.
const WRITE_BYTES: usize = 64 * 1024;
/// A longer body is written from where it is.
const GATHERED_BODY_BYTES: usize = 16 * 1024;

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers { read: vec![0; READ_BYTES].into(), write: Vec::new() });
}

struct Buffers {
    read: Box<[u8]>,
    write: Vec<u8>,
}

/// A connection that the fast path serves.
pub(super) struct FastPath<'c> {
    shared: &'c Shared,
    connection: &'c ConnectionState,
    headers: LastHeaders,
    /// The bytes that were received and are not answered.
    received: Vec<u8>,
    /// Set if they may be whole requests, not just a part of one.
    unparsed: bool,
    /// What became of the first bytes, if they came before the runtime knew the socket.
    first_round: Option<Round<'c>>,
    /// The last request or reply, or else the begin of the connection.
    active: Instant,
    /// The time since which the connection table has it as idle.
    idle_since: Instant,
    /// The age at which the connection accepts no further request.
    end: Instant,
}

/// The reason for which the fast path stops to read.
enum Next<'c> {
    /// All that came is answered, or is a part of a head.
    Read,
    /// A reply that does not go out as it is, at once. The replies before it do.
    Deliver(Box<PendingReply<'c>>),
    Close,
    /// As `Close`, and it is known that the client has sent more.
    Linger,
    Hyper,
}

struct PendingReply<'c> {
    reply: Reply,
    recorder: RequestRecorder<'c>,
    form: ReplyForm,
}

/// The form of a reply, beside what is in it.
#[derive(Clone, Copy)]
struct ReplyForm {
    head_only: bool,
    close: bool,
    chunked: bool,
}

/// The end of the fast path.
pub(super) enum FastEnd {
    Over(ConnectionEnd),
    /// hyper goes on with these bytes, which are answered by none of the replies so far.
    Hyper(Vec<u8>),
}

/// One round of reading, answering and writing.
struct Round<'c> {
    next: Next<'c>,
    /// The bytes that the socket did not take.
    unwritten: Vec<u8>,
}

impl<'c> FastPath<'c> {
    /// `end` is when the connection accepts no further request.
    pub(super) fn new(shared: &'c Shared, connection: &'c ConnectionState, end: Instant) -> Self {
        let now = Instant::now();
        Self {
            shared,
            connection,
            headers: LastHeaders::default(),
            received: Vec::new(),
            unparsed: false,
            first_round: None,
            active: now,
            idle_since: now,
            end,
        }
    }

    /// Goes on after hyper has answered, with what came of the next request.
    pub(super) fn resume(&mut self, received: Vec<u8>) {
        let found_idle = Instant::now() - self.shared.limits.keep_http;
        self.active = self.connection.replied_at().min(found_idle);
        self.unparsed = !received.is_empty();
        self.received = received;
    }

    /// Answers requests until the connection is over or hyper's.
    pub(super) async fn serve(&mut self, stream: &mut TcpStream) -> FastEnd {
        let (shared, limits) = (self.shared, &self.shared.limits);
        let head = limits.head_at(self.connection.addressed);
        // The runtime learns with the first event only that the kernel takes something, and hyper drops the last reply of a
        // connection if it has to wait for that.
        if self.first_round.as_ref().is_some_and(|round| matches!(round.next, Next::Hyper)) {
            let slot = &self.connection.slot;
            slot.enter(ConnectionStage::Blocked, self.received.capacity());
            if !matches!(timeout(limits.write, stream.writable()).await, Ok(Ok(()))) {
                return FastEnd::Over(ConnectionEnd::Close);
            }
            slot.enter(ConnectionStage::Answering, 0);
        }
        let mut stop = pin!(shared.stopped());
        let mut deadline = pin!(sleep_until((self.active + head).min(self.end)));
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                round = poll_fn(|context| self.poll_round(context, stream)) => {
                    match timeout_at(self.end + limits.grace, self.finish(stream, round)).await {
                        Ok(None) => {}
                        Ok(Some(end)) => return end,
                        Err(_) => return FastEnd::Over(ConnectionEnd::Close),
                    }
                    // A client that always has more to answer leaves the two below no turn.
                    stopping |= *shared.stop.borrow();
                    if Instant::now() >= self.end {
                        return FastEnd::Over(ConnectionEnd::Close);
                    }
                }
                () = &mut deadline => {
                    // It is not moved with each request, which would cost more than the request.
                    let due = (self.active + head).min(self.end);
                    if stopping || Instant::now() >= due {
                        tracing::debug!("{}: connection ended: no request in time", self.connection.peer);
                        return FastEnd::Over(ConnectionEnd::Close);
                    }
                    deadline.as_mut().reset(due);
                }
                () = &mut stop, if !stopping => {
                    stopping = true;
                    // It connected to be answered; its first request may be on the way.
                    let first_request = Instant::now() + limits.first_request;
                    if deadline.deadline() > first_request {
                        deadline.as_mut().reset(first_request);
                    }
                }
            }
            if stopping && self.connection.end() != ConnectionEnd::Unused {
                return FastEnd::Over(ConnectionEnd::Close);
            }
        }
    }

    /// Reads and answers until there is nothing to read, or something else than a reply to write at once.
    ///
    /// Never inlined: the benchmark `instructions` counts what this function takes.
    #[inline(never)]
    fn poll_round(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut TcpStream,
    ) -> Poll<io::Result<Round<'c>>> {
        if let Some(round) = self.first_round.take() {
            return Poll::Ready(Ok(round));
        }
        BUFFERS.with_borrow_mut(|Buffers { read, write }| {
            for _ in 0..ROUNDS {
                let kept = self.received.len();
                if kept >= READ_BYTES {
                    // hyper gave it back.
                    return Poll::Ready(Ok(Round { next: Next::Hyper, unwritten: Vec::new() }));
                }
                read[..kept].copy_from_slice(&self.received);
                let mut buffer = ReadBuf::new(read);
                buffer.set_filled(kept);
                if !mem::take(&mut self.unparsed) {
                    match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                        Poll::Pending => {
                            self.wait();
                            return Poll::Pending;
                        }
                        Poll::Ready(outcome) => outcome?,
                    }
                    if buffer.filled().len() == kept {
                        return Poll::Ready(Ok(Round { next: Next::Close, unwritten: Vec::new() }));
                    }
                }
                write.clear();
                let next = self.answer_received(buffer.filled(), write);
                let written = try_write(stream, write)?;
                if written < write.len() || !matches!(next, Next::Read) {
                    return Poll::Ready(Ok(Round { next, unwritten: write[written..].to_vec() }));
                }
            }
            Poll::Ready(Ok(Round { next: Next::Read, unwritten: Vec::new() }))
        })
    }

    /// Tells the table that the connection waits for its client.
    fn wait(&mut self) {
        let slot = &self.connection.slot;
        if !self.received.is_empty() {
            slot.enter_with(ConnectionStage::Head, self.received.capacity());
            return;
        }
        if self.received.capacity() > KEPT_BYTES {
            self.received = Vec::new();
        }
        self.headers.forget_beyond(KEPT_BYTES);
        // Its age there is that of its last request, more or less: moving it with each one would cost more than it is
        // worth.
        if self.active.duration_since(self.idle_since) > self.shared.limits.fresh / 2 {
            self.idle_since = self.active;
            slot.enter(ConnectionStage::Answering, 0);
        }
        slot.enter(ConnectionStage::Idle, 0);
    }

    /// Answers the usual requests that these bytes begin with, and keeps the rest.
    fn answer_received(&mut self, received: &[u8], replies: &mut Vec<u8>) -> Next<'c> {
        let (answered, next) = self.answer_all(received, replies);
        self.received.clear();
        self.received.extend_from_slice(&received[answered..]);
        next
    }

    /// Answers the usual requests that these bytes begin with, and gives the number of their bytes.
    fn answer_all(&mut self, received: &[u8], replies: &mut Vec<u8>) -> (usize, Next<'c>) {
        let mut answered = 0;
        loop {
            let request = match self.headers.parse(&received[answered..]) {
                Parsed::Request(request) => request,
                Parsed::Other if is_complete(&received[answered..], READ_BYTES) => {
                    return (answered, Next::Hyper);
                }
                Parsed::Partial | Parsed::Other if received.len() - answered == READ_BYTES => {
                    return (answered, Next::Hyper);
                }
                Parsed::Partial | Parsed::Other => return (answered, Next::Read),
            };
            let may_be_endpoint = self.connection.may_be_endpoint(request.path, &self.shared.service);
            // A PUT there may change something, and the head for HEAD is another one where a body is sent in chunks.
            if may_be_endpoint && request.method != Method::GET {
                return (answered, Next::Hyper);
            }
            answered += request.length;
            let PlainRequest { method, path, query, close, .. } = request;
            self.active = Instant::now();
            let head = RequestHead {
                method: &method,
                path,
                query,
                headers: self.headers.headers(),
                version: Version::HTTP_11,
                authority: None,
            };
            let (reply, mut recorder) = self.answer(head, may_be_endpoint);
            let form = ReplyForm {
                head_only: method == Method::HEAD,
                close: close || write::closes(&reply),
                chunked: may_be_endpoint && write::is_chunked(&reply),
            };
            if !self.is_immediate(&reply) || replies.len() > WRITE_BYTES {
                self.unparsed = answered < received.len();
                return (answered, Next::Deliver(Box::new(PendingReply { reply, recorder, form })));
            }
            recorder.set_status(reply.status);
            drop(recorder);
            write::write_head(replies, &reply, form.close);
            if form.chunked {
                write::write_chunk(replies, &reply.body, true);
            } else if !form.head_only {
                replies.extend_from_slice(&reply.body);
            }
            if form.close {
                return (answered, Next::Close);
            }
            if answered == received.len() {
                return (answered, Next::Read);
            }
        }
    }

    fn answer(&self, head: RequestHead<'_>, may_be_endpoint: bool) -> (Reply, RequestRecorder<'c>) {
        let service = &*self.shared.service;
        self.connection.set_end(ConnectionEnd::Close);
        self.connection.count_request();
        let now = service.read_clocks();
        let mut recorder = RequestRecorder::new(service, self.connection, head, self.active, now.wall);
        // A GET has no body here.
        let endpoint_body = may_be_endpoint.then_some(&[][..]);
        let reply = reply_to(head, endpoint_body, service, self.connection, &mut recorder, now);
        (reply, recorder)
    }

    /// `true` of a short reply that goes out at once, as it is, with the hop limit that the socket has.
    fn is_immediate(&self, reply: &Reply) -> bool {
        if reply.body.len() > GATHERED_BODY_BYTES {
            return false;
        }
        let unlimited = reply.hop_limit.is_none() || self.connection.ingress == Ingress::Host;
        reply.delivery == Delivery::default() && unlimited && self.connection.has_default_hop_limit()
    }
}
