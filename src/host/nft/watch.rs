//! Tells that something in `nf_tables` has changed, in any table; what has changed is found by reading our tables again.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::socket::SockProtocol;

use crate::host::HostError;
use crate::host::netlink::NetlinkSocket;

/// A subscription to every change of `nf_tables`.
#[derive(Debug)]
pub(crate) struct NftWatch(NetlinkSocket);

impl NftWatch {
    pub(crate) fn open() -> Result<Self, HostError> {
        // NFNLGRP_NFTABLES is group 7.
        let socket = NetlinkSocket::subscribe(SockProtocol::NetlinkNetFilter, 1 << 6);
        socket.map(Self).map_err(|e| HostError::kernel("watch nf_tables", e))
    }

    /// Reads the waiting notifications; false when there were none.
    pub(crate) fn drain(&mut self) -> Result<bool, HostError> {
        self.0.drain().map_err(|e| HostError::kernel("tell what changed in nf_tables", e))
    }
}

impl AsFd for NftWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::host::netlink::NetlinkMessage;

    #[test]
    fn what_the_kernel_told_is_read_once() {
        let (ours, kernel) = UnixDatagram::pair().expect("descriptors are left");
        let mut watch = NftWatch(NetlinkSocket::adopt(ours.into()));
        assert!(matches!(watch.drain(), Ok(false)), "nothing has changed");
        for number in 0..2 {
            kernel.send(&NetlinkMessage::new(0, 0, &[0; 4]).finish(0, number)).expect("it waits");
        }
        assert!(matches!(watch.drain(), Ok(true)), "a table has changed");
        assert!(matches!(watch.drain(), Ok(false)), "nothing has changed since");
    }
}
