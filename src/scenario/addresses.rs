//! Addresses and networks, with words for what is accepted.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::config::Item;

/// An address or a network.
pub(crate) trait Address: FromStr {
    /// What is accepted.
    const ACCEPTED: &'static str;
}

impl Address for Ipv4Addr {
    const ACCEPTED: &'static str = "an IPv4 address such as \"10.0.1.5\"";
}

impl Address for Ipv6Addr {
    const ACCEPTED: &'static str = "an IPv6 address such as \"2001:db8::5\"";
}

impl Address for Ipv4Net {
    const ACCEPTED: &'static str = "an IPv4 network such as \"10.0.0.0/20\"";
}

impl Address for Ipv6Net {
    const ACCEPTED: &'static str = "an IPv6 network such as \"2001:db8::/64\"";
}

struct Said<T>(T);

impl<T: Address> FromStr for Said<T> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| T::ACCEPTED)
    }
}

/// One of them.
pub(crate) fn one<T: Address>(item: &Item<'_>) -> Option<T> {
    item.parse::<Said<T>>().map(|said| said.0)
}

/// A list of them.
pub(crate) fn list<T: Address>(item: &Item<'_>) -> Option<Vec<T>> {
    Some(item.list::<Said<T>>()?.into_iter().map(|said| said.0).collect())
}
