//! Requests of a process of this host, and replies as they are on the wire.

use std::path::PathBuf;
use std::time::Duration;

use hyper::StatusCode;
use mock_imds::imds::Reply;
use support::{Client, PureService, TTL, sources};

/// How long after the start of the service every request is made.
pub const AFTER: Duration = Duration::from_secs(34 * 60 + 56);

/// A request's headers.
pub type Headers<'h> = &'h [(&'static str, &'h str)];

/// The service of a scenario text.
pub fn serve(text: &str) -> PureService {
    later(PureService::new(text))
}

/// The service of `tests/golden/NAME.toml`.
pub fn golden(name: &str) -> PureService {
    later(PureService::read(&golden_directory().join(format!("{name}.toml"))))
}

/// Where golden files live.
pub fn golden_directory() -> PathBuf {
    sources().join("tests/golden")
}

fn later(mut service: PureService) -> PureService {
    service.wait(AFTER);
    service
}

/// A reply that changes nothing.
pub fn ask(service: &PureService, method: &str, path: &str, headers: Headers<'_>) -> Reply {
    service.preview(Client::HOST, method, path, headers).0
}

/// Status and body of a plain GET.
pub fn get(service: &PureService, path: &str) -> (StatusCode, String) {
    let reply = ask(service, "GET", path, &[]);
    (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
}

/// A token that is valid for so many seconds from now.
pub fn token(service: &PureService, ttl: &str) -> String {
    let reply = ask(service, "PUT", "/latest/api/token", &[(TTL, ttl)]);
    assert_eq!(reply.status, StatusCode::OK, "a token of {ttl} seconds");
    String::from_utf8_lossy(&reply.body).into_owned()
}

/// A reply as it is on the wire.
pub fn wire(method: &str, reply: &Reply) -> Vec<u8> {
    let reason = reply.reason.or(reply.status.canonical_reason()).unwrap_or_default();
    let mut bytes = format!("{:?} {} {reason}\r\n", reply.version, reply.status.as_u16()).into_bytes();
    for (name, value) in &reply.headers {
        bytes.extend(title_case(name.as_str()).bytes());
        bytes.extend(b": ");
        bytes.extend(value.as_bytes());
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"\r\n");
    if method != "HEAD" {
        bytes.extend(&reply.body);
    }
    bytes
}

fn title_case(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
