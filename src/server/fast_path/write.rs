//! Replies as bytes. Names and chunks are written as hyper writes them.

use std::io::Write as _;

use http::header::{CONNECTION, HeaderName, TRANSFER_ENCODING};
use http::{StatusCode, Version};

use crate::imds::Reply;

/// Appends the head of a reply. If the connection closes after it, the head says so.
pub(super) fn write_head(bytes: &mut Vec<u8>, reply: &Reply, close: bool) {
    bytes.extend_from_slice(match reply.version {
        Version::HTTP_10 => b"HTTP/1.0 ",
        _ => b"HTTP/1.1 ",
    });
    if reply.status == StatusCode::OK && reply.reason.is_none() {
        bytes.extend_from_slice(b"200 OK\r\n");
    } else {
        bytes.extend_from_slice(reply.status.as_str().as_bytes());
        bytes.push(b' ');
        let reason = reply.reason.or_else(|| reply.status.canonical_reason());
        bytes.extend_from_slice(reason.unwrap_or_default().as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    for (name, value) in &reply.headers {
        match written(name) {
            Some(written) => bytes.extend_from_slice(written),
            None => write_name(bytes, name),
        }
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(if close && !closes(reply) { b"Connection: close\r\n\r\n" } else { b"\r\n" });
}

/// `true` if the reply says that the connection closes after it.
pub(super) fn closes(reply: &Reply) -> bool {
    reply.headers.iter().any(|(name, value)| name == CONNECTION && value.as_bytes() == b"close")
}

/// `true` if the body is to be sent in chunks.
pub(super) fn is_chunked(reply: &Reply) -> bool {
    reply.headers.iter().any(|(name, _)| name == TRANSFER_ENCODING)
}

/// Appends a body that is not empty as a chunk, and the end if it is the whole body.
pub(super) fn write_chunk(bytes: &mut Vec<u8>, body: &[u8], is_whole: bool) {
    // Into a vector nothing fails.
    let _ = write!(bytes, "{:X}\r\n", body.len());
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(if is_whole { b"\r\n0\r\n\r\n" } else { b"\r\n" });
}

/// The names that usual replies have, each as it is written, with what follows it.
fn written(name: &HeaderName) -> Option<&'static [u8]> {
    Some(match name.as_str() {
        "content-type" => b"Content-Type: ",
        "accept-ranges" => b"Accept-Ranges: ",
        "last-modified" => b"Last-Modified: ",
        "content-length" => b"Content-Length: ",
        "date" => b"Date: ",
        "server" => b"Server: ",
        "connection" => b"Connection: ",
        "x-aws-ec2-metadata-token-ttl-seconds" => b"X-Aws-Ec2-Metadata-Token-Ttl-Seconds: ",
        "transfer-encoding" => b"Transfer-Encoding: ",
        "x-rate-limit-duration" => b"X-Rate-Limit-Duration: ",
        "x-rate-limit-limit" => b"X-Rate-Limit-Limit: ",
        "x-rate-limit-request-forwarded-for" => b"X-Rate-Limit-Request-Forwarded-For: ",
        "x-rate-limit-request-remote-addr" => b"X-Rate-Limit-Request-Remote-Addr: ",
        _ => return None,
    })
}

/// A name as EC2 writes it, with what follows it: each word capitalized.
fn write_name(bytes: &mut Vec<u8>, name: &HeaderName) {
    let start = bytes.len();
    bytes.extend_from_slice(name.as_str().as_bytes());
    let mut word_begins = true;
    for byte in &mut bytes[start..] {
        if word_begins {
            byte.make_ascii_uppercase();
        }
        word_begins = *byte == b'-';
    }
    bytes.extend_from_slice(b": ");
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, DATE, LAST_MODIFIED, LOCATION, SERVER};

    use super::*;

    #[test]
    fn the_usual_names_are_written_as_all_names_are() {
        let others = [
            "x-aws-ec2-metadata-token-ttl-seconds",
            "x-rate-limit-duration",
            "x-rate-limit-limit",
            "x-rate-limit-request-forwarded-for",
            "x-rate-limit-request-remote-addr",
        ];
        let usual = [
            CONTENT_TYPE,
            ACCEPT_RANGES,
            LAST_MODIFIED,
            CONTENT_LENGTH,
            DATE,
            SERVER,
            CONNECTION,
            TRANSFER_ENCODING,
        ];
        for name in usual.into_iter().chain(others.map(HeaderName::from_static)) {
            let mut expected = Vec::new();
            write_name(&mut expected, &name);
            let found = written(&name).map(String::from_utf8_lossy);
            assert_eq!(found, Some(String::from_utf8_lossy(&expected)), "{name}");
        }
        assert_eq!(written(&LOCATION), None);
    }

    #[test]
    fn a_chunk_has_its_length_and_the_last_one_an_end() {
        let body = [b'x'; 2_570];
        for (is_whole, end) in [(true, "\r\n0\r\n\r\n"), (false, "\r\n")] {
            let mut found = b"before".to_vec();
            write_chunk(&mut found, &body, is_whole);
            let expected = format!("beforeA0A\r\n{}{end}", "x".repeat(2_570));
            assert!(found == expected.as_bytes(), "{is_whole}: {}", String::from_utf8_lossy(&found));
        }
    }
}
