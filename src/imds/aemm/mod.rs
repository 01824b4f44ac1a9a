//! The `aemm` profile: the answers of amazon-ec2-metadata-mock 1.13. Where they differ on purpose is in docs/aemm.md.
//!
//! The tree is what `[metadata]` says, the user data, and what events announce; nothing follows from `[instance]`.
//!
//! | path | answer |
//! |---|---|
//! | `/`, `/latest` | fixed listings, with a newline at the end |
//! | `/latest/meta-data`, `/latest/dynamic` | what is directly below, with a newline at the end |
//! | a word of `[metadata]`, wherever it is | the word |
//! | a notice that an event announces | 404 until the event has happened; `InService` instead, for a life cycle |
//! | a directory below the two | what is directly below, without a newline at the end |
//! | `/latest/api/token` | a token to a PUT, nothing to other methods |
//! | a path that is not clean | 301 to the clean one |
//! | anything else | 404 |
//!
//! Any method reads, except where the table says otherwise. Notices are listed before their event has happened. A
//! token is looked at only where tokens are required, and there on every path that answers.
//!
//! What the original does to its users' harm is not done here:
//!
//! - it dies when two clients ask for tokens at once, and its tokens are from a weak generator in a table without
//!   bounds: ours are sealed, the same under every profile;
//! - it lists directories below the categories without a token though tokens are required: here they need one, unless
//!   `[http] open-listings` says otherwise;
//! - it lists what contains the asked text anywhere, and what depends on earlier requests: here a listing has the
//!   children of its directory, and what has none is 404;
//! - it mixes up the bodies of two answers that it makes at one time, and hangs on certain brackets in the identity
//!   document;
//! - it labels the wall-clock time of any zone GMT: here it is that of GMT.
//!
//! The service's own limits stay: on heads (16 KiB and 100 headers, where the original takes 1 MiB), on bodies, times
//! and connections. So do its replies to what is no request, which are the HTTP library's.

mod answers;
pub(super) mod forms;
mod notices;
mod path;
mod tree;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Method, StatusCode};

use super::answer::TOKEN_HEADER;
use super::fleet::MatchedInstance;
use super::reply::{Reply, TTL_HEADER};
use super::token::TTL_SECONDS;
use super::{Fleet, RequestHead, TokenAuthority, Visit};
use crate::model::{HttpEndpoint, HttpTokens, Instance, Notice, Timestamp};
use path::AemmPath;
use tree::{AemmLeaf, AemmTree};

/// What each path answers to a client that meets no other instance, by the names of `[metadata]`.
pub(super) fn answers(fleet: &Fleet, instance: &Instance, now: Timestamp) -> BTreeMap<String, Bytes> {
    AemmTree { fleet, name: None, instance }.answers(now)
}

/// A request's surroundings.
pub(super) struct Request<'f> {
    pub(super) fleet: &'f Fleet,
    pub(super) met: MatchedInstance<'f>,
    /// The instance, after what has happened.
    pub(super) instance: &'f Instance,
    pub(super) authority: &'f TokenAuthority,
    pub(super) now: Timestamp,
    /// Whether no token is known any more.
    pub(super) tokens_lost: bool,
}

impl Request<'_> {
    pub(super) fn judge(&self, visit: &Visit<'_>, head: RequestHead<'_>) -> Reply {
        if self.instance.metadata_options.http_endpoint == HttpEndpoint::Disabled {
            return forms::error(StatusCode::FORBIDDEN, self.now);
        }
        if (head.method, head.path) == (&Method::OPTIONS, "*") {
            return forms::nothing(self.now);
        }
        let path = match path::read(head.path) {
            AemmPath::Clean(path) => path,
            AemmPath::Elsewhere(path) => return forms::redirect(&path, head.query, self.now),
        };
        if path == "/latest/api/token" {
            return self.token(visit, head);
        }
        let tree = AemmTree { fleet: self.fleet, name: self.met.name, instance: self.instance };
        if let Some(leaf) = tree.leaf(&path) {
            return match self.refusal(head.headers) {
                Some(refusal) => refusal,
                None => self.leaf(leaf, visit, head.method),
            };
        }
        let Some(listing) = tree.listing(&path) else {
            return forms::error(StatusCode::NOT_FOUND, self.now);
        };
        let open = self.fleet.scenario().http.open_listings && !listing.ends_with('\n');
        let refusal = if open { None } else { self.refusal(head.headers) };
        refusal.unwrap_or_else(|| forms::data(forms::TEXT, listing.into(), self.now))
    }

    /// 401, if a token is required and there is no good one. The first one counts.
    fn refusal(&self, headers: &HeaderMap) -> Option<Reply> {
        let good = |token: &HeaderValue| {
            let remaining = self.authority.remaining(token.as_bytes(), &self.instance.instance_id, self.now);
            !self.tokens_lost && remaining.is_some()
        };
        let required = self.instance.metadata_options.http_tokens == HttpTokens::Required;
        let refused = required && !headers.get(TOKEN_HEADER).is_some_and(good);
        refused.then(|| forms::error(StatusCode::UNAUTHORIZED, self.now))
    }

    fn token(&self, visit: &Visit<'_>, head: RequestHead<'_>) -> Reply {
        if head.method != Method::PUT {
            return forms::nothing(self.now);
        }
        let Some(ttl) = requested_ttl(head.headers) else {
            return forms::error(StatusCode::BAD_REQUEST, self.now);
        };
        let lifetime = Duration::from_secs(ttl.into());
        let token = self.authority.grant(&self.instance.instance_id, lifetime, self.now, visit.nonce);
        let mut reply = forms::data(forms::TEXT, token.into(), self.now);
        reply.headers.push((TTL_HEADER, ttl.into()));
        reply
    }

    fn leaf(&self, leaf: AemmLeaf<'_>, visit: &Visit<'_>, method: &Method) -> Reply {
        match leaf {
            AemmLeaf::Word(content_type, bytes) => forms::data(content_type, bytes.to_vec().into(), self.now),
            AemmLeaf::Notice { notice: Notice::TargetLifecycleState, .. } if method != Method::GET => {
                forms::nothing(self.now)
            }
            AemmLeaf::Notice { notice, moved } => {
                let signals = &self.instance.signals;
                let told =
                    if self.admits(notice, visit) { notices::told(notice, signals, self.now) } else { None };
                match told {
                    None => forms::error(StatusCode::NOT_FOUND, self.now),
                    // The original looks for these at their own paths only.
                    Some(_) if moved && notice != Notice::Scheduled => forms::nothing(self.now),
                    Some((content_type, body)) => forms::data(content_type, body.into(), self.now),
                }
            }
        }
    }

    /// Whether a client is among the first to ask. Spot interruption and rebalance recommendation share their
    /// clients; those who ask before the event count.
    fn admits(&self, notice: Notice, visit: &Visit<'_>) -> bool {
        let announcing = |notice: Notice| {
            let mut events = self.fleet.events().iter().enumerate();
            events.find(|(_, event)| event.concerns(self.met.name) && event.announces(notice))
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
        // The same over reloads, as far as the events are.
        let event = (self.fleet.clock().started, first.unwrap_or_default());
        visit.counters.admit(event, slot(visit.peer), limit)
    }
}

/// What counts as one client: an IPv4 address, but of IPv6 all that share the first group, since the original reads
/// an address up to its first colon.
fn slot(peer: IpAddr) -> IpAddr {
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
        let slot = |text: &str| slot(text.parse().expect("an address"));
        assert_eq!(slot("2001:db8::1"), slot("2001:db8:5::2"));
        assert_ne!(slot("2001:db8::1"), slot("2002:db8::1"));
        assert_ne!(slot("10.0.0.1"), slot("10.0.0.2"));
    }
}
