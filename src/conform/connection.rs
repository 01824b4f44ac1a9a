//! One request on a connection of its own. Proxies are not used: link-local addresses are nobody else's.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::probe::{ProbeMethod, ProbeRequest, RequestForm};
use super::raw_response::{ParsedResponse, RawResponse, parse};
use crate::clock::monotonic;
use crate::files::io_error_text;
use crate::model::format_duration;
use crate::record::Target;

/// A metadata service is one hop away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that the end of a connection has after the answer.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// No value is longer.
const MAX_BYTES: usize = 1 << 20;

/// The reason that there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// No connection was made.
    Unreachable(String),
    /// A connection was made.
    Failed(String),
}

impl NoAnswer {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Unreachable(text) | Self::Failed(text) => text,
        }
    }
}

/// The addresses of a target.
pub(super) fn addresses(target: &Target) -> Result<Vec<SocketAddr>, NoAnswer> {
    let found = (target.host.as_str(), target.port).to_socket_addrs();
    let found: Vec<_> = found.map_err(|error| NoAnswer::Unreachable(io_error_text(&error)))?.collect();
    if found.is_empty() { Err(NoAnswer::Unreachable("no address".to_owned())) } else { Ok(found) }
}

/// Sends a request and reads what comes, within `limit` at most.
pub(super) fn exchange(
    addresses: &[SocketAddr],
    authority: &str,
    request: &ProbeRequest,
    limit: Duration,
) -> Result<RawResponse, NoAnswer> {
    let started = monotonic();
    let mut stream = connect(addresses, limit)?;
    let sent = stream.write_all(&request.bytes(authority));
    let mut bytes = vec![];
    let is_head = request.method == ProbeMethod::Head;
    let limit = limit.min(RESPONSE_TIMEOUT);
    let mut response = loop {
        let left = limit.saturating_sub(started.elapsed());
        let received = receive(&mut stream, &mut bytes, left);
        let ended = matches!(received, Received::Ended | Received::Broken(_));
        match parse(&bytes, is_head, ended) {
            ParsedResponse::Whole(response) => break RawResponse { closed: ended, ..response },
            ParsedResponse::Invalid(why) => {
                return Err(NoAnswer::Failed(first_problem(&sent, &received, &bytes, why)));
            }
            ParsedResponse::Unfinished => {}
        }
        if matches!(received, Received::Nothing) {
            return Err(NoAnswer::Failed(format!("no whole answer within {}", format_duration(limit))));
        }
        if bytes.len() > MAX_BYTES {
            return Err(NoAnswer::Failed(format!("more than {MAX_BYTES} bytes")));
        }
    };
    response.took = started.elapsed();
    if request.form != RequestForm::Usual && !response.closed {
        response.closed = read_on(&mut stream, &mut response.extra);
    }
    Ok(response)
}

fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, NoAnswer> {
    let mut why = NoAnswer::Unreachable("no address".to_owned());
    let limit = limit.min(CONNECT_TIMEOUT).max(Duration::from_millis(1));
    for address in addresses {
        match TcpStream::connect_timeout(address, limit) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                why = NoAnswer::Unreachable(format!("no connection within {}", format_duration(limit)));
            }
            Err(error) => why = NoAnswer::Unreachable(io_error_text(&error)),
        }
    }
    Err(why)
}

enum Received {
    Bytes,
    Ended,
    /// The time is over.
    Nothing,
    Broken(String),
}

fn receive(stream: &mut TcpStream, into: &mut Vec<u8>, within: Duration) -> Received {
    let mut buffer = [0; 16 * 1024];
    if within.is_zero() || stream.set_read_timeout(Some(within)).is_err() {
        return Received::Nothing;
    }
    match stream.read(&mut buffer) {
        Ok(0) => Received::Ended,
        Ok(count) => {
            into.extend_from_slice(&buffer[..count]);
            Received::Bytes
        }
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Received::Nothing,
            ErrorKind::Interrupted => Received::Bytes,
            _ => Received::Broken(io_error_text(&error)),
        },
    }
}

/// Reads what follows the answer. True if that ends in time.
fn read_on(stream: &mut TcpStream, extra: &mut Vec<u8>) -> bool {
    let started = monotonic();
    while extra.len() < MAX_BYTES {
        match receive(stream, extra, CLOSE_TIMEOUT.saturating_sub(started.elapsed())) {
            Received::Bytes => {}
            Received::Ended | Received::Broken(_) => return true,
            Received::Nothing => return false,
        }
    }
    false
}

/// What went wrong first.
fn first_problem(sent: &std::io::Result<()>, received: &Received, bytes: &[u8], why: String) -> String {
    match (sent, received) {
        (Err(error), _) => io_error_text(error),
        (_, Received::Broken(why)) => why.clone(),
        (_, Received::Ended) if bytes.is_empty() => "the connection ended without an answer".to_owned(),
        _ => why,
    }
}
