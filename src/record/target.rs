//! The address of a service.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::model::endpoint::METADATA_PORT;

/// The address between `http://` and the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// A name or an IP address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The reason that a text is no address of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTarget {
    /// `https://…`
    #[error("metadata services do not speak https; accepted: http://ADDRESS or http://ADDRESS:PORT")]
    Https,
    /// Another scheme.
    #[error("no http URL; accepted: http://ADDRESS or http://ADDRESS:PORT, such as http://[fd00:ec2::254]")]
    NoHttp,
    /// A path, a query or a user.
    #[error(
        "a path, a query or a name behind the address; accepted: http://ADDRESS, the whole service is recorded"
    )]
    Trailing,
    /// No name or no number where one has to be.
    #[error("no address, or no port, that can be used; accepted: http://ADDRESS or http://ADDRESS:PORT")]
    NoAddress,
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let scheme =
            |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if scheme("https://") {
            return Err(InvalidTarget::Https);
        }
        let address = if scheme("http://") { &text["http://".len()..] } else { text };
        if address.contains("://") {
            return Err(InvalidTarget::NoHttp);
        }
        let authority = address.trim_end_matches('/');
        if authority.contains(['/', '?', '#', '@']) {
            return Err(InvalidTarget::Trailing);
        }
        let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(InvalidTarget::NoAddress)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| InvalidTarget::NoAddress)?;
            (
                host,
                if rest.is_empty() {
                    None
                } else {
                    Some(rest.strip_prefix(':').ok_or(InvalidTarget::NoAddress)?)
                },
            )
        } else {
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
        };
        let port = port.map_or(Ok(METADATA_PORT), str::parse).map_err(|_| InvalidTarget::NoAddress)?;
        let legal = |c: char| c.is_ascii_alphanumeric() || ".-:_".contains(c);
        if host.is_empty() || port == 0 || !host.chars().all(legal) {
            return Err(InvalidTarget::NoAddress);
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl Target {
    /// The `Host` header: with the port if it is not HTTP's own.
    pub(crate) fn authority(&self) -> String {
        let host = match self.host.parse() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.host.clone(),
        };
        if self.port == METADATA_PORT { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_addresses_are_taken_and_nothing_else() {
        for (text, shown) in [
            ("http://169.254.169.254", "http://169.254.169.254"),
            ("http://127.0.0.1:1338/", "http://127.0.0.1:1338"),
            ("HTTP://[fd00:ec2::254]", "http://[fd00:ec2::254]"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://imds.test:80", "http://imds.test"),
            ("127.0.0.1:1338", "http://127.0.0.1:1338"),
            ("169.254.169.254", "http://169.254.169.254"),
            ("[fd00:ec2::254]", "http://[fd00:ec2::254]"),
        ] {
            assert_eq!(
                text.parse::<Target>().map(|target| target.to_string()),
                Ok(shown.to_owned()),
                "{text}"
            );
        }
        for (text, why) in [
            ("https://169.254.169.254", InvalidTarget::Https),
            ("ftp://a", InvalidTarget::NoHttp),
            ("é", InvalidTarget::NoAddress),
            ("", InvalidTarget::NoAddress),
            ("a/latest", InvalidTarget::Trailing),
            ("http://a/latest", InvalidTarget::Trailing),
            ("http://user@a", InvalidTarget::Trailing),
            ("http://", InvalidTarget::NoAddress),
            ("http://a:x", InvalidTarget::NoAddress),
            ("http://a:0", InvalidTarget::NoAddress),
            ("http://[::1", InvalidTarget::NoAddress),
            ("http://[::1]x", InvalidTarget::NoAddress),
            ("http://fd00:ec2::254", InvalidTarget::NoAddress),
            ("http://a\r\nb", InvalidTarget::NoAddress),
        ] {
            assert_eq!(text.parse::<Target>(), Err(why), "{text}");
        }
    }
}
