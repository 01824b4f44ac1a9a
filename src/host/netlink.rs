//! Netlink as bytes: sockets, message building, message reading. No pointer, no cast.
//!
//! libmnl is not used directly: its socket can't be made from a descriptor that was kept over a re-execution, and
//! reading by copying bytes needs no aligned buffer.

use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// The size of a message's header.
const HEADER: usize = 16;
/// Larger than any datagram that the kernel sends: dumps come in parts of at most 32 KiB.
const BUFFER: usize = 64 * 1024;

const REQUEST: u16 = narrow(libc::NLM_F_REQUEST);
const ACK: u16 = narrow(libc::NLM_F_ACK);
const DUMP: u16 = narrow(libc::NLM_F_DUMP);
const DUMP_INTERRUPTED: u16 = narrow(libc::NLM_F_DUMP_INTR);
const ERROR: u16 = narrow(libc::NLMSG_ERROR);
const DONE: u16 = narrow(libc::NLMSG_DONE);

/// A constant of the kernel's headers as the 16-bit field that it is used in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the constants fit; checked here"
)]
pub(crate) const fn narrow(constant: i32) -> u16 {
    assert!(constant >= 0 && constant <= u16::MAX as i32, "a 16-bit constant");
    constant as u16
}

// === Message ===

/// A message being built.
#[derive(Debug, Clone)]
pub(crate) struct NetlinkMessage {
    bytes: Vec<u8>,
}

impl NetlinkMessage {
    /// A message of this type with its fixed part.
    pub(crate) fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags | REQUEST).to_ne_bytes());
        bytes.extend_from_slice(body);
        Self { bytes }
    }

    /// Adds an attribute.
    #[must_use]
    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).expect("attributes here are short");
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// Adds a string attribute, with the NUL that the kernel wants.
    #[must_use]
    pub(crate) fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.attribute(kind, &bytes)
    }

    /// The finished bytes.
    pub(crate) fn finish(mut self, flags: u16, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).expect("messages here are short");
        let flags = flags | u16_at(&self.bytes, 6);
        self.bytes[0..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }

    /// The finished bytes of a message that wants to be acknowledged.
    pub(crate) fn finish_acked(self, sequence: u32) -> Vec<u8> {
        self.finish(ACK, sequence)
    }
}

// === Reply ===

/// A message that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetlinkReply {
    /// Its type.
    pub(crate) kind: u16,
    flags: u16,
    sequence: u32,
    /// What follows the header.
    pub(crate) payload: Vec<u8>,
}

impl NetlinkReply {
    /// The attributes behind a fixed part of `skip` bytes.
    pub(crate) fn attributes(&self, skip: usize) -> impl Iterator<Item = (u16, &[u8])> {
        attributes(self.payload.get(skip..).unwrap_or_default())
    }

    /// One attribute's value.
    pub(crate) fn attribute(&self, skip: usize, kind: u16) -> Option<&[u8]> {
        self.attributes(skip).find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// One attribute as text without its NUL.
    pub(crate) fn text(&self, skip: usize, kind: u16) -> Option<String> {
        let value = self.attribute(skip, kind)?;
        let value = value.split(|b| *b == 0).next().unwrap_or_default();
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// What an acknowledgement says; `None` if this is none.
    fn verdict(&self) -> Option<Result<(), Errno>> {
        (self.kind == ERROR || self.kind == DONE).then(|| {
            let code = self.payload.get(..4).map_or(0, |b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
            if code < 0 { Err(Errno::from_raw(-code)) } else { Ok(()) }
        })
    }
}

/// The attributes of a buffer: type without its flag bits, and value. Ends at the first that does not fit.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes.get(..4)?, 0));
        let kind = u16_at(bytes, 2) & 0x3fff;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The messages of a datagram. Ends at the first that does not fit.
fn replies(mut bytes: &[u8]) -> impl Iterator<Item = NetlinkReply> {
    std::iter::from_fn(move || {
        let header = bytes.get(..HEADER)?;
        let length = usize::try_from(u32_at(header, 0)).ok()?;
        let payload = bytes.get(HEADER..length)?.to_vec();
        let reply = NetlinkReply {
            kind: u16_at(header, 4),
            flags: u16_at(header, 6),
            sequence: u32_at(header, 8),
            payload,
        };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(reply)
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

/// A number of four bytes in this machine's order. The caller knows that they are there.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

// === Socket ===

/// A netlink socket.
#[derive(Debug)]
pub(crate) struct NetlinkSocket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl NetlinkSocket {
    /// A socket for requests.
    pub(crate) fn open(protocol: SockProtocol) -> Result<Self, Errno> {
        Self::with_groups(protocol, 0)
    }

    /// A socket that hears what happens to these multicast groups: bit n is group n + 1.
    pub(crate) fn watch(protocol: SockProtocol, groups: u32) -> Result<Self, Errno> {
        Self::with_groups(protocol, groups)
    }

    fn with_groups(protocol: SockProtocol, groups: u32) -> Result<Self, Errno> {
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self::adopt(fd))
    }

    /// A socket that was kept over a re-execution.
    pub(crate) fn adopt(fd: OwnedFd) -> Self {
        // Both are improvements only: more room for acknowledgements, and no endless wait for a kernel that
        // does not answer.
        let _ = setsockopt(&fd, sockopt::RcvBufForce, &(1 << 20));
        let _ = setsockopt(&fd, sockopt::ReceiveTimeout, &TimeVal::seconds(5));
        Self { fd, sequence: 0, buffer: vec![0; BUFFER] }
    }

    /// Sends a request and collects what comes back up to its acknowledgement.
    pub(crate) fn request(&mut self, message: NetlinkMessage) -> Result<Vec<NetlinkReply>, Errno> {
        self.exchange(message, ACK)
    }

    /// Collects a dump; one that a change interrupted is asked for again.
    pub(crate) fn dump(&mut self, message: &NetlinkMessage) -> Result<Vec<NetlinkReply>, Errno> {
        for _ in 0..8 {
            let replies = self.exchange(message.clone(), DUMP)?;
            if replies.iter().all(|reply| reply.flags & DUMP_INTERRUPTED == 0) {
                return Ok(replies);
            }
        }
        Err(Errno::EINTR)
    }

    fn exchange(&mut self, message: NetlinkMessage, flags: u16) -> Result<Vec<NetlinkReply>, Errno> {
        self.sequence += 1;
        let sequence = self.sequence;
        self.discard()?;
        send(self.fd.as_raw_fd(), &message.finish(flags, sequence), MsgFlags::empty())?;
        let mut collected = Vec::new();
        loop {
            let received = self.receive(MsgFlags::empty())?;
            for reply in received.into_iter().filter(|reply| reply.sequence == sequence) {
                match reply.verdict() {
                    Some(verdict) => return verdict.map(|()| collected),
                    None => collected.push(reply),
                }
            }
        }
    }

    /// Sends a batch and gives the refusals by sequence number, the first first. Empty: all was acknowledged.
    ///
    /// The kernel handles a batch within `send`, so that all answers are waiting when it returns.
    pub(crate) fn batch(&mut self, bytes: &[u8], sequences: Range<u32>) -> Result<Vec<(u32, Errno)>, Errno> {
        self.discard()?;
        send(self.fd.as_raw_fd(), bytes, MsgFlags::empty())?;
        let mut acknowledged = Vec::new();
        let mut refused = Vec::new();
        loop {
            let received = match self.receive(MsgFlags::MSG_DONTWAIT) {
                Ok(received) => received,
                Err(Errno::EAGAIN) => break,
                Err(error) => return Err(error),
            };
            for reply in received {
                match reply.verdict() {
                    Some(Ok(())) => acknowledged.push(reply.sequence),
                    Some(Err(error)) => refused.push((reply.sequence, error)),
                    None => {}
                }
            }
        }
        if refused.is_empty() && !sequences.clone().all(|sequence| acknowledged.contains(&sequence)) {
            return Err(Errno::EPROTO);
        }
        refused.sort_by_key(|(sequence, _)| *sequence);
        Ok(refused)
    }

    /// Reads whatever waits; whether there was anything. Notifications that did not fit count as something.
    pub(crate) fn drain(&mut self) -> Result<bool, Errno> {
        let mut any = false;
        loop {
            match self.receive(MsgFlags::MSG_DONTWAIT) {
                Ok(_) | Err(Errno::ENOBUFS) => any = true,
                Err(Errno::EAGAIN) => return Ok(any),
                Err(error) => return Err(error),
            }
        }
    }

    /// Forgets answers to an earlier request that was given up.
    fn discard(&mut self) -> Result<(), Errno> {
        self.drain().map(drop)
    }

    fn receive(&mut self, flags: MsgFlags) -> Result<Vec<NetlinkReply>, Errno> {
        loop {
            match recv(self.fd.as_raw_fd(), &mut self.buffer, flags) {
                Ok(length) => return Ok(replies(&self.buffer[..length]).collect()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for NetlinkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_read() {
        let bytes =
            NetlinkMessage::new(7, 1, &[1, 2, 3, 4]).text(3, "lo:imds").attribute(8, &[9]).finish_acked(42);
        let read: Vec<NetlinkReply> = replies(&bytes).collect();
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].kind, read[0].sequence, read[0].flags), (7, 42, 1 | REQUEST | ACK));
        assert_eq!(read[0].text(4, 3).as_deref(), Some("lo:imds"));
        assert_eq!(read[0].attribute(4, 8), Some(&[9][..]));
        assert_eq!(read[0].attribute(4, 9), None);
    }

    #[test]
    fn broken_messages_end_the_reading() {
        let mut bytes = NetlinkMessage::new(7, 0, &[0; 4]).text(3, "x").finish(0, 1);
        bytes[0..4].copy_from_slice(&1000u32.to_ne_bytes());
        assert_eq!(replies(&bytes).count(), 0, "longer than the datagram");
        bytes[0..4].copy_from_slice(&3u32.to_ne_bytes());
        assert_eq!(replies(&bytes).count(), 0, "shorter than its header");
        assert_eq!(replies(&bytes[..10]).count(), 0, "cut");
        assert_eq!(attributes(&[200, 0, 1, 0, 5]).count(), 0, "attribute longer than the message");
        assert_eq!(attributes(&[0, 0, 1, 0, 5]).count(), 0, "attribute shorter than its header");
    }
}
