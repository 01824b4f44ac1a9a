//! Single changes, moment by moment: what arrives when, what is undone, and what does not come back.

use super::*;
use crate::model::{ChangeKind, StringEnum as _};

#[test]
fn clearing_the_facts_ends_what_is_pending_of_them() {
    use crate::model::InstanceFact;

    let settings = Propagation { profile: PropagationProfile::Slow, ..Propagation::default() };
    let address = |last| EventEffect::Fact(InstanceFact::PublicIpv4s(vec![[192, 0, 2, last].into()]));
    let at =
        |seconds, effect| event(EventTime::AfterLoad(Duration::from_secs(seconds)), effect, None, &settings);
    let events = [at(1, address(77)), at(200, address(88)), at(202, EventEffect::Clear(ClearTarget::Facts))];
    let instance = base(&settings);
    let clock = ScenarioClock::starting(START, START);
    let seen = |seconds| {
        let view = View::at(&instance, &events, &clock, START.plus(Duration::from_secs(seconds)));
        view.get(&format!("{MACS}/{}/public-ipv4s", instance.mac()))
    };
    assert_eq!(seen(199).as_deref(), Some("192.0.2.77"), "it has arrived");
    assert_eq!(seen(201).as_deref(), Some("192.0.2.77"), "the next one has not");
    for seconds in [202, 203, 230, 600] {
        assert_eq!(seen(seconds).as_deref(), Some("192.0.2.54"), "at {seconds} s, as in the scenario");
    }
}

#[test]
fn what_is_never_visible_is_settled_or_undone() {
    use crate::model::InstanceMetadataTags;

    let settings = Propagation::default();
    let never = Some(Delay { span: DelaySpan::Never, meanwhile: None });
    let at = |seconds, effect, whole: Option<Delay>| {
        event(EventTime::AfterLoad(Duration::from_secs(seconds)), effect, whole, &settings)
    };
    let tag = |text: &str| EventEffect::Tag("Name".parse().expect("a key"), Some(text.to_owned()));
    let mut instance = base(&settings);
    instance.metadata_options.instance_metadata_tags = InstanceMetadataTags::Enabled;
    instance.tags.insert("Name".parse().expect("a key"), "first".to_owned());
    let clock = ScenarioClock::starting(START, START);
    let settle = EventEffect::Settle;
    for (then, expected, pending) in [
        (settle(SettleTarget::Facts), "first", true),
        (settle(SettleTarget::Network), "first", true),
        (settle(SettleTarget::Tags), "third", false),
        (settle(SettleTarget::All), "third", false),
        (EventEffect::Clear(ClearTarget::Facts), "first", true),
        (EventEffect::Clear(ClearTarget::Tags), "first", false),
        (EventEffect::Clear(ClearTarget::All), "first", false),
    ] {
        let events = [
            at(1, tag("second"), never.clone()),
            at(2, tag("third"), never.clone()),
            at(3, then.clone(), None),
            // What was undone does not come back.
            at(4, EventEffect::Settle(SettleTarget::InstanceProfile), None),
        ];
        let view = View::at(&instance, &events, &clock, START.plus(Duration::from_secs(5)));
        assert_eq!(view.get("meta-data/tags/instance/Name").as_deref(), Some(expected), "{then:?}");
        let late = view.instance.late.pending();
        assert_eq!(!late.is_empty(), pending, "{then:?}: {late:?}");
        assert!(late.iter().all(|(path, ..)| path == "meta-data/tags/instance/Name"), "{late:?}");
    }
}

/// A later change that is visible first is what counts from then on, whatever is settled.
#[test]
fn what_is_older_does_not_come_back() {
    use crate::model::InstanceMetadataTags;

    let settings = Propagation::default();
    let after = |seconds| {
        let after = Duration::from_secs(seconds);
        Some(Delay { span: DelaySpan::Within(after, after), meanwhile: None })
    };
    let at = |seconds, effect, whole: Option<Delay>| {
        event(EventTime::AfterLoad(Duration::from_secs(seconds)), effect, whole, &settings)
    };
    let tag = |text: &str| EventEffect::Tag("Name".parse().expect("a key"), Some(text.to_owned()));
    let events = [
        at(10, tag("one"), after(40)),
        at(15, tag("two"), after(0)),
        at(20, EventEffect::Settle(SettleTarget::All), None),
    ];
    let mut instance = base(&settings);
    instance.metadata_options.instance_metadata_tags = InstanceMetadataTags::Enabled;
    instance.tags.insert("Name".parse().expect("a key"), "zero".to_owned());
    let clock = ScenarioClock::starting(START, START);
    for (seconds, expected, pending) in
        [(12, "zero", 1), (17, "two", 0), (22, "two", 0), (49, "two", 0), (52, "two", 0)]
    {
        let view = View::at(&instance, &events, &clock, START.plus(Duration::from_secs(seconds)));
        assert_eq!(view.get("meta-data/tags/instance/Name").as_deref(), Some(expected), "at {seconds} s");
        assert_eq!(view.instance.late.pending().len(), pending, "at {seconds} s");
    }
}

/// A detached interface that stays in the listing, as in amazon-vpc-cni-k8s's pull request 194.
#[test]
fn a_detached_interface_may_stay_listed_and_answer_nothing() {
    let parts = [part(LateLeaf::Leaves, 0, None), part(LateLeaf::Listed, 300, None)].into();
    let lateness = EventLateness { parts, ..EventLateness::default() };
    let detach = EventEffect::Interface(InterfaceChange::Detach(name(1)));
    let mac = interface(1).mac;
    for (seconds, is_listed) in [(0, true), (299, true), (300, false)] {
        let view = seen(detach.clone(), lateness.clone(), &Propagation::default(), seconds);
        assert_eq!(view.lines(MACS).contains(&format!("{mac}/")), is_listed, "after {seconds} s");
        assert_eq!(view.get(&format!("{MACS}/{mac}/device-number")), None);
        assert_eq!(view.get(&format!("{MACS}/{mac}")), None);
    }
}

/// The device number of an interface reads 0 at first, and its card is missing (amazon-ec2-net-utils 90 and 153).
#[test]
fn an_attached_interface_arrives_leaf_by_leaf() {
    let number = |seconds| {
        let parts = [
            part(LateLeaf::Listed, 1, None),
            part(LateLeaf::DeviceNumber, 3, Some(Meanwhile::Value("0".into()))),
            part(LateLeaf::NetworkCard, 6, Some(Meanwhile::Absent)),
            part(LateLeaf::SubnetIpv4CidrBlock, 8, Some(Meanwhile::Listed)),
        ];
        let lateness = EventLateness { parts: parts.into(), ..EventLateness::default() };
        let attach = EventEffect::Interface(InterfaceChange::Attach(Box::new(interface(3))));
        let view = seen(attach, lateness, &Propagation::default(), seconds);
        let mac = interface(3).mac;
        let leaf = |leaf: &str| view.get(&format!("{MACS}/{mac}/{leaf}"));
        let lists_subnet =
            view.lines(&format!("{MACS}/{mac}")).contains(&"subnet-ipv4-cidr-block".to_owned());
        (leaf("device-number"), leaf("network-card"), leaf("subnet-ipv4-cidr-block").is_some(), lists_subnet)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(number(0), (None, None, false, false));
    assert_eq!(number(1), (text("0"), None, false, true));
    assert_eq!(number(3), (text("3"), None, false, true));
    assert_eq!(number(6), (text("3"), text("1"), false, true));
    assert_eq!(number(8), (text("3"), text("1"), true, true));
}

#[test]
fn a_pushed_key_is_there_for_its_time() {
    let (user, key) = ("me".to_owned(), "ssh-ed25519 AAAA".to_owned());
    let push = EventEffect::ManagedSshKey { user, key, span: Duration::from_mins(1) };
    for (seconds, is_there) in [(0, true), (59, true), (60, false), (61, false)] {
        let view = seen(push.clone(), EventLateness::default(), &Propagation::default(), seconds);
        let found = view.get("meta-data/managed-ssh-keys/active-keys/me");
        assert_eq!(found.as_deref(), is_there.then_some("ssh-ed25519 AAAA"), "after {seconds} s");
    }
}

/// Another profile: information and listing first, keys a second later; the old role is gone at once.
#[test]
fn another_role_is_listed_once_its_keys_are_there() {
    let settings = Propagation { profile: PropagationProfile::Typical, ..Propagation::default() };
    let role = |name: &str| Some(name.parse().expect("a role"));
    let roles = |change, seconds| {
        let view = seen(EventEffect::Profile(change), EventLateness::default(), &settings, seconds);
        (view.get("meta-data/iam/info").is_some(), view.lines("meta-data/iam/security-credentials"))
    };
    let change = ProfileChange { role: role("new-role"), name: None, change: RoleChange::Associate };
    let old = vec!["dev-role".to_owned()];
    assert_eq!(roles(change.clone(), 2), (true, old.clone()));
    assert_eq!(roles(change.clone(), 3), (true, vec![]));
    assert_eq!(roles(change, 4), (true, vec!["new-role".to_owned()]));
    let removal = ProfileChange { role: None, name: None, change: RoleChange::Associate };
    assert_eq!(roles(removal.clone(), 4), (true, old));
    assert_eq!(roles(removal, 10), (false, vec![]));
}

/// Every kind of change has a delay in every profile but the one that delays nothing.
#[test]
fn every_leaf_has_a_name_in_the_settings() {
    for kind in [ChangeKind::Attach, ChangeKind::Assign, ChangeKind::Modify] {
        for leaf in
            kind.leaves().iter().filter(|leaf| !matches!(leaf, LateLeaf::Listed | LateLeaf::SecondaryIpv4s))
        {
            assert_eq!(LateLeaf::of_name(leaf.as_str()), Some(*leaf));
        }
    }
}
