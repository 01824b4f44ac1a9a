//! Changes that are visible as a whole: what is pending, and what undoes it.

use strum::VariantArray as _;

use super::*;
use crate::model::{ChangeKind, InstanceFact, MetadataOption};

/// Each change, and what is said to be pending of it.
fn changes() -> [(EventEffect, &'static str); 8] {
    let tag = |key: &str| EventEffect::Tag(key.parse().expect("a key"), Some("second".to_owned()));
    let option = EventEffect::Option;
    let base = Instance::default();
    [
        (tag("Name"), "meta-data/tags/instance/Name"),
        (tag("Names"), "meta-data/tags/instance/Names"),
        (option(MetadataOption::HopLimit(9)), "metadata option http-put-response-hop-limit"),
        (
            option(MetadataOption::HttpTokens(base.metadata_options.http_tokens)),
            "metadata option http-tokens",
        ),
        (EventEffect::Fact(InstanceFact::InstanceType(base.instance_type)), "meta-data/instance-type"),
        (EventEffect::Fact(InstanceFact::AmiId(base.ami_id)), "meta-data/ami-id"),
        (EventEffect::Fact(InstanceFact::Monitoring(base.monitoring)), "dynamic/fws/instance-monitoring"),
        (EventEffect::Fact(InstanceFact::UserData(None)), "user-data"),
    ]
}

/// What there is to see after a change that is never visible, and another one that is visible at once.
fn view(change: &EventEffect, then: &EventEffect) -> View {
    let settings = Propagation::default();
    let at = |seconds, effect: &EventEffect, whole| {
        event(EventTime::AfterLoad(Duration::from_secs(seconds)), effect.clone(), whole, &settings)
    };
    let never = Delay { span: DelaySpan::Never, meanwhile: None };
    let events = [at(1, change, Some(never)), at(2, then, None)];
    let clock = ScenarioClock::starting(START, START);
    View::at(&base(&settings), &events, &clock, START.plus(Duration::from_secs(3)))
}

fn pending(view: &View) -> Vec<String> {
    view.instance.late.pending().into_iter().map(|(path, ..)| path).collect()
}

#[test]
fn a_change_is_pending_until_the_same_is_changed_again() {
    for (change, path) in changes() {
        for (then, other) in changes() {
            let expected: &[&str] = if path == other { &[] } else { &[path] };
            assert_eq!(pending(&view(&change, &then)), expected, "{change:?}, then {then:?}");
        }
        let found = pending(&view(&change, &EventEffect::Rotate));
        assert_eq!(found, [path], "{change:?}, then new credentials");
    }
}

#[test]
fn a_clear_undoes_what_is_pending_of_its_own_kind() {
    for (change, path) in changes() {
        let own = match change {
            EventEffect::Tag(..) => ClearTarget::Tags,
            EventEffect::Option(_) => ClearTarget::MetadataOptions,
            _ => ClearTarget::Facts,
        };
        for target in ClearTarget::VARIANTS {
            let is_undone = [own, ClearTarget::All].contains(target);
            let expected: &[&str] = if is_undone { &[] } else { &[path] };
            let found = pending(&view(&change, &EventEffect::Clear(*target)));
            assert_eq!(found, expected, "{change:?}, then a clear of {target:?}");
        }
    }
}

#[test]
fn a_settlement_shows_what_is_pending_of_its_own_kind() {
    for (change, path) in changes() {
        let own = match change {
            EventEffect::Tag(..) => SettleTarget::Tags,
            EventEffect::Option(_) => SettleTarget::MetadataOptions,
            _ => SettleTarget::Facts,
        };
        for target in SettleTarget::VARIANTS {
            let is_settled = [own, SettleTarget::All].contains(target);
            let expected: &[&str] = if is_settled { &[] } else { &[path] };
            let found = pending(&view(&change, &EventEffect::Settle(*target)));
            assert_eq!(found, expected, "{change:?}, then a settlement of {target:?}");
        }
    }
}

/// The journal says of an answer that it is late: of a value, and of what is below a path, but of no name that only begins so.
#[test]
fn an_answer_is_late_at_its_path_and_below() {
    let (change, _) = &changes()[0];
    let late = view(change, &EventEffect::Rotate).instance.late;
    let profile = ProfileChange { role: None, name: None, change: RoleChange::Associate };
    let slow = Propagation { profile: PropagationProfile::Slow, ..Propagation::default() };
    let of_role = seen(EventEffect::Profile(profile), EventLateness::default(), &slow, 1).instance.late;
    for (late, path, expected) in [
        (&late, "meta-data/tags/instance/Name", true),
        (&late, "meta-data/tags/instance/Name/", true),
        (&late, "meta-data/tags/instance/Names", false),
        (&late, "meta-data/tags/instance", false),
        (&late, "meta-data/iam/info", false),
        (&of_role, "meta-data/iam/info", true),
        (&of_role, "meta-data/iam/security-credentials", true),
        (&of_role, "meta-data/iam/security-credentials/dev-role", true),
        (&of_role, "meta-data/iam/security-credentials-x", false),
        (&of_role, "meta-data/tags/instance/Name", false),
    ] {
        let names: Vec<&str> = path.split('/').collect();
        assert_eq!(late.shown_at(&names), expected.then_some("as it was"), "{path}");
    }
}

/// Public addresses and security groups are leaves of an interface, and late as those are.
#[test]
fn the_delay_of_the_facts_is_none_of_an_interfaces_leaves() {
    let after = Duration::from_secs(5);
    let delay = Delay { span: DelaySpan::Within(after, after), meanwhile: None };
    let settings = Propagation {
        delays: [((ChangeKind::Facts, LateLeaf::Whole), delay)].into(),
        ..Propagation::default()
    };
    let address = std::net::Ipv4Addr::new(203, 0, 113, 7);
    let events = [
        InstanceFact::PublicIpv4s(vec![address]),
        InstanceFact::SecurityGroups(vec!["other".to_owned()]),
        InstanceFact::AmiId("ami-0123456789abcdef0".parse().expect("an id")),
    ]
    .map(|fact| event(EventTime::AfterLoad(Duration::ZERO), EventEffect::Fact(fact), None, &settings));
    let (clock, base) = (ScenarioClock::starting(START, START), base(&settings));
    for (seconds, is_late) in [(4, true), (5, false)] {
        let view = View::at(&base, &events, &clock, START.plus(Duration::from_secs(seconds)));
        assert_eq!(view.get("meta-data/public-ipv4"), Some(address.to_string()), "at {seconds} s");
        assert_eq!(view.get("meta-data/security-groups").as_deref(), Some("other"), "at {seconds} s");
        let expected: &[&str] = if is_late { &["meta-data/ami-id"] } else { &[] };
        assert_eq!(pending(&view), expected, "at {seconds} s");
        let found = view.get("meta-data/ami-id").expect("it is there");
        assert_eq!(found != "ami-0123456789abcdef0", is_late, "at {seconds} s: {found}");
    }
}
