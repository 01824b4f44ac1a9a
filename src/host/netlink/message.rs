//! Messages to the kernel, built: a netlink header, a fixed part, attributes. `reply.rs` reads those from it.

use nix::libc;

use super::bytes::{narrow, u16_at};

pub(super) const HEADER_LENGTH: usize = 16;

pub(super) const REQUEST: u16 = narrow(libc::NLM_F_REQUEST);
pub(super) const ACK: u16 = narrow(libc::NLM_F_ACK);

/// A message to the kernel.
#[derive(Debug, Clone)]
pub(crate) struct NetlinkMessage {
    bytes: Vec<u8>,
}

impl NetlinkMessage {
    /// A message of this type with its fixed part.
    pub(crate) fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER_LENGTH];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags | REQUEST).to_ne_bytes());
        bytes.extend_from_slice(body);
        Self { bytes }
    }

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

    pub(crate) fn finish(mut self, flags: u16, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).expect("messages here are short");
        let flags = flags | u16_at(&self.bytes, 6);
        self.bytes[0..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }

    /// The bytes of a message that requests an acknowledgement.
    pub(crate) fn finish_acked(self, sequence: u32) -> Vec<u8> {
        self.finish(ACK, sequence)
    }
}
