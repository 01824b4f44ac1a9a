//! What the original answers to what is no request: a text that is no page, without date and length, and the end of
//! the connection.

use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::{Method, Version};

use super::path;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Its first line, a header, or its path.
    Request,
    /// HTTP/1.1 without `Host`.
    NoHost,
    /// Its head is too long.
    TooLarge,
    /// A version other than 1.
    Version,
}

impl Malformed {
    /// Of a head that the HTTP library did not refuse.
    pub fn of(head: &Parts) -> Option<Self> {
        let path = head.uri.path();
        let rooted = path.starts_with('/') || path == "*" || head.method == Method::CONNECT;
        if !rooted || !path::is_well_encoded(path) {
            return Some(Self::Request);
        }
        (head.version == Version::HTTP_11 && !head.headers.contains_key(HOST)).then_some(Self::NoHost)
    }

    /// Of bytes that the HTTP library refused.
    pub fn refused(bytes: &[u8], too_large: bool) -> Self {
        let line = bytes.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        let version = line.and_then(|line| line.trim_ascii().rsplit(|byte| *byte == b' ').next());
        match version {
            _ if too_large => Self::TooLarge,
            Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor])
                if major.is_ascii_digit() && minor.is_ascii_digit() && *major != b'1' =>
            {
                Self::Version
            }
            _ => Self::Request,
        }
    }

    /// The whole answer.
    pub fn wire(self) -> String {
        let said = match self {
            Self::Request => "400 Bad Request",
            Self::NoHost => "400 Bad Request: missing required Host header",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Version => "505 HTTP Version Not Supported: unsupported protocol version",
        };
        format!(
            "HTTP/1.1 {said}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{said}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_told_by_its_first_line() {
        let cases: [(&[u8], bool, Malformed); 6] = [
            (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", false, Malformed::Version),
            (b"GET / HTTP/3.0\n\n", false, Malformed::Version),
            (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", false, Malformed::Request),
            (b"nonsense\r\n\r\n", false, Malformed::Request),
            (b"", false, Malformed::Request),
            (b"GET / HTTP/1.1\r\nA: ", true, Malformed::TooLarge),
        ];
        for (bytes, too_large, expected) in cases {
            assert_eq!(Malformed::refused(bytes, too_large), expected, "{}", bytes.escape_ascii());
        }
    }
}
