//! The headers of a request, and what every answer asks of them.
//!
//! A connection's requests nearly always have the same headers, so that this is found out once for all of them.

use std::ops::Deref;

use http::header::{EXPECT, HeaderName, HeaderValue};
use http::{HeaderMap, Version};

use super::rebinding::check_headers;

/// The session token of a GET.
pub(super) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");

/// Headers. They do not change, or else what is known of them would be wrong.
#[derive(Debug, Clone, Default)]
pub struct RequestHeaders {
    map: HeaderMap,
    /// The first session token: looked up once, and nearly always the only one.
    token: Option<HeaderValue>,
    has_more_tokens: bool,
    has_expect: bool,
    is_harmless: bool,
}

impl From<HeaderMap> for RequestHeaders {
    fn from(map: HeaderMap) -> Self {
        let (token, has_more_tokens) = {
            let mut tokens = tokens(&map);
            (tokens.next().cloned(), tokens.next().is_some())
        };
        let has_expect = map.contains_key(EXPECT);
        // What the strictest version accepts without any name allowed, all do.
        let is_harmless = check_headers(&map, Version::HTTP_11, None, &[]).is_none();
        Self { map, token, has_more_tokens, has_expect, is_harmless }
    }
}

impl Deref for RequestHeaders {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.map
    }
}

impl RequestHeaders {
    /// The headers alone, to be changed.
    pub fn into_map(self) -> HeaderMap {
        self.map
    }

    /// The longest of the lifetimes that `remaining` gives for the session tokens; `None` if it gives none.
    pub(super) fn longest_session(&self, remaining: impl Fn(&HeaderValue) -> Option<u32>) -> Option<u32> {
        let first = remaining(self.token.as_ref()?);
        if self.has_more_tokens { tokens(&self.map).filter_map(remaining).max() } else { first }
    }

    /// An empty header counts as none.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// True if the client waits for a 100 before it sends the body.
    pub fn has_expect(&self) -> bool {
        self.has_expect
    }

    /// True if they are reason to refuse the request in no version and with no setting.
    pub(super) fn is_harmless(&self) -> bool {
        self.is_harmless
    }
}

fn tokens(map: &HeaderMap) -> impl Iterator<Item = &HeaderValue> {
    map.get_all(TOKEN_HEADER).iter().filter(|token| !token.is_empty())
}
