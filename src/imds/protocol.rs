//! The protocol that a client speaks, of the two.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{RequestHead, path};
use crate::model::Accepted;

/// The form of a request, granted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// `IMDSv1`: without a token.
    V1,
    /// `IMDSv2`: with a token, be it good or bad.
    V2,
    /// `IMDSv2`'s first step: it asks for a token.
    Token,
}

impl Protocol {
    pub(crate) fn of(head: RequestHead<'_>) -> Self {
        if is_token(head.path) {
            Self::Token
        } else if head.headers.has_token() {
            Self::V2
        } else {
            Self::V1
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Token => "token",
        })
    }
}

impl FromStr for Protocol {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        match text {
            "v1" | "1" => Ok(Self::V1),
            "v2" | "2" => Ok(Self::V2),
            "token" => Ok(Self::Token),
            _ => Err(Accepted("v1, v2 or token")),
        }
    }
}

/// True of the token path. Every request asks this, so cheap tests rule out most paths: what is normalized to `token` ends
/// with `n` (or `%6e`), a slash or a dot (or `%2e`), and has a `k` or an escape.
fn is_token(path: &str) -> bool {
    // All bytes at once, which takes less than to look for the first that fits.
    let has_k = |path: &str| path.bytes().fold(false, |found, byte| found | matches!(byte, b'%' | b'k'));
    matches!(path.as_bytes().last(), Some(b'n' | b'e' | b'E' | b'/' | b'.'))
        && has_k(path)
        && path::segments(path).is_some_and(|segments| segments.as_slice() == ["latest", "api", "token"])
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method, Version};

    use super::*;
    use crate::imds::RequestHeaders;
    use crate::imds::request_headers::TOKEN_HEADER;

    #[test]
    fn the_form_of_a_request_tells() {
        let cases: [(&str, &[&str], Protocol); 10] = [
            ("/latest/meta-data/mac", &[], Protocol::V1),
            ("/latest/meta-data/mac", &[""], Protocol::V1),
            ("/latest/meta-data/mac", &["forged"], Protocol::V2),
            ("/latest/meta-data/mac", &["", "x"], Protocol::V2),
            ("//latest/api/%74oken/", &["x"], Protocol::Token),
            ("/latest/api/toke%6E", &[], Protocol::Token),
            ("/latest/api/./toke%6e", &[], Protocol::Token),
            ("/latest/api/token/x/..", &[], Protocol::Token),
            ("/latest/api/token/%2E", &[], Protocol::Token),
            ("/2021-07-15/api/token", &[], Protocol::V1),
        ];
        for (path, tokens, expected) in cases {
            let mut headers = HeaderMap::new();
            for token in tokens {
                headers.append(TOKEN_HEADER, token.parse().unwrap());
            }
            let head = RequestHead {
                method: &Method::GET,
                path,
                query: None,
                headers: &RequestHeaders::from(headers),
                version: Version::HTTP_11,
                authority: None,
            };
            assert_eq!(Protocol::of(head), expected, "{path} with {tokens:?}");
        }
    }
}
