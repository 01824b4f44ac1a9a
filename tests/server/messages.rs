//! What comes over a connection: whole, broken and hostile messages. After each the next client is served.

use mock_imds::journal::RequestFilter;
use mock_imds::server::Limits;
use support::{Connection, ID, InProcessServer, get, limits, put};

const KEEP_ALIVE: &str = "[http]\nkeep-alive = true\n";

#[test]
fn what_is_no_http_gets_400_or_the_end() {
    let server = InProcessServer::usual();
    let cases: [&[u8]; 7] = [
        b"\x00\x01\x02\x03\xff\xfe\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for case in cases {
        let found = server.exchange(case);
        let text = String::from_utf8_lossy(case);
        assert!(matches!(found.status, 0 | 400), "expected 400 or the end for {text:?}, found {found:?}");
        server.serves_the_next();
    }
}

/// The golden files hold what `answer` says; this is the same on the wire, header by header. Their order is the
/// HTTP library's: it puts the length of an empty body last.
#[test]
fn replies_are_sent_as_they_are_made() {
    let lines = |server: &InProcessServer, request: &str| {
        let found = Connection::new(server.address).send(request).read();
        let mut lines: Vec<String> = found.raw.split("\r\n").map(str::to_owned).collect();
        let end = lines.len() - 2;
        lines[1..end].sort();
        lines
    };
    let date = "Date: Sat, 21 Nov 2026 03:14:11 GMT".to_owned();
    let modified = date.replace("Date", "Last-Modified");
    let server = InProcessServer::usual();
    let expected = [
        "HTTP/1.1 200 OK",
        "Accept-Ranges: none",
        "Connection: close",
        "Content-Length: 19",
        "Content-Type: text/plain",
        &date,
        &modified,
        "Server: EC2ws",
        "",
        ID.1,
    ];
    assert_eq!(lines(&server, &get(ID.0)), expected);
    let expected = [
        "HTTP/1.1 405 Not Allowed",
        "Allow: OPTIONS, PUT",
        "Connection: close",
        "Content-Length: 0",
        "Content-Type: text/plain",
        &date,
        "Server: EC2ws",
        "",
        "",
    ];
    assert_eq!(lines(&server, &get("/latest/api/token")), expected);
    let legacy = InProcessServer::new("[http]\nprofile = \"legacy\"\n", Limits::default());
    assert_eq!(lines(&legacy, &get(ID.0))[0], "HTTP/1.0 200 OK");
}

#[test]
fn an_oversized_head_gets_431_whole() {
    let server = InProcessServer::usual();
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(101));
    for request in [long, many] {
        let found = Connection::new(server.address).try_send(&request).read();
        assert_eq!(found.status, 431, "{found:?}");
        let head = found.raw.to_ascii_lowercase();
        assert!(head.contains("\r\nconnection: close\r\n"), "expected Connection: close, found {found:?}");
        server.serves_the_next();
    }
}

#[test]
fn an_endless_path_gets_414_or_431() {
    let server = InProcessServer::usual();
    let found = Connection::new(server.address).try_send(get(&format!("/{}", "a".repeat(70_000)))).read();
    assert!(matches!(found.status, 414 | 431), "{found:?}");
    server.serves_the_next();
}

#[test]
fn a_client_that_has_closed_its_side_gets_its_answer() {
    let server = InProcessServer::usual();
    let found = Connection::new(server.address).send(get(ID.0)).half_close().read();
    assert_eq!((found.status, found.body.as_str()), (200, ID.1));
    let found = Connection::new(server.address).send(put("\r\n")).half_close().read();
    assert_eq!((found.status, found.body.len()), (200, 56), "{found:?}");
}

#[test]
fn a_client_that_closes_its_side_in_the_middle_ends_only_itself() {
    let server = InProcessServer::usual();
    for part in ["GET / HT", "GET / HTTP/1.1\r\nHost:", &put("Content-Length: 10\r\n\r\n12345")] {
        let found = Connection::new(server.address).send(part).half_close().read();
        assert!(matches!(found.status, 0 | 400), "expected 400 or the end for {part:?}, found {found:?}");
        server.serves_the_next();
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = InProcessServer::new(KEEP_ALIVE, Limits::default());
    let paths = ["instance-id", "instance-type", "ami-launch-index"];
    let requests: String = paths
        .iter()
        .map(|path| format!("GET /latest/meta-data/{path} HTTP/1.1\r\nHost: x\r\n\r\n"))
        .chain([get("/latest/meta-data/local-hostname")])
        .collect();
    let found = server.exchange(requests);
    let bodies: Vec<&str> =
        found.raw.split("\r\n\r\n").skip(1).filter_map(|part| part.split("HTTP/1.1").next()).collect();
    assert_eq!(bodies.len(), 4, "{found:?}");
    assert_eq!(bodies[0], ID.1);
    assert_eq!(bodies[1], "m5.xlarge");
    assert_eq!(bodies[2], "0");
}

#[test]
fn without_keep_alive_the_first_of_several_requests_is_answered_whole() {
    let server = InProcessServer::usual();
    let found = server.exchange(get(ID.0).repeat(100));
    assert_eq!((found.status, found.body.as_str()), (200, ID.1));
    server.serves_the_next();
}

#[test]
fn a_token_request_with_a_body_gets_its_reply_and_no_reset() {
    let server = InProcessServer::usual();
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let cases = [
        ("an empty body", put("Content-Length: 0\r\n\r\n")),
        ("a short body", put("Content-Length: 5\r\n\r\nhello")),
        ("a long body", put(&format!("Content-Length: 60000\r\n\r\n{}", "x".repeat(60_000)))),
        ("a body above the limit", put(&format!("Content-Length: 1000000\r\n\r\n{}", "x".repeat(1_000_000)))),
        ("no chunks", put(&format!("{chunked}0\r\n\r\n"))),
        ("a chunk", put(&format!("{chunked}5\r\nhello\r\n0\r\n\r\n"))),
    ];
    for (what, request) in cases {
        let found = Connection::new(server.address).try_send(request).read();
        assert_eq!((found.status, found.body.len()), (200, 56), "{what}: {found:?}");
    }
}

#[test]
fn a_malformed_chunked_body_gets_400() {
    let server = InProcessServer::new(KEEP_ALIVE, Limits::default());
    let long = "x".repeat(1_000_000);
    let bodies = [
        "-1\r\nx\r\n0\r\n\r\n",
        "zz\r\n\r\n",
        "ffffffffffffffffff\r\n",
        "5\nhello\n0\n\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "\r\n\r\n",
        &format!("5;{long}\r\nhello\r\n0\r\n\r\n"),
        &format!("5\r\nhello\r\n0\r\nX: {long}\r\n\r\n"),
    ];
    for body in bodies {
        let request = put(&format!("Transfer-Encoding: chunked\r\n\r\n{body}"));
        let found = Connection::new(server.address).try_send(&request).read();
        let body = &body[..body.len().min(40)];
        let expected = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(found.raw, expected, "the answer to {body:?}");
        server.serves_the_next();
    }
    let entries = server.state.journal.after(0, &RequestFilter::default(), usize::MAX).entries;
    let refused = entries.iter().filter(|entry| entry.status == Some(400)).count();
    assert_eq!(refused, bodies.len(), "entries of the journal with status 400");
}

#[test]
fn expect_gets_417_at_once_and_never_100() {
    let server = InProcessServer::usual();
    let found =
        Connection::new(server.address).send(put("Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")).read();
    assert_eq!(found.status, 417, "{found:?}");
    let with_body =
        put(&format!("Expect: 100-continue\r\nContent-Length: 90000\r\n\r\n{}", "x".repeat(90_000)));
    let found = Connection::new(server.address).try_send(with_body).read();
    assert_eq!(found.status, 417, "{found:?}");
    server.serves_the_next();
}

/// As long as the scenario has no table of theirs, the metadata service has these paths too.
#[test]
fn expect_gets_417_at_once_at_the_paths_of_containers_too() {
    let server = InProcessServer::new("", limits(|limits, short| limits.body = short));
    for path in ["/v1/credentials", "/v4/x", "/api/x/task-protection/v1/state"] {
        let request = put("Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        let found = Connection::new(server.address).send(request.replace("/latest/api/token", path)).read();
        assert_eq!(found.status, 417, "{path}: {found:?}");
    }
}

#[test]
fn impossible_lengths_are_refused() {
    let server = InProcessServer::usual();
    for length in ["9223372036854775808", "18446744073709551616", "-1", "0x10", "1, 2", "+5", ""] {
        let request = put(&format!("Content-Length: {length}\r\n\r\n"));
        let found = Connection::new(server.address).send(request).half_close().read();
        assert!(matches!(found.status, 0 | 400 | 413 | 431), "Content-Length: {length:?} got {found:?}");
        server.serves_the_next();
    }
}

/// If two lengths can be read from a head, a proxy before us and we may differ in where the next request
/// begins. So nothing after such a head is read as a request.
#[test]
fn a_smuggled_request_is_never_answered() {
    let server = InProcessServer::new(KEEP_ALIVE, Limits::default());
    let smuggled = "GET /latest/meta-data/ami-id HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = smuggled.len() + 5;
    let heads = [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n"),
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n\r\n"),
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n".to_owned(),
    ];
    for head in heads {
        let found = Connection::new(server.address).try_send(put(&head) + smuggled).read();
        assert!(
            !found.raw.contains("ami-") && found.raw.matches("HTTP/1.1").count() <= 1,
            "expected no answer to what follows {head:?}, found {found:?}"
        );
        server.serves_the_next();
    }
}

#[test]
fn head_has_the_headers_and_no_body() {
    let server = InProcessServer::usual();
    let found = server.exchange(get(ID.0).replacen("GET", "HEAD", 1));
    assert_eq!((found.status, found.body.as_str()), (200, ""));
    assert!(found.raw.contains("\r\nContent-Length: 19\r\n"), "{found:?}");
}

#[test]
fn http_1_0_and_absolute_paths_are_understood() {
    let server = InProcessServer::usual();
    for request in [
        format!("GET {} HTTP/1.0\r\n\r\n", ID.0),
        get(&format!("http://169.254.169.254{}", ID.0)),
        format!("\r\n{}", get(ID.0)),
    ] {
        let found = server.exchange(&request);
        assert_eq!((found.status, found.body.as_str()), (200, ID.1), "{request:?}");
    }
}

#[test]
fn requests_are_counted_and_nonces_never_repeat() {
    let server = InProcessServer::usual();
    let tokens: std::collections::BTreeSet<String> =
        (0..20).map(|_| server.exchange(put("\r\n")).body).collect();
    assert_eq!(tokens.len(), 20, "tokens granted at the same instant differ");
    assert_eq!(server.state.requests(), 20);
}
