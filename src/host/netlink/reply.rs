//! Messages from the kernel, read: attributes, errors, the end of a dump. What does not fit its datagram
//! ends the reading, without a panic.

use nix::errno::Errno;
use nix::libc;

use super::bytes::{narrow, u16_at, u32_at};
use super::message::HEADER_LENGTH;

const ERROR: u16 = narrow(libc::NLMSG_ERROR);
const DONE: u16 = narrow(libc::NLMSG_DONE);

/// The flag bits in the type of an attribute are left out.
const ATTRIBUTE_TYPE: u16 = 0x3fff;

/// A message from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetlinkReply {
    pub(crate) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(crate) payload: Vec<u8>,
}

impl NetlinkReply {
    /// The attributes behind a fixed part of `skip` bytes.
    pub(crate) fn attributes(&self, skip: usize) -> impl Iterator<Item = (u16, &[u8])> {
        attributes(self.payload.get(skip..).unwrap_or_default())
    }

    pub(crate) fn attribute(&self, skip: usize, kind: u16) -> Option<&[u8]> {
        self.attributes(skip).find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// One attribute as text without its NUL.
    pub(crate) fn text(&self, skip: usize, kind: u16) -> Option<String> {
        self.attribute(skip, kind).map(text)
    }

    /// One attribute within another, as text without its NUL.
    pub(crate) fn nested_text(&self, skip: usize, outer: u16, inner: u16) -> Option<String> {
        attributes(self.attribute(skip, outer)?)
            .find(|(found, _)| *found == inner)
            .map(|(_, value)| text(value))
    }

    /// The result that this acknowledges; `None` for other messages.
    pub(crate) fn acknowledgement(&self) -> Option<Result<(), Errno>> {
        (self.kind == ERROR || self.kind == DONE).then(|| {
            let code = self.payload.get(..4).map_or(0, |b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
            if code < 0 { Err(Errno::from_raw(code.saturating_neg())) } else { Ok(()) }
        })
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
}

/// The attributes of a buffer: type without its flag bits, and value. Ends at the first that does not fit.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes.get(..4)?, 0));
        let kind = u16_at(bytes, 2) & ATTRIBUTE_TYPE;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The messages of a datagram. Ends at the first that does not fit.
pub(crate) fn replies(mut bytes: &[u8]) -> impl Iterator<Item = NetlinkReply> {
    std::iter::from_fn(move || {
        let header = bytes.get(..HEADER_LENGTH)?;
        let length = usize::try_from(u32_at(header, 0)).ok()?;
        let payload = bytes.get(HEADER_LENGTH..length)?.to_vec();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::netlink::message::{ACK, NetlinkMessage, REQUEST};

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
    fn a_nested_attribute_is_read() {
        let nested = [&[5, 0, 7, 0, b'x', 0, 0, 0][..], &[11, 0, 1, 0], b"bridge\0"].concat();
        let bytes = NetlinkMessage::new(7, 0, &[]).attribute(18, &nested).finish(0, 1);
        let reply = replies(&bytes).next().expect("a message");
        assert_eq!(reply.nested_text(0, 18, 1).as_deref(), Some("bridge"));
        assert_eq!((reply.nested_text(0, 18, 2), reply.nested_text(0, 17, 1)), (None, None));
    }

    #[test]
    fn any_number_in_a_refusal_is_read() {
        for (code, expected) in [(0, Ok(())), (-1, Err(Errno::EPERM)), (i32::MIN, Err(Errno::UnknownErrno))] {
            let bytes = NetlinkMessage::new(ERROR, 0, &code.to_ne_bytes()).finish(0, 1);
            let reply = replies(&bytes).next().expect("a message");
            assert_eq!(reply.acknowledgement(), Some(expected), "the kernel says {code}");
        }
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
