//! A raw HTTP client: what it sends is what the test says, what it gives back is what came.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::wait::DEADLINE;

/// Everything that came until the server closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The bytes as they came.
    pub raw: String,
    /// The status of the (first) response; 0 if the server closed without one.
    pub status: u16,
    /// Its body, and whatever came after it.
    pub body: String,
}

impl Response {
    fn new(raw: String) -> Self {
        let status = raw.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let body = raw.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        Self { raw, status, body }
    }
}

/// A connection.
pub struct Connection {
    stream: TcpStream,
}

impl Connection {
    /// Connects.
    #[track_caller]
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, DEADLINE).expect("the server accepts");
        stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
        Self { stream }
    }

    /// Sends bytes.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).expect("the server reads");
        self
    }

    /// Sends bytes to a server that may close before it has read them all.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref());
        self
    }

    /// Says that nothing more will be sent.
    pub fn half_close(&mut self) -> &mut Self {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
        self
    }

    /// Reads until this much of the answer has come.
    #[track_caller]
    pub fn read_until(&mut self, end: &str) -> Response {
        self.try_read_until(end)
            .unwrap_or_else(|found| panic!("expected {end:?}, found the end after {found:?}"))
    }

    /// Reads until this much has come; `Err` has what came before the server closed.
    pub fn try_read_until(&mut self, end: &str) -> Result<Response, String> {
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !text.contains(end) {
            match self.stream.read(&mut buffer) {
                Ok(count) if count > 0 => text.push_str(&String::from_utf8_lossy(&buffer[..count])),
                _ => return Err(text),
            }
        }
        Ok(Response::new(text))
    }

    /// Reads until the server closes. A reset fails: it may have taken a reply away.
    #[track_caller]
    pub fn read(&mut self) -> Response {
        let mut bytes = Vec::new();
        let outcome = self.stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Err(error) = outcome {
            let what = match error.kind() {
                ErrorKind::WouldBlock => "an open connection",
                ErrorKind::ConnectionReset => "a reset",
                _ => "an error",
            };
            panic!("expected that the server closes, found {what} ({error}) after {text:?}");
        }
        Response::new(text)
    }
}

/// Sends a request and reads until the server closes.
#[track_caller]
pub fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> Response {
    Connection::new(address).send(request).read()
}
