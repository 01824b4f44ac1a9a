//! The values of a filter, as command line and control API write them.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use hyper::Method;

use crate::model::{Accepted, Service};

/// A list separated by commas. A record matches if one item does.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeFilter {
    Status(u16),
    /// A class of statuses, by its first digit.
    Class(u16),
    NoReply,
}

impl OutcomeFilter {
    pub(super) fn matches(self, status: Option<u16>) -> bool {
        match self {
            Self::Status(expected) => status == Some(expected),
            Self::Class(digit) => status.is_some_and(|status| status / 100 == digit),
            Self::NoReply => status.is_none(),
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
            _ if text == "none" => Ok(Self::NoReply),
            Some(digit) => within(digit.parse().map_err(|_| expected)?, 1..=5).map(Self::Class),
            None => within(text.parse().map_err(|_| expected)?, 100..=599).map(Self::Status),
        }
    }
}

impl fmt::Display for OutcomeFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Class(digit) => write!(f, "{digit}xx"),
            Self::NoReply => f.write_str("none"),
        }
    }
}

/// An endpoint, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointFilter(pub Service);

impl FromStr for EndpointFilter {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        let service = Service::ALL.into_iter().find(|service| service.name() == text);
        service.map(Self).ok_or(Accepted("imds, ecs or pod-identity"))
    }
}

impl fmt::Display for EndpointFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// An HTTP method, in upper case.
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

/// The record after which a listing begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SinceFilter {
    Start,
    /// The last record that there is.
    Now,
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
