//! The service as a pure function: no socket, a clock that the test moves, and clients that it makes up.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Version};
use mock_imds::config::SourceText;
use mock_imds::imds::{
    ContainerChoice, DeliveryEnd, EndpointReach, EndpointRequest, EnvironmentVariable, Fleet, FleetChange,
    Ingress, Reply, RequestHead, TokenAuthority, Visit, answer, answer_endpoint,
};
use mock_imds::model::{Service, Timestamp};
use mock_imds::server::{ContainerMemory, RequestCounters};

use crate::scenario::fleet;

/// 2026-01-15T12:00:00Z, when the scenario is loaded.
pub const LOADED: Timestamp = Timestamp::from_secs(1_768_478_400);
/// Carries a token.
pub const TOKEN: &str = "x-aws-ec2-metadata-token";
/// Asks for a token, and says how long it lasts.
pub const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub peer: IpAddr,
    /// How it came.
    pub ingress: Ingress,
}

impl Client {
    /// A process of this host.
    pub const HOST: Self =
        Self { peer: IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), ingress: Ingress::Host };

    /// A container on a bridge.
    pub fn bridged(address: &str) -> Self {
        Self { peer: address.parse().expect("an address"), ingress: Ingress::Bridge }
    }
}

/// What a client got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status; 0 if nothing comes.
    pub status: u16,
    /// The body; what is not UTF-8 is replaced.
    pub body: String,
    /// The remaining seconds of the token, if the answer says them.
    pub ttl: Option<String>,
    /// How late it comes.
    pub late: Duration,
    /// How it ends.
    pub end: DeliveryEnd,
}

impl Answer {
    /// The status, or what the client gets in its place.
    pub fn outcome(&self) -> String {
        match self.end {
            DeliveryEnd::Whole => self.status.to_string(),
            DeliveryEnd::Truncated => "truncated".to_owned(),
            DeliveryEnd::Stalled => "stalled".to_owned(),
            DeliveryEnd::Reset => "reset".to_owned(),
            DeliveryEnd::Silence => "silence".to_owned(),
        }
    }
}

/// The service of a scenario, and its clock.
pub struct PureService {
    fleet: Fleet,
    authority: TokenAuthority,
    counters: RequestCounters,
    memory: ContainerMemory,
    /// The time of the next request.
    pub now: Timestamp,
}

impl PureService {
    /// The service of a scenario text, just loaded.
    #[track_caller]
    pub fn new(text: &str) -> Self {
        Self::of(&SourceText::new("test.toml", text), Path::new(""))
    }

    /// The service of a scenario file, just loaded.
    #[track_caller]
    pub fn read(file: &Path) -> Self {
        let source = SourceText::read(file).unwrap_or_else(|report| panic!("{report}"));
        Self::of(&source, file.parent().unwrap_or(Path::new("")))
    }

    #[track_caller]
    fn of(source: &SourceText, base: &Path) -> Self {
        Self {
            fleet: fleet(source, base, LOADED, LOADED),
            authority: TokenAuthority::new([7; 32]),
            counters: RequestCounters::default(),
            memory: ContainerMemory::default(),
            now: LOADED,
        }
    }

    /// Time goes by.
    pub fn wait(&mut self, span: Duration) {
        self.now = self.now.plus(span);
    }

    /// The scenario's clock is moved; time stands still.
    pub fn seek(&mut self, to: Duration) {
        self.apply(FleetChange::Seek(to, self.now));
    }

    /// Something happens to the service.
    pub fn apply(&mut self, change: FleetChange) {
        self.fleet = self.fleet.apply(change);
    }

    /// Another scenario takes this one's place; what was ordered is dropped.
    #[track_caller]
    pub fn reload(&mut self, text: &str) {
        self.fleet = fleet(&SourceText::new("test.toml", text), Path::new(""), self.now, LOADED);
    }

    /// A request, and what it changes.
    pub fn reply(
        &mut self,
        client: Client,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Reply {
        let (reply, change) = self.preview(client, method, path, headers);
        if let Some(change) = change {
            self.apply(change);
        }
        reply
    }

    /// A request, and what it would change.
    pub fn preview(
        &self,
        client: Client,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> (Reply, Option<FleetChange>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("a header that can be sent"),
            );
        }
        let method: Method = method.parse().expect("a method");
        // HTTP/1.1 has a Host, which most tests don't care about.
        let version = if map.contains_key("host") { Version::HTTP_11 } else { Version::HTTP_10 };
        let head = RequestHead {
            method: &method,
            path,
            query: None,
            headers: &map.into(),
            version,
            authority: None,
        };
        let Client { peer, ingress } = client;
        let visit = Visit { peer, ingress, nonce: *b"golden nonce", counters: &self.counters };
        let request = EndpointRequest {
            head,
            body: &[],
            remote: (peer, 40_000).into(),
            addressed: None,
            by_own_address: false,
            memory: &self.memory,
        };
        if let Some(reply) = answer_endpoint(&self.fleet, &self.authority, &visit, &request, self.now) {
            return (reply, None);
        }
        answer(&self.fleet, &self.authority, &visit, head, self.now)
    }

    /// The variables of a container of Amazon ECS, at the endpoint's own address.
    #[track_caller]
    pub fn ecs_environment(&self, choice: ContainerChoice<'_>) -> Vec<EnvironmentVariable> {
        let variables = self.fleet.ecs_environment(&self.authority, choice, EndpointReach::Address, self.now);
        variables.unwrap_or_else(|why| panic!("{why}"))
    }

    /// A token for the service account of the pod.
    #[track_caller]
    pub fn pod_token(&self) -> String {
        self.fleet.pod_token(&self.authority, None, self.now).unwrap_or_else(|why| panic!("{why}"))
    }

    /// A request of a container, from port 40000; `addressed` is the service whose address it asked. `None`: no endpoint of
    /// containers answers it.
    pub fn endpoint(
        &self,
        addressed: Option<Service>,
        client: Client,
        (method, target): (&str, &str),
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Option<Reply> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("a header that can be sent"),
            );
        }
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let head = RequestHead {
            method: &method.parse().expect("a method"),
            path,
            query,
            headers: &map.into(),
            version: Version::HTTP_11,
            authority: None,
        };
        let Client { peer, ingress } = client;
        let visit = Visit { peer, ingress, nonce: *b"golden nonce", counters: &self.counters };
        let remote = (peer, 40_000).into();
        let (body, by_own_address) = (body.as_bytes(), addressed.is_some());
        let request = EndpointRequest { head, body, remote, addressed, by_own_address, memory: &self.memory };
        answer_endpoint(&self.fleet, &self.authority, &visit, &request, self.now)
    }

    /// A request; what a client sees of its answer.
    pub fn ask(
        &mut self,
        client: Client,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let reply = self.reply(client, method, path, headers);
        let ttl = reply.headers.iter().find(|(name, _)| name == TTL);
        let arrives = !matches!(reply.delivery.end, DeliveryEnd::Reset | DeliveryEnd::Silence);
        Answer {
            status: if arrives { reply.status.as_u16() } else { 0 },
            body: String::from_utf8_lossy(&reply.body).into_owned(),
            ttl: ttl.map(|(_, value)| value.to_str().expect("a number").to_owned()),
            late: reply.delivery.delay,
            end: reply.delivery.end,
        }
    }

    /// A plain GET of a path below `/latest/meta-data/`: the value, or `None` for 404.
    #[track_caller]
    pub fn value(&mut self, client: Client, leaf: &str) -> Option<String> {
        let answer = self.ask(client, "GET", &format!("/latest/meta-data/{leaf}"), &[]);
        assert!(matches!(answer.status, 200 | 404), "GET {leaf}: {answer:?}");
        (answer.status == 200).then_some(answer.body)
    }

    /// A token of this many seconds.
    #[track_caller]
    pub fn token(&mut self, client: Client, ttl: &str) -> String {
        let answer = self.ask(client, "PUT", "/latest/api/token", &[(TTL, ttl)]);
        assert_eq!((answer.status, answer.ttl.as_deref()), (200, Some(ttl)), "a token of {ttl} seconds");
        answer.body
    }
}
