//! A client that tells apart how a request failed.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// For each step of an exchange. The longest fault is a tenth of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where clients ask.
const METADATA: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 169, 254)), 80);

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub body: String,
    /// The server closes after this one.
    pub closes: bool,
}

pub fn connect() -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&METADATA, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

pub fn connect_control(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The bytes of a request without a body.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: 169.254.169.254\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request + "\r\n"
}

/// Sends a request and reads its response.
pub fn exchange(stream: &mut (impl Read + Write), request: &str) -> io::Result<Response> {
    stream.write_all(request.as_bytes())?;
    read(stream)
}

/// Reads a response with a Content-Length, no byte more.
pub fn read(stream: &mut impl Read) -> io::Result<Response> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, format!("no response: {head:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(invalid)?;
    let length = field("content-length:").and_then(|length| length.parse().ok()).ok_or_else(invalid)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let closes = field("connection:") == Some("close");
    Ok(Response { status, body: String::from_utf8_lossy(&body).into_owned(), closes })
}
