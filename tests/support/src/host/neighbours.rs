//! Servers that are not ours, and clients, in a host.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

/// A server that answers every connection with its name and the address that it sees.
pub fn serve(name: &'static str, address: &str) {
    let listener = TcpListener::bind(address).unwrap_or_else(|e| panic!("{name} binds {address}: {e}"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Ok(peer) = stream.peer_addr() else { continue };
            let mut head = [0; 1024];
            let _ = stream.read(&mut head);
            let body = format!("{name} sees {}", peer.ip());
            let length = body.len();
            let _ = write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        }
    });
}

/// What answers at this address, from the host itself.
pub fn ask(address: &str) -> std::io::Result<String> {
    let address: SocketAddr = address.to_socket_addrs()?.next().expect("an address");
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned())
}

/// The permission bits of a file.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}
