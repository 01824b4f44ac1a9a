//! The tables in the kernel, through one socket.

use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::SockProtocol;

use super::batch::{self, Batch};
use super::foreign_redirects::{self, ForeignRedirect};
use super::kernel_support::KernelSupport;
use super::message::says_absent;
use super::snapshot::{self, TablesSnapshot};
use super::step::BatchStep;
use super::sys;
use crate::host::HostError;
use crate::host::netlink::NetlinkSocket;
use crate::host::plan::{Family, TABLE, Table};

/// The kernel's `nf_tables`, through one socket. The socket owns what is applied with an owner.
#[derive(Debug)]
pub(crate) struct NftClient {
    socket: NetlinkSocket,
    /// Why this kernel has no `nf_tables`; the socket is of another kind then, and is asked nothing.
    missing: Option<Errno>,
}

impl NftClient {
    pub(crate) fn open() -> Result<Self, HostError> {
        match NetlinkSocket::open(SockProtocol::NetlinkNetFilter) {
            Ok(socket) => Ok(Self { socket, missing: None }),
            Err(error @ (Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT)) => {
                Err(HostError::NoNfTables(format!("no nfnetlink: {error}")))
            }
            Err(error) => Err(HostError::kernel("open a netfilter netlink socket", error)),
        }
    }

    /// A client that has no tables on a kernel without `nf_tables`, where nobody asks it for any.
    pub(crate) fn open_or_without() -> Result<Self, HostError> {
        match Self::open() {
            Err(HostError::NoNfTables(_)) => {
                let socket = NetlinkSocket::open(SockProtocol::NetlinkRoute);
                let socket =
                    socket.map_err(|error| HostError::kernel("open a route netlink socket", error))?;
                Ok(Self { socket, missing: Some(Errno::EPROTONOSUPPORT) })
            }
            opened => opened,
        }
    }

    /// The client of this process' former image, by the descriptor that it left open. `None` if it is none.
    pub(crate) fn inherit(fd: RawFd) -> Option<Self> {
        let socket = NetlinkSocket::adopt(sys::inherited_socket(fd)?);
        // What was no netfilter socket then, for want of one, is none now.
        let missing = NetlinkSocket::open(SockProtocol::NetlinkNetFilter).err();
        Some(Self { socket, missing })
    }

    /// Replaces our tables by these, in one transaction: no packet sees a state between.
    ///
    /// Starts from `wanted`, leaves out the parts that this kernel does not know, and returns the rest.
    pub(crate) fn apply(
        &mut self,
        tables: &[Table],
        wanted: KernelSupport,
    ) -> Result<KernelSupport, HostError> {
        if let Some(error) = self.missing {
            return Err(HostError::NoNfTables(format!("no nfnetlink: {error}")));
        }
        let mut support = wanted;
        loop {
            let batch = batch::replace(tables, support);
            let Some((step, error)) = self.send(&batch)? else { return Ok(support) };
            support = support.degrade(&step, error).ok_or_else(|| refusal(&step, error))?;
        }
    }

    /// Removes our tables; false when there was none. One that another process owns is an error.
    pub(crate) fn remove(&mut self) -> Result<bool, HostError> {
        let mut any = false;
        if self.missing.is_some() {
            return Ok(any);
        }
        for family in [Family::Inet, Family::Arp] {
            match self.send(&batch::remove(family))? {
                None => any = true,
                Some((_, error)) if says_absent(error) => {}
                Some((step, error)) => return Err(refusal(&step, error)),
            }
        }
        Ok(any)
    }

    /// Sends a batch and returns the first refusal.
    fn send(&mut self, batch: &Batch) -> Result<Option<(BatchStep, Errno)>, HostError> {
        let refused = self.socket.batch(&batch.bytes, batch.sequences.clone());
        let refused = refused.map_err(|e| HostError::kernel("take a batch of nf_tables messages", e))?;
        Ok(refused.first().map(|(sequence, error)| (batch.step(*sequence), *error)))
    }

    /// An error when any process owns one of our tables; for a client that owns nothing itself.
    pub(crate) fn check_unowned(&mut self) -> Result<(), HostError> {
        let Ok(snapshot) = self.inspect() else { return Ok(()) };
        let owned = snapshot.tables.iter().find(|table| table.owner.is_some());
        owned.map_or(Ok(()), |table| Err(table_owned(table.family)))
    }

    pub(crate) fn inspect(&mut self) -> Result<TablesSnapshot, HostError> {
        if self.missing.is_some() {
            return Ok(TablesSnapshot::default());
        }
        snapshot::read(&mut self.socket).map_err(|e| HostError::kernel("list the nftables rules", e))
    }

    /// The rules of other programs that redirect what is sent to these addresses.
    pub(crate) fn foreign_redirects(
        &mut self,
        addresses: &[Ipv4Addr],
    ) -> Result<Vec<ForeignRedirect>, HostError> {
        if self.missing.is_some() {
            return Ok(vec![]);
        }
        foreign_redirects::read(&mut self.socket, addresses)
            .map_err(|e| HostError::kernel("list the rules of other tables", e))
    }
}

impl AsFd for NftClient {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The error for a refused step.
fn refusal(step: &BatchStep, error: Errno) -> HostError {
    match (step, error) {
        (BatchStep::Frame, Errno::EPERM) => HostError::NotPermitted,
        // The permission was checked with the frame; here the kernel protects somebody's owned table.
        (BatchStep::Ensure(family) | BatchStep::Remove(family), Errno::EPERM) => table_owned(*family),
        (step, Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::ENOENT) => {
            HostError::NoNfTables(format!("it refuses to {step}: {error}"))
        }
        (step, error) => HostError::Kernel { what: step.to_string(), source: error },
    }
}

fn table_owned(family: Family) -> HostError {
    HostError::Busy(format!(
        "the table {family} {TABLE} is owned by another process: a guardian runs already; \
         stop it (systemctl stop mock-imds-net, or end the other \"mock-imds net hold\")"
    ))
}
