//! Changes that are visible late: what holds at every moment of every timeline.

mod interfaces;
mod profiles;
mod whole;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use proptest::prelude::*;

use super::leaf_context::LeafContext;
use super::tree::{Directory, TreeEntryRef};
use super::version::Version;
use crate::identity::{KeyRing, SignedDocument};
use crate::model::timeline::{self, ScenarioClock};
use crate::model::{
    AddressChange, ChangeKind, ClearTarget, Delay, DelaySpan, Event, EventEffect, EventLateness, EventTime,
    Instance, InterfaceChange, InterfaceName, LateLeaf, Meanwhile, NetworkInterface, ProfileChange,
    Propagation, PropagationProfile, RoleChange, SettleTarget, StringEnum as _, Timestamp,
};

const START: Timestamp = Timestamp::from_secs(1_000_000);
const MACS: &str = "meta-data/network/interfaces/macs";

// === Timelines ===

fn interface(number: u32) -> NetworkInterface {
    let mut interface = NetworkInterface::numbered(number);
    interface.private_ipv4s.push(std::net::Ipv4Addr::new(172, 16, 40, number.to_le_bytes()[0]));
    interface.ipv6s.push(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    interface.network_card = (number == 3).then_some(1);
    interface
}

fn name(number: u32) -> InterfaceName {
    InterfaceName::Mac(interface(number).mac)
}

fn addresses(number: u32, last: u8) -> Box<AddressChange> {
    Box::new(AddressChange {
        interface: name(number),
        private_ipv4s: vec![std::net::Ipv4Addr::new(172, 16, 41, last)],
        public_ipv4s: vec![],
        ipv6s: vec![std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into())],
        ipv4_prefixes: vec![],
        ipv6_prefixes: vec![],
    })
}

fn span() -> impl Strategy<Value = Duration> {
    (0_u64..40).prop_map(|halves| Duration::from_millis(halves * 500))
}

/// A change without delays of its own, of an interface or of the profile.
fn effect() -> impl Strategy<Value = EventEffect> {
    let interface_change = prop_oneof![
        3 => (1_u32..4).prop_map(|n| InterfaceChange::Attach(Box::new(interface(n)))),
        2 => (1_u32..4).prop_map(|n| InterfaceChange::Detach(name(n))),
        2 => (0_u32..4, 1_u8..4).prop_map(|(n, last)| InterfaceChange::Assign(addresses(n, last))),
        2 => (0_u32..4, 1_u8..4).prop_map(|(n, last)| InterfaceChange::Unassign(addresses(n, last))),
        1 => (0_u32..4).prop_map(|n| InterfaceChange::Modify {
            interface: name(n),
            names: Some(vec![format!("group-{n}")]),
            ids: None,
        }),
        1 => (1_u32..4, span()).prop_map(|(n, span)| InterfaceChange::Hide { interface: name(n), span: Some(span) }),
    ];
    let role = prop::option::of((0_u8..3).prop_map(|n| format!("role-{n}").parse().expect("a role")));
    let change = prop_oneof![Just(RoleChange::Associate), Just(RoleChange::RoleInProfile)];
    let profile = (role, change).prop_map(|(role, change)| ProfileChange { role, name: None, change });
    prop_oneof![
        8 => interface_change.prop_map(EventEffect::Interface),
        2 => profile.prop_map(EventEffect::Profile),
        1 => Just(EventEffect::Settle(SettleTarget::Network)),
        1 => Just(EventEffect::Clear(ClearTarget::Network)),
    ]
}

/// The delay of one event as a whole: most have none.
fn whole() -> impl Strategy<Value = Option<Delay>> {
    prop_oneof![
        4 => Just(None),
        1 => span().prop_map(|span| Some(Delay { span: DelaySpan::Within(span, span), meanwhile: None })),
        1 => span().prop_map(|span| Some(Delay {
            span: DelaySpan::Within(span, span * 2),
            meanwhile: Some(Meanwhile::Absent),
        })),
    ]
}

fn settings() -> impl Strategy<Value = Propagation> {
    let profile = prop_oneof![Just(PropagationProfile::Typical), Just(PropagationProfile::Slow)];
    (profile, any::<u64>()).prop_map(|(profile, seed)| Propagation {
        profile,
        seed,
        ..Propagation::default()
    })
}

fn event(at: EventTime, effect: EventEffect, whole: Option<Delay>, settings: &Propagation) -> Event {
    let mut event = Event {
        at,
        repeat: None,
        until: None,
        first_n_clients: None,
        instance: None,
        client: None,
        effects: vec![effect],
        lateness: EventLateness { whole, ..EventLateness::default() },
    };
    let (mut stages, refreshes) = timeline::stages(&event, settings);
    stages.sort_unstable();
    stages.dedup();
    assert!(stages.is_empty() || timeline::has_stages(&event), "{event:?} has {stages:?}");
    event.lateness.stages = stages;
    event.lateness.refreshes = if refreshes { vec![Duration::from_hours(1)] } else { vec![] };
    event
}

type Drawn = (Propagation, Vec<(Duration, EventEffect, Option<Delay>)>);

fn drawn() -> impl Strategy<Value = Drawn> {
    (settings(), prop::collection::vec((span(), effect(), whole()), 1..8))
}

fn events((settings, drawn): &Drawn) -> Vec<Event> {
    let event = |(at, effect, whole): &(Duration, EventEffect, Option<Delay>)| {
        event(EventTime::AfterLoad(*at), effect.clone(), whole.clone(), settings)
    };
    drawn.iter().map(event).collect()
}

fn base(settings: &Propagation) -> Instance {
    Instance { propagation: Arc::new(settings.clone()), ..Instance::default() }
}

// === What is visible ===

struct View {
    instance: Instance,
    tree: Directory,
    identity: SignedDocument,
    elapsed: Duration,
    now: Timestamp,
}

impl View {
    fn at(base: &Instance, events: &[Event], clock: &ScenarioClock, now: Timestamp) -> Self {
        let instance = timeline::after(base, events, &clock.occurrences(events, now), clock);
        Self::of(instance, clock.elapsed(now), now)
    }

    fn of(instance: Instance, elapsed: Duration, now: Timestamp) -> Self {
        static KEYS: OnceLock<Arc<KeyRing>> = OnceLock::new();
        let keys = KEYS.get_or_init(|| Arc::new(KeyRing::generate([7; 32])));
        let (tree, identity) = (Directory::of(&instance), SignedDocument::of(&instance, keys));
        Self { instance, tree, identity, elapsed, now }
    }

    /// The same without anything that is late.
    fn without_lateness(&self) -> Self {
        let instance = Instance { late: Instance::default().late, ..self.instance.clone() };
        Self::of(instance, self.elapsed, self.now)
    }

    fn context(&self) -> LeafContext<'_> {
        LeafContext::new(&self.instance, &self.identity, None, self.elapsed, self.now)
    }

    fn get(&self, path: &str) -> Option<String> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let bytes = match self.tree.find(&segments)? {
            TreeEntryRef::Directory(directory) => directory.listing(&self.context(), Version::LATEST),
            TreeEntryRef::Leaf(leaf) => leaf.value(&self.context(), Version::LATEST),
        };
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn lines(&self, path: &str) -> Vec<String> {
        self.get(path).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Every path that answers, by walking the listings, and every listed path that does not.
    fn walk(&self, path: &str, answers: &mut BTreeMap<String, String>, silent: &mut Vec<String>) {
        for line in self.lines(path) {
            let name = line.split('=').next().unwrap_or_default().trim_end_matches('/').to_owned();
            let below = format!("{path}/{name}");
            match self.get(&below) {
                None => silent.push(below),
                Some(_) if line.ends_with('/') => self.walk(&below, answers, silent),
                Some(body) => {
                    // The keys follow from the time.
                    let is_role = below.contains("security-credentials/");
                    answers.insert(below, if is_role { String::new() } else { body });
                }
            }
        }
    }

    fn answers(&self) -> BTreeMap<String, String> {
        let (mut answers, mut silent) = (BTreeMap::new(), Vec::new());
        self.walk("meta-data", &mut answers, &mut silent);
        assert!(silent.is_empty(), "listed, and 404: {silent:?}");
        answers.retain(|path, _| path.contains("network/") || path.contains("/iam") || path.contains("ip"));
        answers
    }
}

/// What holds at every moment, whatever the timeline.
fn check(view: &View) -> Result<(), TestCaseError> {
    let answers = view.answers();
    // Each leaf that answers is found by the listings, and nothing else.
    for (path, leaf) in view.tree.leaves().into_iter().filter(|(path, _)| path.starts_with(MACS)) {
        let value = leaf.value(&view.context(), Version::LATEST);
        prop_assert_eq!(value.is_some(), answers.contains_key(&path), "{} is listed as it answers", path);
    }
    let listed = view.lines(MACS);
    for line in &listed {
        let mac = line.trim_end_matches('/');
        if let Some(own) = view.get(&format!("{MACS}/{mac}/mac")) {
            prop_assert_eq!(own, mac, "an interface's mac is its directory's name");
        }
    }
    // The primary interface is always there, and its card and number are never late.
    let primary = view.instance.mac().to_string();
    prop_assert_eq!(view.get("meta-data/mac"), Some(primary.clone()));
    prop_assert!(listed.contains(&format!("{primary}/")), "the primary interface is listed");
    let number = view.get(&format!("{MACS}/{primary}/device-number"));
    prop_assert_eq!(number.as_deref(), Some("0"));
    let mut attachments: Vec<_> = view.instance.interfaces.iter().map(NetworkInterface::attachment).collect();
    attachments.dedup();
    prop_assert_eq!(attachments.len(), view.instance.interfaces.len(), "no card and number twice in truth");
    // The copies at the top switch with the leaves of the primary interface.
    for (copy, leaf) in [
        ("local-ipv4", "local-ipv4s"),
        ("ipv6", "ipv6s"),
        ("public-ipv4", "public-ipv4s"),
        ("public-hostname", "public-hostname"),
    ] {
        let first = view.lines(&format!("{MACS}/{primary}/{leaf}")).into_iter().next();
        prop_assert_eq!(
            view.get(&format!("meta-data/{copy}")),
            first,
            "{} is that of the primary interface",
            copy
        );
    }
    let groups = view.get(&format!("{MACS}/{primary}/security-groups"));
    prop_assert_eq!(view.get("meta-data/security-groups"), groups);
    // The journal says of a path that it is late, unless its answer is the true one.
    let truth = view.without_lateness();
    for (path, leaf) in view.tree.leaves().into_iter().filter(|(path, _)| path.starts_with(MACS)) {
        let names: Vec<&str> = path.split('/').collect();
        let shown = leaf.value(&view.context(), Version::LATEST);
        if view.instance.late.shown_at(&names).is_none() {
            prop_assert_eq!(
                shown.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                truth.get(&path),
                "{} is not called late",
                path
            );
        }
    }
    // The document follows the truth at once.
    let address = view.instance.local_ipv4().map(|address| format!("\"privateIp\" : \"{address}\""));
    prop_assert!(address.is_none_or(|address| view.identity.document.contains(&address)));
    Ok(())
}

/// The moments at which something changes, and some between them.
fn moments(clock: &ScenarioClock, events: &[Event]) -> Vec<Timestamp> {
    let mut moments = vec![START];
    let mut now = START;
    while let Some(next) = clock.next_change(events, now).filter(|_| moments.len() < 400) {
        moments.push(Timestamp::from_millis(now.as_millis().midpoint(next.as_millis())));
        moments.push(next);
        now = next;
    }
    moments.push(now.plus(Duration::from_secs(1)));
    moments
}

/// In CI 10,000 timelines in all; elsewhere as many for each property as `PROPTEST_CASES` says, or 256.
fn config(in_ci: u32) -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let chosen = std::env::var_os("PROPTEST_CASES").is_some() || std::env::var_os("CI").is_none();
    if chosen { default } else { ProptestConfig { cases: in_ci, ..default } }
}

proptest! {
    // It looks at every moment of a timeline.
    #![proptest_config(config(1_000))]

    #[test]
    fn what_is_listed_answers_and_copies_agree_at_every_moment(drawn in drawn()) {
        let (base, events) = (base(&drawn.0), events(&drawn));
        let clock = ScenarioClock::starting(START, START);
        let mut before: Option<(Timestamp, BTreeMap<String, String>)> = None;
        for now in moments(&clock, &events) {
            let view = View::at(&base, &events, &clock, now);
            check(&view)?;
            let answers = view.answers();
            // Between two changes everything stays: what is remembered until then may be answered.
            if let Some((then, same)) = before.take()
                && clock.next_change(&events, then).is_none_or(|next| now < next)
            {
                prop_assert_eq!(&same, &answers, "from {:?} to {:?}", then, now);
            }
            before = Some((now, answers));
        }
    }
}

proptest! {
    #![proptest_config(config(3_000))]

    /// In the end everything shows what is true, as if nothing had been late.
    #[test]
    fn everything_arrives(drawn in drawn()) {
        let clock = ScenarioClock::starting(START, START);
        let end = START.plus(Duration::from_hours(3));
        let late = View::at(&base(&drawn.0), &events(&drawn), &clock, end);
        prop_assert!(late.instance.late.is_settled(), "{:?}", late.instance.late);
        let at_once: Drawn = (
            Propagation::default(),
            drawn.1.iter().map(|(at, effect, _)| (*at, effect.clone(), None)).collect(),
        );
        let instant = View::at(&base(&at_once.0), &events(&at_once), &clock, end);
        prop_assert_eq!(late.answers(), instant.answers());
        prop_assert_eq!(&late.instance.interfaces, &instant.instance.interfaces);
    }

    /// With the profile that delays nothing, nothing is ever late.
    #[test]
    fn what_is_instant_is_never_late(drawn in drawn(), at in span()) {
        let changes = drawn.1.iter().filter(|(_, effect, _)| {
            !matches!(effect, EventEffect::Profile(ProfileChange { change: RoleChange::RoleInProfile, .. })
                | EventEffect::Interface(InterfaceChange::Hide { .. }))
        });
        let instant: Drawn =
            (Propagation::default(), changes.map(|(at, effect, _)| (*at, effect.clone(), None)).collect());
        let events = events(&instant);
        prop_assert!(events.iter().all(|event| event.lateness.is_over_at_once()));
        let clock = ScenarioClock::starting(START, START);
        let view = View::at(&base(&instant.0), &events, &clock, START.plus(at));
        prop_assert!(view.instance.late.is_settled());
        check(&view)?;
    }

    /// A clock that is moved to an offset shows what one shows that ran there; one that is paused stands.
    #[test]
    fn seeks_and_pauses_move_what_is_late(drawn in drawn(), to in span(), wait in span()) {
        let changes = drawn.1.into_iter().filter(|(_, effect, _)| {
            // The date of a refresh is that of the wall clock.
            !matches!(effect, EventEffect::Profile(ProfileChange { change: RoleChange::RoleInProfile, .. }))
        });
        let drawn = (drawn.0, changes.collect());
        let (base, events) = (base(&drawn.0), events(&drawn));
        let ran = ScenarioClock::starting(START, START);
        let at = START.plus(to);
        let played = View::at(&base, &events, &ran, at).answers();
        let sought = ran.seek(&events, to, START);
        prop_assert_eq!(&View::at(&base, &events, &sought, START).answers(), &played, "sought forward");
        let later = at.plus(wait);
        let back = ran.seek(&events, to, later);
        prop_assert_eq!(&View::at(&base, &events, &back, later).answers(), &played, "sought back");
        let paused = ran.pause(at);
        prop_assert_eq!(&View::at(&base, &events, &paused, later).answers(), &played, "paused");
        let resumed = paused.resume(&events, later);
        let ends = View::at(&base, &events, &resumed, later.plus(wait)).answers();
        prop_assert_eq!(&ends, &View::at(&base, &events, &ran, at.plus(wait)).answers(), "resumed");
    }
}

// === Cases ===

/// One event on an instance that has interface 1 from the start.
fn seen(effect: EventEffect, lateness: EventLateness, settings: &Propagation, seconds: u64) -> View {
    let mut event = event(EventTime::AfterLoad(Duration::ZERO), effect, None, settings);
    event.lateness =
        EventLateness { whole: lateness.whole, parts: lateness.parts, ..EventLateness::default() };
    (event.lateness.stages, _) = timeline::stages(&event, settings);
    let mut instance = base(settings);
    instance.interfaces.push(interface(1));
    let clock = ScenarioClock::starting(START, START);
    View::at(&instance, &[event], &clock, START.plus(Duration::from_secs(seconds)))
}

fn part(leaf: LateLeaf, seconds: u64, meanwhile: Option<Meanwhile>) -> (LateLeaf, Delay) {
    let after = Duration::from_secs(seconds);
    (leaf, Delay { span: DelaySpan::Within(after, after), meanwhile })
}

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
