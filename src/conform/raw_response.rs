//! An answer as it came over the connection. Unlike an HTTP library it keeps what is odd.

use std::time::Duration;

/// The most headers that are read.
const MAX_HEADERS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RawResponse {
    /// "HTTP/1.1"
    pub(super) version: String,
    pub(super) status: u16,
    pub(super) reason: String,
    /// In their order, spelt as they came.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Statuses of interim answers before it, as 100.
    pub(super) interim: Vec<u16>,
    /// The bytes after its end.
    pub(super) extra: Vec<u8>,
    /// The body ended before the length that the head says.
    pub(super) is_short: bool,
    /// The service closed the connection.
    pub(super) closed: bool,
    /// From the request to the end of the answer.
    pub(super) took: Duration,
}

/// What bytes are so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParsedResponse {
    /// The answer needs more bytes.
    Unfinished,
    /// It is whole. The bytes after it are in `extra`.
    Whole(RawResponse),
    /// It is no HTTP.
    Invalid(String),
}

/// The end of a body.
enum BodyEnd {
    At(usize),
    OfTheConnection,
    Chunked,
}

/// Reads an answer. `ended`: no more bytes follow.
pub(super) fn parse(bytes: &[u8], is_head: bool, ended: bool) -> ParsedResponse {
    let mut rest = bytes;
    let mut interim = vec![];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let length = match head.parse(rest) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if ended => {
                return ParsedResponse::Invalid(format!("{} bytes without the end of a head", bytes.len()));
            }
            Ok(httparse::Status::Partial) => return ParsedResponse::Unfinished,
            Err(error) => return ParsedResponse::Invalid(format!("no HTTP answer: {error}")),
        };
        let response = of_head(&head);
        rest = &rest[length..];
        if response.status < 200 && response.status != 101 {
            interim.push(response.status);
            continue;
        }
        return with_body(RawResponse { interim, ..response }, rest, is_head, ended);
    }
}

fn of_head(head: &httparse::Response<'_, '_>) -> RawResponse {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    RawResponse {
        version: format!("HTTP/1.{}", head.version.unwrap_or_default()),
        status: head.code.unwrap_or_default(),
        reason: head.reason.unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect(),
        ..RawResponse::default()
    }
}

fn with_body(response: RawResponse, rest: &[u8], is_head: bool, ended: bool) -> ParsedResponse {
    let end = if is_head || matches!(response.status, 204 | 304) {
        BodyEnd::At(0)
    } else if response.header("Transfer-Encoding").is_some_and(|value| value.contains("chunked")) {
        BodyEnd::Chunked
    } else {
        match response.header("Content-Length").map(|length| length.trim().parse()) {
            Some(Ok(length)) => BodyEnd::At(length),
            Some(Err(_)) => return ParsedResponse::Invalid("a Content-Length that is no number".to_owned()),
            None => BodyEnd::OfTheConnection,
        }
    };
    let (body, length) = match end {
        BodyEnd::At(length) if length <= rest.len() => (rest[..length].to_vec(), length),
        BodyEnd::At(_) if ended => {
            return ParsedResponse::Whole(RawResponse { is_short: true, body: rest.to_vec(), ..response });
        }
        BodyEnd::OfTheConnection if ended => (rest.to_vec(), rest.len()),
        BodyEnd::At(_) | BodyEnd::OfTheConnection => return ParsedResponse::Unfinished,
        BodyEnd::Chunked => match unchunked(rest) {
            Some(whole) => whole,
            None if ended => return ParsedResponse::Whole(RawResponse { is_short: true, ..response }),
            None => return ParsedResponse::Unfinished,
        },
    };
    ParsedResponse::Whole(RawResponse { body, extra: rest[length..].to_vec(), ..response })
}

/// A chunked body, and the bytes that it took.
fn unchunked(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (vec![], 0);
    loop {
        let (skipped, size) = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete((skipped, size))) => (skipped, usize::try_from(size).ok()?),
            _ => return None,
        };
        at += skipped;
        let chunk = bytes.get(at..at.checked_add(size)?)?;
        body.extend_from_slice(chunk);
        at += size;
        if bytes.get(at..at + 2)? != b"\r\n" {
            return None;
        }
        at += 2;
        if size == 0 {
            return Some((body, at));
        }
    }
}

impl RawResponse {
    /// The first header of this name, in letters of any case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let of_name = |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
        self.headers.iter().find(of_name).map(|(_, value)| value.as_str())
    }

    /// The body, if it is text.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}
