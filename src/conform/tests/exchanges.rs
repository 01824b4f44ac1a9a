//! Requests that are sent, and answers that do not come as they should.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn};

use super::scripted::{ScriptedService, answer};
use crate::conform::ConformanceLimits;
use crate::conform::connection::{NoAnswer, exchange};
use crate::conform::probe::{ProbeMethod, ProbeRequest, RequestForm};
use crate::conform::raw_response::RawResponse;
use crate::conform::service::ServiceUnderTest;

/// Longer than any of these takes.
const LIMIT: Duration = Duration::from_mins(1);

fn request(form: RequestForm) -> ProbeRequest {
    ProbeRequest { method: ProbeMethod::Get, path: "/x".to_owned(), headers: vec![], form }
}

fn asked(service: &ScriptedService, form: RequestForm) -> Result<RawResponse, NoAnswer> {
    exchange(&[service.address], "x", &request(form), LIMIT)
}

/// What is said of a service that answers so.
fn failure(service: &ScriptedService) -> String {
    match asked(service, RequestForm::Usual) {
        Err(NoAnswer::Failed(why)) => why,
        other => panic!("expected no answer on a connection, found {other:?}"),
    }
}

#[test]
fn the_reason_that_there_is_no_answer_is_said() {
    let silent = ScriptedService::start(|_| vec![]);
    assert_eq!(failure(&silent), "the connection ended without an answer");
    let half = ScriptedService::start(|_| b"HTTP/1.1 200".to_vec());
    assert_eq!(failure(&half), "12 bytes without the end of a head");
    // Bytes that nobody has read reset the connection.
    let reset = ScriptedService::conversing(|mut stream| _ = stream.read_exact(&mut [0]));
    let found = failure(&reset);
    assert!(found.contains("reset"), "expected a reset connection, found {found:?}");
    // A request that does not even fit on its way.
    let long =
        ProbeRequest { headers: vec![("x".to_owned(), "y".repeat(32 << 20))], ..request(RequestForm::Usual) };
    let Err(NoAnswer::Failed(found)) = exchange(&[reset.address], "x", &long, LIMIT) else {
        panic!("expected no answer")
    };
    let is_of_writing = found.contains("reset") || found.contains("broken pipe");
    assert!(is_of_writing, "expected why it could not be written, found {found:?}");
    let why = reset.verdict_of_opening();
    assert!(why.contains("reset"), "expected a reset connection, found {why:?}");
}

impl ScriptedService {
    /// The reason that no run begins.
    fn verdict_of_opening(&self) -> String {
        let target = self.address.to_string().parse().expect("it is an address");
        let limits = ConformanceLimits { rate: "1000".parse().expect("it is a rate"), max_time: LIMIT };
        match ServiceUnderTest::open(&target, &[], &limits) {
            Err(why) => why.text().to_owned(),
            Ok(_) => panic!("expected no service"),
        }
    }
}

#[test]
fn answers_of_many_pieces_are_read_up_to_a_limit() {
    let long = "x".repeat(100_000);
    let body = long.clone();
    let service = ScriptedService::start(move |_| answer("200 OK", &body));
    let found = asked(&service, RequestForm::Usual).expect("it answers");
    assert_eq!((found.body.len(), found.body == long.as_bytes()), (long.len(), true));
    let endless = ScriptedService::start(|_| answer("200 OK", &"x".repeat(3 << 20)));
    assert_eq!(failure(&endless), "more than 1048576 bytes");
}

#[test]
fn the_end_of_a_connection_is_waited_for_only_where_a_check_is_about_it() {
    let service = ScriptedService::start(|_| [answer("200 OK", "ab"), b"more".to_vec()].concat());
    let usual = asked(&service, RequestForm::Usual).expect("it answers");
    assert!(!usual.closed, "expected an answer without its end, found {usual:?}");
    let without_length = ScriptedService::start(|_| b"HTTP/1.0 200 OK\r\n\r\nab".to_vec());
    let ended = asked(&without_length, RequestForm::Usual).expect("it answers");
    assert_eq!((ended.closed, ended.body.as_slice()), (true, &b"ab"[..]), "its end is that of the body");
    // Nothing comes while the client waits.
    let silent = ScriptedService::conversing(|mut stream| _ = stream.read_to_end(&mut vec![]));
    let limit = Duration::from_millis(50);
    let found = exchange(&[silent.address], "x", &request(RequestForm::Usual), limit).err();
    assert_eq!(found, Some(NoAnswer::Failed("no whole answer within 50ms".to_owned())));
    // Until the client ends it.
    let open = ScriptedService::conversing(|mut stream| {
        let _ = stream.write_all(&answer("200 OK", "ab"));
        let _ = stream.read_to_end(&mut vec![]);
    });
    let waited = asked(&open, RequestForm::UntilClosed).expect("it answers");
    assert_eq!((waited.closed, waited.body.as_slice()), (false, &b"ab"[..]), "a second later it is open");
    let to_the_end = asked(&service, RequestForm::UntilClosed).expect("it answers");
    assert_eq!((to_the_end.closed, to_the_end.extra.as_slice()), (true, &b"more"[..]));
}

#[test]
fn a_host_that_takes_no_connection_is_said_to_take_none_in_time() {
    // A queue for connections that is full.
    let socket = socket::socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)
        .expect("a socket can be made");
    socket::bind(socket.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).expect("a port is free");
    socket::listen(&socket, Backlog::new(0).expect("it is small")).expect("it listens");
    let bound: SockaddrIn = socket::getsockname(socket.as_raw_fd()).expect("it is bound");
    let address = SocketAddr::from(([127, 0, 0, 1], bound.port()));
    let _waiting = TcpStream::connect(address).expect("one connection has room");
    let limit = Duration::from_millis(50);
    let unreachable = |address| exchange(&[address], "x", &request(RequestForm::Usual), limit).err();
    assert_eq!(unreachable(address), Some(NoAnswer::Unreachable("no connection within 50ms".to_owned())));
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr().expect("it is bound");
    assert_eq!(unreachable(closed), Some(NoAnswer::Unreachable("connection refused".to_owned())));
}

#[test]
fn what_is_refused_for_now_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let service = ScriptedService::start(move |head| {
        let is_first = || asked.fetch_add(1, Ordering::SeqCst) == 0;
        if head.starts_with("GET /busy ") && is_first() {
            return answer("503 Busy", "");
        }
        answer("200 OK", "a")
    });
    let target = service.address.to_string().parse().expect("it is an address");
    let limits = ConformanceLimits { rate: "1000".parse().expect("it is a rate"), max_time: LIMIT };
    let mut under_test = ServiceUnderTest::open(&target, &[], &limits).map_err(|why| why.text().to_owned());
    let under_test = under_test.as_mut().expect("it answers");
    let before = under_test.requests;
    let found = under_test.get("/busy").expect("it answers");
    // A second later, and once; what is known is not asked again.
    assert_eq!((found.status, under_test.requests - before), (200, 2));
    let found = under_test.get("/busy").expect("it answers");
    assert_eq!((found.status, under_test.requests - before), (200, 2));
    let found = under_test.get_again("/busy").expect("it answers");
    assert_eq!((found.status, under_test.requests - before), (200, 3));
}

#[test]
fn requests_have_the_token_of_the_run() {
    let service = ScriptedService::start(|head| {
        if head.starts_with("PUT ") {
            return answer("200 OK", "dG9rZW4=");
        }
        let has_token = head.contains("X-aws-ec2-metadata-token: dG9rZW4=\r\n");
        if has_token { answer("200 OK", "a") } else { answer("401 Unauthorized", "") }
    });
    let target = service.address.to_string().parse().expect("it is an address");
    let limits = ConformanceLimits { rate: "1000".parse().expect("it is a rate"), max_time: LIMIT };
    let mut under_test = ServiceUnderTest::open(&target, &[], &limits).map_err(|why| why.text().to_owned());
    let under_test = under_test.as_mut().expect("it answers");
    assert!(under_test.requires_tokens, "expected a service that requires tokens");
    let found = [under_test.get("/x"), under_test.get_again("/x"), under_test.get_with("/x", "other")];
    assert_eq!(found.map(|answer| answer.expect("it answers").status), [200, 200, 401]);
}

#[test]
fn a_request_has_the_body_of_its_form() {
    let text = |method, form| {
        let request = ProbeRequest { method, ..request(form) };
        String::from_utf8(request.bytes("h")).expect("it is text")
    };
    let end = |text: &str| text.split_once("Accept: */*\r\n").map(|(_, end)| end.to_owned());
    for (method, form, expected) in [
        (ProbeMethod::Get, RequestForm::Usual, "\r\n"),
        (ProbeMethod::Put, RequestForm::UntilClosed, "Content-Length: 0\r\n\r\n"),
        (ProbeMethod::Put, RequestForm::EmptyChunk, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ] {
        assert_eq!(end(&text(method, form)).as_deref(), Some(expected), "{method:?}, {form:?}");
    }
    let once = text(ProbeMethod::Get, RequestForm::Usual);
    assert_eq!(text(ProbeMethod::Get, RequestForm::Twice), once.repeat(2));
}
