//! Parsers of the values of options. What goes to the server as text is checked here, and sent as it was written.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::ops::RangeBounds;
use std::os::fd::RawFd;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::config::{DURATIONS, parse_duration};
use crate::ec2_api::{ApiEndpoint, InvalidEndpoint};
use crate::host::takeover;
use crate::model::{Accepted, ListenEndpoint, OpenList, Service, StringEnum};
use crate::record::{InvalidTarget, Target};

/// An address to listen at, or ENDPOINT=ADDRESS.
pub(super) fn endpoint_address(text: &str) -> Result<ListenEndpoint, String> {
    let Some((name, address)) = text.split_once('=') else { return Ok(listen_address(text)?.into()) };
    let only = Service::ALL.into_iter().find(|service| service.name() == name);
    let only = only.ok_or_else(|| {
        format!("{name:?} is no endpoint; accepted before \"=\": imds, ecs or pod-identity, as in ecs=127.0.0.1:1339")
    })?;
    if address.contains('=') {
        return Err(format!(
            "expected one endpoint and its address, as in {name}=127.0.0.1:1339, found two \"=\""
        ));
    }
    Ok(ListenEndpoint { address: listen_address(address)?, only: Some(only) })
}

/// An address to listen at. A port alone is one of the loopback: that others can connect is to be written out.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let named =
        text.rsplit_once(':').is_some_and(|(name, port)| !name.is_empty() && port.parse::<u16>().is_ok());
    if !named {
        return Err("expected an address and a port, such as 127.0.0.1:1338, [::1]:1338 or localhost:1338, or a port \
                    of 127.0.0.1 alone"
            .to_owned());
    }
    let found: Vec<SocketAddr> =
        text.to_socket_addrs().map_err(|error| format!("cannot be resolved: {error}"))?.collect();
    let one = found.iter().find(|address| address.is_ipv4()).or(found.first());
    one.copied().ok_or_else(|| "has no address".to_owned())
}

/// The number of a descriptor that is none of the standard streams.
pub(super) fn inherited_descriptor(text: &str) -> Result<RawFd, String> {
    let number = text.parse().ok().filter(|number| *number > libc::STDERR_FILENO);
    number.ok_or_else(|| "expected the number of an open descriptor, from 3 on".to_owned())
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

/// A whole number in this range, whose first one is in it.
pub(super) fn number<T: TryFrom<i64> + 'static>(
    range: impl RangeBounds<i64> + Clone + Send + Sync + 'static,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text: &str| {
        let number = text.parse::<i64>().ok().filter(|number| range.contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
            let least = match range.start_bound() {
                Included(least) | Excluded(least) => *least,
                Unbounded => 0,
            };
            match range.end_bound() {
                Included(most) | Excluded(most) => format!("expected a whole number from {least} to {most}"),
                Unbounded => format!("expected a whole number, {least} or more"),
            }
        })
    }
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

/// A word of a list that EC2 lengthens: the help and completions have those that are known.
pub(super) fn word_of<T: OpenList + Clone + Send + Sync + 'static>() -> impl TypedValueParser<Value = String>
{
    #[derive(Clone)]
    struct Word<T>(PhantomData<fn() -> T>);

    impl<T: OpenList + Clone + Send + Sync + 'static> TypedValueParser for Word<T> {
        type Value = String;

        fn parse_ref(
            &self,
            command: &clap::Command,
            argument: Option<&clap::Arg>,
            value: &OsStr,
        ) -> Result<String, clap::Error> {
            let word = |text: &str| text.parse::<T>().map(|word| word.word().to_owned());
            TypedValueParser::parse_ref(&word, command, argument, value)
        }

        fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
            Some(Box::new(T::KNOWN.iter().map(|known| PossibleValue::new(*known))))
        }
    }
    Word::<T>(PhantomData)
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

/// How late a change is visible: a duration, "never", or `LEAF=DURATION` with commas between several. The server knows the leaves.
pub(super) fn delays(text: &str) -> Result<String, String> {
    let is_delay = |text: &str| text == "never" || parse_duration(text).is_some();
    let is_part =
        |part: &str| part.split_once('=').is_some_and(|(leaf, delay)| !leaf.is_empty() && is_delay(delay));
    if is_delay(text) || text.split(',').all(is_part) {
        return Ok(text.to_owned());
    }
    Err("expected a duration such as 3s, \"never\", or leaves with theirs, such as ipv6s=6s,device-number=never".to_owned())
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

pub(super) fn endpoint(text: &str) -> Result<ApiEndpoint, String> {
    text.parse().map_err(|error: InvalidEndpoint| error.to_string())
}

pub(super) fn target(text: &str) -> Result<Target, String> {
    text.parse().map_err(|error: InvalidTarget| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_have_the_words_that_are_known_of_a_list_that_is_open() {
        let parser = word_of::<crate::model::MaintenanceState>();
        let known: Vec<String> =
            parser.possible_values().into_iter().flatten().map(|value| value.get_name().to_owned()).collect();
        assert_eq!(known, ["active", "completed", "canceled"]);
    }

    #[test]
    fn a_delay_is_one_for_all_leaves_or_has_the_name_of_each() {
        for text in ["3s", "never", "ipv6s=6s", "ipv6s=6s,device-number=never"] {
            assert_eq!(delays(text), Ok(text.to_owned()));
        }
        for text in ["", "soon", "ipv6s=soon", "=3s", "ipv6s=6s,", "ipv6s=6s,3s", "ipv6s"] {
            let error = delays(text).expect_err(text);
            assert!(
                error.starts_with("expected a duration such as 3s, \"never\", or leaves"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_listener_has_one_endpoint() {
        let found = endpoint_address("ecs=127.0.0.1:1339").expect("it is accepted");
        assert_eq!((found.only, found.address.port()), (Some(Service::Ecs), 1339));
        let error = endpoint_address("ecs=ecs=127.0.0.1:1339").expect_err("it has two");
        assert!(error.contains("as in ecs=127.0.0.1:1339, found two \"=\""), "{error}");
    }

    #[test]
    fn a_listen_address_may_be_a_port_or_a_name() {
        for (text, expected) in [
            ("127.0.0.2:1338", "127.0.0.2:1338"),
            ("[::1]:0", "[::1]:0"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(listen_address(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["", ":", "localhost", "::1:8080x", "127.0.0.1", "127.0.0.1:99999", "[::1]", "a b", "-1"]
        {
            let error = listen_address(text).expect_err(text);
            assert!(error.starts_with("expected an address and a port"), "{text}: {error}");
        }
    }
}
