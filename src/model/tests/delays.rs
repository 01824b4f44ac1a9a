//! How late changes are visible: the figures of each profile, and what the jitter follows from.

use std::time::Duration;

use crate::model::propagation::{DelaySource, DrawnDelay, until_refresh};
use crate::model::{
    ChangeKind, Event, EventEffect, EventLateness, EventTime, InterfaceChange, LateLeaf, Meanwhile,
    Propagation, PropagationProfile, Timestamp, timeline,
};

const MAC: &str = "0e:49:61:0f:c3:12";

fn settings(profile: PropagationProfile, seed: u64, instance: &str) -> Propagation {
    Propagation { profile, seed, instance: instance.to_owned(), ..Propagation::default() }
}

fn drawn(settings: &Propagation, event_seed: u64, kind: ChangeKind, leaf: LateLeaf) -> DrawnDelay {
    DelaySource { settings, event: &EventLateness::default(), event_seed }.draw(kind, MAC, leaf)
}

fn millis(settings: &Propagation, event_seed: u64, kind: ChangeKind, leaf: LateLeaf) -> u64 {
    let after = drawn(settings, event_seed, kind, leaf).after.expect("it has an end");
    u64::try_from(after.as_millis()).expect("a few seconds")
}

/// The figures of each kind of change and leaf, in milliseconds: the least and the most of "typical", of a leaf of an
/// interface that is attached after that is listed; and those of "slow".
fn figures(kind: ChangeKind, leaf: LateLeaf) -> (u64, u64, u64) {
    use LateLeaf as Leaf;
    match (kind, leaf) {
        (ChangeKind::Attach, Leaf::Listed) => (500, 2_000, 5_000),
        (ChangeKind::Attach, Leaf::LocalIpv4s) => (500, 2_000, 18_000),
        (ChangeKind::Attach, Leaf::DeviceNumber) => (1_000, 3_000, 12_000),
        (ChangeKind::Attach, Leaf::NetworkCard) => (2_000, 4_000, 15_000),
        (ChangeKind::Attach, Leaf::SubnetIpv4CidrBlock | Leaf::VpcIpv4CidrBlocks) => (1_000, 3_000, 18_000),
        (ChangeKind::Attach, Leaf::SecondaryIpv4s | Leaf::Ipv4Prefix) => (2_000, 6_000, 30_000),
        (
            ChangeKind::Attach,
            Leaf::Ipv6s | Leaf::Ipv6Prefix | Leaf::SubnetIpv6CidrBlocks | Leaf::VpcIpv6CidrBlocks,
        ) => (3_000, 6_000, 30_000),
        (ChangeKind::Attach | ChangeKind::Assign | ChangeKind::Unassign, Leaf::PublicIpv4s)
        | (ChangeKind::Tags | ChangeKind::MetadataOptions, _) => (2_000, 5_000, 20_000),
        (ChangeKind::Attach, _) => (0, 0, 5_000),
        (ChangeKind::Detach, _) => (5_000, 15_000, 84_000),
        (ChangeKind::Assign | ChangeKind::Modify, _) => (2_000, 5_000, 30_000),
        (ChangeKind::Unassign, _) => (5_000, 15_000, 90_000),
        // Of a removal.
        (ChangeKind::InstanceProfile, Leaf::Leaves) => (5_000, 10_000, 60_000),
        (ChangeKind::InstanceProfile, Leaf::Keys) => (4_000, 4_000, 30_000),
        (ChangeKind::InstanceProfile, _) => (3_000, 3_000, 20_000),
        (ChangeKind::Facts, _) => (0, 0, 0),
    }
}

const KINDS: [ChangeKind; 9] = [
    ChangeKind::Attach,
    ChangeKind::Detach,
    ChangeKind::Assign,
    ChangeKind::Unassign,
    ChangeKind::Modify,
    ChangeKind::InstanceProfile,
    ChangeKind::Tags,
    ChangeKind::MetadataOptions,
    ChangeKind::Facts,
];

#[test]
fn each_leaf_is_as_late_as_its_profile_says() {
    let removal: &[LateLeaf] = &[LateLeaf::Leaves];
    for kind in KINDS {
        let more = if kind == ChangeKind::InstanceProfile { removal } else { &[] };
        for leaf in kind.leaves().iter().chain(more).copied() {
            let (least, most, slow) = figures(kind, leaf);
            let found = millis(&settings(PropagationProfile::Slow, 7, ""), 0, kind, leaf);
            assert_eq!(found, slow, "slow: {kind:?} {leaf:?}");

            let all = (0..300).map(|seed| {
                let settings = settings(PropagationProfile::Typical, seed, "");
                let found = millis(&settings, 0, kind, leaf);
                let of_listing = kind == ChangeKind::Attach && leaf != LateLeaf::Listed;
                if of_listing { found - millis(&settings, 0, kind, LateLeaf::Listed) } else { found }
            });
            let all: Vec<u64> = all.collect();
            let (lowest, highest) = (all.iter().min().expect("300"), all.iter().max().expect("300"));
            assert!(*lowest >= least && *highest <= most, "typical: {kind:?} {leaf:?}: {all:?}");
            // Not of a part of the range alone.
            let near = (most - least) / 10;
            assert!(
                *lowest <= least + near && *highest >= most - near,
                "typical: {kind:?} {leaf:?}: {all:?}"
            );
        }
    }
}

#[test]
fn only_the_device_number_of_a_new_interface_has_a_value_meanwhile() {
    for profile in [PropagationProfile::Typical, PropagationProfile::Slow] {
        let settings = settings(profile, 7, "");
        for kind in KINDS {
            for leaf in kind.leaves() {
                let is_number = (kind, *leaf) == (ChangeKind::Attach, LateLeaf::DeviceNumber);
                let expected = is_number.then(|| Meanwhile::Value("0".to_owned()));
                assert_eq!(drawn(&settings, 0, kind, *leaf).meanwhile, expected, "{kind:?} {leaf:?}");
            }
        }
    }
}

/// Scenarios are written for the delays of their seed: no version draws others. The values were computed apart, by
/// splitmix64 as its authors publish it.
#[test]
fn a_seed_draws_the_same_delays_in_every_version() {
    for (seed, event_seed, instance, [listed, leaves, assigned]) in [
        (0, 0, "", [602, 14_280, 4_909]),
        (7, 10_000, "", [928, 13_192, 2_100]),
        (7, 10_000, "web", [818, 12_469, 3_421]),
        (i64::MAX.unsigned_abs(), 90_000, "", [1_093, 13_144, 3_406]),
    ] {
        let settings = settings(PropagationProfile::Typical, seed, instance);
        let found = [
            (ChangeKind::Attach, LateLeaf::Listed),
            (ChangeKind::Detach, LateLeaf::Leaves),
            (ChangeKind::Assign, LateLeaf::LocalIpv4s),
        ]
        .map(|(kind, leaf)| millis(&settings, event_seed, kind, leaf));
        assert_eq!(
            found,
            [listed, leaves, assigned],
            "seed {seed}, event {event_seed}, instance {instance:?}"
        );
    }
}

#[test]
fn events_of_different_times_have_a_jitter_of_their_own() {
    let settings = settings(PropagationProfile::Typical, 7, "");
    let stages = |at: EventTime| {
        let detach = InterfaceChange::Detach(MAC.parse().expect("a name"));
        timeline::stages(&Event::once(at, [EventEffect::Interface(detach)]), &settings).0
    };
    let seconds = Duration::from_secs;
    let of_first = stages(EventTime::AfterLoad(seconds(1)));
    assert_eq!(stages(EventTime::AfterStart(seconds(1))), of_first);
    assert_eq!(stages(EventTime::AfterPoll("meta-data/mac".to_owned(), seconds(1))), of_first);
    assert_ne!(stages(EventTime::AfterLoad(seconds(2))), of_first);
    assert_ne!(stages(EventTime::AfterLoad(Duration::from_millis(1_001))), of_first);
    // An order has the time at which it is given, and the same order the same delays.
    let [now, later] = [1_000, 2_000].map(|at| stages(EventTime::At(Timestamp::from_secs(at))));
    assert_eq!(now, later);
    assert_eq!(now, stages(EventTime::AfterLoad(Duration::ZERO)));
}

/// Generated keys are refreshed at the whole multiples of the interval, by the wall clock.
#[test]
fn a_refresh_is_at_the_next_multiple_of_its_interval() {
    for (date, interval, expected) in [
        (0, 3_600_000, 3_600_000),
        (1_000, 3_600_000, 3_599_000),
        (1_000_000, 3_600_000, 2_600_000),
        (3_599_999, 3_600_000, 1),
        (3_600_000, 3_600_000, 3_600_000),
        (90_500, 60_000, 29_500),
        // None is shorter than a second.
        (250, 0, 750),
    ] {
        let found = until_refresh(Timestamp::from_millis(date), Duration::from_millis(interval));
        assert_eq!(found, Duration::from_millis(expected), "{interval} ms, at {date}");
    }
}
