//! Interfaces and routes, by netlink; needs no permission.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::SockProtocol;

use crate::doctor::facts::{CallerInterface, Observation, RouteDetour};
use crate::host::address::LOOPBACK;
use crate::host::links::{Link, LinkClient};
use crate::host::netlink::{NetlinkMessage, NetlinkReply, NetlinkSocket, u32_at};
use crate::host::settings::HostSettings;
use crate::host::uplinks::{self, Uplink};
use crate::model::endpoint::ADDRESS_V4;

/// The fixed parts: struct ifaddrmsg and rtmsg.
const ADDRESS_HEAD: usize = 8;
const ROUTE_HEAD: usize = 12;

/// `RTM_F_LOOKUP_TABLE`.
const LOOKUP_TABLE: u32 = 0x1000;

pub(super) struct Interfaces {
    /// On the allow-list and trusted, and not a port of a bridge.
    pub(super) callers: Vec<CallerInterface>,
    /// On the allow-list, and leading out of this host.
    pub(super) uplinks: Vec<Uplink>,
    /// Bridges with an address and a port that are not on the list.
    pub(super) unlisted_bridges: Vec<String>,
}

/// The interfaces, divided by the allow-list.
pub(super) fn interfaces(settings: &HostSettings) -> Observation<Interfaces> {
    let links = LinkClient::open().and_then(|mut client| client.list());
    let links = links.map_err(|error| error.to_string())?;
    let networks =
        NetlinkSocket::open(SockProtocol::NetlinkRoute).and_then(|mut socket| networks(&mut socket));
    let networks = networks.map_err(|error| format!("cannot list the networks ({error})"))?;
    let uplinks = uplinks::uplinks(&links, &settings.bridges);
    let listed = |link: &Link| settings.bridges.iter().any(|pattern| pattern.matches(&link.name));
    let kept_out = |link: &Link| uplinks.iter().any(|uplink| uplink.name == link.name);
    let network = |link: &Link| networks.iter().find(|(index, _)| *index == link.index).map(|(_, net)| *net);
    let free = links.iter().filter(|link| link.index != LOOPBACK && link.master.is_none());
    let callers = free.clone().filter(|link| listed(link) && !kept_out(link)).map(|link| CallerInterface {
        name: link.name.clone(),
        caller_address: network(link).and_then(neighbour),
    });
    let has_port = |link: &&Link| links.iter().any(|port| port.master == Some(link.index));
    let unlisted_bridges = free.filter(|link| link.is_bridge() && !listed(link) && network(link).is_some());
    let unlisted_bridges = unlisted_bridges.filter(has_port).map(|link| link.name.clone()).collect();
    Ok(Interfaces { callers: callers.collect(), uplinks, unlisted_bridges })
}

/// The first IPv4 network of each interface.
fn networks(socket: &mut NetlinkSocket) -> Result<Vec<(u32, Ipv4Net)>, Errno> {
    let mut head = [0; ADDRESS_HEAD];
    head[0] = family();
    let replies = socket.dump(&NetlinkMessage::new(libc::RTM_GETADDR, 0, &head))?;
    let network = |reply: &NetlinkReply| {
        let octets: [u8; 4] = reply.attribute(ADDRESS_HEAD, libc::IFA_LOCAL)?.try_into().ok()?;
        let index = u32_at(reply.payload.get(4..ADDRESS_HEAD)?, 0);
        Some((index, Ipv4Net::new(octets.into(), *reply.payload.get(1)?).ok()?))
    };
    Ok(replies.iter().filter_map(network).collect())
}

/// Another address of the network: with the last two bits inverted, .1 and .2 are swapped.
fn neighbour(network: Ipv4Net) -> Option<Ipv4Addr> {
    (network.prefix_len() <= 30).then(|| Ipv4Addr::from(u32::from(network.addr()) ^ 3))
}

fn family() -> u8 {
    u8::try_from(libc::AF_INET).expect("an address family of one byte")
}

/// Wrong routes of the packets of this host, of those of callers, and of the answers to callers.
pub(super) fn detours(callers: &[CallerInterface]) -> Observation<Vec<RouteDetour>> {
    let mut socket = NetlinkSocket::open(SockProtocol::NetlinkRoute)
        .map_err(|error| format!("cannot query the routes ({error})"))?;
    let mut detours = Vec::new();
    let here = Route { to: ADDRESS_V4, from: None, by: None };
    detours.extend(find_detour(&mut socket, here, "packets of this host to 169.254.169.254", LOOPBACK, "lo"));
    for interface in callers {
        let (Some(caller), Some(index)) = (interface.caller_address, index(&interface.name)) else {
            continue;
        };
        let name = &interface.name;
        let route = Route { to: ADDRESS_V4, from: Some(caller), by: Some((index, name)) };
        let what = format!("packets from {name} to 169.254.169.254");
        detours.extend(find_detour(&mut socket, route, &what, LOOPBACK, "lo"));
        let route = Route { to: caller, from: Some(ADDRESS_V4), by: None };
        detours.extend(find_detour(
            &mut socket,
            route,
            &format!("answers to callers on {name}"),
            index,
            name,
        ));
    }
    Ok(detours)
}

#[derive(Clone, Copy)]
struct Route<'a> {
    to: Ipv4Addr,
    from: Option<Ipv4Addr>,
    by: Option<(u32, &'a str)>,
}

impl Route<'_> {
    fn command(&self) -> String {
        let from = self.from.map_or_else(String::new, |from| format!(" from {from}"));
        let by = self.by.map_or_else(String::new, |(_, name)| format!(" iif {name}"));
        format!("ip route get {}{from}{by}; ip rule show", self.to)
    }
}

fn find_detour(
    socket: &mut NetlinkSocket,
    route: Route<'_>,
    what: &str,
    expected: u32,
    name: &str,
) -> Option<RouteDetour> {
    let found = match query_route(socket, route) {
        Ok((index, _)) if index == expected => return None,
        Ok((index, table)) => {
            let interface = link_name(index).unwrap_or_else(|| format!("number {index}"));
            format!("the interface {interface}, by the routing table {table}")
        }
        // The kernel answers for a packet that it would drop.
        Err(error) => format!("nowhere ({})", error.desc()),
    };
    Some(RouteDetour { traffic: what.into(), expected: name.into(), found, command: route.command() })
}

/// The interface and the routing table by which the kernel would send it; one for this host goes by `lo`.
fn query_route(socket: &mut NetlinkSocket, route: Route<'_>) -> Result<(u32, u32), Errno> {
    let mut head = [0; ROUTE_HEAD];
    head[0] = family();
    head[1] = 32;
    head[2] = if route.from.is_some() { 32 } else { 0 };
    // Otherwise the answer names the main table, whichever it was.
    head[8..12].copy_from_slice(&LOOKUP_TABLE.to_ne_bytes());
    let mut message =
        NetlinkMessage::new(libc::RTM_GETROUTE, 0, &head).attribute(libc::RTA_DST, &route.to.octets());
    if let Some(from) = route.from {
        message = message.attribute(libc::RTA_SRC, &from.octets());
    }
    if let Some((index, _)) = route.by {
        message = message.attribute(libc::RTA_IIF, &index.to_ne_bytes());
    }
    let replies = socket.request(message)?;
    let reply = replies.first().ok_or(Errno::ENODATA)?;
    let number = |kind| reply.attribute(ROUTE_HEAD, kind).map(|bytes| u32_at(bytes, 0));
    let local = reply.payload.get(7) == Some(&libc::RTN_LOCAL);
    let index = if local { Some(LOOPBACK) } else { number(libc::RTA_OIF) };
    Ok((index.unwrap_or(0), number(libc::RTA_TABLE).unwrap_or(0)))
}

fn index(name: &str) -> Option<u32> {
    links().into_iter().find(|link| link.name == name).map(|link| link.index)
}

fn link_name(index: u32) -> Option<String> {
    links().into_iter().find(|link| link.index == index).map(|link| link.name)
}

/// The interfaces, or none where they can't be listed.
fn links() -> Vec<Link> {
    LinkClient::open().and_then(|mut client| client.list()).unwrap_or_default()
}
