//! Changes that are visible late: timelines, and what is visible of them.

mod cases;
mod interfaces;
mod profiles;
mod properties;
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
    AddressChange, ClearTarget, Delay, DelaySpan, Event, EventEffect, EventLateness, EventTime, Instance,
    InterfaceChange, InterfaceName, LateLeaf, Meanwhile, NetworkInterface, ProfileChange, Propagation,
    PropagationProfile, RoleChange, SettleTarget, Timestamp,
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
    let mut event = Event::once(at, [effect]);
    event.lateness.whole = whole;
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
