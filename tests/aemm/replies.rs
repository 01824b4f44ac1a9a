//! Headers and error pages, header by header: what nobody listed is a failure.

use mock_imds::server::Limits;
use support::{Connection, InProcessServer, Response, get};

use crate::{head, scenario, serve};

const RERUN: &str = "rerun: cargo test --test aemm replies";
const DATE: &str = "Date: Sat, 21 Nov 2026 03:14:11 GMT";

/// A request on a connection that stays open, answered up to `end`.
fn ask(server: &InProcessServer, request: &str, end: &str) -> Response {
    Connection::new(server.address).send(request).read_until(end)
}

#[test]
fn an_answer_has_three_headers() {
    let server = serve(|_| {});
    let found = ask(&server, "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n", "c3:11");
    let expected = ["HTTP/1.1 200 OK", "Content-Length: 17", "Content-Type: text/plain", DATE];
    assert_eq!(head(&found), expected, "{RERUN}");
    let found = ask(&server, "HEAD /latest/user-data HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
    let expected = ["HTTP/1.1 200 OK", "Content-Length: 22", "Content-Type: application/octet-stream", DATE];
    assert_eq!((head(&found), &*found.body), (expected.to_vec(), ""), "{RERUN}");
}

#[test]
fn an_error_has_four_headers_and_its_page() {
    let server = serve(|config| config.imdsv2 = true);
    let not_found = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
        <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
        \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
        <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
        <head>\n  <title>404 - Not Found</title>\n </head>\n <body>\n  <h1>404 - Not Found</h1>\n </body>\n</html>\n";
    let page = |title: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \
             \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n   \
             <head>\n      <title>{title}</title>\n   </head>\n   <body>\n      <h1>{title}</h1>\n   </body>\n</html>\n"
        )
    };
    for (request, status, length, body) in [
        ("GET /nowhere", "404 Not Found", 337, not_found.to_owned()),
        ("GET /latest/meta-data/mac", "401 Unauthorized", 353, page("401 - Unauthorized")),
        ("PUT /latest/api/token", "400 Bad Request", 351, page("400 - Bad Request")),
    ] {
        let found = ask(&server, &format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n"), "</html>\n");
        let length = format!("Content-Length: {length}");
        let expected = [
            &format!("HTTP/1.1 {status}"),
            &length,
            "Content-Type: text/plain; charset=utf-8",
            DATE,
            "X-Content-Type-Options: nosniff",
        ];
        assert_eq!(head(&found), expected, "{request}\n{RERUN}");
        assert_eq!(found.body, body, "{request}\n{RERUN}");
    }
}

#[test]
fn any_method_reads() {
    let server = serve(|_| {});
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO"] {
        let body = if method == "POST" { "Content-Length: 3\r\n\r\nabc" } else { "\r\n" };
        let found =
            ask(&server, &format!("{method} /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n{body}"), "c3:11");
        assert_eq!((found.status, &*found.body), (200, "0e:49:61:0f:c3:11"), "{method}\n{RERUN}");
    }
    let found = ask(&server, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
    assert_eq!(head(&found), ["HTTP/1.1 200 OK", "Content-Length: 0", DATE], "{RERUN}");
}

#[test]
fn the_state_in_a_group_is_for_get_only() {
    let server = serve(|_| {});
    let path = "/latest/meta-data/autoscaling/target-lifecycle-state";
    assert_eq!(server.exchange(get(path)).body, "Terminated", "{RERUN}");
    for method in ["HEAD", "POST", "PUT"] {
        let found = ask(&server, &format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\n");
        assert_eq!(head(&found), ["HTTP/1.1 200 OK", "Content-Length: 0", DATE], "{method}\n{RERUN}");
    }
}

#[test]
fn a_connection_stays_open_and_takes_requests_in_advance() {
    let server = serve(|_| {});
    let one = "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n";
    let found = Connection::new(server.address).send(one.repeat(3) + &get("/nowhere")).read();
    assert_eq!(found.raw.matches("HTTP/1.1 200 OK\r\n").count(), 3, "{}\n{RERUN}", found.raw);
    assert_eq!(found.raw.matches("0e:49:61:0f:c3:11").count(), 3, "{}\n{RERUN}", found.raw);
    assert_eq!(found.raw.matches("HTTP/1.1 404 Not Found\r\n").count(), 1, "{}\n{RERUN}", found.raw);
    let mut client = Connection::new(server.address);
    for _ in 0..3 {
        assert_eq!(client.send(one).read_until("c3:11").status, 200, "{RERUN}");
    }
    // HTTP/1.0 ends unless it asks otherwise, and needs no Host.
    let found = Connection::new(server.address).send("GET /latest/meta-data/mac HTTP/1.0\r\n\r\n").read();
    assert_eq!((found.status, &*found.body), (200, "0e:49:61:0f:c3:11"), "{RERUN}");
}

#[test]
fn an_answer_that_takes_its_time_comes() {
    let late = scenario(|_| {}) + "\n[[fault]]\nlatency = \"100ms\"\n";
    let server = InProcessServer::new(&late, Limits::default());
    let found = Connection::new(server.address).send(get("/latest/meta-data/mac")).read();
    assert_eq!((found.status, &*found.body), (200, "0e:49:61:0f:c3:11"), "{RERUN}");
    // A body that comes after its head.
    let mut client = Connection::new(server.address);
    client.send("POST /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
    server.exchange(get("/latest"));
    assert_eq!(client.send("abc").read_until("c3:11").status, 200, "{RERUN}");
}

#[test]
fn a_large_value_comes_whole() {
    let value = "x".repeat(1_000_000) + "end";
    let server = serve(|config| {
        config.metadata.values.insert("ami-id".into(), value.as_str().into());
    });
    let found = Connection::new(server.address).send(get("/latest/meta-data/ami-id")).read();
    assert!(found.body == value, "{} bytes of {}\n{RERUN}", found.body.len(), value.len());
}
