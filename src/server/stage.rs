//! The stages of a connection's life, in the order of how little it loses if it ends there.

use strum::FromRepr;

/// What a connection is doing. Those of an earlier stage are ended first when there is no room for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRepr)]
#[repr(u8)]
pub(super) enum ConnectionStage {
    /// Has sent nothing, or nothing since its last reply was sent.
    Idle,
    /// As `Idle`, but so shortly after a reply that its HTTP state is still there.
    KeptAlive,
    /// Has its reply, and has not closed its side.
    Lingering,
    /// Has sent a part of a request head.
    Head,
    /// Has sent a part of a request body.
    Body,
    /// Does not read its reply.
    Blocked,
    /// A fault keeps the reply from it for ever.
    Silenced,
    /// A fault delays its reply.
    Delayed,
    /// Was accepted, and nobody has looked yet what it sent. As in the next stage, it waits for the server, not for
    /// the client: such a connection is never ended.
    New,
    /// Is being answered.
    Answering,
}

impl ConnectionStage {
    /// The stages in which connections wait for something, each with a queue of its own.
    pub(super) const WAITING: usize = Self::New as usize;
}
