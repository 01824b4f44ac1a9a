//! The tables of ours in the kernel: applied as one transaction, removed, and read again.
//!
//! An applied table has the *owner* flag (Linux 5.12) if its [`NftClient`] asked for it: nobody else can change or
//! flush it, and the kernel removes it when the client's socket closes, however the process ends.

mod batch;
mod inspect;
mod sys;

use std::os::fd::{AsFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::SockProtocol;

use super::HostError;
use super::netlink::{NetlinkMessage, NetlinkSocket, narrow};
use super::plan::{Family, TABLE, Table};

pub(crate) use inspect::{InstalledTable, Snapshot};
pub(super) use sys::inherited;

/// What the kernel can do, as far as we learnt it from its refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KernelSupport {
    /// Whether the tables have the owner flag.
    pub owner: bool,
    /// Whether there is an arp table.
    pub arp: bool,
}

/// The kernel's `nf_tables`, through one socket. The socket owns what is applied with the owner flag.
#[derive(Debug)]
pub(crate) struct NftClient {
    socket: NetlinkSocket,
    /// Why this kernel has no `nf_tables`; the socket is of another kind then, and is asked nothing.
    missing: Option<Errno>,
}

impl NftClient {
    /// A client.
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
    /// Starts from `wish` and leaves out what this kernel refuses to know; the result says what it has now.
    pub(crate) fn apply(
        &mut self,
        tables: &[Table],
        wish: KernelSupport,
    ) -> Result<KernelSupport, HostError> {
        if let Some(error) = self.missing {
            return Err(HostError::NoNfTables(format!("no nfnetlink: {error}")));
        }
        let mut shape = wish;
        loop {
            let batch = batch::replace(tables, shape);
            let refused = self.send(&batch)?;
            let Some((step, error)) = refused else { return Ok(shape) };
            shape = batch::degrade(shape, &step, error).ok_or_else(|| explain(&step, error))?;
        }
    }

    /// Removes our tables. Whether there was one; one that another process owns is an error.
    pub(crate) fn remove(&mut self) -> Result<bool, HostError> {
        let mut any = false;
        if self.missing.is_some() {
            return Ok(any);
        }
        for family in [Family::Inet, Family::Arp] {
            match self.send(&batch::remove(family))? {
                None => any = true,
                Some((_, Errno::ENOENT | Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Some((step, error)) => return Err(explain(&step, error)),
            }
        }
        Ok(any)
    }

    /// Sends a batch; the first refusal, if any.
    fn send(&mut self, batch: &batch::Batch) -> Result<Option<(batch::BatchStep, Errno)>, HostError> {
        let refused = self.socket.batch(&batch.bytes, batch.sequences.clone());
        let refused = refused.map_err(|e| HostError::kernel("take a batch of nf_tables messages", e))?;
        Ok(refused.first().map(|(sequence, error)| (batch.step(*sequence), *error)))
    }

    /// The sentence when one of our tables is owned, by whomever; for a client that owns nothing itself.
    pub(crate) fn owner_elsewhere(&mut self) -> Option<HostError> {
        let snapshot = self.inspect().ok()?;
        snapshot.tables.iter().find(|table| table.owner.is_some()).map(|table| busy(table.family))
    }

    /// What is in the kernel under our tables' names.
    pub(crate) fn inspect(&mut self) -> Result<Snapshot, HostError> {
        if self.missing.is_some() {
            return Ok(Snapshot::default());
        }
        inspect::snapshot(&mut self.socket).map_err(|e| HostError::kernel("list the nftables rules", e))
    }
}

impl AsFd for NftClient {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The sentence for a refusal that nothing can be left out for.
fn explain(step: &batch::BatchStep, error: Errno) -> HostError {
    use batch::BatchStep;
    match (step, error) {
        (BatchStep::Frame, Errno::EPERM) => HostError::NotPermitted,
        // The permission was judged with the frame; here the kernel protects somebody's owned table.
        (BatchStep::Prelude(family) | BatchStep::Remove(family), Errno::EPERM) => busy(*family),
        (step, Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::ENOENT) => {
            HostError::NoNfTables(format!("it refuses to {step}: {error}"))
        }
        (step, error) => HostError::Kernel { what: step.to_string(), source: error },
    }
}

fn busy(family: Family) -> HostError {
    HostError::Busy(format!(
        "the table {family} {TABLE} is owned by another process: a guardian runs already; \
         stop it (systemctl stop mock-imds-net, or end the other \"mock-imds net hold\")"
    ))
}

/// The fixed part of an `nf_tables` message: struct nfgenmsg.
const HEAD: usize = 4;

fn head(family: Family) -> [u8; HEAD] {
    [raw(family), 0, 0, 0]
}

fn raw(family: Family) -> u8 {
    let number = match family {
        Family::Inet => libc::NFPROTO_INET,
        Family::Arp => libc::NFPROTO_ARP,
    };
    u8::try_from(number).expect("a protocol family of one byte")
}

/// An `nf_tables` message of this type about our table of this family.
fn message(kind: i32, flags: i32, family: Family) -> NetlinkMessage {
    let kind = narrow(libc::NFNL_SUBSYS_NFTABLES) << 8 | narrow(kind);
    NetlinkMessage::new(kind, narrow(flags), &head(family))
}

/// A socket that hears of every change of `nf_tables`.
#[derive(Debug)]
pub(crate) struct NftWatch(NetlinkSocket);

impl NftWatch {
    /// Starts to listen.
    pub(crate) fn open() -> Result<Self, HostError> {
        // NFNLGRP_NFTABLES is group 7.
        let socket = NetlinkSocket::watch(SockProtocol::NetlinkNetFilter, 1 << 6);
        socket.map(Self).map_err(|e| HostError::kernel("watch nf_tables", e))
    }

    /// Reads what waits; whether there was anything.
    pub(crate) fn drain(&mut self) -> Result<bool, HostError> {
        self.0.drain().map_err(|e| HostError::kernel("tell what changed in nf_tables", e))
    }
}

impl AsFd for NftWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
