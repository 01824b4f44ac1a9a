//! The attacker's web server: its page, then a name that leads elsewhere.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// Where the name leads at first: the attacker's own host.
pub(crate) const ADDRESS: &str = "127.0.0.2";
/// Where it leads once the page is there.
const SERVICE: &str = "169.254.169.254:80";
const PAGE: &str = include_str!("page.html");
/// How long a browser may take, on a busy machine.
const VISIT: Duration = Duration::from_secs(90);

pub(crate) struct Attacker(Receiver<String>);

impl Attacker {
    /// Serves in threads of its own, which end with the test's process.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((ADDRESS, 80)).expect("port 80 is free in a namespace of one's own");
        let (sender, reports) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || answer(stream, &sender));
            }
        });
        Self(reports)
    }

    /// What the page sends home.
    #[track_caller]
    pub(crate) fn report(&self, log: impl Fn() -> String) -> String {
        self.0.recv_timeout(VISIT).unwrap_or_else(|_| {
            panic!(
                "expected a report of the page within {VISIT:?}, found none; the browser wrote:\n{}",
                log()
            )
        })
    }
}

/// The page and the reports are the attacker's; every other connection goes where the name leads by then.
fn answer(mut stream: TcpStream, reports: &Sender<String>) -> Option<()> {
    let (head, mut body) = read_head(&mut stream)?;
    let reply = |kind: &str, body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    };
    if head.starts_with("GET /attack ") {
        return stream.write_all(reply("text/html", PAGE).as_bytes()).ok();
    }
    if head.starts_with("POST /report ") {
        let length = head.to_lowercase().split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
        let mut rest = vec![0; usize::saturating_sub(length, body.len())];
        stream.read_exact(&mut rest).ok()?;
        body.append(&mut rest);
        stream.write_all(reply("text/plain", "").as_bytes()).ok()?;
        return reports.send(String::from_utf8(body).ok()?).ok();
    }
    let mut service = TcpStream::connect(SERVICE).ok()?;
    service.write_all(head.as_bytes()).ok()?;
    service.write_all(&body).ok()?;
    let (mut from, mut to) = (stream.try_clone().ok()?, service.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut service, &mut stream);
    stream.shutdown(Shutdown::Both).ok()
}

/// The head, its empty line included, and what came with it.
fn read_head(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(at + 4);
            return Some((String::from_utf8(bytes).ok()?, body));
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
}
