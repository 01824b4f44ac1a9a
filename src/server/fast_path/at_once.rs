//! The first round of a new connection, before the runtime knows its socket.
//!
//! Mostly the request has come by then, and where a connection is for one request it ends with the reply: the kernel is
//! spared the calls that register the socket and forget it again.

use std::net::TcpStream;
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{MsgFlags, recv};

use super::socket::send_now;
use super::{BUFFERS, Buffers, FastPath, Next, Round};
use crate::server::state::ConnectionEnd;

impl FastPath<'_> {
    /// Answers what a new connection has sent, and gives `true` if it is over with that.
    pub(in crate::server) fn serve_at_once(&mut self, socket: &TcpStream) -> bool {
        let round = BUFFERS.with_borrow_mut(|Buffers { read, write }| {
            let count =
                recv(socket.as_raw_fd(), read, MsgFlags::MSG_DONTWAIT).ok().filter(|count| *count > 0)?;
            write.clear();
            let next = self.answer_received(&read[..count], write);
            let written = send_now(socket, write);
            Some(written.map(|written| Round { next, unwritten: write[written..].to_vec() }))
        });
        match round {
            // Nothing has come, or the end: the rest finds out.
            None => false,
            Some(Err(_)) => true,
            Some(Ok(Round { next: Next::Close, unwritten })) if unwritten.is_empty() => {
                let lingers = self.close(socket) == ConnectionEnd::Linger;
                self.first_round = lingers.then_some(Round { next: Next::Linger, unwritten });
                !lingers
            }
            Some(Ok(round)) => {
                self.first_round = Some(round);
                false
            }
        }
    }
}
