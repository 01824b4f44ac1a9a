//! Who gets which path, and what the guardian publishes, without a server.

use std::convert::Infallible;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::state::ViewState;
use super::{ViewToken, routes, upstream};
use crate::control::ControlClient;
use crate::host::settings::HostSettings;

/// A view in a directory of its own, where nobody serves. The header has its token.
struct Viewed {
    directory: PathBuf,
    state: Arc<ViewState>,
    bearer: String,
}

impl Viewed {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("mock-imds-viewed-{name}-{}", std::process::id()));
        let file = directory.join("view.token");
        let token = ViewToken::load_or_make(&file, false).expect("writable");
        let bearer =
            format!("Authorization: Bearer {}", fs::read_to_string(file).expect("it is there").trim());
        let state = ViewState {
            client: ControlClient::new(Some(&directory.join("s"))),
            token,
            command_options: vec![],
            allowed_hosts: vec![],
            guardian: directory.join("guardian"),
        };
        Self { directory, state: Arc::new(state), bearer }
    }

    /// The status, the methods that are accepted, and the text of an answer.
    fn ask(&self, line: &str, peer: &str, headers: &[&str]) -> (u16, String, String) {
        let lines = headers.iter().fold(String::new(), |lines, header| lines + header + "\r\n");
        let has_host = headers.iter().any(|header| header.starts_with("Host: "));
        let host = if has_host { "" } else { "Host: 127.0.0.1:1339\r\n" };
        let request = format!("{line} HTTP/1.1\r\n{host}Connection: close\r\n{lines}\r\n");
        let peer: SocketAddr = peer.parse().expect("an address");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(async {
            let (mut client, server) = duplex(1 << 16);
            let service = service_fn(|request| async move {
                Ok::<_, Infallible>(routes::respond(request, peer, Arc::clone(&self.state)).await)
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(server), service);
            let exchange = async {
                client.write_all(request.as_bytes()).await.expect("there is room");
                let mut answer = Vec::new();
                client.read_to_end(&mut answer).await.expect("it ends");
                answer
            };
            let (ended, answer) = tokio::join!(connection, exchange);
            ended.expect("it is a request");
            String::from_utf8(answer).expect("it is a text")
        });
        let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let allow = head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap_or_default();
        (status, allow.to_owned(), text.to_owned())
    }
}

impl Drop for Viewed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

const HERE: &str = "127.0.0.1:1024";
const ELSEWHERE: &str = "10.0.0.7:1024";

#[test]
fn metrics_are_for_this_host_and_for_others_with_the_token() {
    let view = Viewed::new("metrics");
    let status = |peer, headers: &[&str]| view.ask("GET /metrics", peer, headers).0;
    assert_eq!(status(HERE, &[]), 200);
    assert_eq!(status("[::ffff:127.0.0.1]:1024", &[]), 200);
    assert_eq!(status(ELSEWHERE, &[]), 401);
    assert_eq!(status(ELSEWHERE, &["Authorization: Bearer x"]), 401);
    assert_eq!(status(ELSEWHERE, &[&view.bearer]), 200);
    // All else needs the token from everywhere.
    for peer in [HERE, ELSEWHERE] {
        for path in ["/plain", "/api/live", "/api/v1/status"] {
            assert_eq!(view.ask(&format!("GET {path}"), peer, &[]).0, 401, "{path} to {peer}");
        }
        assert_eq!(view.ask("GET /", peer, &[]).0, 200, "the page to {peer}");
    }
}

#[test]
fn each_path_has_its_methods() {
    let view = Viewed::new("methods");
    let reads = "GET, HEAD";
    for (line, expected) in [
        ("POST /", reads),
        ("DELETE /app.js", reads),
        ("POST /metrics", reads),
        ("POST /plain", reads),
        ("HEAD /api/live", "GET"),
        ("PUT /api/v1/status", "GET, POST, DELETE"),
    ] {
        let (status, allow, _) = view.ask(line, HERE, &[&view.bearer]);
        assert_eq!((status, allow.as_str()), (405, expected), "{line}");
    }
    for line in ["HEAD /", "HEAD /metrics", "HEAD /plain"] {
        assert_eq!(view.ask(line, HERE, &[&view.bearer]).0, 200, "{line}");
    }
    assert_eq!(view.ask("GET /nothing", HERE, &[&view.bearer]).0, 404);
}

#[test]
fn a_link_of_another_page_leads_to_the_page_and_nowhere_else() {
    let view = Viewed::new("link");
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    assert_eq!(view.ask("GET /", HERE, &link).0, 200);
    for path in ["/plain", "/metrics", "/app.js", "/api/v1/status", "/nothing"] {
        let headers = [&link[..], &[view.bearer.as_str()]].concat();
        assert_eq!(view.ask(&format!("GET {path}"), HERE, &headers).0, 403, "{path}");
    }
    assert_eq!(view.ask("GET /", HERE, &link[..1]).0, 403, "what a script fetches");
}

#[test]
fn a_refusal_says_what_to_do() {
    let view = Viewed::new("refusal");
    let (status, _, text) = view.ask("GET /", HERE, &["Host: evil.example"]);
    assert!(status == 403 && text.contains("add the name with --allowed-host"), "{status}: {text}");
    let (status, _, text) = view.ask("GET /", HERE, &["Host: a", "Host: b"]);
    assert!(status == 400 && text.contains(' '), "{status}: {text}");
    let (status, _, text) = view.ask("GET /", HERE, &["Origin: http://evil.example"]);
    assert!(status == 403 && text.contains("requests of other web pages are refused"), "{status}: {text}");
}

#[test]
fn the_guardian_is_seen_without_a_server() {
    let view = Viewed::new("guardian");
    let metrics = || view.ask("GET /metrics", HERE, &[]).2;
    let has = |line: &str| metrics().lines().any(|found| found == line);
    assert_eq!(upstream::guardian(&view.state), None);
    assert!(has("mock_imds_guardian_up 0") && has("mock_imds_up 0"), "{}", metrics());
    let status = json!({
        "version": "0", "mode": "hold", "pid": std::process::id(), "since": "2026-11-21T03:14:11Z",
        "applied": "2026-11-21T03:14:11Z", "rejected": null, "addresses": [], "unavailable": [], "tables": [],
        "settings": HostSettings::default(), "warnings": [], "restorations": {"count": 3, "last": []},
    });
    fs::create_dir(view.directory.join("guardian")).expect("writable");
    fs::write(view.directory.join("guardian/status.json"), status.to_string()).expect("writable");
    assert_eq!(upstream::guardian(&view.state).and_then(|found| found.pid), Some(std::process::id()));
    assert!(
        has("mock_imds_guardian_up 1") && has("mock_imds_guardian_restorations_total 3"),
        "{}",
        metrics()
    );
}

#[test]
fn the_metrics_of_a_server_are_those_of_an_answer_with_200() {
    for (status, is_up) in [("200 OK", true), ("503 Service Unavailable", false)] {
        let view = Viewed::new("up");
        let listener = UnixListener::bind(view.directory.join("s")).expect("writable");
        let answering = thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("the view asks");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).expect("a whole head comes");
                head.push(byte[0]);
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 16\r\n\r\nmock_imds_own 7\n");
            client.write_all(answer.as_bytes()).expect("the view reads");
        });
        let text = view.ask("GET /metrics", HERE, &[]).2;
        answering.join().expect("it was asked");
        let up = format!("mock_imds_up {}", u8::from(is_up));
        assert!(text.lines().any(|line| line == up), "{status}: {text}");
        assert_eq!(text.contains("mock_imds_own 7"), is_up, "{status}: {text}");
    }
}
