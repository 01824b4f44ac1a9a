//! What comes by itself: the status, and requests as clients send them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use support::{DEADLINE, Sandbox, ViewProcess, eventually};

use crate::viewed;

/// A stream of events, of which nothing is lost between two looks.
struct EventStream {
    stream: TcpStream,
    text: String,
}

impl EventStream {
    fn open(view: &ViewProcess) -> Self {
        let mut stream = TcpStream::connect(view.process.address).expect("the view accepts");
        stream.set_read_timeout(Some(DEADLINE)).expect("it is not zero");
        let request = format!("GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n\r\n", view.bearer());
        stream.write_all(request.as_bytes()).expect("the view reads");
        Self { stream, text: String::new() }
    }

    /// Everything up to this, which comes.
    #[track_caller]
    fn until(&mut self, end: &str) -> String {
        let mut buffer = [0; 8192];
        loop {
            if let Some(at) = self.text.find(end) {
                let rest = self.text.split_off(at + end.len());
                return std::mem::replace(&mut self.text, rest);
            }
            match self.stream.read(&mut buffer) {
                Ok(count) if count > 0 => self.text.push_str(&String::from_utf8_lossy(&buffer[..count])),
                outcome => panic!("expected {end:?}, found {outcome:?} after {:?}", self.text),
            }
        }
    }
}

#[test]
fn a_stream_has_the_status_and_then_what_happens() {
    let (sandbox, server, view) = viewed("");
    let mut stream = EventStream::open(&view);
    let first = stream.until("event: status");
    stream.until("\"version\"");
    assert!(first.contains("content-type: text/event-stream"), "{first}");
    server.get("/latest/meta-data/ami-id");
    stream.until("/latest/meta-data/ami-id");
    assert_eq!(sandbox.control(&["spot"]).code, Some(0));
    stream.until("terminate");
}

#[test]
fn commands_of_the_page_ask_the_server_of_the_view() {
    let (sandbox, _server, view) = viewed("");
    let mut stream = EventStream::open(&view);
    stream.until("event: status");
    stream.until(&format!("\"options\":[\"--control\",\"{}\"]", sandbox.path("c.sock").display()));
}

#[test]
fn a_server_that_goes_is_said_and_one_that_comes_is_found() {
    let (sandbox, server, view) = viewed("");
    let mut stream = EventStream::open(&view);
    stream.until("event: status");
    server.stop();
    stream.until("event: offline");
    stream.until("no mock-imds server listens");
    let found = view.api("GET", "/v1/status", "");
    assert!(found.status == 502 && found.body.contains("no mock-imds server listens"), "{found:?}");
    assert!(view.ask("GET /metrics", &[], "").body.contains("mock_imds_up 0"));
    let _again = sandbox.serve(&["--scenario", "s.toml"]);
    stream.until("event: status");
}

#[test]
fn a_view_may_be_there_before_the_server() {
    let sandbox = Sandbox::new();
    let view = ViewProcess::start(&sandbox, &[]);
    assert_eq!(view.ask("GET /", &[], "").status, 200);
    assert_eq!(view.api("GET", "/v1/status", "").status, 502);
    let _server = sandbox.serve(&[]);
    eventually("the server", || (view.api("GET", "/v1/status", "").status == 200).then_some(()));
}
