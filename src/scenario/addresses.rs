//! Addresses and networks, with errors that name the accepted form.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::config::Item;

pub(crate) trait Address: FromStr {
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

struct Parsed<T>(T);

impl<T: Address> FromStr for Parsed<T> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| T::ACCEPTED)
    }
}

pub(crate) fn one<T: Address>(item: &Item<'_>) -> Option<T> {
    item.parse::<Parsed<T>>().map(|parsed| parsed.0)
}

/// Reads an array of addresses or networks.
pub(crate) fn list<T: Address>(item: &Item<'_>) -> Option<Vec<T>> {
    Some(item.list::<Parsed<T>>()?.into_iter().map(|parsed| parsed.0).collect())
}
