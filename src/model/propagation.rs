//! Propagation: how late a change is visible, leaf by leaf. On EC2 the metadata of a running instance is eventually
//! consistent; no document says how late a leaf may be. The figures are those that maintainers of clients observed, and those
//! that their clients allow for.
//!
//! A delay counts from the event, on the scenario's clock. Jitter is a function of the seed, the instance's name, the
//! event's offset, the interface and the leaf: the same for every client, and after every restart.

use std::collections::BTreeMap;
use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::string_enum::StringEnum as _;
use super::time::Timestamp;

/// A table of delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum PropagationProfile {
    /// Everything is visible at once.
    #[default]
    Instant,
    /// As on most days.
    Typical,
    /// As late as was reported.
    Slow,
}

/// The kinds of changes that have delays of their own.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum ChangeKind {
    /// An interface is attached.
    Attach,
    /// An interface is detached.
    Detach,
    /// Addresses or prefixes are assigned.
    Assign,
    /// Addresses or prefixes are taken away.
    Unassign,
    /// Security groups of an interface change.
    Modify,
    /// An instance profile is associated, replaced or removed.
    InstanceProfile,
    /// Tags change.
    Tags,
    /// Metadata options change.
    MetadataOptions,
    /// Facts change.
    Facts,
}

/// A part of what a change is visible in: a leaf of an interface, or of the instance profile.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum LateLeaf {
    /// The interface in the listing of `macs/`. No leaf of an interface that is attached answers before.
    Listed,
    /// All leaves of an interface that is detached.
    Leaves,
    /// `device-number`
    DeviceNumber,
    /// `interface-id`
    InterfaceId,
    /// `ipv4-prefix`
    Ipv4Prefix,
    /// `ipv6-prefix`
    Ipv6Prefix,
    /// `ipv6s`
    Ipv6s,
    /// `local-hostname`
    LocalHostname,
    /// `local-ipv4s`
    LocalIpv4s,
    /// All addresses of `local-ipv4s` but the first.
    SecondaryIpv4s,
    /// `mac`
    Mac,
    /// `network-card`
    NetworkCard,
    /// `owner-id`
    OwnerId,
    /// `public-ipv4s`, `public-hostname` and `ipv4-associations/`
    PublicIpv4s,
    /// `security-group-ids`
    SecurityGroupIds,
    /// `security-groups`
    SecurityGroups,
    /// `subnet-id`
    SubnetId,
    /// `subnet-ipv4-cidr-block`
    SubnetIpv4CidrBlock,
    /// `subnet-ipv6-cidr-blocks`
    SubnetIpv6CidrBlocks,
    /// `vpc-id`
    VpcId,
    /// `vpc-ipv4-cidr-block` and `vpc-ipv4-cidr-blocks`
    VpcIpv4CidrBlocks,
    /// `vpc-ipv6-cidr-blocks`
    VpcIpv6CidrBlocks,
    /// `iam/info`
    Info,
    /// The role in the listing of `iam/security-credentials/`.
    Listing,
    /// The keys of the role.
    Keys,
    /// The change as a whole.
    Whole,
}

impl LateLeaf {
    /// The leaves of an interface.
    pub(crate) const OF_INTERFACE: [Self; 19] = [
        Self::DeviceNumber,
        Self::InterfaceId,
        Self::Ipv4Prefix,
        Self::Ipv6Prefix,
        Self::Ipv6s,
        Self::LocalHostname,
        Self::LocalIpv4s,
        Self::Mac,
        Self::NetworkCard,
        Self::OwnerId,
        Self::PublicIpv4s,
        Self::SecurityGroupIds,
        Self::SecurityGroups,
        Self::SubnetId,
        Self::SubnetIpv4CidrBlock,
        Self::SubnetIpv6CidrBlocks,
        Self::VpcId,
        Self::VpcIpv4CidrBlocks,
        Self::VpcIpv6CidrBlocks,
    ];

    /// The leaf that a name in an interface's directory belongs to.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "public-hostname" | "ipv4-associations" => Some(Self::PublicIpv4s),
            "vpc-ipv4-cidr-block" => Some(Self::VpcIpv4CidrBlocks),
            name => Self::OF_INTERFACE.into_iter().find(|leaf| leaf.as_str() == name),
        }
    }
}

impl ChangeKind {
    /// The parts that have a delay of their own.
    pub(crate) fn leaves(self) -> &'static [LateLeaf] {
        use LateLeaf::{
            DeviceNumber, Info, InterfaceId, Ipv4Prefix, Ipv6Prefix, Ipv6s, Keys, Leaves, Listed, Listing,
            LocalHostname, LocalIpv4s, Mac, NetworkCard, OwnerId, PublicIpv4s, SecondaryIpv4s,
            SecurityGroupIds, SecurityGroups, SubnetId, SubnetIpv4CidrBlock, SubnetIpv6CidrBlocks, VpcId,
            VpcIpv4CidrBlocks, VpcIpv6CidrBlocks, Whole,
        };
        match self {
            Self::Attach => &[
                Listed,
                DeviceNumber,
                InterfaceId,
                Ipv4Prefix,
                Ipv6Prefix,
                Ipv6s,
                LocalHostname,
                LocalIpv4s,
                SecondaryIpv4s,
                Mac,
                NetworkCard,
                OwnerId,
                PublicIpv4s,
                SecurityGroupIds,
                SecurityGroups,
                SubnetId,
                SubnetIpv4CidrBlock,
                SubnetIpv6CidrBlocks,
                VpcId,
                VpcIpv4CidrBlocks,
                VpcIpv6CidrBlocks,
            ],
            Self::Detach => &[Leaves, Listed],
            Self::Assign | Self::Unassign => &[LocalIpv4s, Ipv6s, Ipv4Prefix, Ipv6Prefix, PublicIpv4s],
            Self::Modify => &[SecurityGroups, SecurityGroupIds],
            Self::InstanceProfile => &[Info, Listing, Keys],
            Self::Tags | Self::MetadataOptions | Self::Facts => &[Whole],
        }
    }
}

/// When a part of a change is visible, counted from the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelaySpan {
    /// At some time from the first duration to the second one.
    Within(Duration, Duration),
    /// Not before everything pending is settled.
    Never,
}

/// What is visible meanwhile, in the place of what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meanwhile {
    /// 404, and not listed.
    Absent,
    /// Listed, and 404.
    Listed,
    /// A value.
    Value(String),
}

/// The delay of a part of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// When the part is visible.
    pub span: DelaySpan,
    /// What is visible meanwhile; what was there before unless set.
    pub meanwhile: Option<Meanwhile>,
}

/// The propagation of an instance's changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Propagation {
    /// The delays of what has none of its own.
    pub profile: PropagationProfile,
    /// The seed of the jitter.
    pub seed: u64,
    /// The instance's name; empty for the one without a name.
    pub instance: String,
    /// Delays that differ from those of the profile.
    pub delays: BTreeMap<(ChangeKind, LateLeaf), Delay>,
}

/// The delays of one event, and the times after it at which it changes what is visible.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventLateness {
    /// The delay of all parts of the event's changes.
    pub whole: Option<Delay>,
    /// Delays of parts; they take precedence.
    pub parts: BTreeMap<LateLeaf, Delay>,
    /// The delays after which something changes for any instance, in order, each once, none of them zero.
    pub stages: Vec<Duration>,
    /// Intervals of the wall clock at whose next end something changes: of credentials that are refreshed.
    pub refreshes: Vec<Duration>,
}

impl EventLateness {
    /// Whether the event changes what is visible only when it happens.
    pub(crate) fn is_over_at_once(&self) -> bool {
        self.stages.is_empty() && self.refreshes.is_empty()
    }
}

/// The delay that was drawn for a part of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DrawnDelay {
    /// `None`: not before everything pending is settled.
    pub after: Option<Duration>,
    /// What is visible meanwhile; what was there before unless set.
    pub meanwhile: Option<Meanwhile>,
}

/// Draws the delays of an event's changes on an instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DelaySource<'a> {
    /// The settings of the instance.
    pub settings: &'a Propagation,
    /// The delays of the event itself.
    pub event: &'a EventLateness,
    /// The event, as far as it tells one from another.
    pub event_seed: u64,
}

impl DelaySource<'_> {
    /// The delay of a part of a change on an interface, or on whatever `subject` names.
    pub(crate) fn draw(&self, kind: ChangeKind, subject: &str, leaf: LateLeaf) -> DrawnDelay {
        let own = self.event.parts.get(&leaf).or(self.event.whole.as_ref());
        if let Some(delay) = own.or_else(|| self.settings.delays.get(&(kind, leaf))) {
            let after = match delay.span {
                DelaySpan::Never => None,
                DelaySpan::Within(least, most) => Some(self.within(least, most, subject, leaf)),
            };
            return DrawnDelay { after, meanwhile: delay.meanwhile.clone() };
        }
        let (least, most) = usual(self.settings.profile, kind, leaf);
        let mut after = self.within(least, most, subject, leaf);
        if kind == ChangeKind::Attach
            && leaf != LateLeaf::Listed
            && self.settings.profile == PropagationProfile::Typical
        {
            // Those of leaves count from the time when the interface is listed.
            after += self.draw(kind, subject, LateLeaf::Listed).after.unwrap_or_default();
        }
        let meanwhile = (kind == ChangeKind::Attach && leaf == LateLeaf::DeviceNumber)
            .then(|| Meanwhile::Value("0".to_owned()));
        DrawnDelay { after: Some(after), meanwhile: meanwhile.filter(|_| !after.is_zero()) }
    }

    /// Whether a delay is set for this part, and none for the whole event.
    pub(crate) fn has_part(&self, kind: ChangeKind, leaf: LateLeaf) -> bool {
        self.event.parts.contains_key(&leaf)
            || (self.event.whole.is_none() && self.settings.delays.contains_key(&(kind, leaf)))
    }

    fn within(&self, least: Duration, most: Duration, subject: &str, leaf: LateLeaf) -> Duration {
        let [least, most] = [least, most].map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
        if most <= least {
            return Duration::from_millis(least);
        }
        let texts = [self.settings.instance.as_str(), subject, leaf.as_str()];
        let hash = texts.iter().fold(mixed(self.settings.seed ^ mixed(self.event_seed)), |hash, text| {
            text.bytes().fold(mixed(hash), |hash, byte| mixed(hash ^ u64::from(byte)))
        });
        Duration::from_millis(least + hash % (most - least + 1))
    }
}

/// The time from a date to the next refresh of generated keys: see `imds::ec2::credentials`.
pub(super) fn until_refresh(date: Timestamp, refresh: Duration) -> Duration {
    let refresh = refresh.as_secs().max(1) * 1000;
    Duration::from_millis(refresh - date.as_millis() % refresh)
}

/// One step of splitmix64.
fn mixed(word: u64) -> u64 {
    let mut word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The delays of a profile, from and to.
fn usual(profile: PropagationProfile, kind: ChangeKind, leaf: LateLeaf) -> (Duration, Duration) {
    let (typical, slow) = match kind {
        ChangeKind::Attach => attached(leaf),
        ChangeKind::Detach => ((5_000, 15_000), 84_000),
        ChangeKind::Assign | ChangeKind::Unassign if leaf == LateLeaf::PublicIpv4s => {
            ((2_000, 5_000), 20_000)
        }
        ChangeKind::Assign | ChangeKind::Modify => ((2_000, 5_000), 30_000),
        ChangeKind::Unassign => ((5_000, 15_000), 90_000),
        ChangeKind::InstanceProfile if leaf == LateLeaf::Leaves => ((5_000, 10_000), 60_000),
        ChangeKind::InstanceProfile if leaf == LateLeaf::Keys => ((4_000, 4_000), 30_000),
        ChangeKind::InstanceProfile => ((3_000, 3_000), 20_000),
        ChangeKind::Tags | ChangeKind::MetadataOptions => ((2_000, 5_000), 20_000),
        // They change over a stop and start, and at a start nothing is known to be late.
        ChangeKind::Facts => ((0, 0), 0),
    };
    let (least, most) = match profile {
        PropagationProfile::Instant => (0, 0),
        PropagationProfile::Typical => typical,
        PropagationProfile::Slow => (slow, slow),
    };
    (Duration::from_millis(least), Duration::from_millis(most))
}

/// The delays of an interface that is attached: typical ones after it is listed, slow ones after the event.
fn attached(leaf: LateLeaf) -> ((u64, u64), u64) {
    match leaf {
        LateLeaf::Listed => ((500, 2_000), 5_000),
        LateLeaf::DeviceNumber => ((1_000, 3_000), 12_000),
        LateLeaf::NetworkCard => ((2_000, 4_000), 15_000),
        LateLeaf::SubnetIpv4CidrBlock | LateLeaf::VpcIpv4CidrBlocks => ((1_000, 3_000), 18_000),
        LateLeaf::LocalIpv4s => ((500, 2_000), 18_000),
        LateLeaf::SecondaryIpv4s | LateLeaf::Ipv4Prefix => ((2_000, 6_000), 30_000),
        LateLeaf::Ipv6s
        | LateLeaf::Ipv6Prefix
        | LateLeaf::SubnetIpv6CidrBlocks
        | LateLeaf::VpcIpv6CidrBlocks => ((3_000, 6_000), 30_000),
        LateLeaf::PublicIpv4s => ((2_000, 5_000), 20_000),
        _ => ((0, 0), 5_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source<'a>(settings: &'a Propagation, event: &'a EventLateness) -> DelaySource<'a> {
        DelaySource { settings, event, event_seed: 10_000 }
    }

    #[test]
    fn delays_are_drawn_from_the_seed_and_nothing_else() {
        let event = EventLateness::default();
        let settings =
            |seed| Propagation { profile: PropagationProfile::Typical, seed, ..Propagation::default() };
        let drawn = |seed, mac: &str| {
            LateLeaf::OF_INTERFACE
                .map(|leaf| source(&settings(seed), &event).draw(ChangeKind::Attach, mac, leaf).after)
        };
        assert_eq!(drawn(7, "a"), drawn(7, "a"));
        assert_ne!(drawn(7, "a"), drawn(8, "a"));
        assert_ne!(drawn(7, "a"), drawn(7, "b"));
        for seed in 0..1_000 {
            let settings = settings(seed);
            let listed = source(&settings, &event).draw(ChangeKind::Attach, "a", LateLeaf::Listed).after;
            let listed = listed.expect("an end");
            assert!((500..=2_000).contains(&listed.as_millis()), "listed after {listed:?}");
            for leaf in LateLeaf::OF_INTERFACE {
                let after = source(&settings, &event).draw(ChangeKind::Attach, "a", leaf).after;
                let later = after.expect("an end").checked_sub(listed).expect("no leaf before the listing");
                let ((least, most), _) = attached(leaf);
                let range = u128::from(least)..=u128::from(most);
                assert!(range.contains(&later.as_millis()), "{leaf:?} {later:?} later");
            }
        }
    }

    #[test]
    fn an_instant_profile_delays_nothing() {
        let (settings, event) = (Propagation::default(), EventLateness::default());
        for kind in ChangeKind::VARIANTS {
            for leaf in kind.leaves() {
                let drawn = source(&settings, &event).draw(*kind, "a", *leaf);
                assert_eq!(drawn, DrawnDelay { after: Some(Duration::ZERO), meanwhile: None });
            }
        }
    }
}
