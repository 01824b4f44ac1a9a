//! `host.toml`: one table `[host]`, read by the guardian.
//!
//! ```toml
//! [host]
//! ipv6 = false                        # also serve [fd00:ec2::254]:80
//! allow-takeover = false              # start on a real cloud machine and hide its metadata
//! bridges = ["docker*", "br-*", …]    # who may ask besides this host
//! ```

mod interface_pattern;

use std::net::IpAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::config::{self, Report, Section, SourceText};
use crate::model::endpoint::{ADDRESS_V4, ADDRESS_V6};

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
    /// `fd00:ec2::254` is served too.
    pub ipv6: bool,
    /// Start on a real cloud machine too, and hide its own metadata.
    pub allow_takeover: bool,
    /// The interfaces whose packets may reach the service; this host always may.
    pub bridges: Vec<InterfacePattern>,
    /// Absent in a record of an older version.
    #[serde(default)]
    pub redirect: Redirect,
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

    /// The addresses that these settings want on `lo`.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses = vec![IpAddr::V4(ADDRESS_V4)];
        if self.ipv6 {
            addresses.push(IpAddr::V6(ADDRESS_V6));
        }
        addresses
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
    fn every_key_is_read() {
        let text = "[host]\nipv6 = true\nallow-takeover = true\nbridges = [\"br-lab\", \"tap*\"]\nredirect = \"none\"\n";
        let bridges = vec![InterfacePattern::Exact("br-lab".into()), InterfacePattern::Prefix("tap".into())];
        let redirect = Redirect::None;
        assert_eq!(parse(text), Ok(HostSettings { ipv6: true, allow_takeover: true, bridges, redirect }));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let text = "[host]\nipv6 = \"yes\"\nbridges = [\"*\", \"br-*\", \"eth0:1\", \"a-name-of-16-char\"]\nbridge = 1\n";
        let report = parse(text).expect_err("four problems");
        for expected in [
            "host.toml:2:8: error: host.ipv6 is a string",
            "host.toml:3:12: error: host.bridges[1] is \"*\"",
            "host.toml:3:25: error: host.bridges[3] is \"eth0:1\"",
            "host.toml:3:35: error: host.bridges[4] is \"a-name-of-16-char\"",
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
    fn only_the_usual_file_may_be_missing() {
        let usual = Path::new(DEFAULT_PATH);
        // Where the package is installed, it is there.
        if !usual.exists() {
            let (settings, report) = HostSettings::load(usual).expect("the defaults");
            assert_eq!((settings, report.problems.len()), (HostSettings::default(), 0));
        }
        let directory = std::env::temp_dir().join(format!("mock-imds-settings-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("writable");
        let other = directory.join("host.toml");
        assert!(HostSettings::load(&other).is_err(), "a file that was named is there");
        std::fs::write(&other, "[host]\nipv6 = true\n").expect("writable");
        let (settings, _) = HostSettings::load(&other).expect("valid");
        assert_eq!(settings, HostSettings { ipv6: true, ..HostSettings::default() });
        std::fs::remove_dir_all(directory).expect("ours");
    }

    #[test]
    fn as_many_bridges_are_accepted_as_the_sentence_says() {
        let bridges = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("\"br{number}\"")).collect();
            parse(&format!("[host]\nbridges = [{}]\n", names.join(", ")))
                .map(|settings| settings.bridges.len())
        };
        assert_eq!(bridges(MAX_BRIDGES), Ok(MAX_BRIDGES));
        let why = bridges(MAX_BRIDGES + 1).expect_err("too many");
        assert!(why.contains(&format!("names {} interfaces", MAX_BRIDGES + 1)), "{why}");
    }
}
