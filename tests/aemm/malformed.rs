//! What is no request is answered with a text, without date and length, and the end of the connection.

use mock_imds::server::Limits;

use crate::rig::{Rig, get};
use crate::support::http::Client;
use crate::{scenario, serve};

const RERUN: &str = "rerun: cargo test --test aemm malformed";

fn refusal(said: &str) -> String {
    format!("HTTP/1.1 {said}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{said}")
}

#[track_caller]
fn expect(rig: &Rig, request: &[u8], said: &str) {
    let found = Client::new(rig.address).try_send(request).read();
    assert_eq!(found.raw, refusal(said), "{:?}\n{RERUN}", request.escape_ascii().to_string());
    assert_eq!(rig.exchange(get("/latest/meta-data/mac")).status, 200, "the next client\n{RERUN}");
}

#[test]
fn a_bad_line_header_or_path_is_a_bad_request() {
    let rig = serve(|_| {});
    let cases: [&[u8]; 11] = [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x00\x01\x02\x03\xff\xfe\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/x.y\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /% HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET latest HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / x HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    for case in cases {
        expect(&rig, case, "400 Bad Request");
    }
}

/// What its own suite does: the page of a refused token request is sent on as a token.
#[test]
fn a_page_as_a_token_is_a_bad_request() {
    let rig = serve(|_| {});
    let put = "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let page = rig.exchange(put).body;
    assert_eq!(page.len(), 351, "{page}\n{RERUN}");
    let token = page.trim_end();
    let request =
        format!("GET /latest/meta-data HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n");
    expect(&rig, request.as_bytes(), "400 Bad Request");
}

#[test]
fn http_1_1_needs_a_host() {
    let rig = serve(|_| {});
    expect(
        &rig,
        b"GET /latest/meta-data/mac HTTP/1.1\r\n\r\n",
        "400 Bad Request: missing required Host header",
    );
}

#[test]
fn another_version_is_not_supported() {
    let rig = serve(|_| {});
    let said = "505 HTTP Version Not Supported: unsupported protocol version";
    expect(&rig, b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", said);
    expect(&rig, b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", said);
}

#[test]
fn a_head_that_is_too_long_is_too_large() {
    let rig = serve(|_| {});
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    expect(&rig, long.as_bytes(), "431 Request Header Fields Too Large");
    let path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
    expect(&rig, path.as_bytes(), "431 Request Header Fields Too Large");
}

#[test]
fn bare_newlines_are_accepted() {
    let rig = serve(|_| {});
    let found = Client::new(rig.address)
        .send("GET /latest/meta-data/mac HTTP/1.1\nHost: x\nConnection: close\n\n")
        .read();
    assert_eq!((found.status, &*found.body), (200, "0e:49:61:0f:c3:11"), "{RERUN}");
}

#[test]
fn what_came_before_is_answered_first() {
    let rig = serve(|_| {});
    let one = "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n";
    for nonsense in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"] {
        let found = Client::new(rig.address).send(one.repeat(2) + nonsense).read();
        let refused = found.raw.split("0e:49:61:0f:c3:11").nth(2).unwrap_or_default();
        assert_eq!(refused.matches("HTTP/1.1 400 Bad Request").count(), 1, "{}\n{RERUN}", found.raw);
        assert!(refused.contains("Connection: close\r\n\r\n400 Bad Request"), "{}\n{RERUN}", found.raw);
        assert!(!refused.contains("Content-Length"), "{}\n{RERUN}", found.raw);
    }
}

/// Under another profile the HTTP library's own reply stays.
#[test]
fn only_this_profile_has_words_of_its_own() {
    let modern = scenario(|_| {}).replace("profile = \"aemm\"", "profile = \"modern\"");
    let error = mock_imds::scenario::read(
        &mock_imds::config::SourceText::new("modern.toml", &*modern),
        std::path::Path::new(""),
    );
    assert!(error.is_err(), "a path that is a value and a directory\n{RERUN}");
    let rig = Rig::new("", Limits::default());
    let found = Client::new(rig.address).send("nonsense\r\n\r\n").read();
    assert_eq!((found.status, &*found.body), (400, ""), "{RERUN}");
}
