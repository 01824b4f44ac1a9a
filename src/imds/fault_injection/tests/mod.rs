//! Faults and the requests that they hit.

mod chance;

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, Method};

use super::*;
use crate::imds::Counters;
use crate::model::ClientMatcher;
use crate::model::fault::{FaultStart, Probability, Throttle, TokenFault};

/// Counters of one run. A client is over its rate from its `per_second`-th request on.
#[derive(Debug, Default)]
struct Run {
    matched: [AtomicU64; 4],
    throttled: Mutex<Vec<(usize, IpAddr)>>,
}

impl Counters for Run {
    fn admit(&self, _: (Timestamp, usize), _: IpAddr, _: u32) -> bool {
        false
    }

    fn next(&self, rule: usize) -> u64 {
        self.matched[rule].fetch_add(1, Ordering::Relaxed)
    }

    fn matched(&self, rule: usize) -> u64 {
        self.matched[rule].load(Ordering::Relaxed)
    }

    fn throttle(&self, rule: usize, client: IpAddr, per_second: u32, _: Timestamp) -> bool {
        let mut requests = self.throttled.lock().expect("no test panics with it");
        requests.push((rule, client));
        requests.iter().filter(|one| **one == (rule, client)).count() > per_second as usize
    }
}

const START: Timestamp = Timestamp::from_secs(1_000_000);

/// A request, and when it is made.
struct TestRequest {
    method: Method,
    path: &'static str,
    token: &'static str,
    peer: [u8; 4],
    ingress: Ingress,
    elapsed: Duration,
}

impl Default for TestRequest {
    fn default() -> Self {
        let (method, path, token) = (Method::GET, "/latest/meta-data/mac", "");
        Self { method, path, token, peer: [172, 17, 0, 2], ingress: Ingress::Bridge, elapsed: Duration::ZERO }
    }
}

impl Run {
    fn decide<'f>(&self, faults: &'f [Fault], request: &TestRequest) -> FaultEffects<'f> {
        let mut headers = HeaderMap::new();
        headers.insert("x-aws-ec2-metadata-token", request.token.parse().expect("a header's value"));
        let head = RequestHead {
            method: &request.method,
            path: request.path,
            query: None,
            headers: &headers.into(),
            version: http::Version::HTTP_11,
            authority: None,
        };
        let visit =
            Visit { peer: request.peer.into(), ingress: request.ingress, nonce: [0; 12], counters: self };
        let path: Vec<&str> = request.path.split('/').skip(1).collect();
        let (clock, now) = (ScenarioClock::starting(START, START), START.plus(request.elapsed));
        let service = Service::Imds;
        let input = FaultInput {
            head,
            path: Some(&path),
            visit: &visit,
            service,
            instance: None,
            clock: &clock,
            now,
        };
        decide(faults, &FaultIndex::of(faults), &input)
    }

    /// Makes requests and tells of each if it was hit.
    fn hits(&self, faults: &[Fault], requests: usize) -> Vec<bool> {
        (0..requests).map(|_| self.decide(faults, &TestRequest::default()).rule.is_some()).collect()
    }
}

fn error(status: u16) -> FaultEffect {
    let status = ReplyStatus::new(status);
    FaultEffect::Answer(ReplyAlteration { status, ..ReplyAlteration::default() })
}

fn late(min: u64, max: u64) -> FaultEffect {
    let latency = Latency::new(Duration::from_millis(min), Duration::from_millis(max));
    FaultEffect::Answer(ReplyAlteration { latency, ..ReplyAlteration::default() })
}

fn chance(probability: f64, seed: u64) -> Fault {
    let probability = Probability::new(probability).expect("from 0 to 1");
    Fault { probability, seed, ..Fault::always(error(503)) }
}

fn reply() -> Reply {
    let headers = vec![(CONTENT_LENGTH, 4.into())];
    Reply::new(http::Version::HTTP_11, StatusCode::OK, headers, Bytes::from_static(b"body"))
}

#[test]
fn without_a_fault_nothing_happens() {
    let effects = Run::default().decide(&[], &TestRequest::default());
    assert_eq!(effects, FaultEffects::default());
    let reply = effects.apply(reply());
    assert_eq!((reply.delivery, reply.fault), (Delivery::default(), None));
}

#[test]
fn a_fault_hits_requests_that_meet_all_of_its_conditions() {
    let fault = Fault {
        path: "/latest/meta-data/**".parse().expect("a glob"),
        methods: vec![crate::model::fault::Method::Get],
        clients: vec![ClientMatcher::Host, "172.17.0.0/16".parse().expect("a network")],
        from: FaultStart::AfterLoad(Duration::from_mins(1)),
        lasts: Some(Duration::from_secs(30)),
        ..Fault::always(error(503))
    };
    let usual = || TestRequest { elapsed: Duration::from_mins(1), ..TestRequest::default() };
    let cases = [
        ("all of it", usual(), true),
        ("the last moment", TestRequest { elapsed: Duration::from_millis(89_999), ..usual() }, true),
        ("too early", TestRequest { elapsed: Duration::from_millis(59_999), ..usual() }, false),
        ("too late", TestRequest { elapsed: Duration::from_secs(90), ..usual() }, false),
        ("another path", TestRequest { path: "/latest/dynamic", ..usual() }, false),
        ("another method", TestRequest { method: Method::HEAD, ..usual() }, false),
        ("another client", TestRequest { peer: [172, 18, 0, 2], ..usual() }, false),
        ("this host", TestRequest { peer: [10, 0, 0, 1], ingress: Ingress::Host, ..usual() }, true),
    ];
    let run = Run::default();
    for (what, request, expected) in cases {
        let found = run.decide(std::slice::from_ref(&fault), &request).rule;
        assert_eq!(found.is_some(), expected, "{what}");
    }
    assert_eq!(run.matched(0), 3, "only what matches is counted");
    let elsewhere = Fault { instance: Some("web".to_owned()), ..Fault::always(error(503)) };
    assert_eq!(run.decide(&[elsewhere], &TestRequest::default()).rule, None, "another instance");
}

#[test]
fn a_count_ends_with_the_nth_request_that_matches() {
    let fault = Fault { count: Some(3), ..Fault::always(error(503)) };
    assert_eq!(Run::default().hits(&[fault], 6), [true, true, true, false, false, false]);
    // Chance decides about these only.
    let fault = Fault { count: Some(1_000), ..chance(0.5, 0) };
    let hits = Run::default().hits(&[fault], 2_000);
    assert!(hits[..1_000].contains(&true) && !hits[1_000..].contains(&true));
}

#[test]
fn token_loss_hits_requests_with_a_token() {
    let lost = ReplyAlteration { tokens: Some(TokenFault::Lost), ..ReplyAlteration::default() };
    let faults = [Fault { count: Some(1), ..Fault::always(FaultEffect::Answer(lost)) }];
    let run = Run::default();
    let with_token = || TestRequest { token: "AQAEA", ..TestRequest::default() };
    assert!(!run.decide(&faults, &TestRequest::default()).tokens_lost, "no token");
    assert!(!run.decide(&faults, &TestRequest { method: Method::PUT, ..with_token() }).tokens_lost, "a PUT");
    assert!(run.decide(&faults, &with_token()).tokens_lost, "the first one");
    assert!(!run.decide(&faults, &with_token()).tokens_lost, "the second one");
}

#[test]
fn of_each_effect_the_first_rule_counts() {
    let faults = [
        Fault::always(late(100, 100)),
        Fault::always(error(503)),
        Fault::always(error(500)),
        Fault::always(late(900, 900)),
    ];
    let effects = Run::default().decide(&faults, &TestRequest::default());
    assert_eq!(effects.rule, Some(0));
    assert_eq!(effects.latency, Some(Duration::from_millis(100)));
    assert_eq!(effects.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
}

#[test]
fn throttled_clients_are_counted_apart() {
    for (then, status, end) in [
        (ThrottleAction::Status(ReplyStatus::new(429).expect("an error")), Some(429), DeliveryEnd::Whole),
        (ThrottleAction::Drop, None, DeliveryEnd::Silence),
    ] {
        let faults =
            [Fault::always(FaultEffect::Throttle(Throttle { per_second: 2, then, headers: vec![] }))];
        let run = Run::default();
        for client in [2, 3] {
            let request = TestRequest { peer: [172, 17, 0, client], ..TestRequest::default() };
            for _ in 0..2 {
                assert_eq!(run.decide(&faults, &request), FaultEffects::default(), "within the rate");
            }
            let effects = run.decide(&faults, &request);
            assert_eq!(effects.status().map(|status| status.as_u16()), status);
            assert_eq!((effects.end.unwrap_or_default(), effects.rule), (end, Some(0)));
        }
    }
}

#[test]
fn effects_are_applied_to_the_reply() {
    let faulty = |effects: Vec<FaultEffect>| {
        let faults: Vec<Fault> = effects.into_iter().map(Fault::always).collect();
        Run::default().decide(&faults, &TestRequest::default()).apply(reply())
    };
    let damaged = |damage| {
        FaultEffect::Answer(ReplyAlteration {
            body: Some(BodyAlteration::Damage(damage)),
            ..ReplyAlteration::default()
        })
    };
    let empty = faulty(vec![damaged(BodyDamage::Empty)]);
    assert_eq!((&empty.body[..], &empty.headers[0].1), (&b""[..], &0.into()));
    assert_eq!((empty.fault, empty.delivery), (Some(0), Delivery::default()));
    let truncated = faulty(vec![damaged(BodyDamage::Truncated)]);
    assert_eq!((&truncated.body[..], &truncated.headers[0].1), (&b"body"[..], &4.into()));
    assert_eq!(truncated.delivery.end, DeliveryEnd::Truncated);
    let reset = faulty(vec![
        damaged(BodyDamage::Truncated),
        FaultEffect::Reset(None),
        late(50, 50),
        FaultEffect::Hang,
    ]);
    let delay = Duration::from_millis(50);
    assert_eq!(reset.delivery, Delivery { delay, body_delay: Duration::ZERO, end: DeliveryEnd::Reset });
}

#[test]
fn of_each_part_of_a_response_the_first_fault_counts() {
    let header = |name: &str, value: Option<&str>| HeaderChange {
        name: name.parse().expect("a name"),
        value: value.map(|value| value.parse().expect("a value")),
    };
    let part = |text: &str, headers: Vec<HeaderChange>, ms: u64| {
        let body_latency = Latency::new(Duration::from_millis(ms), Duration::from_millis(ms));
        let body = Some(BodyAlteration::Text(text.to_owned()));
        FaultEffect::Answer(ReplyAlteration { body_latency, headers, body, ..ReplyAlteration::default() })
    };
    let headers = ["1", "2"].map(|value| header("x-one", Some(value)));
    let first = part("first", [&headers[..], &[header("content-type", None)]].concat(), 5);
    let second = part("second", vec![header("x-two", Some("2"))], 7);
    let faults = [first, second].map(Fault::always);
    let mut plain = reply();
    plain.headers.push((http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain")));
    let found = Run::default().decide(&faults, &TestRequest::default()).apply(plain);
    assert_eq!((&found.body[..], found.delivery.body_delay), (&b"first"[..], Duration::from_millis(5)));
    let headers: Vec<_> = found.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(headers, ["content-length", "x-one", "x-one"], "a header may have several values");
    assert_eq!(found.headers[0].1, HeaderValue::from(5));
}

#[test]
fn a_skewed_clock_goes_both_ways() {
    for (skew, expected) in [(-300, 999_700), (300, 1_000_300)] {
        let clock_skew = Some(SignedDuration::from_secs(skew));
        let fault =
            Fault::always(FaultEffect::Answer(ReplyAlteration { clock_skew, ..ReplyAlteration::default() }));
        let faults = [fault];
        let effects = Run::default().decide(&faults, &TestRequest::default());
        assert_eq!(effects.skewed(START), Timestamp::from_secs(expected));
    }
}
