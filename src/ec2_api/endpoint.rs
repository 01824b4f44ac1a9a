//! Where an API answers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::record::{InvalidTarget, Target};

/// The host and port of an API, which speaks HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiEndpoint(Target);

/// The reason that a text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidEndpoint {
    /// `https://…`
    #[error(
        "it is https, and only emulators are asked, by http; accepted: http://HOST:PORT. Of AWS' own API: \
         aws ec2 describe-instances --instance-ids ID >instance.json; mock-imds import instance.json"
    )]
    Https,
    /// A path, a query or a user.
    #[error("there is a path, a query or a name besides host and port; accepted: http://HOST:PORT")]
    Trailing,
    /// Another scheme, no host, or no port.
    #[error(
        "it has no host, or no port, that can be used; accepted: http://HOST:PORT, such as http://127.0.0.1:5000"
    )]
    NoAddress,
}

impl FromStr for ApiEndpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        text.parse().map(Self).map_err(|invalid| match invalid {
            InvalidTarget::Https => InvalidEndpoint::Https,
            InvalidTarget::Trailing => InvalidEndpoint::Trailing,
            InvalidTarget::NoHttp | InvalidTarget::NoAddress => InvalidEndpoint::NoAddress,
        })
    }
}

impl ApiEndpoint {
    /// Host and port, to be resolved.
    pub(super) fn host_and_port(&self) -> (&str, u16) {
        (&self.0.host, self.0.port)
    }

    /// The `Host` header.
    pub(super) fn authority(&self) -> String {
        self.0.authority()
    }
}

impl fmt::Display for ApiEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// True of addresses of this host and of private networks. Link-local ones are of metadata services, which are no APIs.
pub(super) fn is_nearby(address: IpAddr) -> bool {
    let nearby = |address: Ipv4Addr| address.is_loopback() || address.is_private();
    match address {
        IpAddr::V4(address) => nearby(address),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| is_nearby_ipv6(address), nearby),
    }
}

fn is_nearby_ipv6(address: Ipv6Addr) -> bool {
    // A network of EC2's own, with the services that an instance finds at link-local addresses.
    let is_of_ec2 = matches!(address.segments(), [0xfd00, 0x0ec2, ..]);
    address.is_loopback() || (address.is_unique_local() && !is_of_ec2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_urls_are_taken_and_others_get_a_sentence() {
        for (text, authority) in [
            ("http://127.0.0.1:5000", "127.0.0.1:5000"),
            ("http://moto:5000/", "moto:5000"),
            ("http://[::1]:4566", "[::1]:4566"),
            ("localhost:4566", "localhost:4566"),
            ("http://moto", "moto"),
        ] {
            assert_eq!(
                text.parse::<ApiEndpoint>().map(|endpoint| (endpoint.authority(), endpoint.to_string())),
                Ok((authority.to_owned(), format!("http://{authority}"))),
                "{text}"
            );
        }
        for (text, why) in [
            ("https://ec2.us-east-1.amazonaws.com", InvalidEndpoint::Https),
            ("http://127.0.0.1:5000/ec2", InvalidEndpoint::Trailing),
            ("ftp://a", InvalidEndpoint::NoAddress),
            ("http://a:x", InvalidEndpoint::NoAddress),
            ("", InvalidEndpoint::NoAddress),
        ] {
            assert_eq!(text.parse::<ApiEndpoint>(), Err(why), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_internet_and_of_metadata_services_are_not_nearby() {
        for (text, expected) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("172.17.0.1", true),
            ("192.168.1.1", true),
            ("::1", true),
            ("fd00::1", true),
            ("::ffff:10.0.0.1", true),
            ("172.32.0.1", false),
            ("169.254.169.254", false),
            ("fd00:ec2::254", false),
            ("8.8.8.8", false),
            ("::ffff:8.8.8.8", false),
            ("2001:db8::1", false),
            ("fe80::1", false),
            ("0.0.0.0", false),
            ("::", false),
        ] {
            assert_eq!(is_nearby(text.parse().expect("it is an address")), expected, "{text}");
        }
    }
}
