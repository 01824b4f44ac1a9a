//! Writing to a client's socket, and what is left to read on it.

use std::io::{self, ErrorKind};
use std::mem;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::limits::Limits;
use crate::server::stage::ConnectionStage;
use crate::server::table::Slot;
use crate::server::wire::reset_on_close;

/// Writes all, unless the client reads nothing for too long. Then, or if it is ended for others, it leaves with a
/// reset.
pub(super) async fn write_all(
    stream: &TcpStream,
    slot: &Slot,
    limits: &Limits,
    mut bytes: &[u8],
) -> io::Result<()> {
    let (held, mut blocked) = (bytes.len(), false);
    while !bytes.is_empty() {
        let written = try_write(stream, bytes)?;
        bytes = &bytes[written..];
        if written == 0 {
            if !mem::replace(&mut blocked, true) {
                reset_on_close(stream, true);
            }
            slot.enter(ConnectionStage::Blocked, held);
            timeout(limits.write, stream.writable()).await.map_err(|_| ErrorKind::TimedOut)??;
        }
    }
    if blocked {
        reset_on_close(stream, false);
        slot.enter(ConnectionStage::Answering, 0);
    }
    Ok(())
}

/// Writes what the socket takes at once, and gives the number of bytes.
pub(super) fn try_write(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match stream.try_write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}

/// As [`try_write`], on a socket that the runtime does not know.
pub(super) fn send_now(socket: &std::net::TcpStream, bytes: &[u8]) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match send(socket.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL) {
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
        written => Ok(written?),
    }
}

/// `true` if the client has sent more than was read.
pub(in crate::server) fn has_unread(socket: &impl AsRawFd) -> bool {
    // Asks the kernel: the runtime may not know yet.
    recv(socket.as_raw_fd(), &mut [0; 64], MsgFlags::MSG_DONTWAIT).is_ok_and(|bytes| bytes > 0)
}

/// `true` if the client has closed its side, or the connection: it does not wait for a reply any more.
pub(in crate::server) fn has_left(socket: &impl AsRawFd) -> bool {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK;
    matches!(recv(socket.as_raw_fd(), &mut [0; 1], flags), Ok(0) | Err(Errno::ECONNRESET))
}
