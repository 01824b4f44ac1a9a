//! The TCP sockets of this network namespace, as `/proc/self/net/tcp` and `tcp6` list them; needs no permission.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TcpSocket {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: TcpState,
    /// The user that made it.
    pub owner: u32,
    pub inode: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TcpState {
    Established,
    Listen,
    Other,
}

/// All of them; none where `/proc` is not there.
pub(crate) fn tcp_sockets() -> Vec<TcpSocket> {
    let list = |name: &str| fs::read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default();
    let text = list("tcp") + "\n" + &list("tcp6");
    text.lines().filter_map(parse).collect()
}

/// `0: FEA9FEA9:069A 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …`
fn parse(line: &str) -> Option<TcpSocket> {
    let mut words = line.split_whitespace().skip(1);
    let (local, remote) = (endpoint(words.next()?)?, endpoint(words.next()?)?);
    let state = match words.next()? {
        "01" => TcpState::Established,
        "0A" => TcpState::Listen,
        _ => TcpState::Other,
    };
    let owner = words.nth(3)?.parse().ok()?;
    let inode = words.nth(1)?.parse().ok()?;
    Some(TcpSocket { local, remote, state, owner, inode })
}

/// The kernel prints the address as words in its own byte order.
fn endpoint(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_is_read() {
        let line = "   0: FEA9FEA9:069A 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4711 1 0 100 0 0 10 0";
        let socket = parse(line).expect("a socket");
        assert_eq!(socket.local, "169.254.169.254:1690".parse().expect("an address"));
        assert_eq!((socket.state, socket.owner, socket.inode), (TcpState::Listen, 33, 4711));
        let mapped = "0000000000000000FFFF0000FEA9FEA9:0050";
        assert_eq!(endpoint(mapped), Some("169.254.169.254:80".parse().expect("an address")));
        assert_eq!(parse("  sl  local_address rem_address   st"), None);
    }
}
