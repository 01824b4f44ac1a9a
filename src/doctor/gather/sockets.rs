//! TCP sockets, and the processes behind them as far as root may see.

use std::fs;
use std::net::{IpAddr, SocketAddr};

use crate::doctor::facts::ListeningSocket;
use crate::host::tcp_sockets::{TcpSocket, TcpState, tcp_sockets};
use crate::model::endpoint::{METADATA_PORT, SERVICE_PORT};

/// The sockets that listen on a port of ours.
pub(super) fn listeners() -> Vec<ListeningSocket> {
    let listens = |socket: &TcpSocket| {
        socket.state == TcpState::Listen && [METADATA_PORT, SERVICE_PORT].contains(&socket.local.port())
    };
    let sockets = tcp_sockets().into_iter().filter(listens);
    sockets.map(|socket| ListeningSocket { address: socket.local, process: process(socket.inode) }).collect()
}

/// The user whose socket accepts the connections to this address of the host.
pub(crate) fn listener_owner(address: SocketAddr) -> Option<u32> {
    let sockets: Vec<TcpSocket> = tcp_sockets()
        .into_iter()
        .filter(|socket| socket.state == TcpState::Listen && socket.local.port() == address.port())
        .collect();
    let at = |fits: &dyn Fn(IpAddr) -> bool| sockets.iter().find(|socket| fits(socket.local.ip()));
    // The kernel prefers a socket of the very address to one of all addresses.
    let accepts = at(&|ip| ip == address.ip()).or_else(|| at(&|ip| ip.is_unspecified()))?;
    Some(accepts.owner)
}

/// The end of a connection of this host that is not ours, as its own side names it: after any redirect.
pub(super) fn other_end(ours: SocketAddr) -> Option<SocketAddr> {
    let other = tcp_sockets()
        .into_iter()
        .find(|socket| socket.remote == ours && socket.state == TcpState::Established);
    other.map(|socket| socket.local)
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
    fn the_owner_of_a_listener_is_found() {
        let ours = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = ours.expect("a port is free");
        assert_eq!(listener_owner(address), Some(nix::unistd::geteuid().as_raw()));
        drop(listener);
        assert_eq!(listener_owner(address), None);
    }
}
