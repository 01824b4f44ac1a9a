//! The address on `lo`: `RTM_NEWADDR`, `RTM_DELADDR`, `RTM_GETADDR`, `RTM_GETLINK`.

use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::SockProtocol;

use super::HostError;
use super::netlink::{NetlinkMessage, NetlinkReply, NetlinkSocket, narrow, u32_at};
use crate::model::Service;

/// `IFA_LABEL` of our IPv4 addresses, which `ip addr` shows: for people, and for us when the record was lost.
pub(crate) const LABELS: [&str; 3] = ["lo:imds", "lo:ecs", "lo:pod-identity"];

/// `IFA_PROTO` of our addresses, for the same purpose; kernels before 5.18 ignore it. The values below 4 are taken.
pub(crate) const PROTOCOL: u8 = 169;

/// The index of `lo`, the same in every network namespace.
pub(crate) const LOOPBACK: u32 = 1;

/// The fixed parts: struct ifaddrmsg and struct ifinfomsg.
const ADDRESS_HEAD: usize = 8;
const LINK_HEAD: usize = 16;

/// `IFA_PROTO`, since Linux 5.18; not in every libc.
const IFA_PROTO: u16 = 11;

/// An address that an interface has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InterfaceAddress {
    pub address: IpAddr,
    /// Length of the network prefix in bits.
    pub prefix: u8,
    pub interface: String,
    /// The interface is `lo`.
    pub loopback: bool,
    /// Label or protocol show that mock-imds added it.
    pub marked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddResult {
    Added,
    Existed,
    /// IPv6 is disabled or not built in.
    Unavailable(Errno),
}

/// The prefix length of our addresses: the host only, never its network.
pub(crate) const fn prefix_length(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The label of one of our addresses.
fn label(address: IpAddr) -> &'static str {
    match Service::at(address) {
        Some(Service::Ecs) => LABELS[1],
        Some(Service::PodIdentity) => LABELS[2],
        Some(Service::Imds) | None => LABELS[0],
    }
}

/// A route netlink socket for addresses.
#[derive(Debug)]
pub(crate) struct AddressClient {
    socket: NetlinkSocket,
}

impl AddressClient {
    /// Needs no permission.
    pub(crate) fn open() -> Result<Self, HostError> {
        let socket = NetlinkSocket::open(SockProtocol::NetlinkRoute);
        Ok(Self { socket: socket.map_err(|e| HostError::kernel("open a route netlink socket", e))? })
    }

    /// Every interface that has one of these addresses.
    pub(crate) fn find(&mut self, wanted: &[IpAddr]) -> Result<Vec<InterfaceAddress>, HostError> {
        self.find_by(|address| wanted.contains(&address))
    }

    /// Every address that is wanted, on all interfaces.
    pub(crate) fn find_by(
        &mut self,
        wanted: impl Fn(IpAddr) -> bool,
    ) -> Result<Vec<InterfaceAddress>, HostError> {
        let dump = NetlinkMessage::new(libc::RTM_GETADDR, 0, &[0; ADDRESS_HEAD]);
        let replies = self.socket.dump(&dump).map_err(|e| HostError::kernel("list the addresses", e))?;
        let mut found = Vec::new();
        for reply in replies.iter().filter(|reply| reply.kind == libc::RTM_NEWADDR) {
            let Some((address, index)) = read(reply) else { continue };
            if !wanted(address) {
                continue;
            }
            let interface = self.link(index)?.0;
            let (prefix, loopback) = (reply.payload[1], index == LOOPBACK);
            let marked = is_marked(reply);
            found.push(InterfaceAddress { address, prefix, interface, loopback, marked });
        }
        Ok(found)
    }

    /// False when `lo` is down, so that nothing reaches the address.
    pub(crate) fn loopback_up(&mut self) -> Result<bool, HostError> {
        Ok(self.link(LOOPBACK)?.1)
    }

    /// The interface's name, and true if it is up.
    fn link(&mut self, index: u32) -> Result<(String, bool), HostError> {
        let mut head = [0; LINK_HEAD];
        head[4..8].copy_from_slice(&index.to_ne_bytes());
        let request = NetlinkMessage::new(libc::RTM_GETLINK, 0, &head);
        match self.socket.request(request) {
            Ok(replies) => {
                let reply = replies.first();
                let name = reply.and_then(|reply| reply.text(LINK_HEAD, libc::IFLA_IFNAME));
                let flags =
                    reply.and_then(|reply| reply.payload.get(8..12)).map_or(0, |bytes| u32_at(bytes, 0));
                Ok((name.unwrap_or_default(), flags & libc::IFF_UP.cast_unsigned() != 0))
            }
            // It went away since the dump.
            Err(Errno::ENODEV) => Ok((format!("interface {index}"), false)),
            Err(error) => Err(HostError::kernel(format!("describe interface {index}"), error)),
        }
    }

    /// Adds an address to `lo`, for this host only.
    pub(crate) fn add(&mut self, address: IpAddr) -> Result<AddResult, HostError> {
        let flags = narrow(libc::NLM_F_CREATE) | narrow(libc::NLM_F_EXCL);
        let message = match address {
            IpAddr::V4(_) => message(libc::RTM_NEWADDR, flags, address).text(libc::IFA_LABEL, label(address)),
            // Without NOPREFIXROUTE a route would appear in the main table; there is nobody to
            // detect a duplicate on lo.
            IpAddr::V6(_) => {
                let flags_v6 = libc::IFA_F_NODAD | libc::IFA_F_NOPREFIXROUTE;
                message(libc::RTM_NEWADDR, flags, address).attribute(libc::IFA_FLAGS, &flags_v6.to_ne_bytes())
            }
        };
        match self.socket.request(message.attribute(IFA_PROTO, &[PROTOCOL])) {
            Ok(_) => Ok(AddResult::Added),
            Err(Errno::EEXIST) => Ok(AddResult::Existed),
            Err(error) if is_unavailable(address, error) => Ok(AddResult::Unavailable(error)),
            Err(error) => {
                Err(HostError::kernel(format!("add {address}/{} to lo", prefix_length(address)), error))
            }
        }
    }

    /// Removes an address of ours from `lo`; false if it was missing. One of another width stays.
    pub(crate) fn remove(&mut self, address: IpAddr) -> Result<bool, HostError> {
        // No label here, though it would be a filter: NetworkManager drops the label of an address that it reapplies.
        match self.socket.request(message(libc::RTM_DELADDR, 0, address)) {
            Ok(_) => Ok(true),
            Err(Errno::EADDRNOTAVAIL | Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP) => Ok(false),
            Err(error) => {
                Err(HostError::kernel(format!("remove {address}/{} from lo", prefix_length(address)), error))
            }
        }
    }
}

/// A message about one of our addresses on `lo`.
fn message(kind: u16, flags: u16, address: IpAddr) -> NetlinkMessage {
    let (family, scope, octets) = match address {
        IpAddr::V4(v4) => (libc::AF_INET, libc::RT_SCOPE_HOST, v4.octets().to_vec()),
        IpAddr::V6(v6) => (libc::AF_INET6, libc::RT_SCOPE_UNIVERSE, v6.octets().to_vec()),
    };
    let family = u8::try_from(family).expect("an address family of one byte");
    let mut head = [0; ADDRESS_HEAD];
    head[..4].copy_from_slice(&[family, prefix_length(address), 0, scope]);
    head[4..].copy_from_slice(&LOOPBACK.to_ne_bytes());
    NetlinkMessage::new(kind, flags, &head)
        .attribute(libc::IFA_LOCAL, &octets)
        .attribute(libc::IFA_ADDRESS, &octets)
}

/// The address and the interface's index of a dumped message.
pub(crate) fn read(reply: &NetlinkReply) -> Option<(IpAddr, u32)> {
    let index = u32_at(reply.payload.get(4..ADDRESS_HEAD)?, 0);
    // On a point-to-point link IFA_ADDRESS is the other end; IFA_LOCAL is always this one.
    let octets = reply
        .attribute(ADDRESS_HEAD, libc::IFA_LOCAL)
        .or_else(|| reply.attribute(ADDRESS_HEAD, libc::IFA_ADDRESS))?;
    let address = match octets.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(octets).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(octets).ok()?),
        _ => return None,
    };
    Some((address, index))
}

/// A host may have no IPv6, or not on `lo`; IPv4 it has.
fn is_unavailable(address: IpAddr, error: Errno) -> bool {
    let lacks = [Errno::EACCES, Errno::EAFNOSUPPORT, Errno::EOPNOTSUPP, Errno::EADDRNOTAVAIL];
    address.is_ipv6() && lacks.contains(&error)
}

/// One of the two is enough: NetworkManager drops the label, and an old kernel the protocol.
fn is_marked(reply: &NetlinkReply) -> bool {
    let label = reply.text(ADDRESS_HEAD, libc::IFA_LABEL);
    label.is_some_and(|label| LABELS.contains(&label.as_str()))
        || reply.attribute(ADDRESS_HEAD, IFA_PROTO) == Some(&[PROTOCOL])
}

/// A subscription to every change of an address.
#[derive(Debug)]
pub(crate) struct AddressWatch(NetlinkSocket);

impl AddressWatch {
    pub(crate) fn open() -> Result<Self, HostError> {
        // RTNLGRP_IPV4_IFADDR is group 5, RTNLGRP_IPV6_IFADDR group 9.
        let socket = NetlinkSocket::subscribe(SockProtocol::NetlinkRoute, 1 << 4 | 1 << 8);
        socket.map(Self).map_err(|e| HostError::kernel("watch the addresses", e))
    }

    /// Reads the waiting notifications; false when there were none.
    pub(crate) fn drain(&mut self) -> Result<bool, HostError> {
        self.0.drain().map_err(|e| HostError::kernel("tell what changed", e))
    }
}

impl AsFd for AddressWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests;
