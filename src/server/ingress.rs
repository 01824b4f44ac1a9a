//! The way of a client to the server: by `lo`, or by a bridge.
//!
//! A sandboxed server can't list the host's addresses. The kernel remembers the interface by which a connection
//! came, and gives it with the packet info of the accepted socket if the listener has enabled packet infos.
//! Interface 1 is `lo` in every network namespace. Without a packet info, the addresses decide.

use std::mem::size_of;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;

use nix::sys::socket::{setsockopt, sockopt};

use super::sys;
use crate::imds::Ingress;

const LOOPBACK: u32 = 1;

/// Makes the kernel keep the packet infos of the connections that this listener accepts.
///
/// A kernel that refuses is no failure: [`of`] then has the addresses only.
pub(super) fn enable_packet_info(listener: &impl AsFd, address: SocketAddr) {
    // An IPv6 listener may accept IPv4 clients too.
    let _ = setsockopt(listener, sockopt::Ipv4PacketInfo, &true);
    if address.is_ipv6() {
        let _ = setsockopt(listener, sockopt::Ipv6RecvPacketInfo, &true);
    }
}

/// The ingress of the client at the other end of an accepted socket.
pub(super) fn of(socket: &impl AsFd, local: IpAddr, peer: IpAddr) -> Ingress {
    if by_address(local, peer) == Ingress::Host {
        return Ingress::Host;
    }
    let v4 = peer.to_canonical().is_ipv4();
    let (level, option) =
        if v4 { (libc::SOL_IP, libc::IP_PKTOPTIONS) } else { (libc::SOL_IPV6, libc::IPV6_2292PKTOPTIONS) };
    let mut buffer = [0; sys::CONTROL_BYTES];
    let length = sys::packet_options(socket.as_fd(), level, option, &mut buffer).unwrap_or(0);
    match interface_index(&buffer[..length]) {
        Some(LOOPBACK) => Ingress::Host,
        Some(_) | None => Ingress::Bridge,
    }
}

/// The ingress by the addresses: this host connects to itself from the address that it connects to, or from a
/// loopback one.
///
/// The kernel drops packets with such a source that come from outside. For an IPv6 connection within this host its
/// packet info has the interface with the address, not `lo`.
fn by_address(local: IpAddr, peer: IpAddr) -> Ingress {
    let (local, peer) = (local.to_canonical(), peer.to_canonical());
    if peer == local || peer.is_loopback() { Ingress::Host } else { Ingress::Bridge }
}

/// The interface index in the packet info among these control messages.
///
/// Each message is a `struct cmsghdr` (length including the header, level, type) and its data, aligned to a word.
fn interface_index(mut messages: &[u8]) -> Option<u32> {
    const WORD: usize = size_of::<usize>();
    const HEADER: usize = WORD + 8;
    while messages.len() >= HEADER {
        let length = usize::from_ne_bytes(messages[..WORD].try_into().ok()?);
        let data = messages.get(HEADER..length)?;
        let kind = (field(messages, WORD)?, field(messages, WORD + 4)?);
        let index = match (i32::from_ne_bytes(kind.0), i32::from_ne_bytes(kind.1)) {
            // struct in_pktinfo begins with the index; struct in6_pktinfo has an address before it.
            (libc::SOL_IP, libc::IP_PKTINFO) => field(data, 0),
            (libc::SOL_IPV6, libc::IPV6_PKTINFO | libc::IPV6_2292PKTINFO) => field(data, 16),
            _ => None,
        };
        if let Some(index) = index.map(u32::from_ne_bytes).filter(|index| *index != 0) {
            return Some(index);
        }
        messages = messages.get(length.next_multiple_of(WORD)..)?;
    }
    None
}

fn field(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at + 4)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let mut bytes = (size_of::<usize>() + 8 + data.len()).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(size_of::<usize>()), 0);
        bytes
    }

    fn v4_info(index: u32) -> Vec<u8> {
        [&index.to_ne_bytes()[..], &[127, 0, 0, 1], &[127, 0, 0, 1]].concat()
    }

    /// The interface of number 1 is `lo` in each namespace.
    #[test]
    fn the_kernel_tells_the_interface_of_a_connection() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        enable_packet_info(&listener, address);
        let _client = std::net::TcpStream::connect(address).expect("it listens");
        let (accepted, _) = listener.accept().expect("a client");
        let mut buffer = [0; sys::CONTROL_BYTES];
        let length = sys::packet_options(accepted.as_fd(), libc::SOL_IP, libc::IP_PKTOPTIONS, &mut buffer);
        assert_eq!(interface_index(&buffer[..length.expect("the kernel has it")]), Some(LOOPBACK));
        // Whatever the addresses.
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().expect("an address"));
        assert_eq!([of(&accepted, one, one), of(&accepted, one, other)], [Ingress::Host; 2]);
    }

    #[test]
    fn without_the_kernels_word_the_addresses_decide() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let _client = std::net::TcpStream::connect(address).expect("it listens");
        let (accepted, _) = listener.accept().expect("a client");
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().expect("an address"));
        assert_eq!([of(&accepted, one, one), of(&accepted, one, other)], [Ingress::Host, Ingress::Bridge]);
        assert_eq!(of(&accepted, one, address.ip()), Ingress::Host, "from a loopback address");
    }

    #[test]
    fn the_index_is_found_among_other_messages() {
        let ttl = message(libc::SOL_IP, libc::IP_TTL, &64i32.to_ne_bytes());
        let v4 = message(libc::SOL_IP, libc::IP_PKTINFO, &v4_info(7));
        let v6 = message(libc::SOL_IPV6, libc::IPV6_PKTINFO, &[&[0; 16][..], &9u32.to_ne_bytes()].concat());
        assert_eq!(interface_index(&v4), Some(7));
        assert_eq!(interface_index(&v6), Some(9));
        assert_eq!(interface_index(&[ttl.clone(), v4].concat()), Some(7));
        assert_eq!(interface_index(&ttl), None);
        assert_eq!(
            interface_index(&message(libc::SOL_IP, libc::IP_PKTINFO, &v4_info(0))),
            None,
            "0 is no interface"
        );
    }

    #[test]
    fn a_cut_message_is_no_message() {
        let whole = message(libc::SOL_IP, libc::IP_PKTINFO, &v4_info(7));
        for length in 0..28 {
            assert_eq!(interface_index(&whole[..length]), None, "the first {length} bytes");
        }
        let mut endless = whole.clone();
        endless[..size_of::<usize>()].copy_from_slice(&0usize.to_ne_bytes());
        assert_eq!(interface_index(&endless), None);
    }

    #[test]
    fn the_addresses_tell_who_connects_to_itself() {
        let cases = [
            ("127.0.0.1", "127.0.0.1", Ingress::Host),
            ("169.254.169.254", "169.254.169.254", Ingress::Host),
            ("169.254.169.254", "127.0.0.1", Ingress::Host),
            ("::ffff:127.0.0.1", "::ffff:127.0.0.2", Ingress::Host),
            ("169.254.169.254", "172.17.0.2", Ingress::Bridge),
            ("fd00:ec2::254", "fd00:ec2::254", Ingress::Host),
            ("fd00:ec2::254", "fd12::3", Ingress::Bridge),
        ];
        for (local, peer, expected) in cases {
            let found = by_address(local.parse().unwrap(), peer.parse().unwrap());
            assert_eq!(found, expected, "{peer} at {local}");
        }
    }
}
