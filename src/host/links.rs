//! The network interfaces, by `RTM_GETLINK`; needs no permission.

use std::os::fd::{AsFd, BorrowedFd};

use nix::libc;
use nix::sys::socket::SockProtocol;

use super::HostError;
use super::netlink::{NetlinkMessage, NetlinkReply, NetlinkSocket, u32_at};

/// The fixed part: struct ifinfomsg.
const LINK_HEAD: usize = 16;

/// `RTMGRP_LINK`: the groups of notifications as bits, of which interfaces are the first.
const LINK_GROUPS: u32 = 1;

/// A network interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Link {
    pub index: u32,
    pub name: String,
    /// `IFLA_INFO_KIND`: bridge, veth, vxlan; none for hardware and for some drivers of virtual interfaces.
    pub kind: Option<String>,
    /// The bridge or bond that it is a port of.
    pub master: Option<u32>,
    /// The interface below it, or the other end of a veth, if that is in this network namespace.
    pub lower: Option<u32>,
    /// It belongs to a device, such as a PCI card. Kernels before 5.14 do not tell.
    pub device: bool,
}

impl Link {
    pub(crate) fn is_bridge(&self) -> bool {
        self.kind.as_deref() == Some("bridge")
    }

    fn read(reply: &NetlinkReply) -> Option<Self> {
        let number = |kind| {
            let bytes = reply.attribute(LINK_HEAD, kind)?;
            (bytes.len() == 4).then(|| u32_at(bytes, 0))
        };
        let elsewhere = reply.attribute(LINK_HEAD, libc::IFLA_LINK_NETNSID).is_some();
        Some(Self {
            index: u32_at(reply.payload.get(4..8)?, 0),
            name: reply.text(LINK_HEAD, libc::IFLA_IFNAME)?,
            kind: reply.nested_text(LINK_HEAD, libc::IFLA_LINKINFO, libc::IFLA_INFO_KIND),
            master: number(libc::IFLA_MASTER),
            lower: number(libc::IFLA_LINK).filter(|lower| *lower != 0 && !elsewhere),
            device: reply.attribute(LINK_HEAD, libc::IFLA_PARENT_DEV_NAME).is_some(),
        })
    }
}

/// A route netlink socket for interfaces.
#[derive(Debug)]
pub(crate) struct LinkClient(NetlinkSocket);

impl LinkClient {
    pub(crate) fn open() -> Result<Self, HostError> {
        let socket = NetlinkSocket::open(SockProtocol::NetlinkRoute);
        socket.map(Self).map_err(|e| HostError::kernel("open a route netlink socket", e))
    }

    /// All interfaces of this network namespace.
    pub(crate) fn list(&mut self) -> Result<Vec<Link>, HostError> {
        let dump = NetlinkMessage::new(libc::RTM_GETLINK, 0, &[0; LINK_HEAD]);
        let replies = self.0.dump(&dump).map_err(|e| HostError::kernel("list the interfaces", e))?;
        Ok(replies.iter().filter(|reply| reply.kind == libc::RTM_NEWLINK).filter_map(Link::read).collect())
    }
}

/// A subscription to every change of an interface: added, removed, renamed, made a port.
#[derive(Debug)]
pub(crate) struct LinkWatch(NetlinkSocket);

impl LinkWatch {
    pub(crate) fn open() -> Result<Self, HostError> {
        let socket = NetlinkSocket::subscribe(SockProtocol::NetlinkRoute, LINK_GROUPS);
        socket.map(Self).map_err(|e| HostError::kernel("watch the interfaces", e))
    }

    /// Reads the waiting notifications; false when there were none.
    pub(crate) fn drain(&mut self) -> Result<bool, HostError> {
        self.0.drain().map_err(|e| HostError::kernel("tell which interfaces changed", e))
    }
}

impl AsFd for LinkWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::host::netlink::replies;

    #[test]
    fn what_the_kernel_told_is_read_once() {
        let (ours, kernel) = UnixDatagram::pair().expect("descriptors are left");
        let mut watch = LinkWatch(NetlinkSocket::adopt(ours.into()));
        assert!(matches!(watch.drain(), Ok(false)), "nothing has changed");
        for index in 0..2 {
            let told = NetlinkMessage::new(libc::RTM_NEWLINK, 0, &[0; LINK_HEAD]).finish(0, index);
            kernel.send(&told).expect("it waits");
        }
        assert!(matches!(watch.drain(), Ok(true)), "two interfaces have changed");
        assert!(matches!(watch.drain(), Ok(false)), "nothing has changed since");
    }

    fn link(build: impl FnOnce(NetlinkMessage) -> NetlinkMessage) -> Option<Link> {
        let mut head = [0; LINK_HEAD];
        head[4..8].copy_from_slice(&7_u32.to_ne_bytes());
        let message = NetlinkMessage::new(libc::RTM_NEWLINK, 0, &head).text(libc::IFLA_IFNAME, "veth0");
        let bytes = build(message).finish(0, 1);
        Link::read(&replies(&bytes).next().expect("a message"))
    }

    #[test]
    fn an_interface_is_read_as_the_kernel_tells_it() {
        let number = |number: u32| number.to_ne_bytes();
        let plain = Link { index: 7, name: "veth0".into(), ..Link::default() };
        assert_eq!(link(|message| message), Some(plain.clone()));
        let port = link(|message| message.attribute(libc::IFLA_MASTER, &number(3)));
        assert_eq!(port, Some(Link { master: Some(3), ..plain.clone() }));
        let over = link(|message| message.attribute(libc::IFLA_LINK, &number(4)));
        assert_eq!(over, Some(Link { lower: Some(4), ..plain.clone() }));
        let nothing_below = link(|message| message.attribute(libc::IFLA_LINK, &number(0)));
        assert_eq!(nothing_below, Some(plain.clone()), "a tunnel says 0");
        let elsewhere = link(|message| {
            message.attribute(libc::IFLA_LINK, &number(4)).attribute(libc::IFLA_LINK_NETNSID, &number(0))
        });
        assert_eq!(elsewhere, Some(plain.clone()), "the number is one of another namespace");
        let short = link(|message| message.attribute(libc::IFLA_MASTER, &[3, 0]));
        assert_eq!(short, Some(plain.clone()), "what is no number is none");
        let card = link(|message| message.text(libc::IFLA_PARENT_DEV_NAME, "0000:00:05.0"));
        assert_eq!(card, Some(Link { device: true, ..plain }));
    }

    #[test]
    fn the_loopback_is_listed() {
        let links = LinkClient::open().and_then(|mut client| client.list()).expect("it needs no permission");
        let loopback = links.iter().find(|link| link.name == "lo").expect("each namespace has one");
        assert_eq!((loopback.index, loopback.master, loopback.is_bridge()), (1, None, false));
    }
}
