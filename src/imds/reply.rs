//! A reply, before it is bytes.

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};

/// What goes back to the client. The server adds nothing and drops only the body of an answer to HEAD.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// A reason phrase other than the status' own.
    pub reason: Option<&'static str>,
    /// All headers, `Date`, `Content-Length` and `Connection` among them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// How many network hops the packets may travel: set on the answer to a token request only.
    pub hop_limit: Option<u8>,
}
