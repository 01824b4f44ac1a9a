//! A reply is a pure function of its arguments.
//!
//! A fault may take the answer's place, or change it (see `fault`), and an instance that an announced interruption has
//! ended resets every connection (`then = "vanish"`). The `aemm` profile has rules of its own (see `aemm`). The order of judgement of the answer itself, each
//! step ending the matter:
//!
//! 1. endpoint disabled → 403, whatever was asked;
//! 2. `Expect` → 417;
//! 3. `/latest/api/token` → the token request, which needs no token;
//! 4. a method that is not GET or HEAD → 403 for a PUT to a dated token path, else 405;
//! 5. a token that is bad, or missing where one is required → 401, for every path;
//! 6. the path: 200 or 404.

use std::time::Duration;

use hyper::header::{EXPECT, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};

use super::credentials::LeafContext;
use super::fault_injection::{self, Delivery, DeliveryEnd, FaultInput};
use super::reply::{Ec2Replies, MediaType, Reply, TTL_HEADER};
use super::token::TTL_SECONDS;
use super::tree::{Directory, NodeRef};
use super::version::{SERVED, Version};
use super::{Fleet, FleetChange, RequestHead, TokenAuthority, Visit, aemm, path};
use crate::model::{
    DirectoryWithoutSlash, Expect, HttpEndpoint, HttpTokens, Instance, InvalidToken, Profile, Timestamp,
    UserDataListed,
};

/// Where a GET carries its token.
pub(super) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const USER_DATA: &str = "user-data";
/// A PUT that carries this came through a proxy; the service refuses to hand a token out through one.
const FORWARDED_HEADER: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a request gets, and what it changes.
pub fn answer(
    fleet: &Fleet,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    head: RequestHead<'_>,
    now: Timestamp,
) -> (Reply, Option<FleetChange>) {
    let segments = path::segments(head.path);
    let segments: Option<Vec<&str>> =
        segments.as_ref().map(|segments| segments.iter().map(AsRef::as_ref).collect());
    let below = segments.as_deref().and_then(<[&str]>::split_first).map_or(&[][..], |(_, below)| below);
    let met = fleet.meet(visit.peer, visit.ingress);
    let compiled = fleet.at(met, visit, below, now);
    let change = fleet.polled(met, below, now).map(FleetChange::Polled);
    let asked =
        FaultInput { head, path: segments.as_deref(), visit, instance: met.name, clock: fleet.clock(), now };
    let verdict = fault_injection::decide(fleet.faults(), &asked);
    let gone = compiled.instance.signals.gone_at().is_some_and(|at| at <= fleet.clock().effective(now));
    let elapsed = fleet.clock().elapsed(now);
    let (now, loaded_at) = (verdict.skewed(now), verdict.skewed(fleet.loaded_at()));
    let view = LeafContext {
        instance: &compiled.instance,
        identity: &compiled.identity,
        fetched: fleet.fetched(),
        elapsed,
        now,
    };
    let stationery = Ec2Replies { now, modified: loaded_at.min(now), http: &fleet.scenario().http };
    let (instance, tokens_lost) = (&compiled.instance, verdict.tokens_lost);
    let reply = if let Some(status) = verdict.status() {
        stationery.error(status)
    } else if fleet.scenario().http.profile == Profile::Aemm {
        aemm::Request { fleet, met, instance, authority, now, tokens_lost }.judge(visit, head)
    } else {
        let tree = &compiled.tree;
        let request = Request { view, instance, tree, authority, stationery, tokens_lost };
        request.judge(visit, head, segments.as_deref())
    };
    let mut reply = verdict.spoil(reply);
    if gone {
        reply.delivery = Delivery { end: DeliveryEnd::Reset, ..Delivery::default() };
    }
    (reply, change)
}

/// A request's surroundings.
struct Request<'f> {
    view: LeafContext<'f>,
    instance: &'f Instance,
    tree: &'f Directory,
    authority: &'f TokenAuthority,
    stationery: Ec2Replies<'f>,
    tokens_lost: bool,
}

/// What a request's token headers amount to.
enum Session {
    /// No token, or only empty ones: IMDSv1.
    None,
    /// A valid token with its remaining seconds.
    Valid(u32),
    /// Tokens, none of them valid.
    Refused,
}

impl Request<'_> {
    fn judge(&self, visit: &Visit<'_>, head: RequestHead<'_>, segments: Option<&[&str]>) -> Reply {
        if self.instance.metadata_options.http_endpoint == HttpEndpoint::Disabled {
            return self.stationery.refusal(StatusCode::FORBIDDEN);
        }
        if head.headers.contains_key(EXPECT) && self.stationery.http.expect == Expect::Refuse {
            return self.stationery.expectation_failed();
        }
        if let Some(["latest", "api", "token"]) = segments {
            return self.token(visit, head);
        }
        if !reads(head.method) {
            return match segments {
                Some([version, "api", "token"])
                    if head.method == Method::PUT && self.version(version).is_some() =>
                {
                    self.stationery.refusal(StatusCode::FORBIDDEN)
                }
                _ => self.stationery.not_allowed("GET, HEAD"),
            };
        }
        let options = self.instance.metadata_options;
        match self.session(head.headers) {
            Session::Valid(_) | Session::Refused if self.tokens_lost => {
                self.stationery.refusal(StatusCode::UNAUTHORIZED)
            }
            Session::Refused
                if options.http_tokens == HttpTokens::Required
                    || self.stationery.http.invalid_token == InvalidToken::Refuse =>
            {
                self.stationery.refusal(StatusCode::UNAUTHORIZED)
            }
            Session::None if options.http_tokens == HttpTokens::Required => {
                self.stationery.refusal(StatusCode::UNAUTHORIZED)
            }
            Session::None | Session::Refused => self.data(head.path, segments, None),
            Session::Valid(ttl) => self.data(head.path, segments, Some(ttl)),
        }
    }

    /// `/latest/api/token`. AWS user guide, "Use IMDSv2".
    fn token(&self, visit: &Visit<'_>, head: RequestHead<'_>) -> Reply {
        const ALLOW: &str = "OPTIONS, PUT";
        if head.method == Method::OPTIONS {
            return self.stationery.options(ALLOW);
        }
        if head.method != Method::PUT {
            return self.stationery.not_allowed(ALLOW);
        }
        if head.headers.contains_key(FORWARDED_HEADER) {
            return self.stationery.refusal(StatusCode::FORBIDDEN);
        }
        let Some(ttl) = requested_ttl(head.headers) else {
            return self.stationery.refusal(StatusCode::BAD_REQUEST);
        };
        let lifetime = Duration::from_secs(u64::from(ttl));
        let token =
            self.authority.grant(&self.instance.instance_id, lifetime, self.stationery.now, visit.nonce);
        self.stationery.token(token, ttl, self.instance.metadata_options.http_put_response_hop_limit)
    }

    /// Several token headers on one request are fine if any token is valid; the longest remaining time counts.
    fn session(&self, headers: &HeaderMap) -> Session {
        let mut given = tokens(headers).peekable();
        if given.peek().is_none() {
            return Session::None;
        }
        let remaining = |token: &HeaderValue| {
            self.authority.remaining(token.as_bytes(), &self.instance.instance_id, self.stationery.now)
        };
        given.filter_map(remaining).max().map_or(Session::Refused, Session::Valid)
    }

    fn data(&self, path: &str, segments: Option<&[&str]>, ttl: Option<u32>) -> Reply {
        match segments.and_then(|segments| self.look_up(segments)) {
            Some(Answer::Listing(_)) if self.redirects(path) => self.stationery.redirect(&format!("{path}/")),
            Some(Answer::Listing(listing)) => self.stationery.data(MediaType::Text, listing.into(), ttl),
            Some(Answer::Value(media, body)) => self.stationery.data(media, body, ttl),
            None => self.stationery.not_found(),
        }
    }

    fn redirects(&self, path: &str) -> bool {
        self.stationery.http.directory_without_slash == DirectoryWithoutSlash::Redirect
            && !path.ends_with('/')
    }

    fn look_up(&self, segments: &[&str]) -> Option<Answer> {
        let Some((version, below)) = segments.split_first() else {
            return Some(Answer::Listing(self.versions().join("\n")));
        };
        let version = self.version(version)?;
        match self.tree.find(below)? {
            NodeRef::Directory(directory) => {
                let mut listing = directory.listing(&self.view, version)?;
                let always = self.stationery.http.user_data_listed == UserDataListed::Always;
                if always && below.is_empty() && !listing.ends_with(USER_DATA) {
                    listing.push('\n');
                    listing.push_str(USER_DATA);
                }
                Some(Answer::Listing(listing))
            }
            NodeRef::Leaf(leaf) => {
                let usual = if below == [USER_DATA] { MediaType::Octets } else { MediaType::Text };
                let media = leaf.content_type().map_or(usual, |said| MediaType::Said(said.clone()));
                Some(Answer::Value(media, leaf.value(&self.view, version)?))
            }
        }
    }

    /// The version that a path names, if it is served.
    fn version(&self, name: &str) -> Option<Version> {
        let served = match &self.stationery.http.versions {
            Some(said) => name == "latest" || said.iter().any(|version| version == name),
            None => SERVED.contains(&name),
        };
        served.then(|| Version::of(name))
    }

    fn versions(&self) -> Vec<&str> {
        match &self.stationery.http.versions {
            Some(said) => said.iter().map(String::as_str).chain(["latest"]).collect(),
            None => SERVED.to_vec(),
        }
    }
}

/// What a path answers.
enum Answer {
    Listing(String),
    Value(MediaType, hyper::body::Bytes),
}

/// Whether a method is answered with data.
fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether the answer depends on a token that the request has.
pub(super) fn uses_token(head: RequestHead<'_>) -> bool {
    reads(head.method) && tokens(head.headers).next().is_some()
}

/// The tokens that a request has.
fn tokens(headers: &HeaderMap) -> impl Iterator<Item = &HeaderValue> {
    headers.get_all(TOKEN_HEADER).iter().filter(|token| !token.is_empty())
}

/// The requested lifetime in seconds, if it is a whole number in the range that the service grants.
fn requested_ttl(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(TTL_HEADER)?.to_str().ok()?.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let ttl: u32 = if digits { text.parse().ok()? } else { return None };
    TTL_SECONDS.contains(&ttl).then_some(ttl)
}
