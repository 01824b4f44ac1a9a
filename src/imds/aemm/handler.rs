//! The steps to a reply.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};

use super::path::{self, AemmPath};
use super::tree::{AemmLeaf, AemmTree};
use super::{notices, replies};
use crate::imds::Reply;
use crate::imds::context::RequestContext;
use crate::imds::request::TTL_HEADER;
use crate::imds::request_headers::TOKEN_HEADER;
use crate::imds::token::TTL_SECONDS;
use crate::model::{HttpEndpoint, HttpTokens, Instance, Notice, Timestamp};

/// One request and the instance that its client meets.
pub(crate) struct AemmHandler<'f> {
    context: &'f RequestContext<'f>,
    instance: &'f Instance,
    now: Timestamp,
}

impl<'f> AemmHandler<'f> {
    pub(crate) fn new(context: &'f RequestContext<'f>) -> Self {
        Self { context, instance: &context.compiled.instance, now: context.now }
    }

    pub(crate) fn respond(&self) -> Reply {
        let RequestContext { fleet, matched, head, .. } = *self.context;
        if self.instance.metadata_options.http_endpoint == HttpEndpoint::Disabled {
            return replies::error(StatusCode::FORBIDDEN, self.now);
        }
        if (head.method, head.path) == (&Method::OPTIONS, "*") {
            return replies::empty(self.now);
        }
        let path = match path::read(head.path) {
            AemmPath::Clean(path) => path,
            AemmPath::Redirect(path) => return replies::redirect(&path, head.query, self.now),
        };
        if path == "/latest/api/token" {
            return self.token();
        }
        let tree = AemmTree { fleet, name: matched.name, instance: self.instance };
        if let Some(leaf) = tree.leaf(&path) {
            return self.refusal().unwrap_or_else(|| self.leaf(&leaf));
        }
        let Some(listing) = tree.listing(&path) else {
            return replies::error(StatusCode::NOT_FOUND, self.now);
        };
        let open = self.context.http().open_listings && !listing.ends_with('\n');
        let refusal = if open { None } else { self.refusal() };
        refusal.unwrap_or_else(|| replies::data(replies::TEXT, listing.into(), self.now))
    }

    /// 401, if a token is required and the first one is not valid.
    fn refusal(&self) -> Option<Reply> {
        let RequestContext { head, tokens_lost, .. } = *self.context;
        let is_valid = |token| !tokens_lost && self.context.remaining(token).is_some();
        let required = self.instance.metadata_options.http_tokens == HttpTokens::Required;
        let refused = required && !head.headers.get(TOKEN_HEADER).is_some_and(is_valid);
        refused.then(|| replies::error(StatusCode::UNAUTHORIZED, self.now))
    }

    fn token(&self) -> Reply {
        let RequestContext { head, .. } = *self.context;
        if head.method != Method::PUT {
            return replies::empty(self.now);
        }
        let Some(ttl) = requested_ttl(head.headers) else {
            return replies::error(StatusCode::BAD_REQUEST, self.now);
        };
        let lifetime = Duration::from_secs(ttl.into());
        let token = self.context.grant_token(lifetime);
        let mut reply = replies::data(replies::TEXT, token.into(), self.now);
        reply.headers.push((TTL_HEADER, ttl.into()));
        reply
    }

    fn leaf(&self, leaf: &AemmLeaf<'_>) -> Reply {
        match leaf {
            AemmLeaf::Value(content_type, bytes) => {
                replies::data(content_type.clone(), bytes.to_vec().into(), self.now)
            }
            AemmLeaf::Notice { notice: Notice::TargetLifecycleState, .. }
                if self.context.head.method != Method::GET =>
            {
                replies::empty(self.now)
            }
            AemmLeaf::Notice { notice, moved } => {
                let admitted = self.admits(*notice);
                let body = admitted.then(|| notices::body(*notice, &self.instance.signals, self.now));
                match body.flatten() {
                    None => replies::error(StatusCode::NOT_FOUND, self.now),
                    // The original looks for these at their own paths only.
                    Some(_) if *moved && *notice != Notice::Scheduled => replies::empty(self.now),
                    Some((content_type, body)) => replies::data(content_type, body.into(), self.now),
                }
            }
        }
    }

    /// Tells whether the client is among the first to ask. Spot interruption and rebalance recommendation share their
    /// clients; those who ask before the event count.
    fn admits(&self, notice: Notice) -> bool {
        let RequestContext { fleet, matched, visit, .. } = *self.context;
        let announcing = |notice: Notice| {
            let mut events = fleet.events().iter().enumerate();
            events.find(|(_, event)| event.concerns(matched.name) && event.announces(notice))
        };
        let Some(limit) = announcing(notice).and_then(|(_, event)| event.first_n_clients) else {
            return true;
        };
        let sharing: &[Notice] = match notice {
            Notice::InstanceAction | Notice::TerminationTime | Notice::Rebalance => {
                &[Notice::InstanceAction, Notice::Rebalance]
            }
            Notice::Scheduled => &[Notice::Scheduled],
            Notice::TargetLifecycleState => &[Notice::TargetLifecycleState],
        };
        let first = sharing.iter().filter_map(|notice| announcing(*notice)).map(|(index, _)| index).min();
        // The start of the process is the same over reloads, and so are the clients that were admitted.
        let event = (fleet.clock().started, first.unwrap_or_default());
        visit.counters.admit(event, client_key(visit.peer), limit)
    }
}

/// The address by which a client is counted: an IPv4 address itself, but of IPv6 its first group only, since the
/// original reads an address up to its first colon.
fn client_key(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => Ipv6Addr::new(address.segments()[0], 0, 0, 0, 0, 0, 0, 0).into(),
    }
}

/// The lifetime in the first TTL header: a whole number in range, perhaps with a plus sign.
fn requested_ttl(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(TTL_HEADER)?.to_str().ok()?.trim();
    // Rust takes a plus sign too.
    let ttl: u32 = text.parse().ok()?;
    TTL_SECONDS.contains(&ttl).then_some(ttl)
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_lifetime_is_a_whole_number_in_range() {
        let cases = [
            ("60", Some(60)),
            ("+60", Some(60)),
            ("0060", Some(60)),
            (" 21600 ", Some(21_600)),
            ("1", Some(1)),
            ("0", None),
            ("-1", None),
            ("21601", None),
            ("60.5", None),
            ("1e3", None),
            ("0x10", None),
            ("abc", None),
            ("", None),
            ("++1", None),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.append(TTL_HEADER, HeaderValue::from_static(text));
            headers.append(TTL_HEADER, HeaderValue::from_static("7"));
            assert_eq!(requested_ttl(&headers), expected, "{text:?}");
        }
    }

    #[test]
    fn an_ipv6_address_counts_up_to_its_first_colon() {
        let key = |text: &str| client_key(text.parse().expect("an address"));
        assert_eq!(key("2001:db8::1"), key("2001:db8:5::2"));
        assert_ne!(key("2001:db8::1"), key("2002:db8::1"));
        assert_ne!(key("10.0.0.1"), key("10.0.0.2"));
    }
}
