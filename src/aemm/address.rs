//! The listen address, as the original's runtime reads it; errors are in its words.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::config::AemmServer;

/// The listen address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListenAddress {
    /// Every address of both families. `0.0.0.0` and `::` mean that, too.
    Everywhere {
        /// The port; 0: any.
        port: u16,
    },
    At(SocketAddr),
    Named {
        host: String,
        port: u16,
    },
}

/// Reads hostname and port.
///
/// # Errors
/// Why nothing can listen there, with `listen tcp` before it.
pub(crate) fn place(server: &AemmServer) -> Result<ListenAddress, String> {
    let (hostname, port) = (&server.hostname, &server.port);
    let all = format!("{hostname}:{port}");
    let host = match hostname.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .ok_or_else(|| format!("listen tcp: address {all}: missing ']' in address"))?,
        None if hostname.contains(':') => {
            return Err(format!("listen tcp: address {all}: too many colons in address"));
        }
        None => hostname,
    };
    if port.contains(':') {
        return Err(format!("listen tcp: address {all}: too many colons in address"));
    }
    let port = port_number(port)?;
    let everywhere = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()];
    Ok(match host.parse::<IpAddr>() {
        _ if host.is_empty() => ListenAddress::Everywhere { port },
        Ok(ip) if everywhere.contains(&ip) => ListenAddress::Everywhere { port },
        Ok(ip) => ListenAddress::At(SocketAddr::new(ip, port)),
        Err(_) => ListenAddress::Named { host: host.to_owned(), port },
    })
}

fn port_number(text: &str) -> Result<u16, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    match (text, digits.bytes().all(|byte| byte.is_ascii_digit())) {
        ("", _) => Ok(0),
        (_, true) if !digits.is_empty() => {
            text.parse().map_err(|_| format!("listen tcp: address {text}: invalid port"))
        }
        _ => Err(format!("listen tcp: lookup tcp/{text}: unknown port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hostname: &str, port: &str) -> Result<ListenAddress, String> {
        place(&AemmServer { hostname: hostname.into(), port: port.into() })
    }

    #[test]
    fn addresses_names_and_nothing_are_places() {
        for hostname in ["", "0.0.0.0", "[::]"] {
            assert_eq!(of(hostname, "1338"), Ok(ListenAddress::Everywhere { port: 1338 }), "{hostname:?}");
        }
        assert_eq!(of("127.0.0.1", "80"), Ok(ListenAddress::At("127.0.0.1:80".parse().unwrap())));
        assert_eq!(of("[::1]", "80"), Ok(ListenAddress::At("[::1]:80".parse().unwrap())));
        assert_eq!(of("localhost", ""), Ok(ListenAddress::Named { host: "localhost".into(), port: 0 }));
    }

    #[test]
    fn what_is_no_place_is_said_in_the_words_of_the_original() {
        for (hostname, port, expected) in [
            ("", "99999", "listen tcp: address 99999: invalid port"),
            ("", "-1", "listen tcp: address -1: invalid port"),
            ("", "+", "listen tcp: lookup tcp/+: unknown port"),
            ("", "-", "listen tcp: lookup tcp/-: unknown port"),
            ("", "web", "listen tcp: lookup tcp/web: unknown port"),
            ("::1", "80", "listen tcp: address ::1:80: too many colons in address"),
            ("[::1", "80", "listen tcp: address [::1:80: missing ']' in address"),
        ] {
            assert_eq!(of(hostname, port), Err(expected.to_owned()), "{hostname:?} {port:?}");
        }
    }
}
