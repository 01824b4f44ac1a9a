//! Values and rules of EC2: names, latencies, patterns, clocks.

use std::sync::Arc;
use std::time::Duration;

use super::fault::{Latency, Probability};
use super::*;

mod containers;
mod delays;
mod words;

impl Event {
    /// An event that happens once, to all instances, and is visible at once.
    pub(crate) fn once(at: EventTime, effects: impl IntoIterator<Item = EventEffect>) -> Self {
        Self {
            at,
            repeat: None,
            until: None,
            first_n_clients: None,
            instance: None,
            client: None,
            effects: effects.into_iter().collect(),
            lateness: EventLateness::default(),
        }
    }
}

#[test]
fn the_instances_own_names_are_those_of_its_primary_interface_only() {
    let mut instance = Instance {
        hostname: Some("app.example.com".parse().expect("a name")),
        public_hostname: Some("www.example.com".parse().expect("a name")),
        ..Instance::default()
    };
    let first = &instance.interfaces[0];
    let mut second = first.sibling(1);
    second.private_ipv4s = vec!["10.0.0.9".parse().expect("an address")];
    second.public_ipv4s = vec!["203.0.113.9".parse().expect("an address")];
    instance.interfaces[0].public_ipv4s = vec!["203.0.113.8".parse().expect("an address")];
    instance.interfaces.push(second);
    let [first, second] = &instance.interfaces[..] else { panic!("there are two") };
    let names = |interface| (instance.local_hostname_of(interface), instance.public_hostname_of(interface));
    assert_eq!(names(first), ("app.example.com".to_owned(), Some("www.example.com".to_owned())));
    assert_eq!(
        names(second),
        ("ip-10-0-0-9.ec2.internal".to_owned(), Some("ec2-203-0-113-9.compute-1.amazonaws.com".to_owned()))
    );
}

#[test]
fn virtual_devices_have_the_names_of_ec2() {
    for (name, expected) in [
        ("ami", true),
        ("root", true),
        ("swap", true),
        ("ebs1", true),
        ("ebs9999", true),
        ("ephemeral0", true),
        ("ephemeral12", true),
        ("ebs", false),
        ("ebs12345", false),
        ("ebsx", false),
        ("ebs1x", false),
        ("ephemeral", false),
        ("amis", false),
        ("", false),
    ] {
        assert_eq!(Instance::is_virtual_device(name), expected, "{name:?}");
    }
}

#[test]
fn the_parts_of_a_segment_are_each_found_once() {
    let matches = |glob: &str, name: &str| {
        glob.parse::<PathGlob>().expect("a pattern").matches(&["latest", "meta-data", name])
    };
    for (glob, name, expected) in [
        ("meta-data/*ab*ab*", "ab", false),
        ("meta-data/*ab*ab*", "xab", false),
        ("meta-data/*ab*ab*", "xxab", false),
        ("meta-data/*ab*ab*", "aba", false),
        ("meta-data/*ab*ab*", "abab", true),
        ("meta-data/*ab*ab*", "xabxabx", true),
        ("meta-data/a*a", "a", false),
        ("meta-data/a*a", "aa", true),
        ("meta-data/*abc*c*", "xabc", false),
        ("meta-data/*abc*c*", "xabcc", true),
    ] {
        assert_eq!(matches(glob, name), expected, "{glob} {name}");
    }
}

#[test]
fn a_pattern_has_32_segments_and_1024_bytes_at_most() {
    let segments = |count: usize| "/x".repeat(count).parse::<PathGlob>();
    assert!(segments(32).is_ok() && segments(31).is_ok());
    assert!(segments(33).is_err() && segments(34).is_err());
    let bytes = |count: usize| format!("/{}", "x".repeat(count - 1)).parse::<PathGlob>();
    assert!(bytes(1_024).is_ok() && bytes(1_023).is_ok());
    assert!(bytes(1_025).is_err() && bytes(1_026).is_err());
}

#[test]
fn an_event_without_an_instance_concerns_all() {
    let rebalance = EventEffect::Rebalance(NoticeDue::After(Duration::ZERO));
    let of_all = Event::once(EventTime::AfterLoad(Duration::ZERO), [rebalance]);
    let event = |instance: Option<&str>| Event { instance: instance.map(str::to_owned), ..of_all.clone() };
    for (of, instance, expected) in [
        (None, None, true),
        (None, Some("web"), true),
        (Some("web"), Some("web"), true),
        (Some("web"), Some("db"), false),
        (Some("web"), None, false),
    ] {
        assert_eq!(event(of).concerns(instance), expected, "an event of {of:?}, {instance:?}");
    }
    let announced = |notice| event(None).announces(notice);
    assert!(announced(Notice::Rebalance));
    for other in
        [Notice::InstanceAction, Notice::TerminationTime, Notice::Scheduled, Notice::TargetLifecycleState]
    {
        assert!(!announced(other), "{other:?}");
    }
}

#[test]
fn what_amazon_ec2_metadata_mock_does_otherwise_no_other_profile_does() {
    use super::http::Profile;

    for profile in [Profile::Modern, Profile::Legacy, Profile::Aemm] {
        let is_aemm = profile == Profile::Aemm;
        for (what, found) in [
            ("takes any path", profile.takes_any_path()),
            ("admits clients by notice", profile.admits_clients_by_notice()),
            ("takes any id of an event", profile.takes_any_event_id()),
            ("may open listings", profile.may_open_listings()),
            ("lists notices ahead", profile.lists_notices_ahead()),
            ("dates notices by the request", profile.dates_notices_by_request()),
            ("has paths that do not follow from the instance", !profile.follows_instance()),
        ] {
            assert_eq!(found, is_aemm, "{profile:?} {what}");
        }
    }
}

#[test]
fn an_endpoint_of_containers_is_served_if_any_instance_has_one() {
    let task = Instance { ecs: Some(Arc::default()), ..Instance::default() };
    let pod = Instance { pod_identity: Some(Arc::default()), ..Instance::default() };
    let named = |instance: &Instance| NamedInstance {
        name: "web".to_owned(),
        networks: vec![],
        host: false,
        nodes: vec![],
        derive: false,
        instance: instance.clone(),
    };
    let none = Instance::default();
    for (what, instance, others, expected) in [
        ("nothing", &none, vec![], false),
        ("no task in another instance either", &none, vec![named(&none)], false),
        ("a task", &task, vec![], true),
        ("a pod", &pod, vec![], true),
        ("a task of another instance", &none, vec![named(&none), named(&task)], true),
        ("a pod of another instance", &none, vec![named(&pod)], true),
    ] {
        let scenario =
            Scenario { instance: instance.clone(), named_instances: others, ..Scenario::default() };
        assert_eq!(scenario.serves_containers(), expected, "{what}");
    }
}

#[test]
fn a_random_delay_has_both_its_ends() {
    let millis = Duration::from_millis;
    let latency = Latency::new(millis(100), millis(200)).expect("in order");
    for (draw, expected) in [(0, 100_000), (1 << 62, 125_000), (1 << 63, 150_000), (u64::MAX, 200_000)] {
        assert_eq!(latency.draw(draw), Duration::from_micros(expected), "{draw}");
    }
    assert!(latency.varies());
    let fixed = Latency::new(millis(100), millis(100)).expect("in order");
    assert_eq!((fixed.varies(), fixed.draw(u64::MAX)), (false, millis(100)));
    assert!(Latency::new(Duration::ZERO, Latency::LONGEST).is_some());
    assert!(Latency::new(Duration::ZERO, Latency::LONGEST + millis(1)).is_none());
    assert!(Latency::new(millis(2), millis(1)).is_none());
}

#[test]
fn a_probability_is_written_as_it_was() {
    for probability in [0.0, 0.000_001, 0.3, 0.5, 0.999_999, 1.0] {
        let found = Probability::new(probability).expect("from 0 to 1").rounded();
        assert!((found - probability).abs() < f64::EPSILON, "expected {probability}, found {found}");
    }
}

#[test]
fn a_zone_id_has_all_digits_of_its_region() {
    for (zone, expected) in [
        ("us-east-1a", "use1-az1"),
        ("us-east-12c", "use12-az3"),
        ("ap-northeast-1z", "apne1-az26"),
        ("us-west-2-lax-1b", "usw2-lax1-az2"),
        ("us-gov-west-1a", "usgw1-az1"),
    ] {
        assert_eq!(zone.parse::<AvailabilityZone>().expect("a zone").zone_id(), expected, "{zone}");
    }
}

#[test]
fn of_a_secret_a_debug_form_shows_that_it_is_there() {
    let keys = Keys {
        access_key_id: "AKIAX".to_owned(),
        secret_access_key: Secret::new("hunter2"),
        token: Secret::new("hunter3"),
        expiration: None,
    };
    let shown = format!("{keys:?}");
    assert!(shown.contains("AKIAX") && shown.contains("secret_access_key: …, token: …"), "{shown}");
}
