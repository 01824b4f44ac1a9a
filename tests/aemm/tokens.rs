//! Tokens: how they are asked for, what they look like, when they are looked at, and when they end.

use std::time::Duration;

use support::{Client, Connection, InProcessServer, PureService, Response, TOKEN, TTL, get};

use crate::{head, scenario, serve};

const RERUN: &str = "rerun: cargo test --test aemm tokens";

fn put(server: &InProcessServer, more: &str) -> Response {
    server.exchange(format!("PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n"))
}

fn with(server: &InProcessServer, path: &str, token: &str) -> u16 {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-AWS-ec2-metadata-TOKEN: {token}\r\n\r\n"
    );
    server.exchange(request).status
}

#[test]
fn a_token_is_as_long_as_ec2s_and_has_its_lifetime() {
    let server = serve(|_| {});
    let request =
        "PUT /latest/api/token/ HTTP/1.1\r\nHost: x\r\nx-aws-ec2-metadata-token-ttl-seconds: +60 \r\n\r\n";
    let found = Connection::new(server.address).send(request).read_until("==");
    let expected = [
        "HTTP/1.1 200 OK",
        "Content-Length: 56",
        "Content-Type: text/plain",
        "Date: Sat, 21 Nov 2026 03:14:11 GMT",
        "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 60",
    ];
    assert_eq!(head(&found), expected, "{RERUN}");
    assert!(found.body.len() == 56 && found.body.starts_with("AQAEA"), "{}\n{RERUN}", found.body);
}

#[test]
fn a_lifetime_out_of_range_is_refused() {
    let server = serve(|_| {});
    for ttl in ["", "0", "-1", "21601", "60.5", "1e3", "0x10", "abc"] {
        let found = put(&server, &format!("X-aws-ec2-metadata-token-ttl-seconds: {ttl}\r\n"));
        assert_eq!((found.status, found.body.len()), (400, 351), "{ttl:?}\n{RERUN}");
    }
    assert_eq!(put(&server, "").status, 400, "without a lifetime\n{RERUN}");
    for ttl in ["1", "21600"] {
        assert_eq!(
            put(&server, &format!("X-aws-ec2-metadata-token-ttl-seconds: {ttl}\r\n")).status,
            200,
            "{ttl}"
        );
    }
}

#[test]
fn the_first_lifetime_counts_and_bodies_do_not() {
    let server = serve(|_| {});
    let ttl = "X-aws-ec2-metadata-token-ttl-seconds";
    let found =
        put(&server, &format!("{ttl}: 60\r\n{ttl}: 0\r\nX-Forwarded-For: 1.2.3.4\r\nContent-Length: 0\r\n"));
    assert_eq!(found.status, 200, "{}\n{RERUN}", found.raw);
    for more in ["Content-Length: 3\r\n\r\nabc", "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"] {
        let request = format!("PUT /latest/api/token HTTP/1.1\r\nHost: x\r\n{ttl}: 60\r\n{more}");
        let found = Connection::new(server.address).send(request).read_until("=");
        assert_eq!(found.status, 200, "{more}\n{RERUN}");
    }
}

#[test]
fn another_method_gets_nothing() {
    let server = serve(|config| config.imdsv2 = true);
    for method in ["GET", "POST", "OPTIONS", "DELETE"] {
        let request = format!("{method} /latest/api/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let found = server.exchange(request);
        let expected = [
            "HTTP/1.1 200 OK",
            "Connection: close",
            "Content-Length: 0",
            "Date: Sat, 21 Nov 2026 03:14:11 GMT",
        ];
        assert_eq!((head(&found), &*found.body), (expected.to_vec(), ""), "{method}\n{RERUN}");
    }
}

#[test]
fn tokens_are_looked_at_only_where_they_are_required() {
    let server = serve(|_| {});
    assert_eq!(with(&server, "/latest/meta-data/mac", "nonsense"), 200, "{RERUN}");
    let server = serve(|config| config.imdsv2 = true);
    let token = put(&server, "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n").body;
    for path in [
        "/",
        "/latest",
        "/latest/meta-data",
        "/latest/dynamic",
        "/latest/user-data",
        "/latest/meta-data/mac",
        "/latest/meta-data/spot/instance-action",
        "/latest/dynamic/instance-identity/document",
        // The original gives these away; that harms.
        "/latest/meta-data/spot",
        "/latest/dynamic/fws",
    ] {
        assert_eq!(server.exchange(get(path)).status, 401, "{path} without a token\n{RERUN}");
        assert_eq!(with(&server, path, "nonsense"), 401, "{path} with a bad one\n{RERUN}");
        assert_eq!(with(&server, path, &token), 200, "{path} with a good one\n{RERUN}");
    }
    assert_eq!(server.exchange(get("/nowhere")).status, 404, "what is not there needs none\n{RERUN}");
}

#[test]
fn listings_below_a_category_are_open_if_the_scenario_says_so() {
    let scenario = scenario(|config| config.imdsv2 = true)
        .replace("profile = \"aemm\"", "profile = \"aemm\"\nopen-listings = true");
    let mut service = PureService::new(&scenario);
    let mut status = |path| service.ask(Client::HOST, "GET", path, &[]).status;
    assert_eq!((status("/latest/meta-data/spot"), status("/latest/dynamic/fws")), (200, 200), "{RERUN}");
    let closed =
        ["/", "/latest", "/latest/meta-data", "/latest/dynamic", "/latest/meta-data/mac"].map(status);
    assert_eq!(closed, [401; 5], "{RERUN}");
}

#[test]
fn a_token_of_a_second_is_dead_after_a_second() {
    let mut service = PureService::new(&scenario(|config| config.imdsv2 = true));
    let token = service.ask(Client::HOST, "PUT", "/latest/api/token", &[(TTL, "1")]).body;
    let status = |service: &mut PureService| service.ask(Client::HOST, "GET", "/", &[(TOKEN, &token)]).status;
    assert_eq!(status(&mut service), 200, "{RERUN}");
    service.wait(Duration::from_millis(999));
    assert_eq!(status(&mut service), 200, "{RERUN}");
    service.wait(Duration::from_millis(1));
    assert_eq!(status(&mut service), 401, "{RERUN}");
}
