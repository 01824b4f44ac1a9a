//! Replies as bytes. Names are written as hyper writes them.

use http::header::{CONNECTION, HeaderName};
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
        write_name(bytes, name);
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(if close && !closes(reply) { b"Connection: close\r\n\r\n" } else { b"\r\n" });
}

/// `true` if the reply says that the connection closes after it.
pub(super) fn closes(reply: &Reply) -> bool {
    reply.headers.iter().any(|(name, value)| name == CONNECTION && value.as_bytes() == b"close")
}

/// A name as EC2 writes it: each word capitalized.
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
}
