//! The words that a filter is made of.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use hyper::Method;
use ipnet::IpNet;

use super::RequestRecord;
use crate::imds::Ingress;
use crate::model::Accepted;

/// Several, any of which will do; separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommaSeparated<T>(pub Vec<T>);

impl<T: FromStr> FromStr for CommaSeparated<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.split(',').map(|item| item.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl<T: fmt::Display> fmt::Display for CommaSeparated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFilter {
    /// A process of this host, as `clients = ["host"]` has it.
    Host,
    /// An address of this network.
    Within(IpNet),
}

impl ClientFilter {
    pub(super) fn is(&self, entry: &RequestRecord) -> bool {
        match self {
            Self::Host => entry.ingress == Ingress::Host,
            Self::Within(network) => network.contains(&entry.client),
        }
    }
}

impl FromStr for ClientFilter {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        if text == "host" {
            return Ok(Self::Host);
        }
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self::Within).map_err(|_| {
            Accepted("an address, a network such as 172.17.0.0/16, or \"host\" for processes of this host")
        })
    }
}

impl fmt::Display for ClientFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Within(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Self::Within(network) => network.fmt(f),
        }
    }
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeFilter {
    /// An answer with this status.
    Status(u16),
    /// An answer with a status of this hundred.
    Class(u16),
    /// No answer.
    Silence,
}

impl OutcomeFilter {
    pub(super) fn is(self, status: Option<u16>) -> bool {
        match self {
            Self::Status(wanted) => status == Some(wanted),
            Self::Class(hundred) => status.is_some_and(|status| status / 100 == hundred),
            Self::Silence => status.is_none(),
        }
    }
}

impl FromStr for OutcomeFilter {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        let expected =
            Accepted("a status such as 404, a class of them such as 4xx, or \"none\" for no answer");
        let within = |number: u16, range: RangeInclusive<u16>| {
            if range.contains(&number) { Ok(number) } else { Err(expected) }
        };
        match text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
            _ if text == "none" => Ok(Self::Silence),
            Some(hundred) => within(hundred.parse().map_err(|_| expected)?, 1..=5).map(Self::Class),
            None => within(text.parse().map_err(|_| expected)?, 100..=599).map(Self::Status),
        }
    }
}

impl fmt::Display for OutcomeFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Class(hundred) => write!(f, "{hundred}xx"),
            Self::Silence => f.write_str("none"),
        }
    }
}

/// A method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodFilter(pub(super) String);

impl FromStr for MethodFilter {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        let upper = text.to_ascii_uppercase();
        match Method::from_bytes(upper.as_bytes()) {
            Ok(_) => Ok(Self(upper)),
            Err(_) => Err(Accepted("a method such as GET or PUT")),
        }
    }
}

impl fmt::Display for MethodFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// From where on entries count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceFilter {
    /// From the first.
    Start,
    /// After the last that there is.
    Now,
    /// After this number.
    Number(u64),
}

impl FromStr for SinceFilter {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        match text {
            "start" => Ok(Self::Start),
            "now" => Ok(Self::Now),
            number => number.parse().map(Self::Number).map_err(|_| {
                Accepted("start, now, or the number of an entry, which `mock-imds requests --json` shows")
            }),
        }
    }
}

impl fmt::Display for SinceFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("start"),
            Self::Now => f.write_str("now"),
            Self::Number(number) => number.fmt(f),
        }
    }
}
