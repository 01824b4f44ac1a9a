//! Asks the kernel. Needs no permission but for the rules of others, which are left out without it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use ipnet::{IpNet, Ipv4Net};
use nix::libc;
use nix::sys::socket::SockProtocol;

use super::{ConflictFacts, NETWORK, OtherNetwork};
use crate::host::HostError;
use crate::host::address::{AddressClient, LOOPBACK};
use crate::host::links::{Link, LinkClient};
use crate::host::netlink::{NetlinkMessage, NetlinkReply, NetlinkSocket, u32_at};
use crate::host::nft::NftClient;
use crate::host::tcp_sockets::{TcpSocket, TcpState, tcp_sockets};
use crate::model::Service;

/// The fixed part: struct rtmsg.
const ROUTE_HEAD: usize = 12;

/// The control groups of the agent's unit, by the second and the first version of them. systemd cannot be asked from the
/// guardian's sandbox.
const ECS_SERVICE: [&str; 2] =
    ["/sys/fs/cgroup/system.slice/ecs.service", "/sys/fs/cgroup/systemd/system.slice/ecs.service"];

/// `tables` is any client of `nf_tables`; without one, or without the permission, no redirects are seen.
pub(crate) fn gather(
    addresses: &mut AddressClient,
    links: &mut LinkClient,
    tables: Option<&mut NftClient>,
) -> Result<ConflictFacts, HostError> {
    let links = links.list()?;
    let sockets = tcp_sockets().into_iter().filter(is_listener_of_root);
    let mut networks = addressed(addresses)?;
    networks.extend(routed(&links)?);
    let services = [Service::Ecs.ipv4(), Service::PodIdentity.ipv4()];
    let redirects = match tables.map(|tables| tables.foreign_redirects(&services)) {
        None | Some(Err(HostError::NotPermitted)) => vec![],
        Some(found) => found?,
    };
    Ok(ConflictFacts {
        links: links.into_iter().map(|link| link.name).collect(),
        networks,
        listeners: sockets.map(|socket| socket.local).collect(),
        ecs_service: ECS_SERVICE.iter().any(|group| Path::new(group).exists()),
        redirects,
    })
}

/// The agent runs as root, in its container too.
fn is_listener_of_root(socket: &TcpSocket) -> bool {
    socket.state == TcpState::Listen && socket.owner == 0
}

fn addressed(addresses: &mut AddressClient) -> Result<Vec<OtherNetwork>, HostError> {
    let found = addresses.find_by(is_of_endpoints)?;
    let elsewhere = found.into_iter().filter(|found| !found.loopback);
    let network = elsewhere.filter_map(|found| {
        let network = IpNet::new(found.address, found.prefix).ok()?;
        Some(OtherNetwork { network, interface: found.interface, routed: false })
    });
    Ok(network.collect())
}

/// In the network of the endpoints, or the one IPv6 address that they have.
fn is_of_endpoints(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => NETWORK.contains(&address),
        IpAddr::V6(address) => Service::PodIdentity.ipv6() == Some(address),
    }
}

/// Routes to the network or into it, not those that merely cover it, such as 169.254.0.0/16.
fn routed(links: &[Link]) -> Result<Vec<OtherNetwork>, HostError> {
    let failed = |error| HostError::kernel("list the routes", error);
    let mut socket = NetlinkSocket::open(SockProtocol::NetlinkRoute).map_err(failed)?;
    let mut head = [0; ROUTE_HEAD];
    head[0] = u8::try_from(libc::AF_INET).expect("an address family of one byte");
    let routes = socket.dump(&NetlinkMessage::new(libc::RTM_GETROUTE, 0, &head)).map_err(failed)?;
    let found = routes.iter().filter_map(|route| {
        let (network, index) = destination(route)?;
        let within = NETWORK.contains(&network) && index != LOOPBACK;
        let interface = links.iter().find(|link| within && link.index == index)?.name.clone();
        Some(OtherNetwork { network: network.into(), interface, routed: true })
    });
    Ok(found.collect())
}

/// The destination of a unicast route, and the interface that it leads to.
fn destination(route: &NetlinkReply) -> Option<(Ipv4Net, u32)> {
    if route.payload.get(7) != Some(&libc::RTN_UNICAST) {
        return None;
    }
    let octets: [u8; 4] = route.attribute(ROUTE_HEAD, libc::RTA_DST)?.try_into().ok()?;
    let network = Ipv4Net::new(Ipv4Addr::from(octets), *route.payload.get(1)?).ok()?;
    let index = route.attribute(ROUTE_HEAD, libc::RTA_OIF).filter(|bytes| bytes.len() == 4)?;
    Some((network, u32_at(index, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_network_and_of_pod_identity_matter() {
        for (address, expected) in [
            ("169.254.170.2", true),
            ("169.254.170.255", true),
            ("169.254.169.254", false),
            ("169.254.171.0", false),
            ("fd00:ec2::23", true),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_of_endpoints(address.parse().expect("an address")), expected, "{address}");
        }
    }

    #[test]
    fn only_root_can_be_the_agent() {
        let address = "127.0.0.1:51679".parse().expect("an address");
        let socket =
            TcpSocket { local: address, remote: address, state: TcpState::Listen, owner: 0, inode: 1 };
        assert!(is_listener_of_root(&socket));
        assert!(
            !is_listener_of_root(&TcpSocket { owner: 1000, ..socket.clone() }),
            "any user can listen there"
        );
        assert!(!is_listener_of_root(&TcpSocket { state: TcpState::Established, ..socket }));
    }
}
