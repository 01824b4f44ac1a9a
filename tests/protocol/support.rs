//! A service at a fixed time, and replies as they are on the wire.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use mock_imds::config::SourceText;
use mock_imds::identity::KeyRing;
use mock_imds::imds::{Counters, Fleet, Ingress, Reply, RequestHead, TokenAuthority, Visit, answer};
use mock_imds::model::Timestamp;
use mock_imds::scenario;

/// 2026-01-15T12:34:56Z, when every request of the tests is made.
pub const NOW: Timestamp = Timestamp::from_secs(1_768_480_496);
/// 2026-01-15T12:00:00Z, when the scenario was loaded.
pub const LOADED: Timestamp = Timestamp::from_secs(1_768_478_400);

/// The keys of all golden signatures.
static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(KeyRing::generate([7; 32])));

/// Counters that admit nobody, and for which every request is the first one.
struct Nobody;

impl Counters for Nobody {
    fn admit(&self, _: (Timestamp, usize), _: IpAddr, _: u32) -> bool {
        false
    }

    fn next(&self, _: usize) -> u64 {
        0
    }

    fn matched(&self, _: usize) -> u64 {
        0
    }

    fn throttle(&self, _: usize, _: IpAddr, _: u32, _: Timestamp) -> bool {
        false
    }
}

/// A compiled scenario with a token key of its own.
pub struct Service {
    fleet: Fleet,
    authority: TokenAuthority,
}

/// A request's headers.
pub type Headers<'h> = &'h [(&'static str, &'h str)];

impl Service {
    /// The service of a scenario text.
    pub fn new(text: &str) -> Self {
        let (scenario, _) = scenario::read(&SourceText::new("test.toml", text), Path::new(""))
            .unwrap_or_else(|report| panic!("expected a good scenario, found:\n{report}"));
        Self {
            fleet: Fleet::compile(scenario, &KEYS, LOADED, LOADED),
            authority: TokenAuthority::new([7; 32]),
        }
    }

    /// The service of `tests/golden/NAME.toml`.
    pub fn golden(name: &str) -> Self {
        let path = golden_directory().join(format!("{name}.toml"));
        Self::new(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// A reply at a time.
    pub fn at(&self, now: Timestamp, method: &str, path: &str, headers: Headers<'_>) -> Reply {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a legal header"))
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers.iter().map(header) {
            map.append(name, value);
        }
        let method: Method = method.parse().expect("a legal method");
        let head = RequestHead { method: &method, path, query: None, headers: &map };
        let visit = Visit {
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ingress: Ingress::Host,
            nonce: *b"golden nonce",
            counters: &Nobody,
        };
        answer(&self.fleet, &self.authority, &visit, head, now).0
    }

    /// A reply now.
    pub fn ask(&self, method: &str, path: &str, headers: Headers<'_>) -> Reply {
        self.at(NOW, method, path, headers)
    }

    /// Status and body of a plain GET.
    pub fn get(&self, path: &str) -> (StatusCode, String) {
        let reply = self.ask("GET", path, &[]);
        (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
    }

    /// A token that is valid for so many seconds from now.
    pub fn token(&self, ttl: &str) -> String {
        let reply = self.ask("PUT", "/latest/api/token", &[("x-aws-ec2-metadata-token-ttl-seconds", ttl)]);
        assert_eq!(reply.status, StatusCode::OK, "a token of {ttl} seconds");
        String::from_utf8_lossy(&reply.body).into_owned()
    }
}

/// Where golden files live.
pub fn golden_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
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
