//! A metadata service in a page, written by hand, into which faults can be planted: those that stubs of others have.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::stub_tree::PAGE;

/// A running stub. It ends when it is dropped.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    ends: Arc<AtomicBool>,
}

/// What it knows.
pub(crate) struct Service {
    /// The name of the planted fault, or none.
    pub(crate) fault: &'static str,
    /// Requires tokens.
    required: bool,
    /// Tokens, with the seconds since 1970 at which they end.
    pub(crate) tokens: Mutex<HashMap<String, u64>>,
    pub(crate) issued: AtomicU64,
    started: u64,
}

pub(crate) struct Request {
    pub(crate) method: String,
    path: String,
    headers: Vec<(String, String)>,
}

#[derive(Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Stub {
    /// Starts one with a fault. Some faults only show where tokens are required.
    pub(crate) fn start(fault: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let ends = Arc::new(AtomicBool::new(false));
        let service = Arc::new(Service {
            fault,
            required: fault == "version-list-without-token",
            tokens: Mutex::default(),
            issued: AtomicU64::new(0),
            started: now(),
        });
        let ended = Arc::clone(&ends);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let service = Arc::clone(&service);
                thread::spawn(move || service.converse(stream));
            }
        });
        Self { address, ends }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // So that it looks.
        let _ = TcpStream::connect(self.address);
    }
}

pub(crate) fn now() -> u64 {
    jiff::Timestamp::now().as_second().try_into().expect("it is after 1970")
}

impl Service {
    pub(crate) fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    fn converse(&self, mut stream: TcpStream) {
        while let Some(request) = read_request(&mut stream) {
            let reply = self.answer(&request);
            if self.has("slow-document") && request.path.ends_with("/document") {
                thread::sleep(Duration::from_millis(1300));
            }
            if self.has("continue") && request.header("Expect").is_some() {
                let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            let _ = stream.write_all(&self.bytes(&request, reply));
            if !self.has("keep-alive") {
                return;
            }
        }
    }

    /// The bytes of a reply, with the headers that all have.
    fn bytes(&self, request: &Request, mut reply: Reply) -> Vec<u8> {
        let date = |seconds: u64| {
            let time = jiff::Timestamp::from_second(seconds.try_into().expect("small")).expect("in range");
            jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S GMT", time).expect("a date")
        };
        let is_data = reply.status == 200 && request.method != "PUT";
        if !reply.headers.iter().any(|(name, _)| *name == "Content-Type") {
            reply.headers.push(("Content-Type", "text/plain".to_owned()));
        }
        if is_data {
            reply.headers.push(("Accept-Ranges", "none".to_owned()));
            let modified = if self.has("modified-now") { now() } else { self.started };
            reply.headers.push(("Last-Modified", date(modified)));
        }
        let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
        for (name, value) in &reply.headers {
            let charset = if self.has("charset") && *name == "Content-Type" { "; charset=utf-8" } else { "" };
            let _ = write!(head, "{name}: {value}{charset}\r\n");
        }
        let _ = write!(head, "Date: {}\r\n", date(now()));
        if !self.has("server") {
            head += "Server: EC2ws\r\n";
        }
        if !self.has("keep-alive") {
            head += "Connection: close\r\n";
        }
        let length = reply.body.len();
        if self.has("chunked") && is_data {
            let chunks =
                if length == 0 { String::new() } else { format!("{length:x}\r\n{}\r\n", reply.body) };
            head += "Transfer-Encoding: chunked\r\n\r\n";
            reply.body = format!("{chunks}0\r\n\r\n");
        } else {
            let more = usize::from(self.has("short-body") && request.path.ends_with("/document")) * 10;
            let _ = write!(head, "Content-Length: {}\r\n\r\n", length + more);
        }
        if request.method != "HEAD" || self.has("head-body") {
            head += &reply.body;
        }
        head.into_bytes()
    }

    fn answer(&self, request: &Request) -> Reply {
        let path = match self.path(&request.path) {
            Ok(path) => path,
            Err(location) => {
                return Reply { status: 301, headers: vec![("Location", location)], ..Reply::default() };
            }
        };
        if let Some(version) = path.strip_suffix("/api/token") {
            return self.token_reply(request, version);
        }
        let ttl = match request.header("X-aws-ec2-metadata-token") {
            Some(token) => match self.remaining(token) {
                Some(ttl) => Some(ttl),
                None => return status(401),
            },
            None if self.required && !(self.has("version-list-without-token") && path == "/") => {
                return status(401);
            }
            None => None,
        };
        let Some(body) = self.body(&path) else { return self.missing() };
        let mut reply = Reply { status: 200, body, ..Reply::default() };
        if self.has("json-type") && reply.body.starts_with(['{', '[']) {
            reply.headers.push(("Content-Type", "application/json".to_owned()));
        }
        let said = ttl.filter(|_| !self.has("no-remaining"));
        reply.headers.extend(said.map(|ttl| ("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl.to_string())));
        reply
    }

    fn missing(&self) -> Reply {
        let html = ("Content-Type", "text/html".to_owned());
        let json = ("Content-Type", "application/json".to_owned());
        if self.has("json-errors") {
            return Reply { headers: vec![json], body: r#"{"error":"not found"}"#.to_owned(), ..status(404) };
        }
        Reply { headers: vec![html], body: PAGE.to_owned(), ..status(404) }
    }

    /// The path with single slashes, or where it is.
    fn path(&self, path: &str) -> Result<String, String> {
        let mut clean = path.to_owned();
        while clean.contains("//") {
            clean = clean.replace("//", "/");
        }
        if clean != path && self.has("clean-redirect") {
            return Err(clean);
        }
        let bare = clean.trim_end_matches('/').to_owned();
        if self.has("directory-redirect") && bare == clean && self.is_directory(&bare) {
            return Err(format!("{bare}/"));
        }
        if self.has("value-with-slash") && bare != clean && !bare.is_empty() && !self.is_directory(&bare) {
            return Ok("/nowhere".to_owned());
        }
        Ok(if bare.is_empty() { "/".to_owned() } else { bare })
    }
}

pub(crate) fn status(status: u16) -> Reply {
    Reply { status, ..Reply::default() }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        _ => "Expectation Failed",
    }
}

/// Reads a head, and an empty chunked body.
fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut byte) = (vec![], [0]);
    let is_whole = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let end = if text.to_ascii_lowercase().contains("transfer-encoding") {
            "\r\n\r\n0\r\n\r\n"
        } else {
            "\r\n\r\n"
        };
        text.ends_with(end)
    };
    while !(byte[0] == b'\n' && is_whole(&bytes)) {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = text.lines();
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    Some(Request { method: words.next()?, path: words.next()?, headers })
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let of_name = |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
        self.headers.iter().find(of_name).map(|(_, value)| value.as_str())
    }
}
