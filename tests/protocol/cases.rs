//! Tables of requests and the answers that the service documents for them.

use std::sync::LazyLock;
use std::time::Duration;

use hyper::header::{ACCEPT_RANGES, ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION};
use mock_imds::imds::{DeliveryEnd, Reply};
use proptest::prelude::*;
use support::{LOADED, PureService, TOKEN, TTL};

use crate::requests::{Headers, ask, get, golden, serve, token, wire};

const TOKEN_PATH: &str = "/latest/api/token";
const REQUIRED: &str = "[metadata-options]\nhttp-tokens = \"required\"\n";

static BUILT_IN: LazyLock<PureService> = LazyLock::new(|| serve(""));

fn header(reply: &Reply, name: &HeaderName) -> Option<String> {
    let found = reply.headers.iter().find(|(found, _)| found == name);
    found.map(|(_, value)| value.to_str().expect("headers are ASCII").to_owned())
}

#[test]
fn token_and_header_errors() {
    let cases: &[(&str, &str, Headers<'_>, u16)] = &[
        ("PUT", TOKEN_PATH, &[], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "abc")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "0")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "-1")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "+60")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "1.5")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "0x10")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "21601")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "99999999999999999999")], 400),
        ("PUT", TOKEN_PATH, &[(TTL, "1")], 200),
        ("PUT", TOKEN_PATH, &[(TTL, "21600")], 200),
        ("PUT", TOKEN_PATH, &[(TTL, " 60 ")], 200),
        ("PUT", "/latest/api/token/", &[(TTL, "60")], 200),
        ("PUT", "//latest//api//token", &[(TTL, "60")], 200),
        ("PUT", TOKEN_PATH, &[(TTL, "60"), ("x-forwarded-for", "10.0.0.1")], 403),
        ("PUT", "/2021-03-23/api/token", &[(TTL, "60")], 403),
        ("PUT", "/1.0/api/token", &[(TTL, "60")], 403),
        ("PUT", "/2030-01-01/api/token", &[(TTL, "60")], 405),
        ("PUT", TOKEN_PATH, &[(TTL, "60"), ("expect", "100-continue")], 417),
        ("GET", "/latest/meta-data/", &[("expect", "100-continue")], 417),
        ("GET", TOKEN_PATH, &[], 405),
        ("HEAD", TOKEN_PATH, &[], 405),
        ("POST", TOKEN_PATH, &[(TTL, "60")], 405),
        ("DELETE", TOKEN_PATH, &[], 405),
        ("OPTIONS", TOKEN_PATH, &[], 200),
        ("GET", "/2021-03-23/api/token", &[], 404),
        ("GET", "/latest/api/", &[], 404),
        ("GET", "/latest/api", &[], 404),
        ("POST", "/latest/meta-data/instance-id", &[], 405),
        ("PUT", "/latest/meta-data/instance-id", &[(TTL, "60")], 405),
        ("DELETE", "/", &[], 405),
        ("GET", "/latest/meta-data/instance-id", &[(TOKEN, "not-a-token")], 401),
        ("GET", "/latest/meta-data/instance-id", &[(TOKEN, "")], 200),
        ("GET", "/latest/meta-data/instance-id", &[("range", "bytes=0-3")], 200),
        ("GET", "/latest/meta-data/instance-id", &[("accept-encoding", "gzip")], 200),
        ("GET", "/2030-01-01/meta-data/", &[], 404),
        ("GET", "/latest/meta-data/nothing", &[], 404),
        ("GET", "/latest/meta-data/public-keys/0", &[], 404),
        ("GET", "/..", &[], 404),
        ("GET", "/latest/%ff", &[], 404),
    ];
    let service = serve("");
    for (method, path, headers, expected) in cases {
        let reply = ask(&service, method, path, headers);
        assert_eq!(reply.status, *expected, "{method} {path} {headers:?}");
        let length = header(&reply, &CONTENT_LENGTH).expect("every answer has a length");
        assert_eq!(length, reply.body.len().to_string(), "Content-Length of {method} {path} {headers:?}");
        match *expected {
            404 => assert_eq!(
                (reply.body.len(), header(&reply, &CONTENT_TYPE).as_deref()),
                (339, Some("text/html"))
            ),
            400 | 401 | 403 | 405 => {
                assert_eq!(
                    (reply.body.len(), header(&reply, &CONTENT_TYPE).as_deref()),
                    (0, Some("text/plain"))
                );
            }
            _ => {}
        }
    }
}

#[test]
fn methods_are_refused_in_the_services_words() {
    let service = serve("");
    for (method, path, allow) in
        [("GET", TOKEN_PATH, "OPTIONS, PUT"), ("POST", "/latest/user-data", "GET, HEAD")]
    {
        let reply = ask(&service, method, path, &[]);
        assert!(
            wire(method, &reply).starts_with(b"HTTP/1.1 405 Not Allowed\r\n"),
            "{method} {path}: {reply:?}"
        );
        assert_eq!(header(&reply, &ALLOW).as_deref(), Some(allow), "{method} {path}");
    }
}

#[test]
fn required_tokens_are_required_everywhere_but_for_the_token() {
    let service = serve(REQUIRED);
    let token = token(&service, "60");
    for path in [
        "/",
        "/latest/",
        "/latest/meta-data/",
        "/latest/user-data",
        "/latest/dynamic/instance-identity/document",
        "/nothing",
        "/2009-04-04/meta-data/instance-id",
    ] {
        let bare = ask(&service, "GET", path, &[]);
        assert_eq!((bare.status.as_u16(), bare.body.len()), (401, 0), "GET {path} without a token");
        assert_eq!(ask(&service, "GET", path, &[(TOKEN, "")]).status, 401, "GET {path} with an empty token");
        let with = ask(&service, "GET", path, &[(TOKEN, &token)]).status;
        assert!(with == 200 || with == 404, "GET {path} with a token: {with}");
    }
}

#[test]
fn a_get_tells_the_remaining_seconds() {
    let mut service = serve("");
    let (asked, token) = (service.now, token(&service, "60"));
    let mut ttl = |later: u64, headers: Headers<'_>| {
        service.now = asked.plus(Duration::from_millis(later));
        let reply = ask(&service, "GET", "/latest/meta-data/instance-id", headers);
        (reply.status.as_u16(), header(&reply, &HeaderName::from_static(TTL)))
    };
    assert_eq!(ttl(0, &[(TOKEN, &token)]), (200, Some("60".into())));
    assert_eq!(ttl(1_000, &[(TOKEN, &token)]), (200, Some("59".into())));
    assert_eq!(ttl(59_999, &[(TOKEN, &token)]), (200, Some("1".into())));
    assert_eq!(ttl(60_000, &[(TOKEN, &token)]), (401, None));
    assert_eq!(ttl(0, &[]), (200, None));
}

#[test]
fn of_several_tokens_one_valid_one_is_enough() {
    let service = serve(REQUIRED);
    let (short, long) = (token(&service, "60"), token(&service, "600"));
    let ask = |headers: Headers<'_>| {
        let reply = ask(&service, "GET", "/latest/meta-data/instance-id", headers);
        (reply.status.as_u16(), header(&reply, &HeaderName::from_static(TTL)))
    };
    assert_eq!(ask(&[(TOKEN, "stale"), (TOKEN, &short)]), (200, Some("60".into())));
    assert_eq!(ask(&[(TOKEN, &short), (TOKEN, "stale"), (TOKEN, &long)]), (200, Some("600".into())));
    assert_eq!(ask(&[(TOKEN, "stale"), (TOKEN, "staler")]), (401, None));
}

#[test]
fn a_disabled_endpoint_refuses_everything() {
    let service = serve("[metadata-options]\nhttp-endpoint = \"disabled\"\n");
    for (method, path) in [("GET", "/"), ("GET", "/latest/meta-data/"), ("PUT", TOKEN_PATH), ("POST", "/x")] {
        assert_eq!(ask(&service, method, path, &[(TTL, "60")]).status, 403, "{method} {path}");
    }
}

#[test]
fn a_token_answer_says_how_far_it_may_travel() {
    let service = serve("[metadata-options]\nhttp-put-response-hop-limit = 3\n");
    assert_eq!(ask(&service, "PUT", TOKEN_PATH, &[(TTL, "60")]).hop_limit, Some(3));
    assert_eq!(ask(&service, "GET", "/latest/", &[]).hop_limit, None);
}

#[test]
fn keep_alive_is_said_or_not() {
    let closes = |text| {
        wire("GET", &ask(&serve(text), "GET", "/", &[])).windows(17).any(|w| w == b"Connection: close")
    };
    assert!(closes(""));
    assert!(!closes("[http]\nkeep-alive = true\n"));
}

#[test]
fn older_hosts_answer_in_their_own_form() {
    let service = serve("[http]\nprofile = \"legacy\"\n[metadata-options]\nhttp-tokens = \"required\"\n");
    let token = token(&service, "60");
    let cases: &[(&str, &str, Headers<'_>, &str, usize)] = &[
        ("GET", "/latest/meta-data/instance-id", &[(TOKEN, &token)], "HTTP/1.0 200 OK", 19),
        ("GET", "/latest/meta-data/nothing", &[(TOKEN, &token)], "HTTP/1.0 404 Not Found", 337),
        ("GET", "/latest/meta-data/instance-id", &[], "HTTP/1.0 401 Unauthorized", 343),
        ("PUT", TOKEN_PATH, &[], "HTTP/1.0 400 Bad Request", 341),
        ("PUT", TOKEN_PATH, &[(TTL, "60"), ("x-forwarded-for", "x")], "HTTP/1.0 403 Forbidden", 337),
        ("GET", TOKEN_PATH, &[], "HTTP/1.0 405 Not Allowed", 0),
        // Captured with lighttpd's own layout: nine blanks.
        ("PUT", TOKEN_PATH, &[("expect", "100-continue")], "HTTP/1.0 417 Expectation Failed", 363),
    ];
    for (method, path, headers, status, length) in cases {
        let reply = ask(&service, method, path, headers);
        let bytes = wire(method, &reply);
        let line = String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned();
        assert_eq!((line.as_str(), reply.body.len()), (*status, *length), "{method} {path} {headers:?}");
        assert_eq!(header(&reply, &CONNECTION).as_deref(), Some("close"));
    }
    let reply = ask(&service, "GET", "/latest/", &[(TOKEN, &token)]);
    assert_eq!(header(&reply, &ACCEPT_RANGES).as_deref(), Some("bytes"));
}

#[test]
fn what_nobody_documents_can_be_chosen() {
    let ask = |knob: &str, method: &str, path: &str, headers: Headers<'_>| {
        let reply = ask(&serve(&format!("[http]\n{knob}\n")), method, path, headers);
        let location = header(&reply, &LOCATION).unwrap_or_default();
        (reply.status.as_u16(), location, String::from_utf8_lossy(&reply.body).into_owned())
    };
    let redirect = "directory-without-slash = \"redirect\"";
    let moved = ask(redirect, "GET", "/latest/meta-data", &[]);
    assert_eq!(moved, (301, "http://169.254.169.254/latest/meta-data/".into(), String::new()));
    assert_eq!(ask(redirect, "GET", "/latest/meta-data/mac", &[]).0, 200);
    assert_eq!(ask(redirect, "GET", "/latest/meta-data/", &[]).0, 200);
    let expecting: Headers<'_> = &[("expect", "100-continue"), (TTL, "60")];
    assert_eq!(ask("expect = \"ignore\"", "PUT", TOKEN_PATH, expecting).0, 200);
    let forwarded: Headers<'_> = &[("x-forwarded-for", "10.0.0.1")];
    for (choice, status) in [("ignore", 200), ("refuse", 403)] {
        let choice = format!("forwarded-for = \"{choice}\"");
        assert_eq!(ask(&choice, "GET", "/latest/meta-data/mac", forwarded).0, status, "{choice}");
    }
    assert_eq!(ask("forwarded-for = \"refuse\"", "GET", "/latest/meta-data/mac", &[]).0, 200);
    let stale: Headers<'_> = &[(TOKEN, "stale")];
    assert_eq!(ask("invalid-token = \"ignore\"", "GET", "/latest/meta-data/mac", stale).0, 200);
    assert_eq!(
        ask("user-data-listed = \"always\"", "GET", "/latest/", &[]).2,
        "dynamic\nmeta-data\nuser-data"
    );
    let versions = "versions = [\"2009-04-04\", \"2030-01-01\"]";
    assert_eq!(ask(versions, "GET", "/", &[]).2, "2009-04-04\n2030-01-01\nlatest");
    assert_eq!(ask(versions, "GET", "/2030-01-01/meta-data/mac", &[]).0, 200);
    assert_eq!(ask(versions, "GET", "/1.0/meta-data/ami-id", &[]).0, 404);
}

#[test]
fn an_instance_that_vanishes_answers_nothing_once_its_time_has_come() {
    let text = "[[event]]\nat = \"1h\"\nspot-interruption = { notice = \"2m\", then = \"vanish\" }\n";
    let mut service = serve(text);
    let mut end = |minutes: u64| {
        service.now = LOADED.plus(Duration::from_mins(minutes));
        ask(&service, "GET", "/latest/meta-data/", &[]).delivery.end
    };
    assert_eq!((end(59), end(61), end(62)), (DeliveryEnd::Whole, DeliveryEnd::Whole, DeliveryEnd::Reset));
    let mut staying = serve(&text.replace("vanish", "stay"));
    staying.now = LOADED.plus(Duration::from_hours(2));
    let reply = ask(&staying, "GET", "/latest/meta-data/spot/termination-time", &[]);
    assert_eq!((reply.delivery.end, &reply.body[..]), (DeliveryEnd::Whole, &b"2026-01-15T13:02:00Z"[..]));
}

#[test]
fn overrides_have_the_last_word() {
    let service = serve(
        "[metadata]\n\"meta-data/public-ipv4\" = false\n\"meta-data/iam\" = false\n\"meta-data/ami-id\" = \"other\"\n\
         \"meta-data/new/deep/leaf\" = \"text\"\n\"meta-data/empty\" = \"\"\n\"meta-data/placement\" = \"a leaf now\"\n\
         \"user-data\" = { base64 = \"AAECAw==\" }\n",
    );
    let get = |path: &str| {
        let (status, body) = get(&service, path);
        (status.as_u16(), body)
    };
    assert_eq!(get("/latest/meta-data/public-ipv4").0, 404);
    assert_eq!(get("/latest/meta-data/iam/info").0, 404);
    assert_eq!(get("/latest/meta-data/ami-id"), (200, "other".into()));
    assert_eq!(get("/1.0/meta-data/new/deep/leaf"), (200, "text".into()));
    assert_eq!(get("/latest/meta-data/empty"), (200, String::new()));
    assert_eq!(get("/latest/meta-data/placement/"), (200, "a leaf now".into()));
    assert_eq!(get("/latest/user-data"), (200, "\0\u{1}\u{2}\u{3}".into()));
    let listing = get("/latest/meta-data/").1;
    let names: Vec<&str> = listing.lines().collect();
    assert!(names.contains(&"new/") && names.contains(&"placement") && !names.contains(&"iam/"), "{names:?}");
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn the_captured_listing_has_its_length() {
    // Captured on a Nitro instance in October 2023: 25 entries, Content-Length 312.
    let (_, listing) = get(&golden("default"), "/latest/meta-data/");
    assert_eq!((listing.lines().count(), listing.len()), (25, 312), "{listing}");
}

proptest! {
    #[test]
    fn any_path_gets_an_answer(path in "\\PC{0,60}", known in 0_usize..6) {
        let prefixes = ["", "/", "/latest/", "/latest/meta-data/", "/latest/api/token", "/2021-03-23/"];
        let status = ask(&BUILT_IN, "GET", &format!("{}{path}", prefixes[known]), &[]).status.as_u16();
        prop_assert!([200, 404, 405].contains(&status), "{status}");
    }

    #[test]
    fn any_token_header_is_judged(token in "[ -~]{0,80}") {
        let status = ask(&BUILT_IN, "GET", "/latest/meta-data/", &[(TOKEN, &token)]).status.as_u16();
        prop_assert_eq!(status, if token.is_empty() { 200 } else { 401 });
    }
}
