//! Listening where the original would, with its words when that fails.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener, ToSocketAddrs as _};
use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn6, bind, listen, setsockopt, socket, sockopt,
};

use crate::aemm::{AemmServer, ListenAddress, place};
use crate::files::io_error_text;

/// Listens at hostname and port.
///
/// # Errors
/// `listen tcp …: bind: …`
pub(super) fn at(server: &AemmServer) -> Result<Vec<TcpListener>, String> {
    let (where_, listening) = match place(server)? {
        ListenAddress::Everywhere { port } => (format!("{}:{port}", server.hostname), everywhere(port)),
        ListenAddress::At(address) => (address.to_string(), TcpListener::bind(address)),
        ListenAddress::Named { host, port } => {
            let address = resolve(&host, port)?;
            (address.to_string(), TcpListener::bind(address))
        }
    };
    let listener = listening.map_err(|error| format!("listen tcp {where_}: bind: {}", plain(&error)))?;
    Ok(vec![listener])
}

/// The first address of a name, IPv4 before IPv6.
fn resolve(host: &str, port: u16) -> Result<SocketAddr, String> {
    let found = (host, port).to_socket_addrs().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| format!("listen tcp: lookup {host}: no such host"))
}

/// One socket for both families; a kernel without IPv6 has IPv4.
fn everywhere(port: u16) -> io::Result<TcpListener> {
    match both_families(port) {
        Err(Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)),
        listening => listening.map_err(io::Error::from),
    }
}

fn both_families(port: u16) -> nix::Result<TcpListener> {
    let socket = socket(AddressFamily::Inet6, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, sockopt::Ipv6V6Only, &false)?;
    // A former server's closed connections would hold the port for a minute.
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    let address = SockaddrIn6::from(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0));
    bind(socket.as_raw_fd(), &address)?;
    // As many as the kernel permits. Of a number nix accepts what the C library calls SOMAXCONN: 128 with musl.
    listen(&socket, Backlog::MAXALLOWABLE)?;
    Ok(TcpListener::from(socket))
}

/// As the original's runtime says it.
fn plain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EADDRNOTAVAIL) => "cannot assign requested address".to_owned(),
        _ => io_error_text(error),
    }
}
