//! The socket: requests, dumps, batches, notifications.

use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use super::bytes::narrow;
use super::message::{ACK, NetlinkMessage};
use super::reply::{NetlinkReply, replies};

/// Larger than any datagram that the kernel sends: dumps come in parts of at most 32 KiB.
const BUFFER_LENGTH: usize = 64 * 1024;

const DUMP: u16 = narrow(libc::NLM_F_DUMP);
const DUMP_INTERRUPTED: u16 = narrow(libc::NLM_F_DUMP_INTR);

#[derive(Debug)]
pub(crate) struct NetlinkSocket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl NetlinkSocket {
    pub(crate) fn open(protocol: SockProtocol) -> Result<Self, Errno> {
        Self::with_groups(protocol, 0)
    }

    /// A socket that receives the notifications of these multicast groups: bit n is group n + 1.
    pub(crate) fn subscribe(protocol: SockProtocol, groups: u32) -> Result<Self, Errno> {
        Self::with_groups(protocol, groups)
    }

    fn with_groups(protocol: SockProtocol, groups: u32) -> Result<Self, Errno> {
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self::adopt(fd))
    }

    /// The socket of a descriptor that was kept over a re-execution.
    pub(crate) fn adopt(fd: OwnedFd) -> Self {
        // Both are improvements only: more room for acknowledgements, and no endless wait for a kernel that
        // does not answer.
        let _ = setsockopt(&fd, sockopt::RcvBufForce, &(1 << 20));
        let _ = setsockopt(&fd, sockopt::ReceiveTimeout, &TimeVal::seconds(5));
        Self { fd, sequence: 0, buffer: vec![0; BUFFER_LENGTH] }
    }

    /// Sends a request and collects the replies up to its acknowledgement.
    pub(crate) fn request(&mut self, message: NetlinkMessage) -> Result<Vec<NetlinkReply>, Errno> {
        self.exchange(message, ACK)
    }

    /// Collects a dump; one that a change interrupted is requested again.
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
                match reply.acknowledgement() {
                    Some(result) => return result.map(|()| collected),
                    None => collected.push(reply),
                }
            }
        }
    }

    /// Sends a batch and returns the errors by sequence number, in their order. Empty: all was acknowledged.
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
                match reply.acknowledgement() {
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

    /// Reads all waiting messages; false when there were none. Notifications that did not fit count as messages.
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

    /// Drops answers to an earlier request that was given up.
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
    use nix::libc;

    use super::*;

    /// An answer that comes late is known by its number.
    #[test]
    fn each_request_has_a_number_of_its_own() {
        let mut socket = NetlinkSocket::open(SockProtocol::NetlinkRoute).expect("it needs no permission");
        let mut numbers = || {
            let links =
                socket.dump(&NetlinkMessage::new(libc::RTM_GETLINK, 0, &[0; 16])).expect("there is lo");
            links.first().map(|link| link.sequence).expect("there is lo")
        };
        assert_eq!([numbers(), numbers(), numbers()], [1, 2, 3]);
    }

    #[test]
    fn the_answers_to_a_batch_are_its_own() {
        let mut socket = NetlinkSocket::open(SockProtocol::NetlinkRoute).expect("it needs no permission");
        // The kernel knows no such message, and says so at once.
        let unknown = |sequence| NetlinkMessage::new(0x1ff, 0, &[0; 16]).finish(ACK, sequence);
        send(socket.fd.as_raw_fd(), &unknown(7), MsgFlags::empty()).expect("it is sent");
        assert_eq!(socket.batch(&unknown(9), 9..10), Ok(vec![(9, Errno::EOPNOTSUPP)]));
    }
}
