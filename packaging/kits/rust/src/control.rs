//! HTTP over the control socket: one connection for each request, which the server closes.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::Error;

/// Longer than the server takes for anything.
const TIMEOUT: Duration = Duration::from_secs(90);

#[derive(Debug)]
pub(crate) struct Control {
    socket: PathBuf,
    timeout: Duration,
}

pub(crate) struct Answer {
    pub(crate) body: Value,
    /// Where the journal of requests goes on after it.
    pub(crate) position: String,
}

impl Control {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket, timeout: TIMEOUT }
    }

    /// The same, for who waits no longer for an answer.
    pub(crate) fn within(&self, timeout: Duration) -> Self {
        Self { socket: self.socket.clone(), timeout }
    }

    pub(crate) fn ask(&self, method: &str, route: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(self.timeout))?;
        let length = body.len();
        let head = format!("{method} {route} HTTP/1.1\r\nHost: mock-imds\r\nConnection: close\r\n");
        stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text).map_err(|error| self.named(error))?;
        answer(&text).ok_or_else(|| Error::from(io::Error::other(format!("it answered {text:?}"))))?
    }
}

impl Control {
    /// What the system calls "would block" is a time that is over.
    fn named(&self, error: io::Error) -> io::Error {
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            let sentence = format!("nothing came within {:?}", self.timeout);
            return io::Error::new(io::ErrorKind::TimedOut, sentence);
        }
        error
    }
}

/// `None` if it is no HTTP with JSON.
fn answer(text: &str) -> Option<Result<Answer, Error>> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
    let body: Value = serde_json::from_str(body).ok()?;
    let said = |key: &str| body[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(match status {
        200 => {
            let fields = head.lines().filter_map(|line| line.split_once(": "));
            let mut positions = fields.filter(|(name, _)| name.eq_ignore_ascii_case("journal-position"));
            let position = positions.next().map(|(_, value)| value.to_owned()).unwrap_or_default();
            Ok(Answer { body, position })
        }
        422 => Err(Error::Rejected(said("report").or_else(|| said("message"))?)),
        _ => Err(Error::Refused(said("error")?)),
    })
}

/// A route with a query, in which only letters, digits and a few more stand for themselves.
pub(crate) fn with_query(route: &str, pairs: &[(&str, String)]) -> String {
    let mut whole = route.to_owned();
    for (number, (name, value)) in pairs.iter().enumerate() {
        whole.push(if number == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~/:,*".contains(&byte) {
                whole.push(byte.into());
            } else {
                let _ = write!(whole, "%{byte:02X}");
            }
        }
    }
    whole
}
