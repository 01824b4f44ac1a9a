//! TCP sockets as `/proc/net/tcp` and `tcp6` list them; the processes behind them as far as root may see.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::doctor::facts::ListeningSocket;
use crate::model::endpoint::{METADATA_PORT, SERVICE_PORT};

const ESTABLISHED: &str = "01";
const LISTEN: &str = "0A";

#[derive(Debug, Clone, PartialEq, Eq)]
struct Socket {
    local: SocketAddr,
    remote: SocketAddr,
    state: String,
    /// The user that made it.
    owner: u32,
    inode: u64,
}

/// The sockets that listen on a port of ours.
pub(super) fn listeners() -> Vec<ListeningSocket> {
    let listens = |socket: &Socket| {
        socket.state == LISTEN && [METADATA_PORT, SERVICE_PORT].contains(&socket.local.port())
    };
    let sockets = read().into_iter().filter(listens);
    sockets.map(|socket| ListeningSocket { address: socket.local, process: process(socket.inode) }).collect()
}

/// The user whose socket accepts the connections to this address of the host.
pub(crate) fn listener_owner(address: SocketAddr) -> Option<u32> {
    let sockets: Vec<Socket> = read()
        .into_iter()
        .filter(|socket| socket.state == LISTEN && socket.local.port() == address.port())
        .collect();
    let at = |fits: &dyn Fn(IpAddr) -> bool| sockets.iter().find(|socket| fits(socket.local.ip()));
    // The kernel prefers a socket of the very address to one of all addresses.
    let accepts = at(&|ip| ip == address.ip()).or_else(|| at(&|ip| ip.is_unspecified()))?;
    Some(accepts.owner)
}

/// The end of a connection of this host that is not ours, as its own side names it: after any redirect.
pub(super) fn other_end(ours: SocketAddr) -> Option<SocketAddr> {
    let other = read().into_iter().find(|socket| socket.remote == ours && socket.state == ESTABLISHED);
    other.map(|socket| socket.local)
}

fn read() -> Vec<Socket> {
    let list = |name: &str| fs::read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default();
    let text = list("tcp") + "\n" + &list("tcp6");
    text.lines().filter_map(parse).collect()
}

/// `0: FEA9FEA9:069A 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …`
fn parse(line: &str) -> Option<Socket> {
    let mut words = line.split_whitespace().skip(1);
    let (local, remote) = (endpoint(words.next()?)?, endpoint(words.next()?)?);
    let state = words.next()?.to_owned();
    let owner = words.nth(3)?.parse().ok()?;
    let inode = words.nth(1)?.parse().ok()?;
    Some(Socket { local, remote, state, owner, inode })
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

/// The process that has the socket open: `nginx (process 812)`.
fn process(inode: u64) -> Option<String> {
    let wanted = format!("socket:[{inode}]");
    let has = |pid: &str| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        descriptors
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|target| target.to_string_lossy() == wanted)
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().into_string().ok());
    let mut owners: Vec<u32> = pids
        .filter(|pid| pid.bytes().all(|b| b.is_ascii_digit()) && has(pid))
        .filter_map(|pid| pid.parse().ok())
        .collect();
    // A held socket is open in systemd and in the server; the server says more.
    owners.sort_unstable();
    let pid = owners.last()?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("{} (process {pid})", name.trim()))
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
        assert_eq!((socket.state.as_str(), socket.owner, socket.inode), (LISTEN, 33, 4711));
        let mapped = "0000000000000000FFFF0000FEA9FEA9:0050";
        assert_eq!(endpoint(mapped), Some("169.254.169.254:80".parse().expect("an address")));
        let ours = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = ours.expect("a port is free");
        assert_eq!(listener_owner(address), Some(nix::unistd::geteuid().as_raw()));
        drop(listener);
        assert_eq!(listener_owner(address), None);
        assert_eq!(parse("  sl  local_address rem_address   st"), None);
    }
}
