//! Requests that are refused for whom they come from: protection from DNS rebinding, for every HTTP door.
//!
//! A web page whose name resolves to this service is of the same origin as the service. It may send any method and any
//! header, so session tokens do not stop it. It can't change what its browser adds: the name of the page's host.
//!
//! | a request | gets | source |
//! |---|---|---|
//! | without a Host in HTTP/1.1, with two, or with one that is no host | 400, always | RFC 9112, 3.2 |
//! | for a name that is neither this service's on EC2 nor allowed | 403, where there is something to protect | |
//! | with `Origin` | the same | Fetch, 3.2: browsers send it with every method but GET and HEAD |
//! | with `Sec-Fetch-Site` or a further header of its kind | the same | Fetch Metadata, 2 |
//!
//! `Sec-Fetch-Mode` alone is no browser: Node's own `fetch` sends it.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode, Version};
use serde::{Deserialize, Serialize};

use crate::model::AllowedHost;

/// The reason why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AccessRefusal {
    HostMissing,
    HostRepeated,
    HostMalformed,
    HostNotAllowed,
    Origin,
    FetchMetadata,
}

impl AccessRefusal {
    pub(crate) fn status(self) -> StatusCode {
        if self.is_malformed() { StatusCode::BAD_REQUEST } else { StatusCode::FORBIDDEN }
    }

    /// True if the request is wrong by HTTP itself, whatever there is to protect.
    pub(crate) fn is_malformed(self) -> bool {
        matches!(self, Self::HostMissing | Self::HostRepeated | Self::HostMalformed)
    }

    /// The reason as a sentence without a full stop; of malformed requests in the words of Go's server, which
    /// amazon-ec2-metadata-mock is made with.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::HostMissing => "missing required Host header",
            Self::HostRepeated => "too many Host headers",
            Self::HostMalformed => "malformed Host header",
            Self::HostNotAllowed => {
                "the name in the Host header is not allowed while real credentials are served; \
                 use the address, or add the name to allowed-hosts in [http]"
            }
            Self::Origin => {
                "web pages are refused while real credentials are served: the request has an Origin"
            }
            Self::FetchMetadata => {
                "web pages are refused while real credentials are served: the request has Sec-Fetch headers"
            }
        }
    }
}

/// The reason to refuse a request with these headers, if there is one.
pub(super) fn check_headers(
    headers: &HeaderMap,
    version: Version,
    authority: Option<&str>,
    allowed: &[AllowedHost],
) -> Option<AccessRefusal> {
    let refusal = check_host(headers, version, authority, allowed);
    if refusal.is_some() {
        refusal
    } else if headers.contains_key(ORIGIN) {
        Some(AccessRefusal::Origin)
    } else if has_fetch_metadata(headers) {
        Some(AccessRefusal::FetchMetadata)
    } else {
        None
    }
}

/// The reason to refuse a request for its Host, if there is one.
pub(crate) fn check_host(
    headers: &HeaderMap,
    version: Version,
    authority: Option<&str>,
    allowed: &[AllowedHost],
) -> Option<AccessRefusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Some(AccessRefusal::HostRepeated),
        (None, _) if version >= Version::HTTP_11 => return Some(AccessRefusal::HostMissing),
        (host, _) => host,
    };
    let host = host.map(|value| value.to_str().ok().and_then(Host::parse));
    // The target's is what RFC 9112 goes by. A client that is what it claims to be names the same host twice.
    // A user's name in it is ignored, as ever.
    let target = authority.and_then(|authority| authority.rsplit('@').next());
    let hosts = [host, target.map(Host::parse)];
    if hosts.contains(&Some(None)) {
        Some(AccessRefusal::HostMalformed)
    } else if hosts.iter().flatten().flatten().any(|host| !host.is_allowed(allowed)) {
        Some(AccessRefusal::HostNotAllowed)
    } else {
        None
    }
}
fn has_fetch_metadata(headers: &HeaderMap) -> bool {
    let mut names = headers.keys().filter_map(|name| name.as_str().strip_prefix("sec-fetch-"));
    names.any(|name| name != "mode")
}

/// A host as a request names it, without its port.
#[derive(PartialEq)]
enum Host<'a> {
    Address,
    /// Empty where the client knows none.
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// Reads `host [":" port]`. RFC 9110, 7.2, and RFC 3986, 3.2.2.
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (host, port) = match text.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        if !port.is_empty() && !port.strip_prefix(':')?.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if text.starts_with('[') {
            let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
            return address.parse::<Ipv6Addr>().ok().map(|_| Self::Address);
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&b);
        if !host.bytes().all(legal) {
            return None;
        }
        Some(host.parse::<Ipv4Addr>().map_or(Self::Name(host), |_| Self::Address))
    }

    fn is_allowed(&self, allowed: &[AllowedHost]) -> bool {
        let Self::Name(name) = self else { return true };
        // The dot at the end of a complete name. cloud-init asks `instance-data.`.
        let name = name.strip_suffix('.').unwrap_or(name);
        is_own_name(&name.to_ascii_lowercase())
            || allowed.iter().any(|host| host.as_str().eq_ignore_ascii_case(name))
    }
}

/// The names that resolve to the service on EC2, and that of this host. Nobody on the Internet owns one of them.
fn is_own_name(name: &str) -> bool {
    let of_region = |name: &str| {
        let region = name.strip_prefix("instance-data.")?.strip_suffix(".compute.internal")?;
        Some(!region.is_empty() && !region.contains('.'))
    };
    matches!(name, "localhost" | "instance-data" | "instance-data.ec2.internal")
        || of_region(name).unwrap_or(false)
}

#[cfg(test)]
mod tests;
