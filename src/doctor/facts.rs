//! Facts about the host. Values only: the checks need nothing else, and tests make them up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::ruleset::Ruleset;
use crate::host::address;
use crate::host::cloud;
use crate::host::conflicts::RefusedEndpoint;
use crate::host::nft::TablesSnapshot;
use crate::host::settings::{Endpoint, HostSettings};
use crate::host::status::GuardianStatus;
use crate::host::uplinks::Uplink;
use crate::model::endpoint::ADDRESS_V4;

/// A fact, or the reason why it is unknown: a sentence without a full stop.
pub(crate) type Observation<T> = Result<T, String>;

#[derive(Debug, Clone)]
pub(crate) struct HostFacts {
    pub version: String,
    pub published: Option<GuardianStatus>,
    pub guardian: GuardianProcess,
    /// The content of host.toml, or the first line of its report.
    pub settings: Observation<HostSettings>,
    /// The scenario file of the service; `None` if it is valid, or there is none; else its report.
    pub scenario: Observation<Option<String>>,
    pub server: ServerState,
    pub cloud: Option<cloud::DetectedCloud>,
    /// The environment of the guardian's unit, or of this process, allows it to hide the cloud's metadata.
    pub takeover_by_environment: bool,
    /// Every interface that has one of our addresses.
    pub addresses: Observation<Vec<address::InterfaceAddress>>,
    /// Our tables in the kernel; root only.
    pub tables: Observation<TablesSnapshot>,
    pub probe: Probe,
    /// The TCP sockets that listen on one of our ports.
    pub listeners: Vec<ListeningSocket>,
    /// The interfaces that containers and virtual machines come in by.
    pub callers: Vec<CallerInterface>,
    /// Interfaces on the allow-list that lead out of this host, so that they are not trusted.
    pub uplinks: Vec<Uplink>,
    /// Bridges that are not on the allow-list.
    pub unlisted_bridges: Vec<String>,
    /// Packets with wrong routes.
    pub detours: Observation<Vec<RouteDetour>>,
    /// The packet rules of other programs; root only.
    pub rules: Observation<Ruleset>,
    /// Firewalls that their own files enable.
    pub firewalls: Vec<&'static str>,
    /// The environment variables that clients use, of this process and in /etc/environment.
    pub variables: Vec<Variable>,
    /// `None` where it is not installed.
    pub cloud_init: Option<CloudInit>,
    /// Files with a saved ruleset that holds our tables.
    pub saved_rulesets: Vec<PathBuf>,
    /// What would refuse an endpoint beside IMDS now; empty where none is enabled.
    pub refused: Vec<RefusedEndpoint>,
    /// Tokens of a real EKS Pod Identity agent are here: this is a pod.
    pub pod_tokens: bool,
    pub units: Vec<Unit>,
    pub leftovers: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuardianProcess {
    /// With the installed program, as far as this process can see.
    Running,
    /// The program was replaced on disk after the start.
    ProgramReplaced,
    /// There is no process of that number.
    Gone,
}

/// The answer of the control socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerState {
    Running {
        version: String,
        pid: u32,
        instance: String,
        /// What it serves, in words: "the last good scenario".
        serving: String,
        /// Why its credential source gives no keys.
        credential_failure: Option<String>,
    },
    /// This user may not use the control socket.
    NoPermission,
    /// With the error of the client.
    NoAnswer(String),
}

/// The answer at the real address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// A server of mock-imds: it knew the nonce.
    Ours {
        version: String,
        pid: u32,
    },
    Foreign {
        /// Or the text in its place.
        status_line: String,
        /// The header `Server`.
        server: Option<String>,
        /// The end of the connection on this host; `None` when it left the host.
        endpoint: Option<SocketAddr>,
    },
    Failed(String),
    /// No interface has the address.
    Skipped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListeningSocket {
    pub address: SocketAddr,
    /// Name and number, if root asks.
    pub process: Option<String>,
}

/// An interface of containers or virtual machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallerInterface {
    pub name: String,
    /// An address that a caller behind it may have.
    pub caller_address: Option<Ipv4Addr>,
}

/// Packets with a wrong route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteDetour {
    /// "packets of this host to 169.254.169.254".
    pub traffic: String,
    /// The expected route: "lo".
    pub expected: String,
    /// The route: "the interface tun0, by table 51820".
    pub found: String,
    pub command: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub name: String,
    pub value: String,
    /// "this environment", or a file.
    pub source: String,
}

/// The configuration of cloud-init for the next boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CloudInit {
    /// By file or kernel command line.
    pub disabled: bool,
    /// The configured data sources, and the file that names them.
    pub sources: Option<(Vec<String>, PathBuf)>,
    /// `strict_id: false` is set, so that it queries EC2 on other machines too.
    pub strict_id_disabled: bool,
}

/// One of our systemd units, with the states as systemctl prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    /// `mock-imds.service`.
    pub name: String,
    pub load: String,
    /// active, inactive, failed. Empty where systemd was not asked.
    pub active: String,
    pub file: String,
    pub status_text: String,
}

impl HostFacts {
    /// The applied settings, else those of host.toml, else the defaults.
    pub(crate) fn applied_settings(&self) -> HostSettings {
        let published = self.published.as_ref().map(|status| status.settings.clone());
        published.or_else(|| self.settings.clone().ok()).unwrap_or_default()
    }

    /// A guardian is alive, or `net up` was called.
    pub(crate) fn network_is_up(&self) -> bool {
        self.published.is_some() && self.guardian != GuardianProcess::Gone
    }

    /// The guardian leaves this endpoint out.
    pub(crate) fn refuses(&self, endpoint: Endpoint) -> bool {
        let refused = self.published.as_ref().map(|status| status.refused.as_slice()).unwrap_or_default();
        refused.iter().any(|refused| refused.endpoint == endpoint)
    }

    /// A socket listens at this address.
    pub(crate) fn listens_at(&self, address: SocketAddr) -> bool {
        self.listeners.iter().any(|listener| listener.address == address)
    }

    /// A socket listens on this port of the address.
    pub(crate) fn listens_on(&self, port: u16) -> bool {
        self.listens_at((ADDRESS_V4, port).into())
    }

    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.as_ref().is_ok_and(|found| found.iter().any(|found| found.address == address))
    }
}
