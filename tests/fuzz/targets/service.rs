//! Services as pure functions, compiled once.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use hyper::{HeaderMap, Method, Version};
use mock_imds::config::SourceText;
use mock_imds::identity::KeyRing;
use mock_imds::imds::{Fleet, Ingress, Reply, RequestHead, RequestHeaders, TokenAuthority, Visit, answer};
use mock_imds::model::Timestamp;
use mock_imds::scenario;
use mock_imds::server::RequestCounters;

/// When everything here is loaded.
pub const LOADED: Timestamp = Timestamp::from_secs(1_768_478_400);

pub static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(KeyRing::generate([7; 32])));

/// Every key of a scenario.
pub const EVERYTHING: &str = include_str!("../../golden/everything.toml");
/// What amazon-ec2-metadata-mock serves.
pub const AEMM: &str = include_str!("../../../packaging/scenarios/aemm.toml");
pub const LEGACY: &str = "[http]\nprofile = \"legacy\"\n";
pub const STRICT: &str = "[http]\nkeep-alive = true\n[metadata-options]\nhttp-tokens = \"required\"\n";

pub struct Service {
    fleet: Fleet,
    authority: TokenAuthority,
    counters: RequestCounters,
}

impl Service {
    pub fn new(text: &str) -> Self {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        match scenario::read(&SourceText::new("the scenario", text), &base) {
            Ok((scenario, _)) => Self::of(Fleet::compile(scenario, &KEYS, LOADED, LOADED)),
            Err(report) => panic!("{report}"),
        }
    }

    pub fn of(fleet: Fleet) -> Self {
        Self { fleet, authority: TokenAuthority::new([7; 32]), counters: RequestCounters::default() }
    }

    /// The reply to a process of this host.
    pub fn ask(&self, method: &Method, path: &str, headers: &HeaderMap, now: Timestamp) -> Reply {
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let visit = Visit { peer, ingress: Ingress::Host, nonce: *b"never twice!", counters: &self.counters };
        let headers = &RequestHeaders::from(headers.clone());
        // As a client that names no host.
        let head =
            RequestHead { method, path, query: None, headers, version: Version::HTTP_10, authority: None };
        answer(&self.fleet, &self.authority, &visit, head, now).0
    }
}
