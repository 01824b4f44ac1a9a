//! The steps to a reply, of which the first that applies decides it:
//!
//! 1. endpoint disabled → 403, whatever was requested;
//! 2. `Expect` → 417;
//! 3. `/latest/api/token` → the token request, which needs no token;
//! 4. a method that is not GET or HEAD → 403 for a PUT to a dated token path, else 405;
//! 5. `X-Forwarded-For` → 403, only if the scenario says so;
//! 6. a token that is bad, or missing where one is required → 401, for every path;
//! 7. the path: 200 or 404.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use hyper::body::Bytes;

use super::leaf_context::LeafContext;
use super::replies::{Ec2Replies, MediaType};
use super::tree::TreeEntryRef;
use super::version::{SERVED, Version};
use crate::imds::Reply;
use crate::imds::context::RequestContext;
use crate::imds::request::TTL_HEADER;
use crate::imds::token::TTL_SECONDS;
use crate::model::fault::HeaderChange;
use crate::model::{
    DirectoryWithoutSlash, Expect, ForwardedFor, Http, HttpEndpoint, HttpTokens, Instance, InvalidToken,
    UserDataListed,
};

const USER_DATA: &str = "user-data";
/// A PUT with this header came through a proxy; the service refuses to hand a token out through one.
const FORWARDED_HEADER: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One request and the forms of its reply.
pub(crate) struct Ec2Handler<'f> {
    context: &'f RequestContext<'f>,
    instance: &'f Instance,
    http: &'f Http,
    replies: Ec2Replies<'f>,
}

/// The sum of a request's token headers.
enum Session {
    /// No token, or only empty ones: IMDSv1.
    None,
    /// A valid token with its remaining seconds.
    Valid(u32),
    Refused,
}

enum Resource<'r> {
    Listing(Bytes),
    Value(MediaType, Bytes, &'r [HeaderChange]),
}

impl<'f> Ec2Handler<'f> {
    pub(crate) fn new(context: &'f RequestContext<'f>) -> Self {
        let (instance, http) = (&context.compiled.instance, context.http());
        Self { context, instance, http, replies: Ec2Replies::new(context) }
    }

    pub(crate) fn respond(&self) -> Reply {
        let (head, segments) = (self.context.head, self.context.segments);
        if self.instance.metadata_options.http_endpoint == HttpEndpoint::Disabled {
            return self.replies.refusal(StatusCode::FORBIDDEN);
        }
        if head.headers.has_expect() && self.http.expect == Expect::Refuse {
            return self.replies.expectation_failed();
        }
        if let Some(["latest", "api", "token"]) = segments {
            return self.token();
        }
        if !head.is_read() {
            return match segments {
                Some([version, "api", "token"])
                    if head.method == Method::PUT && self.version(version).is_some() =>
                {
                    self.replies.refusal(StatusCode::FORBIDDEN)
                }
                _ => self.replies.not_allowed("GET, HEAD"),
            };
        }
        if self.http.forwarded_for == ForwardedFor::Refuse && head.headers.contains_key(FORWARDED_HEADER) {
            return self.replies.refusal(StatusCode::FORBIDDEN);
        }
        let options = self.instance.metadata_options;
        let session = self.session();
        let mut reply = match session {
            Session::Valid(_) | Session::Refused if self.context.tokens_lost => {
                self.replies.refusal(StatusCode::UNAUTHORIZED)
            }
            Session::Refused
                if options.http_tokens == HttpTokens::Required
                    || self.http.invalid_token == InvalidToken::Refuse =>
            {
                self.replies.refusal(StatusCode::UNAUTHORIZED)
            }
            Session::None if options.http_tokens == HttpTokens::Required => {
                self.replies.refusal(StatusCode::UNAUTHORIZED)
            }
            Session::None | Session::Refused => self.data(None),
            Session::Valid(ttl) => self.data(Some(ttl)),
        };
        reply.invalid_token = matches!(session, Session::Refused);
        reply
    }

    /// `/latest/api/token`. AWS user guide, "Use IMDSv2".
    fn token(&self) -> Reply {
        const ALLOW: &str = "OPTIONS, PUT";
        let RequestContext { head, .. } = *self.context;
        if head.method == Method::OPTIONS {
            return self.replies.options(ALLOW);
        }
        if head.method != Method::PUT {
            return self.replies.not_allowed(ALLOW);
        }
        if head.headers.contains_key(FORWARDED_HEADER) {
            return self.replies.refusal(StatusCode::FORBIDDEN);
        }
        let Some(ttl) = requested_ttl(head.headers) else {
            return self.replies.refusal(StatusCode::BAD_REQUEST);
        };
        let lifetime = Duration::from_secs(u64::from(ttl));
        let token = self.context.grant_token(lifetime);
        self.replies.token(token, ttl, self.instance.metadata_options.http_put_response_hop_limit)
    }

    /// Several token headers on one request are fine if any token is valid; the longest remaining time counts.
    fn session(&self) -> Session {
        let RequestContext { head, .. } = *self.context;
        if !head.headers.has_token() {
            return Session::None;
        }
        let remaining = |token: &HeaderValue| self.context.remaining(token);
        head.headers.longest_session(remaining).map_or(Session::Refused, Session::Valid)
    }

    fn data(&self, ttl: Option<u32>) -> Reply {
        let RequestContext { head, .. } = *self.context;
        let path = head.path;
        match self.context.segments.and_then(|segments| self.look_up(segments)) {
            Some(Resource::Listing(_)) if self.redirects(path) => {
                self.replies.redirect(head.host(), &format!("{path}/"))
            }
            Some(Resource::Listing(listing)) => self.replies.data(MediaType::Text, listing, ttl),
            Some(Resource::Value(media, body, headers)) => {
                let mut reply = self.replies.data(media, body, ttl);
                reply.change_headers(headers);
                reply
            }
            None => self.replies.not_found(),
        }
    }

    fn redirects(&self, path: &str) -> bool {
        self.http.directory_without_slash == DirectoryWithoutSlash::Redirect && !path.ends_with('/')
    }

    fn look_up(&self, segments: &[&str]) -> Option<Resource<'_>> {
        if let Some(fixed) = self.http.fixed_path(segments) {
            let content = fixed.as_ref()?;
            let media = content.content_type.clone().map_or(MediaType::Text, MediaType::Override);
            return Some(Resource::Value(media, content.bytes.clone(), &content.headers));
        }
        let Some((version, below)) = segments.split_first() else {
            return Some(Resource::Listing(self.versions().join("\n").into()));
        };
        let version = self.version(version)?;
        let leaf_context = self.leaf_context();
        match self.context.compiled.tree.find(below)? {
            TreeEntryRef::Directory(directory) => {
                let listing = directory.listing(&leaf_context, version)?;
                let always = self.http.user_data_listed == UserDataListed::Always;
                if always && below.is_empty() && !listing.ends_with(USER_DATA.as_bytes()) {
                    return Some(Resource::Listing(
                        [&listing, &b"\n"[..], USER_DATA.as_bytes()].concat().into(),
                    ));
                }
                Some(Resource::Listing(listing))
            }
            TreeEntryRef::Leaf(leaf) => {
                let usual = if below == [USER_DATA] { MediaType::Octets } else { MediaType::Text };
                let media = leaf.content_type().map_or(usual, |value| MediaType::Override(value.clone()));
                Some(Resource::Value(media, leaf.value(&leaf_context, version)?, leaf.headers()))
            }
        }
    }

    fn leaf_context(&self) -> LeafContext<'_> {
        let RequestContext { fleet, compiled, elapsed, now, .. } = *self.context;
        LeafContext::new(self.instance, &compiled.identity, fleet.fetched(), elapsed, now)
    }

    /// The version of this name, if it is served.
    fn version(&self, name: &str) -> Option<Version> {
        let served = match &self.http.versions {
            Some(versions) => name == "latest" || versions.iter().any(|version| version == name),
            // Nearly every request asks for it, and the list ends with it.
            None => name == "latest" || SERVED.contains(&name),
        };
        served.then(|| Version::of(name))
    }

    fn versions(&self) -> Vec<&str> {
        match &self.http.versions {
            Some(versions) => versions.iter().map(String::as_str).chain(["latest"]).collect(),
            None => SERVED.to_vec(),
        }
    }
}

/// The requested lifetime in seconds, if it is a whole number in the range that the service grants.
fn requested_ttl(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(TTL_HEADER)?.to_str().ok()?.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let ttl: u32 = if digits { text.parse().ok()? } else { return None };
    TTL_SECONDS.contains(&ttl).then_some(ttl)
}
