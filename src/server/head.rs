//! The end of a request head, as hyper sees it.

use std::mem::MaybeUninit;

/// What hyper accepts; with more of them a head is for it to refuse.
const HEADERS: usize = 100;

/// `true` unless hyper would wait for more of it.
pub(super) fn is_complete(bytes: &[u8], limit: usize) -> bool {
    let begins = bytes.first().is_some_and(u8::is_ascii_alphabetic);
    (begins && bytes.ends_with(b"\r\n\r\n")) || bytes.len() >= limit || {
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
        let parsed = httparse::Request::new(&mut []).parse_with_uninit_headers(bytes, &mut headers);
        !parsed.is_ok_and(|status| status.is_partial())
    }
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn a_head_is_waited_for_as_long_as_it_may_become_one() {
        let cases: [(&[u8], bool); 14] = [
            (b"G", false),
            (b"GET / HT", false),
            (b"GET / HTTP/1.1\r\n", false),
            (b"GET / HTTP/1.1\r\nHost: x\r\n", false),
            (b"\r\n\r\n", false),
            (b"\r\nGET / HTTP/1.1\r\n", false),
            (b"GET / HTTP/1.1\r\n\r\n", true),
            (b"GET / HTTP/1.1\n\n", true),
            (b"\r\nGET / HTTP/1.0\r\n\r\n", true),
            (b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\n12345", true),
            (b"\x16\x03\x01", true),
            (b"GET\r\n", true),
            (b"GET / HTTP/9.9\r\n", true),
            (b"GET / HTTP/1.1\r\nno colon\r\n", true),
        ];
        for (bytes, expected) in cases {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(is_complete(bytes, 100), expected, "{text:?}");
        }
        assert!(is_complete(&[b'a'; 100], 100), "longer than a head may be");
        let many = format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(101));
        assert!(is_complete(many.as_bytes(), 16_384), "more headers than there may be");
    }
}
