//! Headers, clients, counters and the cache.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{HOST, HeaderValue};
use http::{HeaderMap, Method, Version};

use super::keys;
use crate::imds::cache::{Cache, CompiledInstance, Key};
use crate::imds::request::ReadOnlyCounters;
use crate::imds::{Counters, Ingress, Protocol, RequestHead, RequestHeaders};
use crate::model::{Instance, Override, Scenario, Timestamp};

#[test]
fn headers_are_given_back_as_they_came() {
    let mut map = HeaderMap::new();
    map.insert(HOST, HeaderValue::from_static("169.254.169.254"));
    map.insert("x-aws-ec2-metadata-token", HeaderValue::from_static("t"));
    let headers = RequestHeaders::from(map.clone());
    assert!(headers.has_token() && !headers.has_expect());
    assert_eq!(headers.into_map(), map);
}

#[test]
fn a_token_is_asked_for_a_number_of_seconds() {
    for (value, expected) in [
        (None, None),
        (Some("21600"), Some(21_600)),
        (Some(" 7 "), Some(7)),
        (Some("0"), Some(0)),
        (Some("x"), None),
    ] {
        let mut map = HeaderMap::new();
        if let Some(value) = value {
            map.insert("x-aws-ec2-metadata-token-ttl-seconds", HeaderValue::from_static(value));
        }
        let head = RequestHead {
            method: &Method::PUT,
            path: "/latest/api/token",
            query: None,
            headers: &map.into(),
            version: Version::HTTP_11,
            authority: None,
        };
        assert_eq!(head.token_ttl(), expected, "{value:?}");
    }
}

/// Of paths that end like `token`, or have a `k`, too.
#[test]
fn a_request_for_a_token_is_known_by_its_whole_path() {
    let protocol = |path| {
        let headers = &HeaderMap::new().into();
        let (method, version) = (&Method::PUT, Version::HTTP_11);
        Protocol::of(RequestHead { method, path, query: None, headers, version, authority: None })
    };
    for path in ["/latest/api/token", "/latest/api/token/", "/latest/api/./tok%65n", "/latest/api/token/x/.."]
    {
        assert_eq!(protocol(path), Protocol::Token, "{path}");
    }
    for path in [
        "/",
        "/latest/meta-data/",
        "/latest/meta-data/instance-type",
        "/latest/meta-data/placement/region",
        "/latest/meta-data/network/",
        "/latest/api/tokens",
        "/latest/api/token/x",
        "/latest/token",
        "/2021-07-15/api/token",
    ] {
        assert_eq!(protocol(path), Protocol::V1, "{path}");
    }
}

#[test]
fn an_address_tells_whether_its_client_is_of_this_host() {
    for (address, expected) in [
        ("127.0.0.1", Ingress::Host),
        ("127.1.2.3", Ingress::Host),
        ("::1", Ingress::Host),
        ("169.254.169.254", Ingress::Host),
        ("fd00:ec2::254", Ingress::Host),
        ("169.254.170.2", Ingress::Host),
        ("169.254.170.23", Ingress::Host),
        ("fd00:ec2::23", Ingress::Host),
        ("169.254.169.253", Ingress::Bridge),
        ("fd00:ec2::253", Ingress::Bridge),
        ("172.17.0.2", Ingress::Bridge),
        ("2001:db8::7", Ingress::Bridge),
    ] {
        let client: IpAddr = address.parse().expect("an address");
        assert_eq!(Ingress::of_address(client), expected, "{address}");
    }
}

/// Counters that know everything, and must not be told anything.
pub(super) struct Counted;

impl Counters for Counted {
    fn admit(&self, _: (Timestamp, usize), _: IpAddr, limit: u32) -> bool {
        assert_eq!(limit, 0, "nobody new is admitted");
        true
    }

    fn next(&self, _: usize) -> u64 {
        panic!("a request was counted")
    }

    fn matched(&self, fault: usize) -> u64 {
        fault as u64 + 40
    }

    fn throttle(&self, _: usize, _: IpAddr, _: u32, _: Timestamp) -> bool {
        panic!("a request was counted")
    }
}

#[test]
fn a_preview_counts_nothing() {
    let client: IpAddr = "172.17.0.2".parse().expect("an address");
    let (counters, now) = (ReadOnlyCounters(&Counted), Timestamp::from_secs(1));
    assert!(counters.admit((now, 0), client, 7));
    assert_eq!([counters.next(2), counters.matched(3)], [42, 43]);
    assert!(!counters.throttle(0, client, 1, now));
}

// === The cache ===

fn remembered(cache: &Cache) -> String {
    format!("{cache:?}")
}

/// `PATHS` is 200,000, which four of these have, with the usual 100 of each: with the fifth the others go.
#[test]
fn of_large_trees_the_last_one_stays() {
    let cache = Cache::default();
    let paths = (0..49_900).map(|n| (format!("meta-data/{n}"), Override::Removed)).collect();
    let large = Instance { overrides: Arc::new(paths), ..Instance::default() };
    let (keys, compiled) = (keys(), std::cell::Cell::new(0));
    let ask = |named| {
        cache.get_or(Key { named: Some(named), client: None, occurrences: &[] }, || {
            compiled.set(compiled.get() + 1);
            CompiledInstance::new(large.clone(), &keys)
        });
    };
    for (named, expected) in (0..).zip([1, 2, 3, 4, 1, 2]) {
        ask(named);
        assert_eq!(remembered(&cache), format!("Cache({expected} of 256)"), "after {named}");
        ask(named);
        assert_eq!(compiled.get(), named + 1, "it is remembered");
    }
}

#[test]
fn whoever_has_an_instance_remembered_was_met_lately() {
    let (cache, keys) = (Cache::default(), keys());
    for client in 1..=5_u8 {
        let key = Key { named: Some(1), client: Some([10, 0, 0, client].into()), occurrences: &[] };
        cache.get_or(key, || CompiledInstance::new(Instance::default(), &keys));
    }
    assert_eq!(remembered(&cache), "Cache(5 of 256)");
    let met = cache.met_lately();
    assert_eq!(met.len(), 5);
    assert!(met.contains(&(Some(1), Some([10, 0, 0, 3].into()))));
}

#[test]
fn the_debug_form_of_a_fleet_has_no_values() {
    let fleet = super::fleet(Scenario::default());
    let text = format!("{fleet:?}");
    assert!(text.contains("cache: Cache(0 of 256)"), "{text}");
    assert!(
        text.contains("past_events: PastEventsMemo { present: SharedValue, next: SharedValue }"),
        "{text}"
    );
}
