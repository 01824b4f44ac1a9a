//! Sets of clients, for faults, named instances and filters.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::ids::Accepted;

/// A set of clients, by the address that they connect from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientMatcher {
    /// All processes of this host.
    Host,
    /// All clients of a network; a single address is a network too.
    Network(IpNet),
}

impl ClientMatcher {
    /// Whether a client is in the set, by its address and whether it is a process of this host.
    pub(crate) fn matches(&self, address: IpAddr, on_this_host: bool) -> bool {
        match self {
            Self::Host => on_this_host,
            Self::Network(network) => network.contains(&address),
        }
    }
}

impl FromStr for ClientMatcher {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        if text == "host" {
            return Ok(Self::Host);
        }
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self::Network).map_err(|_| {
            Accepted(
                "an address, a network such as \"172.17.0.0/16\", or \"host\" for processes of this host",
            )
        })
    }
}

impl fmt::Display for ClientMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Self::Network(network) => network.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_addresses_networks_and_this_host() {
        let client = |text: &str| text.parse::<ClientMatcher>().expect(text);
        let address = |text: &str| text.parse::<IpAddr>().expect(text);
        assert!(client("host").matches(address("10.0.0.1"), true));
        assert!(!client("host").matches(address("127.0.0.1"), false));
        assert!(client("172.18.0.0/16").matches(address("172.18.3.4"), false));
        assert!(!client("172.18.0.0/16").matches(address("172.19.3.4"), true));
        assert!(client("172.18.0.1").matches(address("172.18.0.1"), false));
        assert!(!client("172.18.0.1").matches(address("172.18.0.2"), false));
        assert!(client("fd00::/8").matches(address("fd00::1"), false));
        for text in ["", "Host", "172.18.0.0/33", "example.com"] {
            assert!(text.parse::<ClientMatcher>().is_err(), "expected a refusal of {text:?}");
        }
        for text in ["host", "172.18.0.0/16", "172.18.0.1", "fd00::1", "fd00::/8"] {
            assert_eq!(client(text).to_string(), text);
        }
    }
}
