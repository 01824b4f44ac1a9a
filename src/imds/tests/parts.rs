//! Headers, clients, counters, the cache and nodes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderValue};
use http::{HeaderMap, Method, Version};

use super::{LOADED, event, keys, named};
use crate::imds::cache::{Cache, CompiledInstance, Key};
use crate::imds::ec2::Directory;
use crate::imds::request::ReadOnlyCounters;
use crate::imds::{Counters, Ingress, Protocol, RequestHead, RequestHeaders, Visit, on_node};
use crate::model::{
    ClusterNode, EventEffect, EventTime, Instance, NamedInstance, NetworkInterface, Override, Scenario,
    Timestamp,
};

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
struct Counted;

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

/// Each client of a derived instance has a tree of its own.
#[test]
fn what_a_client_of_a_derived_instance_will_meet_is_prepared() {
    let web = NamedInstance { derive: true, ..named("web", &["10.0.0.0/8"]) };
    let effect = EventEffect::Set("meta-data/x".into(), Override::Removed);
    let event = event(EventTime::AfterLoad(Duration::from_mins(1)), effect);
    let fleet =
        super::fleet(Scenario { named_instances: vec![web], events: vec![event], ..Scenario::default() });
    let ask = |now| {
        let (peer, ingress) = (IpAddr::from([10, 0, 0, 7]), Ingress::Bridge);
        let visit = Visit { peer, ingress, nonce: [0; 12], counters: &Counted };
        fleet.at(fleet.match_instance(peer, ingress), &visit, &[], now);
        remembered(fleet.cache())
    };
    let later = LOADED.plus(Duration::from_mins(1));
    assert_eq!(ask(LOADED), "Cache(1 of 256)");
    fleet.prepare_next(LOADED, later);
    assert_eq!(remembered(fleet.cache()), "Cache(2 of 256)");
    assert_eq!(ask(later), "Cache(2 of 256)", "it is remembered");
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

// === Interfaces ===

/// The built-in interface has device number 0 on card 0; the MAC address that follows from 3 is on card 1.
#[test]
fn a_free_device_number_is_free_on_its_card_and_its_mac_address_is_free_on_all() {
    let mut scenario = Scenario::default();
    let on_card = |number, card| {
        let mut interface = NetworkInterface::numbered(number);
        interface.network_card = Some(card);
        interface
    };
    scenario.instance.interfaces.extend([on_card(1, 0), on_card(3, 1)]);
    let mut own_mac = on_card(2, 0);
    own_mac.mac = "02:00:00:00:00:07".parse().expect("a MAC address");
    let fleet = |scenario: &Scenario| super::fleet(scenario.clone());
    let free = |scenario: &Scenario, card| fleet(scenario).free_device_number(None, None, card, LOADED);
    assert_eq!([0, 1].map(|card| free(&scenario, card)), [Some(2), Some(2)]);
    scenario.instance.interfaces.push(own_mac);
    // 2 is taken on card 0 alone; the MAC address of 3 is taken for both.
    assert_eq!([0, 1].map(|card| free(&scenario, card)), [Some(4), Some(2)]);
    assert_eq!(fleet(&scenario).free_device_number(Some("web"), None, 0, LOADED), None, "no such instance");
    scenario.instance.interfaces[0].mac = "02:00:00:00:00:08".parse().expect("a MAC address");
    assert_eq!([0, 1].map(|card| free(&scenario, card)), [Some(4), Some(0)], "only card 0 begins with 1");
}

#[test]
fn an_interface_has_a_leaf_for_each_of_its_public_addresses() {
    let mut instance = Instance::default();
    let interface = &instance.interfaces[0];
    let directory = format!("meta-data/network/interfaces/macs/{}/ipv4-associations/", interface.mac);
    let expected: Vec<String> = interface.public_ipv4s.iter().map(ToString::to_string).collect();
    let found = |instance: &Instance| -> Vec<String> {
        let tree = Directory::of(instance);
        let below = |(path, _): (String, _)| path.strip_prefix(&directory).map(str::to_owned);
        tree.leaves().into_iter().filter_map(below).collect()
    };
    assert!(!expected.is_empty(), "the built-in interface has one");
    assert_eq!(found(&instance), expected);
    instance.interfaces[0].public_ipv4s.clear();
    assert_eq!(found(&instance), [""; 0]);
}

/// `version_2018_04_12` is the name of its schema.
#[test]
fn an_accelerator_has_a_leaf_with_its_id_and_its_type() {
    let id = "eia-0123456789abcdef0123456789abcdef";
    let elastic_inference = [(id.to_owned(), "eia1.medium".to_owned())].into();
    let instance = Instance { elastic_inference, ..Instance::default() };
    let answers = super::fleet(Scenario { instance, ..Scenario::default() }).answers("latest", LOADED);
    let found = answers.get(&format!("meta-data/elastic-inference/associations/{id}"));
    let expected = format!(
        r#"{{"version_2018_04_12":{{"elastic-inference-accelerator-id":"{id}","elastic-inference-accelerator-type":"eia1.medium"}}}}"#
    );
    assert_eq!(found.map(|body| &body[..]), Some(expected.as_bytes()));
}

// === Nodes ===

/// The instance of this node's.
fn served_on(node: &Arc<ClusterNode>, instance: &Instance, web: NamedInstance) -> Instance {
    let instance = instance.clone();
    let scenario = Scenario { instance, named_instances: vec![web], ..Scenario::default() };
    on_node(&Arc::new(scenario), Some(node)).named_instances[0].instance.clone()
}

#[test]
fn the_instance_of_a_node_keeps_interfaces_that_are_its_own() {
    let instance = Instance::default();
    let node = Arc::new(ClusterNode { name: "n1".parse().expect("a name"), addresses: vec![] });
    let mut web = named("web", &[]);
    web.nodes = vec!["n1".parse().expect("a name")];
    let inherits = served_on(&node, &instance, web.clone());
    assert_ne!(inherits.interfaces, instance.interfaces, "what it inherits is the other instance's");
    web.instance.interfaces[0].mac = "02:00:00:00:00:07".parse().expect("a MAC");
    let own = web.instance.interfaces.clone();
    assert_eq!(served_on(&node, &instance, web).interfaces, own);
}

/// What it inherits is the other instance's; what it sets of its own it keeps.
#[test]
fn the_instance_of_a_node_keeps_the_host_names_that_are_its_own() {
    let name = |text: &str| Some(text.parse().expect("a host name"));
    let instance = Instance { hostname: name("a.x"), public_hostname: name("b.x"), ..Instance::default() };
    let node = Arc::new(ClusterNode { name: "n1".parse().expect("a name"), addresses: vec![] });
    for (hostname, public_hostname, expected) in [
        ("a.x", "b.x", (None, None)),
        ("own.x", "b.x", (name("own.x"), None)),
        ("a.x", "own.x", (None, name("own.x"))),
    ] {
        let mut web = named("web", &[]);
        web.nodes = vec!["n1".parse().expect("a name")];
        web.instance =
            Instance { hostname: name(hostname), public_hostname: name(public_hostname), ..instance.clone() };
        let found = served_on(&node, &instance, web);
        assert_eq!((found.hostname.clone(), found.public_hostname.clone()), expected, "{hostname}");
        assert_ne!(found.instance_id, instance.instance_id, "of its own");
    }
}
