//! Asks at the real address, and sees where the connection ends. Works for every user.
//!
//! The request carries a nonce that only a server of ours gives back, and that keeps it out of counts and faults.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;

use super::sockets;
use crate::doctor::facts::Probe;
use crate::model::endpoint::{ADDRESS_V4, METADATA_PORT, PROBE_HEADER, Probed};

/// For the connection, and for each part of the answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of an answer that are looked at.
const ANSWER: u64 = 16 * 1024;

/// Asks.
pub(super) fn ask() -> Probe {
    let mut random = [0; 16];
    if let Err(error) = getrandom::fill(&mut random) {
        return Probe::Failed(format!("cannot get a nonce ({error})"));
    }
    let nonce = URL_SAFE_NO_PAD.encode(random);
    let address = SocketAddr::new(ADDRESS_V4.into(), METADATA_PORT);
    match talk(address, &nonce) {
        Ok((answer, landed)) => judge(&answer, &nonce, landed),
        Err(error) => Probe::Failed(error.to_string()),
    }
}

fn talk(address: SocketAddr, nonce: &str) -> io::Result<(String, Option<SocketAddr>)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    let landed = sockets::other_end(stream.local_addr()?);
    stream.set_read_timeout(Some(PATIENCE))?;
    // In one piece: a server that closes after its first read must have read it all.
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {ADDRESS_V4}\r\nUser-Agent: mock-imds-doctor\r\n{PROBE_HEADER}: {nonce}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    match stream.take(ANSWER).read_to_end(&mut answer) {
        // One that keeps the connection has said something all the same.
        Err(error) if answer.is_empty() => return Err(error),
        _ => {}
    }
    Ok((String::from_utf8_lossy(&answer).into_owned(), landed))
}

fn judge(answer: &str, nonce: &str, landed: Option<SocketAddr>) -> Probe {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    if let Ok(probed) = serde_json::from_str::<Probed>(body.trim())
        && probed.nonce == nonce
    {
        return Probe::Ours { version: probed.version, pid: probed.pid };
    }
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("server").then(|| value.trim().to_owned())
    };
    let said = head.lines().next().filter(|line| !line.is_empty()).unwrap_or("nothing").to_owned();
    Probe::Foreign { said, server: head.lines().find_map(header), landed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nonce_makes_it_ours() {
        let answer = |nonce: &str| {
            format!(
                "HTTP/1.1 200 OK\r\nServer: EC2ws\r\n\r\n{{\"nonce\":\"{nonce}\",\"version\":\"1\",\"pid\":7}}"
            )
        };
        assert_eq!(judge(&answer("abc"), "abc", None), Probe::Ours { version: "1".into(), pid: 7 });
        let foreign =
            Probe::Foreign { said: "HTTP/1.1 200 OK".into(), server: Some("EC2ws".into()), landed: None };
        assert_eq!(judge(&answer("abd"), "abc", None), foreign);
        let silent = Probe::Foreign { said: "nothing".into(), server: None, landed: None };
        assert_eq!(judge("", "abc", None), silent);
    }
}
