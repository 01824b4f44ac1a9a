//! What the client makes of answers, and of servers that give none.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use tokio::io::AsyncReadExt as _;

use super::*;

/// A directory with a server that answers one request with these bytes, and ends.
struct FakeServer {
    directory: PathBuf,
    answering: Option<JoinHandle<()>>,
}

impl FakeServer {
    fn at(socket: &str, answer: String) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("mock-imds-client-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("writable");
        let listener = UnixListener::bind(directory.join(socket)).expect("writable");
        let answering = thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client comes");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).expect("a whole head comes");
                head.push(byte[0]);
            }
            client.write_all(answer.as_bytes()).expect("the client reads");
        });
        Self { directory, answering: Some(answering) }
    }

    fn new(status: u16, body: &str) -> Self {
        Self::at("s", answer(status, body))
    }

    fn client(&self) -> ControlClient {
        ControlClient::new(Some(&self.directory.join("s")))
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
        if thread::panicking() {
            // It may wait for a request that does not come.
            return;
        }
        let answered = self.answering.take().map(JoinHandle::join);
        assert!(answered.is_none_or(|answered| answered.is_ok()), "it got no request");
    }
}

fn answer(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} x\r\n{POSITION}: 7\r\ncontent-length: {length}\r\n\r\n{body}")
}

const REFUSAL: &str = "{\"error\":\"not now\",\"routes\":[]}";

#[test]
fn an_answer_is_read_and_a_refusal_is_one() {
    type Ask = fn(&ControlClient) -> Result<usize, Failure>;
    let metrics = FakeServer::new(200, "up 1\n").client().metrics();
    assert_eq!(metrics.as_deref(), Ok("up 1\n"));
    let refused = FakeServer::new(503, REFUSAL).client().metrics().expect_err("it is refused");
    assert!(refused.message.ends_with("/s refuses: not now"), "{refused}");
    let questions: [(&str, &str, Ask); 4] = [
        ("scenarios", "{\"scenarios\":[]}", |client| Ok(client.scenarios()?.scenarios.len())),
        ("faults", "[]", |client| Ok(client.faults()?.len())),
        ("clear_faults", "{\"cleared\":0,\"message\":\"\"}", |client| Ok(client.clear_faults()?.cleared)),
        ("requests", "[]", |client| {
            let page = client.requests(&RequestQuery::default())?;
            assert_eq!(page.next, 7, "its position is in a header");
            Ok(page.lines.len())
        }),
    ];
    for (question, body, ask) in questions {
        assert_eq!(ask(&FakeServer::new(200, body).client()), Ok(0), "{question}");
        let refused = ask(&FakeServer::new(503, REFUSAL).client()).expect_err(question);
        assert_eq!(refused.status, ExitStatus::Unavailable, "{question}");
        assert!(refused.message.ends_with("/s refuses: not now"), "{question}: {refused}");
        let other = ask(&FakeServer::new(200, "x").client()).expect_err(question);
        assert!(other.message.ends_with("is it another version?"), "{question}: {other}");
    }
}

#[test]
fn a_status_is_read_and_a_refusal_is_one() {
    type Ask = fn(&ControlClient) -> Result<ServiceStatus, Failure>;
    for ask in [ControlClient::status as Ask, ControlClient::brief_status] {
        let refused = ask(&FakeServer::new(503, REFUSAL).client()).expect_err("it is refused");
        assert!(refused.message.ends_with("/s refuses: not now"), "{refused}");
        let other = ask(&FakeServer::new(200, "{}").client()).expect_err("it is no status");
        assert!(other.message.ends_with("is it another version?"), "{other}");
    }
}

#[test]
fn the_owners_socket_is_asked_first() {
    let server = FakeServer::at("s.owner", answer(200, "[]"));
    fs::write(server.directory.join("s"), "").expect("writable");
    assert_eq!(server.client().faults().map(|faults| faults.len()), Ok(0));
}

#[test]
fn a_server_that_ends_is_told_from_one_that_says_something_else() {
    let end = FakeServer::at("s", String::new()).client().faults().expect_err("there is no answer");
    assert!(end.message.ends_with("/s ended before it answered"), "{end}");
    let half = FakeServer::at("s", "HTTP/1.1 200 OK\r\n".to_owned());
    let half = half.client().faults().expect_err("there is half an answer");
    assert!(half.message.ends_with("/s ended before it answered"), "{half}");
    let other = FakeServer::at("s", "220 mail.example.com ESMTP\r\n".to_owned());
    let other = other.client().faults().expect_err("it is no HTTP");
    assert!(other.message.contains("cannot reach the server at "), "{other}");
}

#[test]
fn a_server_that_ends_with_the_request_unread_has_ended() {
    let directory = std::env::temp_dir().join(format!("mock-imds-unread-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("writable");
    let socket = directory.join("s");
    let listener = UnixListener::bind(&socket).expect("writable");
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client comes");
        // The rest of the head is there by then: it is sent as one.
        client.read_exact(&mut [0]).expect("a head comes");
    });
    let end = ControlClient::new(Some(&socket)).faults().expect_err("there is no answer");
    assert!(end.message.ends_with("/s ended before it answered"), "{end}");
    server.join().expect("it got a request");
    fs::remove_dir_all(directory).expect("ours");
}

#[test]
fn a_failure_says_what_to_do() {
    let client = ControlClient::new(Some(Path::new("/run/x.sock")));
    let limit = Duration::from_secs(30);
    for (kind, status, sentence) in [
        (ErrorKind::NotFound, ExitStatus::Unavailable, "no mock-imds server listens at /run/x.sock; start"),
        (ErrorKind::ConnectionRefused, ExitStatus::Unavailable, "no mock-imds server listens at /run/x.sock"),
        (ErrorKind::PermissionDenied, ExitStatus::NoPermission, "usermod -aG mock-imds"),
        (ErrorKind::TimedOut, ExitStatus::Unavailable, "gave no answer within 30 s"),
        (ErrorKind::OutOfMemory, ExitStatus::Unavailable, "cannot reach the server at /run/x.sock: "),
    ] {
        let failure = client.failure(&kind.into(), limit);
        assert_eq!(failure.status, status, "{kind}");
        assert!(failure.message.contains(sentence), "{kind}: {failure}");
    }
}

#[test]
fn a_request_that_is_given_up_is_not_sent_to_its_end() {
    // More than the kernel keeps for a socket.
    let body = Bytes::from(vec![b'x'; 4 << 20]);
    let length = body.len();
    let (ours, theirs) = blocking::UnixStream::pair().expect("a pair of sockets");
    theirs.set_nonblocking(true).expect("it is a socket");
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("it needs nothing");
    let received = runtime.block_on(async {
        let mut theirs = UnixStream::from_std(theirs).expect("it is nonblocking");
        let mut asked = Box::pin(exchange(ours, Method::POST, "/x", body));
        let mut first = [0; 4096];
        let first = tokio::select! {
            answer = &mut asked => panic!("nobody has answered: {answer:?}"),
            read = theirs.read(&mut first) => read.expect("a head comes"),
        };
        drop(asked);
        let mut rest = Vec::new();
        theirs.read_to_end(&mut rest).await.expect("the connection ends");
        first + rest.len()
    });
    assert!(received < length, "expected a part of the request, found {received} bytes");
}
