//! Listening sockets: bound here, or inherited from a service manager.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::sync::Arc;

use nix::sys::socket::{SockType, getsockopt, setsockopt, sockopt};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpSocket;

use super::{ingress, sys};
use crate::exit::{ExitStatus, Failure};
use crate::model::{ListenEndpoint, Service};

/// Connections that wait in the kernel; the socket units have the same number.
const BACKLOG: u32 = 4096;

/// Bytes of replies that the kernel takes for each connection before its client reads. It doubles the number.
const SEND_BUFFER: usize = 128 * 1024;

#[derive(Debug)]
pub struct Listener {
    socket: Arc<StdListener>,
    pub address: SocketAddr,
    /// The only service that is served there; `None`: that of the address, or all by their paths.
    pub only: Option<Service>,
    /// `true` if a service manager holds it too: connections then queue while nobody accepts.
    pub inherited: bool,
}

/// A listener that a runtime watches.
#[derive(Debug)]
pub(super) struct WatchedListener {
    socket: AsyncFd<Arc<StdListener>>,
    address: SocketAddr,
    only: Option<Service>,
}

/// The socket of a connection, which the runtime does not know yet.
pub(super) struct AcceptedSocket {
    /// It blocks, unless a call asks it not to.
    pub(super) socket: StdStream,
    pub(super) local: IpAddr,
    pub(super) peer: SocketAddr,
    /// The only service of the listener.
    pub(super) only: Option<Service>,
}

impl Listener {
    /// Has the runtime that runs the caller watch it.
    pub(super) fn watch(&self) -> io::Result<WatchedListener> {
        #[expect(
            deprecated,
            reason = "its successor is unsafe; a std listener keeps its descriptor open, which that one asks for"
        )]
        let socket = AsyncFd::with_interest(Arc::clone(&self.socket), Interest::READABLE)?;
        Ok(WatchedListener { socket, address: self.address, only: self.only })
    }
}

impl WatchedListener {
    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> io::Result<AcceptedSocket> {
        let (socket, peer) = self.socket.async_io(Interest::READABLE, |socket| socket.accept()).await?;
        // All connections of a listener have its address, unless it has each of the host's: as `::ffff:0.0.0.0` does too.
        let local = match self.address.ip().to_canonical() {
            any if any.is_unspecified() => socket.local_addr().map_or(peer.ip(), |local| local.ip()),
            one => one,
        };
        Ok(AcceptedSocket { socket, local, peer, only: self.only })
    }
}

/// The sockets that a service manager passed, checked: each must be a listening TCP socket.
#[derive(Debug, Default)]
pub struct InheritedSockets(Vec<StdListener>);

impl InheritedSockets {
    /// Takes the sockets over. To be called first in a process: the descriptors are known by number only.
    pub(crate) fn take() -> Result<Self, Failure> {
        let refuse = |message: String| Failure::new(ExitStatus::Unavailable, message);
        let descriptors = sys::take_listen_fds()
            .map_err(|error| refuse(format!("cannot take over the sockets of LISTEN_FDS: {error}")))?;
        let mut sockets = Vec::new();
        for (number, descriptor) in (3..).zip(descriptors) {
            let listening = getsockopt(&descriptor, sockopt::SockType) == Ok(SockType::Stream)
                && getsockopt(&descriptor, sockopt::AcceptConn) == Ok(true);
            let socket = StdListener::from(descriptor);
            if !listening || socket.local_addr().is_err() {
                return Err(refuse(format!(
                    "descriptor {number} of LISTEN_FDS is not a listening TCP socket; \
                     accepted: ListenStream=ADDRESS:PORT in the socket unit"
                )));
            }
            sockets.push(socket);
        }
        Ok(Self(sockets))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes them over as listeners.
    pub(crate) fn listen(self) -> Result<Vec<Listener>, Failure> {
        self.0.into_iter().map(|socket| register(socket, true)).collect::<io::Result<_>>().map_err(|error| {
            Failure::new(ExitStatus::OsError, format!("an inherited socket cannot be used: {error}"))
        })
    }
}

/// Takes over sockets that listen already.
pub fn adopt(sockets: Vec<StdListener>) -> Result<Vec<Listener>, Failure> {
    sockets.into_iter().map(|socket| register(socket, false)).collect::<io::Result<_>>().map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("a listening socket cannot be used: {error}"))
    })
}

fn register(socket: StdListener, inherited: bool) -> io::Result<Listener> {
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    Ok(with_options(socket, address, inherited))
}

/// Binds these addresses. A runtime has to run the caller.
pub fn bind(addresses: &[impl Into<ListenEndpoint> + Copy]) -> Result<Vec<Listener>, Failure> {
    let bound = addresses.iter().map(|address| {
        let ListenEndpoint { address, only } = (*address).into();
        let listener = bind_one(address).map_err(|error| cannot_bind(address, &error))?;
        Ok(Listener { only, ..listener })
    });
    bound.collect()
}

fn bind_one(address: SocketAddr) -> io::Result<Listener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A former server's closed connections would hold the port for a minute.
    socket.set_reuseaddr(true)?;
    match socket.bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable && is_mock_address(address.ip()) => {
            setsockopt(&socket, sockopt::IpFreebind, &true)?;
            socket.bind(address)?;
            tracing::info!("{} is not an address of this host yet; `mock-imds net up` adds it", address.ip());
        }
        bound => bound?,
    }
    let socket = socket.listen(BACKLOG)?.into_std()?;
    let address = socket.local_addr()?;
    Ok(with_options(socket, address, false))
}

/// `mock-imds net` adds these addresses. Like the socket units, the server need not wait for them: in a pod or a
/// compose project the two start side by side.
fn is_mock_address(address: IpAddr) -> bool {
    Service::at(address).is_some()
}

/// Makes a listener, with the options that accepted sockets inherit.
fn with_options(socket: StdListener, address: SocketAddr, inherited: bool) -> Listener {
    // Replies fit one write each; waiting for more would only delay them. Refused, it costs that delay.
    let _ = setsockopt(&socket, sockopt::TcpNoDelay, &true);
    // What a client does not read takes the kernel's memory, by default some megabytes for each.
    let _ = setsockopt(&socket, sockopt::SndBuf, &SEND_BUFFER);
    ingress::enable_packet_info(&socket, address);
    Listener { socket: Arc::new(socket), address, only: None, inherited }
}

fn cannot_bind(address: SocketAddr, error: &io::Error) -> Failure {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => Failure::new(
            ExitStatus::Unavailable,
            format!(
                "cannot listen on {address}: another process holds the port; \
                 `ss -ltnp 'sport = :{port}'` names it; end it, or choose another port with --listen ADDR:PORT"
            ),
        ),
        ErrorKind::PermissionDenied => Failure::new(
            ExitStatus::NoPermission,
            format!(
                "cannot listen on {address}: permission denied; ports below 1024 are for root; \
                 choose a higher one with --listen ADDR:PORT"
            ),
        ),
        ErrorKind::AddrNotAvailable => Failure::new(
            ExitStatus::Unavailable,
            format!(
                "cannot listen on {address}: this host does not have the address; \
                 `ip address` lists those that it has"
            ),
        ),
        _ => Failure::new(ExitStatus::Unavailable, format!("cannot listen on {address}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_inherited_or_there_are_none() {
        let socket = StdListener::bind("127.0.0.1:0").expect("a free port");
        assert!(InheritedSockets::default().is_empty());
        assert!(!InheritedSockets(vec![socket]).is_empty());
    }

    #[test]
    fn the_services_own_addresses_need_not_be_there() {
        for (address, expected) in [
            ("169.254.169.254", true),
            ("fd00:ec2::254", true),
            ("169.254.170.2", true),
            ("169.254.170.23", true),
            ("fd00:ec2::23", true),
            ("169.254.170.1", false),
            ("169.254.169.253", false),
            ("127.0.0.1", false),
            ("::1", false),
        ] {
            assert_eq!(is_mock_address(address.parse().expect("an address")), expected, "{address}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_had_has_a_reason_and_a_remedy() {
        let address: SocketAddr = "127.0.0.1:80".parse().expect("an address");
        for (code, status, expected) in [
            (
                libc::EADDRINUSE,
                ExitStatus::Unavailable,
                "another process holds the port; `ss -ltnp 'sport = :80'`",
            ),
            (libc::EACCES, ExitStatus::NoPermission, "permission denied; ports below 1024 are for root"),
            (
                libc::EADDRNOTAVAIL,
                ExitStatus::Unavailable,
                "this host does not have the address; `ip address`",
            ),
            (libc::ENOBUFS, ExitStatus::Unavailable, "No buffer space available"),
        ] {
            let failure = cannot_bind(address, &io::Error::from_raw_os_error(code));
            assert_eq!(failure.status, status, "errno {code}: {failure}");
            let expected = format!("cannot listen on 127.0.0.1:80: {expected}");
            assert!(failure.message.starts_with(&expected), "{expected}: {failure}");
        }
    }

    #[tokio::test]
    async fn a_listener_of_each_address_knows_to_which_one_a_connection_came() {
        for any in ["0.0.0.0", "::ffff:0.0.0.0"] {
            let address = SocketAddr::new(any.parse().expect("an address"), 0);
            if address.is_ipv6() && TcpSocket::new_v6().is_err() {
                // A kernel without IPv6.
                continue;
            }
            let [listener] = bind(&[address]).expect("a free port").try_into().expect("one for one");
            let target: SocketAddr = ([127, 0, 0, 2], listener.address.port()).into();
            let _client = StdStream::connect(target).expect("it listens at each address");
            let watched = listener.watch().expect("the runtime watches it");
            let accepted = watched.accept().await.expect("a connection");
            assert_eq!(accepted.local.to_canonical(), target.ip(), "listening at {any}");
        }
    }
}
