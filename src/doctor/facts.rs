//! What was seen on the host. Values only: the checks need nothing else, and tests make them up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::ruleset::Ruleset;
use crate::host::address;
use crate::host::cloud;
use crate::host::nft::TablesSnapshot;
use crate::host::settings::HostSettings;
use crate::host::status::GuardianStatus;

/// What was seen, or why it could not be: a sentence without a full stop.
pub(crate) type Observed<T> = Result<T, String>;

/// Everything that was seen.
#[derive(Debug, Clone)]
pub(crate) struct HostFacts {
    /// The version of this program.
    pub version: String,
    /// What the guardian published, if anything.
    pub published: Option<GuardianStatus>,
    /// How the process is that published it.
    pub guardian: GuardianProcess,
    /// What host.toml says now; the report of what is wrong with it otherwise.
    pub settings: Observed<HostSettings>,
    /// What the server says of itself.
    pub server: ServerState,
    /// The cloud that this machine is really in.
    pub cloud: Option<cloud::DetectedCloud>,
    /// Every interface that has one of our addresses.
    pub addresses: Observed<Vec<address::InterfaceAddress>>,
    /// Our tables in the kernel; root only.
    pub tables: Observed<TablesSnapshot>,
    /// What answers at the real address.
    pub probe: Probe,
    /// The TCP sockets that listen on one of our ports.
    pub listeners: Vec<ListeningSocket>,
    /// The interfaces that containers and virtual machines come in by.
    pub callers: Vec<CallerInterface>,
    /// Bridges that are not on the allow-list.
    pub strangers: Vec<String>,
    /// Ways of packets that are not as they should be, each as a sentence.
    pub detours: Observed<Vec<RouteDetour>>,
    /// Everybody's rules for packets; root only.
    pub rules: Observed<Ruleset>,
    /// Firewalls that are on by their own files.
    pub firewalls: Vec<&'static str>,
    /// The variables of the environment that clients heed, here and in /etc/environment.
    pub variables: Vec<Variable>,
    /// cloud-init, where it is installed.
    pub cloud_init: Option<CloudInit>,
    /// Files with a saved ruleset that holds our tables.
    pub saved: Vec<PathBuf>,
    /// Our units, where systemd runs.
    pub units: Vec<Unit>,
    /// Files of an older install.
    pub leftovers: Vec<PathBuf>,
}

/// How the guardian's process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuardianProcess {
    /// It runs the program that is installed, as far as can be seen.
    Runs,
    /// Its program was replaced on disk since.
    Replaced,
    /// There is none of that number.
    Gone,
}

/// What the server says over its control socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerState {
    /// It answered.
    Runs {
        /// Its version.
        version: String,
        /// Its process.
        pid: u32,
        /// The instance that it plays.
        instance: String,
    },
    /// The control socket is not for this user.
    Closed,
    /// Nobody answers; the sentence of the client.
    Silent(String),
}

/// What answers at the real address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// One of our servers: it knew the nonce.
    Ours {
        /// Its version.
        version: String,
        /// Its process.
        pid: u32,
    },
    /// Something else.
    Foreign {
        /// The status line, or what came instead.
        said: String,
        /// Its `Server` header.
        server: Option<String>,
        /// Where on this host the connection ended; `None` when it left the host.
        landed: Option<SocketAddr>,
    },
    /// No connection, or no answer.
    Failed(String),
    /// Nothing has the address, so nobody was asked.
    Unasked,
}

/// A listening TCP socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListeningSocket {
    /// Where.
    pub address: SocketAddr,
    /// The process, as far as root sees it: its name and number.
    pub process: Option<String>,
}

/// An interface that callers come in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallerInterface {
    /// Its name.
    pub name: String,
    /// An address that a caller behind it may have.
    pub caller: Option<Ipv4Addr>,
}

/// Packets that go another way than they should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteDetour {
    /// Whose: "packets of this host to 169.254.169.254".
    pub what: String,
    /// Where they should go: "lo".
    pub expected: String,
    /// Where they go: "the interface tun0, by table 51820".
    pub found: String,
    /// The command that shows it.
    pub show: String,
}

/// A variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// As it is written there.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it is set: "this shell" or a file.
    pub place: String,
}

/// What cloud-init would do at the next boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CloudInit {
    /// Whether it is switched off, by file or kernel command line.
    pub disabled: bool,
    /// The data sources that its configuration names, and the file that does it.
    pub sources: Option<(Vec<String>, PathBuf)>,
    /// Whether somebody set `strict_id: false`, so that it asks on machines that are no EC2.
    pub lax: bool,
}

/// One of our units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    /// `mock-imds.service`.
    pub name: String,
    /// As systemd says: loaded, masked, not-found.
    pub load: String,
    /// active, inactive, failed. Empty where systemd was not asked.
    pub active: String,
    /// enabled, disabled, static, masked.
    pub file: String,
    /// What it said last.
    pub said: String,
}

impl HostFacts {
    /// The settings that count: those that were applied, else those of host.toml, else the defaults.
    pub(crate) fn applied(&self) -> HostSettings {
        let published = self.published.as_ref().map(|status| status.settings.clone());
        published.or_else(|| self.settings.clone().ok()).unwrap_or_default()
    }

    /// Whether a guardian lives, or `net up` was called.
    pub(crate) fn up(&self) -> bool {
        self.published.is_some() && self.guardian != GuardianProcess::Gone
    }

    /// Whether an interface has the address.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.addresses.as_ref().is_ok_and(|found| found.iter().any(|found| found.address == address))
    }
}
