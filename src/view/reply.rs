//! Responses: a body that is there, or one that comes piece by piece; and the headers that all of them have.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

pub(super) type ViewReply = Response<ViewBody>;

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// Nothing is loaded from elsewhere, nothing inline runs, nothing is sent elsewhere, and no page has this one in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

pub(super) enum ViewBody {
    Whole(Full<Bytes>),
    Pieces(mpsc::Receiver<Bytes>),
}

impl Body for ViewBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context),
            Self::Pieces(pieces) => {
                pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}

pub(super) fn reply(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> ViewReply {
    with_headers(status, HeaderValue::from_static(media_type), ViewBody::Whole(Full::new(body.into())))
}

pub(super) fn json_reply(status: StatusCode, value: &impl Serialize) -> ViewReply {
    let mut body = serde_json::to_vec(value).expect("what is sent has string keys only");
    body.push(b'\n');
    reply(status, JSON, body)
}

/// A refusal, in the form of the control API's.
pub(super) fn refusal(status: StatusCode, error: &str) -> ViewReply {
    json_reply(status, &json!({ "error": error }))
}

/// A refusal of a moment: there is room again once another one is done.
pub(super) fn no_room(error: &str) -> ViewReply {
    let mut reply = refusal(StatusCode::SERVICE_UNAVAILABLE, error);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply
}

/// A body that comes piece by piece.
pub(super) fn stream(media_type: &'static str, pieces: mpsc::Receiver<Bytes>) -> ViewReply {
    with_headers(StatusCode::OK, HeaderValue::from_static(media_type), ViewBody::Pieces(pieces))
}

pub(super) fn with_headers(status: StatusCode, media_type: HeaderValue, body: ViewBody) -> ViewReply {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
