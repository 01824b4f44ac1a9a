//! A running server's journal, as its readers ask for it.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::Value;
use support::{DEADLINE, Sandbox, ServerProcess, exchange};

pub const ID: &str = "/latest/meta-data/instance-id";

/// Sends a request with a token.
pub fn with_token(server: &ServerProcess, method: &str, path: &str, token: &str) -> String {
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n");
    exchange(server.address, request).raw
}

/// The entries that `requests --json` prints.
#[track_caller]
pub fn entries(sandbox: &Sandbox, more: &[&str]) -> Vec<Value> {
    let found = sandbox.control(&[&["requests", "--json"], more].concat());
    assert_eq!(found.code, Some(0), "{found:#?}");
    found.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Their paths.
#[track_caller]
pub fn paths(sandbox: &Sandbox, more: &[&str]) -> Vec<String> {
    entries(sandbox, more).iter().map(|entry| entry["path"].as_str().expect("a path").to_owned()).collect()
}

/// Asks the control socket itself.
pub fn ask(sandbox: &Sandbox, route: &str) -> String {
    let mut stream = polling(sandbox, route);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers in time");
    answer
}

/// Asks and leaves the answer to be read.
pub fn polling(sandbox: &Sandbox, route: &str) -> UnixStream {
    let mut stream = UnixStream::connect(sandbox.path("c.sock")).expect("the server accepts");
    stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
    write!(stream, "GET {route} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        .expect("the server reads");
    stream
}
