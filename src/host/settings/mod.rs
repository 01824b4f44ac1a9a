//! `host.toml`: one table `[host]`, read by the guardian.
//!
//! ```toml
//! [host]
//! ipv6 = false                        # also serve [fd00:ec2::254]:80
//! allow-takeover = false              # start on a real cloud machine and hide its metadata
//! bridges = ["docker*", "br-*", …]    # who may ask besides this host
//! endpoints = ["imds"]                # and "ecs", "pod-identity": which services of an EC2 host are served
//! ```

mod endpoint;
mod interface_pattern;

use std::net::IpAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::config::{self, Report, Section, SourceText};

pub use endpoint::Endpoint;
pub use interface_pattern::InterfacePattern;

/// Path of host.toml, unless set. Only this file may be missing.
pub(crate) const DEFAULT_PATH: &str = "/etc/mock-imds/host.toml";

/// The interfaces that containers and virtual machines of this host come in by.
///
/// Prefixes as the tools choose them, none of them an exact name, which would be trusted whatever it leads to. A bridge made
/// by hand for the LAN (`br0`) is not on it, on purpose.
pub const DEFAULT_BRIDGES: [&str; 18] = [
    "docker*",      // Docker: docker0, docker_gwbridge
    "br-*",         // Docker: user networks
    "veth*",        // containers without a bridge
    "podman*",      // Podman
    "cni*",         // CNI, containerd, k3s
    "nerdctl*",     // nerdctl
    "cali*",        // Calico
    "flannel*",     // Flannel
    "cilium*",      // Cilium: its host side
    "lxc*",         // LXC: lxcbr0; Cilium: one for each pod
    "weave*",       // Weave Net
    "kube-bridge*", // kube-router
    "virbr*",       // libvirt
    "lxdbr*",       // LXD
    "incusbr*",     // Incus
    "mpqemubr*",    // Multipass
    "vbox*",        // VirtualBox: vboxnet0
    "vmnet*",       // VMware
];

/// More interfaces than that are a mistake, and their acknowledgements would overflow a socket buffer.
const MAX_BRIDGES: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostSettings {
    /// IPv6 addresses are served too: `fd00:ec2::254`, and those of other endpoints.
    pub ipv6: bool,
    /// Start on a real cloud machine too, and hide its own metadata.
    pub allow_takeover: bool,
    /// The interfaces whose packets may reach the service; this host always may.
    pub bridges: Vec<InterfacePattern>,
    /// Absent in a record of an older version.
    #[serde(default)]
    pub redirect: Redirect,
    /// The services whose addresses are held, in the order of [`Endpoint`], never none.
    #[serde(default = "Endpoint::defaults", skip_serializing_if = "Endpoint::is_default")]
    pub endpoints: Vec<Endpoint>,
}

/// The redirect of requests for port 80 to the service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Redirect {
    /// A table of ours: the service listens on its own port.
    #[default]
    Nftables,
    /// Nothing: the service's socket is on port 80 itself, by a drop-in of its unit. No table, so no guard either.
    None,
}

impl Default for HostSettings {
    fn default() -> Self {
        let pattern = |name: &&str| name.parse().expect("the defaults are valid patterns");
        let bridges = DEFAULT_BRIDGES.iter().map(pattern).collect();
        Self {
            ipv6: false,
            allow_takeover: false,
            bridges,
            redirect: Redirect::default(),
            endpoints: Endpoint::defaults(),
        }
    }
}

impl HostSettings {
    /// Reads host.toml. No file at [`DEFAULT_PATH`] means the defaults; any other file must be there.
    pub(crate) fn load(path: &Path) -> Result<(Self, Report), Report> {
        if path == Path::new(DEFAULT_PATH) && !path.exists() {
            return Ok((Self::default(), Report::default()));
        }
        Self::parse(&SourceText::read(path)?)
    }

    /// Parses the text: all problems at once, or the settings and a report of warnings.
    pub fn parse(source: &SourceText) -> Result<(Self, Report), Report> {
        config::parse(source, Self::read)
    }

    fn read(root: &Section<'_>) -> Self {
        let mut settings = Self::default();
        let Some(host) = root.get("host").and_then(|item| item.section()) else { return settings };
        if let Some(ipv6) = host.get("ipv6").and_then(|item| item.boolean()) {
            settings.ipv6 = ipv6;
        }
        if let Some(allow) = host.get("allow-takeover").and_then(|item| item.boolean()) {
            settings.allow_takeover = allow;
        }
        if let Some(redirect) = host.get("redirect").and_then(|item| item.choice::<Redirect>()) {
            settings.redirect = redirect;
        }
        if let Some(endpoints) = host.read("endpoints", endpoint::read) {
            settings.endpoints = endpoints;
        }
        if let Some(item) = host.get("bridges")
            && let Some(bridges) = item.list::<InterfacePattern>()
        {
            if bridges.len() > MAX_BRIDGES {
                item.error(
                    format!("host.bridges names {} interfaces", bridges.len()),
                    format!("accepted: at most {MAX_BRIDGES}; use prefixes such as \"br-*\""),
                );
            }
            settings.bridges = bridges;
        }
        host.finish();
        settings
    }

    /// Whether these, of a file, are others than those that a guardian applied. Takeover may be allowed by an option or the
    /// environment, too, and decides about the start only.
    pub(crate) fn differ_from(&self, applied: &Self) -> bool {
        Self { allow_takeover: applied.allow_takeover, ..self.clone() } != *applied
    }

    /// The addresses that these settings want on `lo`.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.endpoints.iter().flat_map(|endpoint| self.addresses_of(*endpoint)).collect()
    }

    /// The addresses of an endpoint by these settings, whether it is one of theirs or not.
    pub(crate) fn addresses_of(&self, endpoint: Endpoint) -> impl Iterator<Item = IpAddr> + use<> {
        let service = endpoint.service();
        let ipv6 = service.ipv6().filter(|_| self.ipv6);
        [IpAddr::V4(service.ipv4())].into_iter().chain(ipv6.map(IpAddr::V6))
    }

    pub(crate) fn serves(&self, endpoint: Endpoint) -> bool {
        self.endpoints.contains(&endpoint)
    }
}

/// The keys that the reader asks for.
#[cfg(test)]
pub(crate) fn keys(source: &SourceText) -> config::RequestedKeys {
    config::requested_keys(source, |root| {
        HostSettings::read(root);
    })
}

#[cfg(test)]
mod tests;
