//! What another web page, and whoever has no token, gets: nothing, and nothing changes by it.

use support::ViewProcess;

use crate::viewed;

const ROUTES: &[&str] = &[
    "GET /api/v1/status",
    "POST /api/v1/events",
    "POST /api/v1/use",
    "GET /api/live",
    "GET /api/v1/tree",
    "GET /plain",
];
const SPOT: &str = r#"{"spot-interruption": {"action": "terminate"}}"#;
const JSON: &str = "Content-Type: application/json";

#[track_caller]
fn unchanged(view: &ViewProcess) {
    let status = view.api("GET", "/v1/status", "");
    assert_eq!(status.status, 200, "{status:?}");
    assert!(status.body.contains("\"changes\": []"), "expected no change, found {}", status.body);
}

#[test]
fn without_the_token_nobody_gets_anything() {
    let (sandbox, _server, view) = viewed("");
    let almost = format!("Authorization: Bearer {}x", &view.token[..view.token.len() - 1]);
    let wrong = [
        "X: y",
        "Authorization: Bearer",
        "Authorization: Bearer x",
        &almost,
        &format!("Cookie: token={}", view.token),
        &format!("Authorization: Digest {}", view.token),
    ];
    for route in ROUTES {
        for header in wrong {
            let found = view.ask(route, &[header, JSON], SPOT);
            assert_eq!(found.status, 401, "{route} with {header}: {found:?}");
            assert!(!found.raw.contains("i-1234567890abcdef0"), "{route} with {header}: {found:?}");
        }
    }
    // In the address it would be in histories and logs.
    let found = view.ask(&format!("GET /api/v1/status?token={}", view.token), &[], "");
    assert_eq!(found.status, 401, "{found:?}");
    unchanged(&view);
    view.kept_the_token(sandbox.directory());
}

#[test]
fn another_page_gets_nothing_even_with_the_token() {
    let (_sandbox, server, view) = viewed("");
    let bearer = view.bearer();
    let address = view.process.address;
    let own = format!("Origin: http://{address}");
    let foreign = [
        "Origin: http://evil.example",
        "Origin: null",
        &format!("Origin: http://{}", server.address),
        &format!("Origin: https://{address}"),
        &format!("Origin: http://localhost:{}", address.port()),
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Host: evil.example",
        &format!("Host: evil.example:{}", address.port()),
        "Host: 127.0.0.1.evil.example",
    ];
    let all = ROUTES.iter().copied().chain(["GET /", "GET /app.js", "GET /metrics", "GET /nothing"]);
    for route in all {
        for header in foreign {
            let found = view.ask(route, &[header, &bearer, JSON], SPOT);
            assert_eq!(found.status, 403, "{route} with {header}: {found:?}");
            assert!(!found.raw.to_lowercase().contains("access-control"), "{found:?}");
        }
        // A page that may ask first whether it may ask.
        let path = route.split_once(' ').expect("a method and a path").1;
        let preflight = ["Origin: http://evil.example", "Access-Control-Request-Method: POST"];
        let found = view.ask(&format!("OPTIONS {path}"), &preflight, "");
        assert_eq!(found.status, 403, "OPTIONS {path}: {found:?}");
    }
    unchanged(&view);
    // What a form can send, from a page that a browser would not tell about.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let found = view.ask("POST /api/v1/events", &[&bearer, &format!("Content-Type: {kind}")], SPOT);
        assert_eq!(found.status, 415, "{kind}: {found:?}");
    }
    unchanged(&view);
    let found = view.ask("POST /api/v1/events", &[&bearer, &own, "Sec-Fetch-Site: same-origin", JSON], SPOT);
    assert_eq!(found.status, 200, "the page itself: {found:?}");
}

#[test]
fn a_request_without_a_host_or_with_two_is_none() {
    let (_sandbox, _server, view) = viewed("");
    for head in ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"] {
        let found = support::exchange(view.process.address, head);
        assert_eq!(found.status, 400, "{head:?}: {found:?}");
    }
}

#[test]
fn a_name_is_accepted_if_the_user_says_so() {
    let (sandbox, _server, _view) = viewed("");
    let view = ViewProcess::start(&sandbox, &["--allowed-host", "host.docker.internal"]);
    let own = ["Host: host.docker.internal:1339", "Origin: http://host.docker.internal:1339"];
    assert_eq!(view.ask("GET /", &own, "").status, 200);
    assert_eq!(view.ask("GET /", &["Host: other.docker.internal"], "").status, 403);
    assert_eq!(view.ask("GET /", &["Host: localhost"], "").status, 200);
}

#[test]
fn every_answer_keeps_browsers_from_more_than_it_says() {
    let (_sandbox, _server, view) = viewed("");
    let bearer = view.bearer();
    for (line, header) in [
        ("GET /", "X: y"),
        ("GET /app.js", "X: y"),
        ("GET /metrics", "X: y"),
        ("GET /nothing", "X: y"),
        ("GET /plain", "X: y"),
        ("GET /plain", bearer.as_str()),
        ("GET /api/v1/status", bearer.as_str()),
        ("GET /api/v1/status", "Origin: http://evil.example"),
    ] {
        let found = view.ask(line, &[header], "").raw.to_lowercase();
        for expected in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(found.contains(expected), "{line} with {header:?}: expected {expected:?}, found {found}");
        }
        assert!(!found.contains("set-cookie"), "{line}: {found}");
    }
}

#[test]
fn orders_go_through_and_so_do_their_refusals() {
    let (sandbox, server, view) = viewed("");
    let found = view.api("POST", "/v1/events", SPOT);
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(server.get("/latest/meta-data/spot/instance-action").status, 200);
    let found = view.api("POST", "/v1/events", r#"{"spot-interruption": {"action": "explode"}}"#);
    assert!(found.status == 422 && found.body.contains("^^^^"), "{found:?}");
    assert_eq!(view.api("GET", "/v1/nothing", "").status, 404);
    assert_eq!(view.api("PUT", "/v1/events", "").status, 405);
    let found = view.api("GET", "/v1/requests?limit=1", "");
    assert!(found.raw.contains("journal-position: "), "{found:?}");
    // The log of the server names who gave the order: the view's process.
    sandbox.control(&["clear"]);
    server.says(&format!("process {}", view.process.pid()));
}
