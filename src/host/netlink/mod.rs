//! Netlink as bytes: sockets, message building, message reading. No pointer, no cast.
//!
//! libmnl is not used directly: its socket can't be made from a descriptor that was kept over a re-execution, and
//! reading by copying bytes needs no aligned buffer.

mod bytes;
mod message;
mod reply;
mod socket;

pub(super) use bytes::narrow;
pub(crate) use bytes::u32_at;
pub(crate) use message::NetlinkMessage;
pub(super) use reply::attributes;
pub(crate) use reply::{NetlinkReply, replies};
pub(crate) use socket::NetlinkSocket;
