//! The commands and flags of the original: names, shorthands, kinds and the keys that they set are its own; the
//! explanations are ours.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AemmCommand {
    /// No subcommand: all mocks.
    Root,
    Spot,
    Events,
    AsgLifecycle,
    Help,
}

/// The kind of a flag's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagKind {
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// On or off; its value may follow after `=` only.
    Switch,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    /// After `--`.
    pub long: &'static str,
    /// After `-`.
    pub short: Option<char>,
    pub kind: FlagKind,
    /// The configuration key that it sets.
    pub key: &'static str,
    pub about: &'static str,
}

const fn flag(
    long: &'static str,
    short: Option<char>,
    kind: FlagKind,
    key: &'static str,
    about: &'static str,
) -> Flag {
    Flag { long, short, kind, key, about }
}

use FlagKind::{Integer, Switch, Text};

pub(crate) const GLOBAL: &[Flag] = &[
    flag(
        "asg-termination-delay-sec",
        None,
        Integer,
        "asg-termination-delay-sec",
        "seconds after the start until the target lifecycle state is Terminated",
    ),
    flag(
        "asg-termination-trigger-time",
        None,
        Integer,
        "asg-termination-trigger-time",
        "an integer, as in the original; an RFC 3339 time can be said in the environment or in the file",
    ),
    flag(
        "config-file",
        Some('c'),
        Text,
        "config-file",
        "a file with settings (default $HOME/aemm-config.json)",
    ),
    flag("hostname", Some('n'), Text, "server.hostname", "where to listen (default 0.0.0.0)"),
    flag("imdsv2", Some('I'), Switch, "imdsv2", "answer only requests that carry a session token"),
    flag(
        "mock-delay-sec",
        Some('d'),
        Integer,
        "mock-delay-sec",
        "seconds after the start until spot notices and scheduled events are there",
    ),
    flag(
        "mock-ip-count",
        Some('x'),
        Integer,
        "mock-ip-count",
        "how many clients get notices; negative: all of them (default 2)",
    ),
    flag(
        "mock-trigger-time",
        None,
        Text,
        "mock-trigger-time",
        "the RFC 3339 time at which spot notices and scheduled events are there; takes precedence over the delay",
    ),
    flag("port", Some('p'), Text, "server.port", "the port (default 1338)"),
    flag(
        "rebalance-delay-sec",
        None,
        Integer,
        "rebalance-delay-sec",
        "seconds after the start until the rebalance recommendation is there",
    ),
    flag(
        "rebalance-trigger-time",
        None,
        Text,
        "rebalance-trigger-time",
        "the RFC 3339 time at which the rebalance recommendation is there; takes precedence over the delay",
    ),
    flag(
        "save-config-to-file",
        Some('s'),
        Switch,
        "save-config-to-file",
        "write the settings in force to $HOME/.ec2-metadata-mock/.aemm-config-used.json",
    ),
    flag(
        "watch-config-file",
        Some('w'),
        Switch,
        "watch-config-file",
        "take over values, paths and imdsv2 when the configuration file changes",
    ),
];

const SPOT: &[Flag] = &[
    flag("action", Some('a'), Text, "spot.action", "terminate, hibernate or stop (default terminate)"),
    flag(
        "rebalance-rec-time",
        Some('r'),
        Text,
        "spot.rebalance-rec-time",
        "the RFC 3339 time of the rebalance recommendation (default: that of the request)",
    ),
    flag(
        "time",
        Some('t'),
        Text,
        "spot.time",
        "the RFC 3339 time of the action (default: two minutes after the request)",
    ),
];

const EVENTS: &[Flag] = &[
    flag(
        "code",
        Some('o'),
        Text,
        "events.code",
        "instance-reboot, system-reboot, system-maintenance, instance-retirement or instance-stop (default system-reboot)",
    ),
    flag(
        "not-after",
        Some('a'),
        Text,
        "events.not-after",
        "the RFC 3339 time of the event's end (default: 7 days after the start)",
    ),
    flag(
        "not-before",
        Some('b'),
        Text,
        "events.not-before",
        "the RFC 3339 time of the event's beginning (default: the start)",
    ),
    flag(
        "not-before-deadline",
        Some('l'),
        Text,
        "events.not-before-deadline",
        "the RFC 3339 time by which it begins (default: 9 days after the start)",
    ),
    flag("state", Some('t'), Text, "events.state", "active, completed or canceled (default active)"),
];

const HELP: Flag = flag("help", Some('h'), Switch, "", "say how this is used");
const VERSION: Flag = flag("version", Some('v'), Switch, "", "print the version whose behaviour this is");

impl AemmCommand {
    pub(crate) const SUBCOMMANDS: [Self; 4] = [Self::AsgLifecycle, Self::Events, Self::Help, Self::Spot];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Root => "ec2-metadata-mock",
            Self::Spot => "spot",
            Self::Events => "events",
            Self::AsgLifecycle => "asglifecycle",
            Self::Help => "help",
        }
    }

    pub(crate) const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["se", "scheduledevents"],
            Self::AsgLifecycle => &["autoscaling", "asg"],
            _ => &[],
        }
    }

    /// All words that lead to it.
    pub(crate) fn path(self) -> String {
        match self {
            Self::Root => self.name().to_owned(),
            _ => format!("{} {}", Self::Root.name(), self.name()),
        }
    }

    /// The command below this one that a word means.
    pub(crate) fn below(self, word: &str) -> Option<Self> {
        self.all_below()
            .iter()
            .copied()
            .find(|command| command.name() == word || command.aliases().contains(&word))
    }

    pub(crate) const fn all_below(self) -> &'static [Self] {
        match self {
            Self::Root => &Self::SUBCOMMANDS,
            _ => &[],
        }
    }

    /// The flags of this command, without the global ones.
    pub(crate) fn own_flags(self) -> Vec<&'static Flag> {
        let local = match self {
            Self::Spot => SPOT,
            Self::Events => EVENTS,
            _ => &[],
        };
        let version = (self == Self::Root).then_some(&VERSION);
        let mut flags: Vec<_> = local.iter().chain([&HELP]).chain(version).collect();
        flags.sort_by_key(|flag| flag.long);
        flags
    }

    pub(crate) fn flags(self) -> impl Iterator<Item = &'static Flag> {
        GLOBAL.iter().chain(self.own_flags())
    }
}

pub(crate) fn all() -> impl Iterator<Item = &'static Flag> {
    GLOBAL.iter().chain(SPOT).chain(EVENTS)
}
