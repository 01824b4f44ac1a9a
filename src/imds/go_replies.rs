//! Replies as Go's HTTP server writes them, with which the agents of Amazon ECS and EKS are made: no `Server`, the date
//! before the length, bodies of more than 2048 bytes in chunks.

use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, TRANSFER_ENCODING,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{StatusCode, Version};
use hyper::body::Bytes;

use super::reply::{Reply, date, number};
use crate::model::Timestamp;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// The buffer of a reply whose handler does not say its length.
const BUFFER: usize = 2048;

/// The replies to one request.
#[derive(Debug, Clone)]
pub(crate) struct GoReplies {
    pub(crate) now: Timestamp,
    /// Headers that each of them has, in their order.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Of the request.
    pub(crate) version: Version,
}

impl GoReplies {
    pub(crate) fn json(&self, status: StatusCode, body: impl Into<Bytes>) -> Reply {
        self.reply(status, &[(CONTENT_TYPE, JSON)], body.into())
    }

    /// Plain text as it is.
    pub(crate) fn text(&self, status: StatusCode, text: &'static str) -> Reply {
        self.reply(status, &[(CONTENT_TYPE, TEXT)], Bytes::from_static(text.as_bytes()))
    }

    /// An error with a line of text.
    pub(crate) fn error(&self, status: StatusCode, text: &str) -> Reply {
        let special = [(CONTENT_TYPE, TEXT), (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))];
        self.reply(status, &special, format!("{text}\n").into())
    }

    /// The page of a path that is not there.
    pub(crate) fn not_found(&self) -> Reply {
        self.error(StatusCode::NOT_FOUND, "404 page not found")
    }

    /// No body.
    pub(crate) fn empty(&self, status: StatusCode) -> Reply {
        self.reply(status, &[], Bytes::new())
    }

    /// 301 to a path, which is percent-encoded already.
    pub(crate) fn redirect(&self, target: &str) -> Reply {
        match HeaderValue::try_from(target) {
            Ok(target) => self.reply(StatusCode::MOVED_PERMANENTLY, &[(LOCATION, target)], Bytes::new()),
            Err(_) => self.not_found(),
        }
    }

    fn reply(&self, status: StatusCode, special: &[(HeaderName, HeaderValue)], body: Bytes) -> Reply {
        let mut headers = Vec::with_capacity(special.len() + self.headers.len() + 2);
        headers.extend_from_slice(special);
        headers.extend_from_slice(&self.headers);
        headers.push((DATE, date(self.now)));
        headers.push(if body.len() > BUFFER && self.version >= Version::HTTP_11 {
            (TRANSFER_ENCODING, HeaderValue::from_static("chunked"))
        } else {
            (CONTENT_LENGTH, number(body.len()))
        });
        Reply::new(Version::HTTP_11, status, headers, body)
    }
}
