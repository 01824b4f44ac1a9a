//! The wait for a request head, in no more memory than what came of it: HTTP takes 16 KiB from its first byte on.

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd as _;
use std::pin::pin;

use nix::sys::socket::{MsgFlags, recv};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::shared::Shared;
use super::stage::ConnectionStage;
use super::state::{ConnectionEnd, ConnectionState};

/// What HTTP accepts; with more of them a head is for it to refuse.
const HEADERS: usize = 100;

/// Reads on until a head is whole, or is none, and gives what came. `None` if the connection is over.
pub(super) async fn receive(
    shared: &Shared,
    connection: &ConnectionState,
    stream: &TcpStream,
    mut bytes: Vec<u8>,
    deadline: Instant,
) -> Option<Vec<u8>> {
    let mut deadline = pin!(sleep_until(deadline));
    let mut stop = pin!(shared.stopped());
    let mut stopping = false;
    loop {
        // First without waiting: most clients have sent their request by now.
        match read_available(stream, &mut bytes) {
            Ok(0) => return None,
            Ok(_) if is_complete(&bytes, shared.limits.head_bytes) => return Some(bytes),
            Ok(_) => connection.slot.enter_with(ConnectionStage::Head, bytes.capacity()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let stage = if bytes.is_empty() { ConnectionStage::Idle } else { ConnectionStage::Head };
                connection.slot.enter(stage, bytes.capacity());
            }
            Err(_) => return None,
        }
        tokio::select! {
            biased;
            readable = stream.readable() => readable.ok()?,
            () = &mut deadline => {
                tracing::debug!("{}: connection ended: no request in time", connection.peer);
                return None;
            }
            () = &mut stop, if !stopping => {
                if connection.end() != ConnectionEnd::Unused {
                    return None;
                }
                stopping = true;
                // It connected to be answered; its request may be on the way.
                let first_request = Instant::now() + shared.limits.first_request;
                if deadline.deadline() > first_request {
                    deadline.as_mut().reset(first_request);
                }
            }
        }
    }
}

/// Not async: the buffer is on the stack, not in each connection that waits.
fn read_available(stream: &TcpStream, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    let count = match stream.try_read(&mut buffer) {
        // The runtime may not know yet that there is something to read.
        Err(error) if error.kind() == ErrorKind::WouldBlock && bytes.is_empty() => {
            recv(stream.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT)?
        }
        outcome => outcome?,
    };
    bytes.reserve_exact(count);
    bytes.extend_from_slice(&buffer[..count]);
    Ok(count)
}

/// `true` unless HTTP would wait for more of it.
fn is_complete(bytes: &[u8], limit: usize) -> bool {
    let begins = bytes.first().is_some_and(u8::is_ascii_alphabetic);
    (begins && bytes.ends_with(b"\r\n\r\n")) || bytes.len() >= limit || {
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
        let parsed = httparse::Request::new(&mut []).parse_with_uninit_headers(bytes, &mut headers);
        !parsed.is_ok_and(|status| status.is_partial())
    }
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn a_head_is_waited_for_as_long_as_it_may_become_one() {
        let cases: [(&[u8], bool); 14] = [
            (b"G", false),
            (b"GET / HT", false),
            (b"GET / HTTP/1.1\r\n", false),
            (b"GET / HTTP/1.1\r\nHost: x\r\n", false),
            (b"\r\n\r\n", false),
            (b"\r\nGET / HTTP/1.1\r\n", false),
            (b"GET / HTTP/1.1\r\n\r\n", true),
            (b"GET / HTTP/1.1\n\n", true),
            (b"\r\nGET / HTTP/1.0\r\n\r\n", true),
            (b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\n12345", true),
            (b"\x16\x03\x01", true),
            (b"GET\r\n", true),
            (b"GET / HTTP/9.9\r\n", true),
            (b"GET / HTTP/1.1\r\nno colon\r\n", true),
        ];
        for (bytes, expected) in cases {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(is_complete(bytes, 100), expected, "{text:?}");
        }
        assert!(is_complete(&[b'a'; 100], 100), "longer than a head may be");
        let many = format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(101));
        assert!(is_complete(many.as_bytes(), 16_384), "more headers than there may be");
    }
}
