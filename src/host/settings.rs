//! `host.toml`: one table `[host]`, read by the guardian.
//!
//! ```toml
//! [host]
//! ipv6 = false                        # also serve [fd00:ec2::254]:80
//! allow-takeover = false              # start on a real cloud machine and hide its metadata
//! bridges = ["docker*", "br-*", …]    # who may ask besides this host
//! ```

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use strum::{IntoStaticStr, VariantArray};

use serde::{Deserialize, Serialize};

use crate::config::{self, Report, SourceText};
use crate::model::endpoint::{ADDRESS_V4, ADDRESS_V6};

/// Where host.toml is, unless said otherwise. Only this file may be missing.
pub(crate) const DEFAULT_PATH: &str = "/etc/mock-imds/host.toml";

/// The interfaces that containers and virtual machines of this host come in by.
///
/// Prefixes as the tools choose them. A bridge made by hand for the LAN (`br0`) is not on it, on purpose.
pub const DEFAULT_BRIDGES: [&str; 18] = [
    "docker*",     // Docker: docker0, docker_gwbridge
    "br-*",        // Docker: user networks
    "veth*",       // containers without a bridge
    "podman*",     // Podman
    "cni*",        // CNI, containerd, k3s
    "nerdctl*",    // nerdctl
    "cali*",       // Calico
    "flannel*",    // Flannel
    "cilium*",     // Cilium: its host side
    "lxc*",        // LXC: lxcbr0; Cilium: one for each pod
    "weave*",      // Weave Net
    "kube-bridge", // kube-router
    "virbr*",      // libvirt
    "lxdbr*",      // LXD
    "incusbr*",    // Incus
    "mpqemubr*",   // Multipass
    "vbox*",       // VirtualBox: vboxnet0
    "vmnet*",      // VMware
];

/// More interfaces than that are a mistake, and their acknowledgements would overflow a socket buffer.
const MAX_BRIDGES: usize = 64;

/// What host.toml says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostSettings {
    /// Whether `fd00:ec2::254` is served too.
    pub ipv6: bool,
    /// Whether to start on a real cloud machine, whose own metadata is hidden by it.
    pub allow_takeover: bool,
    /// The interfaces whose packets may reach the service; this host always may.
    pub bridges: Vec<InterfacePattern>,
    /// What brings requests for port 80 to the service. Absent in what an older version wrote.
    #[serde(default)]
    pub redirect: Redirect,
}

/// What brings requests for port 80 to the service.
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
        Self { ipv6: false, allow_takeover: false, bridges, redirect: Redirect::default() }
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

    /// Judges the text: all problems at once, or the settings and a report of warnings.
    pub fn parse(source: &SourceText) -> Result<(Self, Report), Report> {
        config::parse(source, |root| {
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
        })
    }

    /// The addresses that these settings want on `lo`.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses = vec![IpAddr::V4(ADDRESS_V4)];
        if self.ipv6 {
            addresses.push(IpAddr::V6(ADDRESS_V6));
        }
        addresses
    }
}

// === InterfacePattern ===

/// The name of a network interface, or the beginning of names followed by `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum InterfacePattern {
    /// This interface: `docker0`.
    Exact(String),
    /// All that begin so: `br-*` holds `br-`.
    Prefix(String),
}

/// What a pattern may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an interface name of at most 15 characters such as \"docker0\", or its beginning and a *, such as \"br-*\""
)]
pub struct PatternError;

impl FromStr for InterfacePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        // The kernel's own rule (dev_valid_name) refuses '/', ':' and blanks, and the names "." and "..".
        let valid = |name: &str| {
            let fits = (1..=15).contains(&name.len());
            let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'*' | b'"');
            fits && name.bytes().all(plain) && name != "." && name != ".."
        };
        match text.strip_suffix('*') {
            Some(prefix) if valid(prefix) => Ok(Self::Prefix(prefix.to_owned())),
            None if valid(text) => Ok(Self::Exact(text.to_owned())),
            _ => Err(PatternError),
        }
    }
}

impl InterfacePattern {
    /// Whether an interface of this name is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => name == exact,
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }
}

impl fmt::Display for InterfacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl TryFrom<String> for InterfacePattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<InterfacePattern> for String {
    fn from(pattern: InterfacePattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<HostSettings, String> {
        HostSettings::parse(&SourceText::new("host.toml", text))
            .map(|(settings, _)| settings)
            .map_err(|report| report.to_string())
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(parse(""), Ok(HostSettings::default()));
        assert_eq!(parse("[host]\n"), Ok(HostSettings::default()));
    }

    #[test]
    fn everything_can_be_said() {
        let text = "[host]\nipv6 = true\nallow-takeover = true\nbridges = [\"br-lab\", \"tap*\"]\nredirect = \"none\"\n";
        let bridges = vec![InterfacePattern::Exact("br-lab".into()), InterfacePattern::Prefix("tap".into())];
        let redirect = Redirect::None;
        assert_eq!(parse(text), Ok(HostSettings { ipv6: true, allow_takeover: true, bridges, redirect }));
    }

    #[test]
    fn all_problems_are_said_at_once() {
        let text = "[host]\nipv6 = \"yes\"\nbridges = [\"*\", \"br-*\", \"eth0:1\", \"a-name-of-16-char\"]\nbridge = 1\n";
        let report = parse(text).expect_err("four problems");
        for expected in [
            "host.toml:2:8: error: host.ipv6 is a string",
            "host.toml:3:12: error: host.bridges[0] is \"*\"",
            "host.toml:3:25: error: host.bridges[2] is \"eth0:1\"",
            "host.toml:3:35: error: host.bridges[3] is \"a-name-of-16-char\"",
            "accepted: an interface name of at most 15 characters",
            "host.toml:4:1: error: unknown key \"bridge\" in [host]",
            "did you mean \"bridges\"?",
        ] {
            assert!(report.contains(expected), "expected {expected:?} in:\n{report}");
        }
    }

    #[test]
    fn too_many_bridges_are_refused() {
        let names: Vec<String> = (0..65).map(|n| format!("\"br{n}\"")).collect();
        let report = parse(&format!("[host]\nbridges = [{}]\n", names.join(","))).expect_err("65 bridges");
        assert!(report.contains("host.bridges names 65 interfaces"), "{report}");
    }

    #[test]
    fn settings_of_an_older_version_are_read() {
        let old = r#"{"ipv6":false,"allow-takeover":false,"bridges":["br-*"]}"#;
        let settings: HostSettings = serde_json::from_str(old).expect("no key is needed that came later");
        assert_eq!(settings.redirect, Redirect::Nftables);
    }

    #[test]
    fn a_named_file_must_exist() {
        let missing = Path::new("/nonexistent/host.toml");
        assert!(
            HostSettings::load(missing).is_err_and(|report| report.to_string().contains("cannot be read"))
        );
    }

    #[test]
    fn patterns_survive_a_round_trip() {
        for text in ["docker0", "br-*", "x", "123456789012345", "123456789012345*"] {
            let pattern: InterfacePattern = text.parse().expect("valid");
            assert_eq!(pattern.to_string(), text);
        }
    }
}
