//! What is answered: bodies, previews of events, and paths that leave the tree.

use std::sync::Arc;
use std::time::Duration;

use http::header::ALLOW;
use http::{HeaderMap, Method, Version};
use hyper::body::Bytes;

use super::{LOADED, event, fleet, named};
use crate::imds::ec2::Directory;
use crate::imds::{
    Counters, DeliveryEnd, Fleet, Ingress, Reply, RequestHead, RequestHeaders, TokenAuthority, Visit, answer,
};
use crate::model::fault::{BodyAlteration, BodyDamage, Fault, FaultEffect, ReplyAlteration, ReplyStatus};
use crate::model::{
    AfterNotice, Content, ContentType, Event, EventEffect, EventTime, FaultName, Http, Instance,
    InstanceMetadataTags, MetadataOptions, Notice, NoticeDue, Override, Profile, Scenario, SpotAction,
    Timestamp,
};

fn at_once() -> EventTime {
    EventTime::AfterLoad(Duration::ZERO)
}

fn set(path: &str) -> EventEffect {
    EventEffect::Set(path.into(), Override::Value(b"x".to_vec().into()))
}

fn overrides(overrides: impl IntoIterator<Item = (String, Override)>) -> Instance {
    Instance { overrides: Arc::new(overrides.into_iter().collect()), ..Instance::default() }
}

// === Bodies ===

/// They take long to make, and follow from the document.
#[test]
fn signatures_are_listed_with_empty_bodies() {
    let beside = ("dynamic/instance-identity/own".to_owned(), Override::Value(b"x".to_vec().into()));
    let scenario = Scenario { instance: overrides([beside]), ..Scenario::default() };
    let answers = fleet(scenario).answers("latest", LOADED);
    let body = |name: &str| answers.get(&format!("dynamic/instance-identity/{name}"));
    for name in ["pkcs7", "rsa2048", "signature", "own"] {
        assert_eq!(body(name).map(Bytes::len), Some(0), "{name}");
    }
    assert!(body("document").is_some_and(|body| body.starts_with(b"{")));
}

#[test]
fn an_event_of_another_instance_is_none_of_this_one() {
    let web = || vec![named("web", &["10.0.0.0/8"])];
    for (instance, client, expected) in [
        (None, None, true),
        (Some("web".to_owned()), None, false),
        (None, "10.0.0.7".parse().ok(), false),
        (None, "192.0.2.7".parse().ok(), true),
    ] {
        let event = Event { instance, client, ..event(at_once(), set("meta-data/x")) };
        let fleet =
            fleet(Scenario { named_instances: web(), events: vec![event.clone()], ..Scenario::default() });
        let found = fleet.answers("latest", LOADED).contains_key("meta-data/x");
        assert_eq!(found, expected, "{event:?}");
    }
}

/// The `aemm` profile alone has it, and its tree is another one.
#[test]
fn a_path_from_the_root_is_not_in_the_tree() {
    let paths = |instance: &Instance| -> Vec<String> {
        Directory::of(instance).leaves().into_iter().map(|(path, _)| path).collect()
    };
    let value = || Override::Value(b"x".to_vec().into());
    let with = overrides([("/elsewhere/x".to_owned(), value()), ("meta-data/x".to_owned(), value())]);
    let expected = overrides([("meta-data/x".to_owned(), value())]);
    assert_eq!(paths(&with), paths(&expected));
    assert!(paths(&with).contains(&"meta-data/x".to_owned()));
}

#[test]
fn an_override_has_the_content_type_that_it_says() {
    let content_type: ContentType = "application/json".parse().expect("a type");
    let content = Content {
        bytes: Bytes::from_static(b"{}"),
        content_type: Some(content_type.clone()),
        headers: vec![],
    };
    let instance = overrides([
        ("meta-data/typed".to_owned(), Override::Value(content)),
        ("meta-data/usual".to_owned(), Override::Value(b"x".to_vec().into())),
    ]);
    let tree = Directory::of(&instance);
    let types: Vec<_> = tree
        .leaves()
        .into_iter()
        .filter(|(path, _)| ["meta-data/typed", "meta-data/usual"].contains(&path.as_str()))
        .map(|(_, leaf)| leaf.content_type().cloned())
        .collect();
    assert_eq!(types, [Some(content_type), None]);
}

// === amazon-ec2-metadata-mock ===

fn mock(overridden: impl IntoIterator<Item = (String, Override)>) -> Fleet {
    let due = NoticeDue::After(Duration::from_mins(2));
    let spot = EventEffect::SpotInterruption { action: SpotAction::Terminate, due, then: AfterNotice::Stay };
    fleet(Scenario {
        instance: overrides(overridden),
        events: vec![event(at_once(), spot)],
        http: Http { profile: Profile::Aemm, ..Http::default() },
        ..Scenario::default()
    })
}

#[test]
fn a_notice_that_is_moved_answers_nothing_at_either_path() {
    let (action, time) = ("meta-data/spot/instance-action", "meta-data/spot/termination-time");
    let body =
        |fleet: &Fleet, path: &str| fleet.answers("latest", LOADED).remove(path).map(|body| body.len());
    let usual = mock([]);
    assert!(body(&usual, action).is_some_and(|length| length > 40), "{:?}", body(&usual, action));
    assert_eq!(body(&usual, time), Some("2026-11-21T03:16:11Z".len()));
    let moved = mock([("meta-data/elsewhere".to_owned(), Override::Moved(Notice::InstanceAction))]);
    assert_eq!(body(&moved, action), None);
    assert_eq!(body(&moved, "meta-data/elsewhere"), Some(0));
    assert_eq!(body(&moved, time), Some("2026-11-21T03:16:11Z".len()));
}

#[test]
fn a_notice_below_a_removed_path_is_removed() {
    let action = "meta-data/spot/instance-action";
    for removed in [action, "meta-data/spot", "meta-data"] {
        let fleet = mock([(removed.to_owned(), Override::Removed)]);
        assert!(!fleet.answers("latest", LOADED).contains_key(action), "{removed} is removed");
    }
    let fleet = mock([("meta-data/sp".to_owned(), Override::Removed)]);
    assert!(fleet.answers("latest", LOADED).contains_key(action), "another path is");
}

// === Previews ===

/// 32 instances, or as many as have 100,000 paths together. Only one of those here shows its tags.
#[test]
fn so_many_instances_are_compared() {
    for (own_paths, position, expected) in
        [(0, 0, true), (0, 31, true), (0, 32, false), (24_900, 3, true), (24_900, 4, false)]
    {
        let mut instances: Vec<_> = (1..40).map(|number| named(&format!("n{number}"), &[])).collect();
        let paths = (0..own_paths).map(|number| (format!("meta-data/n{number}"), Override::Removed));
        let mut instance = overrides(paths);
        let shows = if position == 0 { &mut instance } else { &mut instances[position - 1].instance };
        shows.metadata_options = MetadataOptions {
            instance_metadata_tags: InstanceMetadataTags::Enabled,
            ..MetadataOptions::default()
        };
        let tag = EventEffect::Tag("x".parse().expect("a key"), Some("y".into()));
        let events = vec![event(at_once(), tag)];
        let fleet = fleet(Scenario { instance, named_instances: instances, events, ..Scenario::default() });
        let found = fleet.preview(0, LOADED).paths.contains_key("meta-data/tags/instance/x");
        assert_eq!(found, expected, "number {position}, with {own_paths} paths in [instance]");
    }
}

/// 32 instances, or as many as have 50,000 paths together.
#[test]
fn so_many_instances_are_prepared() {
    for (own_paths, expected) in [(0, 32), (12_400, 4), (60_000, 1)] {
        let paths = (0..own_paths).map(|number| (format!("meta-data/n{number}"), Override::Removed));
        let named_instances = (1..40).map(|number| named(&format!("n{number}"), &[])).collect();
        let fleet = fleet(Scenario { instance: overrides(paths), named_instances, ..Scenario::default() });
        fleet.prepare(LOADED);
        let found = format!("{:?}", fleet.cache());
        assert_eq!(found, format!("Cache({expected} of 256)"), "with {own_paths} paths in [instance]");
    }
}

// === Paths that leave the tree ===

pub(super) struct NoCounters;

impl Counters for NoCounters {
    fn admit(&self, _: (Timestamp, usize), _: std::net::IpAddr, _: u32) -> bool {
        false
    }

    fn next(&self, _: usize) -> u64 {
        0
    }

    fn matched(&self, _: usize) -> u64 {
        0
    }

    fn throttle(&self, _: usize, _: std::net::IpAddr, _: u32, _: Timestamp) -> bool {
        false
    }
}

/// The reply to a GET, with this status injected at paths that match.
fn injected(fault: Option<(u16, &str)>, path: &str) -> Reply {
    let fault = fault.map(|(status, glob)| {
        let alteration = ReplyAlteration { status: ReplyStatus::new(status), ..ReplyAlteration::default() };
        let path = glob.parse().expect("a pattern");
        Fault { path, ..Fault::always(FaultEffect::Answer(alteration)) }
    });
    reply_with(fault.into_iter().collect(), path)
}

fn reply_with(faults: Vec<Fault>, path: &str) -> Reply {
    let fleet = fleet(Scenario { faults, ..Scenario::default() });
    let visit = Visit {
        peer: [172, 17, 0, 2].into(),
        ingress: Ingress::Bridge,
        nonce: [0; 12],
        counters: &NoCounters,
    };
    let head = RequestHead {
        method: &Method::GET,
        path,
        query: None,
        // Which names no host.
        headers: &RequestHeaders::from(HeaderMap::new()),
        version: Version::HTTP_10,
        authority: None,
    };
    answer(&fleet, &TokenAuthority::new([7; 32]), &visit, head, LOADED).0
}

#[test]
fn an_injected_status_has_the_form_that_the_service_gives_it() {
    for (status, reason, allow, body) in [
        (404, None, None, "404 - Not Found"),
        (405, Some("Not Allowed"), Some("GET, HEAD"), ""),
        (417, None, None, "417 - Expectation Failed"),
        (503, None, None, ""),
    ] {
        let reply = injected(Some((status, "/**")), "/latest/meta-data/mac");
        assert_eq!((reply.status.as_u16(), reply.reason), (status, reason));
        let found = reply.headers.iter().find(|(name, _)| *name == ALLOW).map(|(_, value)| value);
        assert_eq!(found.map(|value| value.to_str().expect("text")), allow, "{status}");
        let text = String::from_utf8_lossy(&reply.body);
        assert!(text.contains(body) && text.is_empty() == body.is_empty(), "{status}: {text:?}");
    }
}

/// The first of them that ends the connection counts.
#[test]
fn a_reset_is_not_taken_back_by_a_damaged_body() {
    let damage = FaultEffect::Answer(ReplyAlteration {
        body: Some(BodyAlteration::Damage(BodyDamage::Truncated)),
        ..ReplyAlteration::default()
    });
    for (effects, expected) in [
        (vec![damage.clone()], DeliveryEnd::Truncated),
        (vec![FaultEffect::Reset(None), damage.clone()], DeliveryEnd::Reset),
        (vec![damage, FaultEffect::Hang], DeliveryEnd::Silence),
    ] {
        let named = |(number, effect)| Fault { name: FaultName::in_file(number), ..Fault::always(effect) };
        let reply = reply_with((1..).zip(effects.clone()).map(named).collect(), "/latest/meta-data/mac");
        assert_eq!(reply.delivery.end, expected, "{effects:?}");
    }
}

#[test]
fn a_fault_hits_a_path_that_leaves_the_tree_as_it_was_sent() {
    let status =
        |glob: Option<&str>, path: &str| injected(glob.map(|glob| (503, glob)), path).status.as_u16();
    let unharmed = status(None, "/..//x");
    assert_ne!(unharmed, 503);
    for (glob, path, is_hit) in [
        ("/*/x", "/..//x", true),
        ("/**", "/..//x", true),
        ("/*/y", "/..//x", false),
        ("/latest/*", "/latest/%ff", true),
        ("/latest", "/latest/%ff", false),
    ] {
        assert_eq!(status(Some(glob), path) == 503, is_hit, "{glob} and {path}");
    }
}
