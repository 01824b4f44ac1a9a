//! Request heads of the usual form, parsed in place.
//!
//! What is not of that form is left to hyper, which knows every other one and refuses what is none.

use std::mem;

use http::Method;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE};

use crate::imds::RequestHeaders;
use crate::model::endpoint::PROBE_HEADER;

/// The headers of a usual request; with more of them it is hyper's.
const HEADERS: usize = 32;
const VERSION: &[u8] = b" HTTP/1.1\r\n";

/// The headers of a connection's last request, which are nearly always those of the next one.
#[derive(Debug, Default)]
pub(super) struct LastHeaders {
    /// Their bytes, with the empty line at the end.
    bytes: Vec<u8>,
    headers: RequestHeaders,
    close: bool,
}

/// The beginning of what a client has sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed<'b> {
    Request(PlainRequest<'b>),
    /// A head that may become a usual one with the bytes that are still to come.
    Partial,
    /// For hyper.
    Other,
}

/// A whole request without a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlainRequest<'b> {
    pub(super) method: Method,
    pub(super) path: &'b str,
    pub(super) query: Option<&'b str>,
    /// Its bytes.
    pub(super) length: usize,
    /// Set if the client wants the connection to close after the reply.
    pub(super) close: bool,
}

impl LastHeaders {
    pub(super) fn headers(&self) -> &RequestHeaders {
        &self.headers
    }

    /// Forgets them, and the memory that they take, if they have more bytes than this.
    pub(super) fn forget_beyond(&mut self, bytes: usize) {
        if self.bytes.len() > bytes {
            *self = Self::default();
        }
    }

    /// Parses the first request in these bytes. Its headers become the last ones.
    pub(super) fn parse<'b>(&mut self, bytes: &'b [u8]) -> Parsed<'b> {
        let Some(line_end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return if is_plausible(bytes) { Parsed::Partial } else { Parsed::Other };
        };
        let (line, rest) = bytes.split_at(line_end + 1);
        let Some((method, target)) = line.strip_suffix(VERSION).and_then(request_line) else {
            return Parsed::Other;
        };
        if self.bytes.is_empty() || !rest.starts_with(&self.bytes) {
            match self.read(rest) {
                Some(true) => {}
                Some(false) => return Parsed::Partial,
                None => return Parsed::Other,
            }
        }
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let length = line.len() + self.bytes.len();
        Parsed::Request(PlainRequest { method, path, query, length, close: self.close })
    }

    /// Reads the headers at the beginning of these bytes: `false` if there are more to come, `None` if they are not the
    /// usual ones.
    fn read(&mut self, bytes: &[u8]) -> Option<bool> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let httparse::Status::Complete((length, headers)) =
            httparse::parse_headers(bytes, &mut headers).ok()?
        else {
            return Some(false);
        };
        self.bytes.clear();
        self.close = false;
        let mut map = mem::take(&mut self.headers).into_map();
        map.clear();
        for header in headers {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            let value = HeaderValue::from_bytes(header.value).ok()?;
            self.close |= match usual(&name, &value)? {
                Usual::Close => true,
                Usual::Other => false,
            };
            map.append(name, value);
        }
        self.headers = map.into();
        self.bytes.extend_from_slice(&bytes[..length]);
        Some(true)
    }
}

/// The meaning of a header for the connection.
enum Usual {
    Close,
    Other,
}

/// `None` for a header by which a request has a body or wants more than a reply, or is one of `mock-imds doctor`.
fn usual(name: &HeaderName, value: &HeaderValue) -> Option<Usual> {
    let value = value.as_bytes();
    match *name {
        CONNECTION if value.eq_ignore_ascii_case(b"close") => Some(Usual::Close),
        CONNECTION if value.eq_ignore_ascii_case(b"keep-alive") => Some(Usual::Other),
        CONTENT_LENGTH if value == b"0" => Some(Usual::Other),
        CONNECTION | CONTENT_LENGTH | EXPECT | TRANSFER_ENCODING | UPGRADE => None,
        _ if name == PROBE_HEADER => None,
        _ => Some(Usual::Other),
    }
}

/// The method and the target of a request line, without its version.
fn request_line(line: &[u8]) -> Option<(Method, &str)> {
    let (method, target) = [(&b"GET "[..], Method::GET), (b"PUT ", Method::PUT), (b"HEAD ", Method::HEAD)]
        .into_iter()
        .find_map(|(prefix, method)| Some((method, line.strip_prefix(prefix)?)))?;
    let is_usual =
        target.first() == Some(&b'/') && target.iter().all(|byte| USUAL_IN_TARGET[usize::from(*byte)]);
    let target = is_usual.then(|| std::str::from_utf8(target).ok())??;
    Some((method, target))
}

/// The characters of RFC 3986, without the `#` of a fragment. hyper accepts some more.
const USUAL_IN_TARGET: [bool; 256] = {
    let mut usual = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        usual[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"/-._~:%?@!$&'()*+,;=[]";
    let mut at = 0;
    while at < marks.len() {
        usual[marks[at] as usize] = true;
        at += 1;
    }
    usual
};

/// `true` of what may be the beginning of a usual request line.
fn is_plausible(bytes: &[u8]) -> bool {
    [&b"GET /"[..], b"PUT /", b"HEAD /"].iter().any(|usual| {
        let common = usual.len().min(bytes.len());
        bytes[..common] == usual[..common]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of these bytes on a connection without a request before.
    fn parsed(bytes: &str) -> String {
        match LastHeaders::default().parse(bytes.as_bytes()) {
            Parsed::Request(PlainRequest { method, path, query, length, close }) => {
                format!("{method} {path} {query:?} {length} {close}")
            }
            Parsed::Partial => "partial".into(),
            Parsed::Other => "other".into(),
        }
    }

    #[test]
    fn usual_requests_are_parsed_and_all_others_are_left() {
        let cases = [
            ("GET / HTTP/1.1\r\n\r\n", "GET / None 18 false"),
            ("GET /a?b?c HTTP/1.1\r\nHost: x\r\n\r\nGET", "GET /a Some(\"b?c\") 32 false"),
            ("PUT /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "PUT /a None 38 false"),
            ("HEAD /%ff HTTP/1.1\r\nconnection: Close\r\n\r\n", "HEAD /%ff None 41 true"),
            ("GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", "GET / None 42 false"),
            ("", "partial"),
            ("HE", "partial"),
            ("GET /abc", "partial"),
            ("GET / HTTP/1.1\r\n", "partial"),
            ("GET / HTTP/1.1\r\nHost: x\r\n\r", "partial"),
            ("\r\nGET / HTTP/1.1\r\n\r\n", "other"),
            ("POST", "other"),
            ("get /", "other"),
            ("POST / HTTP/1.1\r\n\r\n", "other"),
            ("GET / HTTP/1.0\r\n\r\n", "other"),
            ("GET / HTTP/1.1\n\n", "other"),
            ("GET  / HTTP/1.1\r\n\r\n", "other"),
            ("GET /a b HTTP/1.1\r\n\r\n", "other"),
            ("GET /# HTTP/1.1\r\n\r\n", "other"),
            ("GET /\u{e4} HTTP/1.1\r\n\r\n", "other"),
            ("GET http://x/ HTTP/1.1\r\n\r\n", "other"),
            ("GET * HTTP/1.1\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nX: a\r\n folded\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nContent-Length: 00\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", "other"),
            ("GET / HTTP/1.1\r\nX-Mock-IMDS-Probe: 1\r\n\r\n", "other"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parsed(bytes), expected, "{bytes:?}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(HEADERS + 1));
        assert_eq!(parsed(&many), "other");
    }

    #[test]
    fn the_headers_are_those_of_the_request_whatever_the_last_one_had() {
        let mut last = LastHeaders::default();
        let blocks = [
            "A: 1\r\n\r\n",
            "A: 1\r\n\r\n",
            "A: 1\r\nB: 2\r\n\r\n",
            "A: 1\r\nConnection: close\r\n\r\n",
            "\r\n",
        ];
        let expected = ["a=1", "a=1", "a=1 b=2", "a=1 connection=close", ""];
        for (block, expected) in blocks.into_iter().zip(expected) {
            let request = format!("GET / HTTP/1.1\r\n{block}");
            let found = last.parse(request.as_bytes());
            let close = expected.ends_with("close");
            assert!(matches!(&found, Parsed::Request(r) if r.close == close), "{block:?}: {found:?}");
            let found: Vec<String> = last
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}={}", value.to_str().expect("text")))
                .collect();
            assert_eq!(found.join(" "), expected, "{block:?}");
        }
    }

    #[test]
    fn headers_that_are_not_whole_or_refused_leave_nothing_behind() {
        let mut last = LastHeaders::default();
        for rest in ["A: 1\r\nConnection: close\r\n", "A: 1\r\nConnection: close\r\nExpect: x\r\n\r\n"] {
            let _ = last.parse(format!("GET / HTTP/1.1\r\n{rest}").as_bytes());
            let found = last.parse(b"GET / HTTP/1.1\r\nC: 3\r\n\r\n");
            assert!(
                matches!(&found, Parsed::Request(request) if !request.close),
                "after {rest:?}: {found:?}"
            );
            assert_eq!(last.headers().len(), 1, "after {rest:?}");
        }
    }
}
