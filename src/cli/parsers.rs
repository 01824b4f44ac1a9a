//! Parsers of the values of options. What goes to the server as text is checked here, and sent as it was written.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::config::{DURATIONS, parse_duration};
use crate::host::takeover;
use crate::model::{Accepted, StringEnum};
use crate::record::{InvalidTarget, Target};

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an address and a port, such as 127.0.0.1:1338 or [::1]:1338".to_owned())
}

/// The value of a variable in the place of a flag.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    takeover::parse_switch(text)
}

pub(super) fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "expected an IP address such as 172.17.0.2".to_owned())
}

pub(super) fn accepted<T: FromStr<Err = Accepted>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|expected| format!("expected {expected}"))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| format!("expected {DURATIONS}"))
}

/// Takes the strings of `T` and no other.
pub(super) fn variant_of<T>() -> impl TypedValueParser<Value = String>
where
    T: StringEnum,
{
    PossibleValuesParser::new(T::VARIANTS.iter().map(|variant| (*variant).into()))
}

/// One of the words of an enum, or one of `more`.
pub(super) fn variant_of_or<T>(more: &'static [&'static str]) -> impl TypedValueParser<Value = String>
where
    T: StringEnum,
{
    let variants = T::VARIANTS.iter().map(|variant| (*variant).into());
    PossibleValuesParser::new(variants.chain(more.iter().copied()))
}

pub(super) fn duration_text(text: &str) -> Result<String, String> {
    parse_duration(text).map(|_: Duration| text.to_owned()).ok_or_else(|| format!("expected {DURATIONS}"))
}

pub(super) fn instant(text: &str) -> Result<String, String> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    parsed
        .map(|_| text.to_owned())
        .map_err(|_| "expected an RFC 3339 timestamp such as 2024-01-15T09:30:00Z".to_owned())
}

pub(super) fn duration_or_instant(text: &str) -> Result<String, String> {
    duration_text(text).or_else(|expected| {
        instant(text)
            .map_err(|_| format!("{expected}, or an RFC 3339 timestamp such as 2024-01-15T09:30:00Z"))
    })
}

pub(super) fn clock_position(text: &str) -> Result<String, String> {
    let distance = text.strip_prefix(['+', '-']).unwrap_or(text);
    duration_text(distance).map(|_| text.to_owned()).map_err(|expected| {
        format!("{expected}: since the load, or with + or - before it, from the current position")
    })
}

pub(super) fn signed_duration(text: &str) -> Result<String, String> {
    duration_text(text.strip_prefix(['+', '-']).unwrap_or(text)).map(|_| text.to_owned())
}

pub(super) fn target(text: &str) -> Result<Target, String> {
    text.parse().map_err(|error: InvalidTarget| error.to_string())
}
