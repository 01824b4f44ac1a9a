//! From the start of `ec2-metadata-mock` to its first answer, beside a bare hyper server that is started the same way.
//!
//! The bare server is this very program, called with a port. What a start costs on this machine at this minute is in
//! both, so the ratio says what ours adds.
#![expect(clippy::print_stdout, reason = "the result")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

const ROUNDS: usize = 50;
const REQUEST: &str =
    "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/// Says to this program that it is the bare server.
const BARE: &str = "MOCK_IMDS_BENCH_BARE";
/// Longer than any start.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() {
    if let Some(port) = std::env::var(BARE).ok().and_then(|port| port.parse().ok()) {
        bare(port);
        return;
    }
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(first_answer(|port| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mock-imds"));
            command.arg0("ec2-metadata-mock").args(["--hostname", "127.0.0.1", "--port", port]);
            command
        }));
        bares.push(first_answer(|port| {
            let mut command = Command::new(std::env::current_exe().expect("a program knows itself"));
            command.env(BARE, port);
            command
        }));
    }
    let (mine, bare) = (median(&mut ours), median(&mut bares));
    println!(
        "from the start to the first answer, median of {ROUNDS}: ec2-metadata-mock {:.1} ms (least {:.1}, most {:.1}), \
         bare hyper {:.1} ms, ratio {:.2}",
        millis(mine),
        millis(ours[0]),
        millis(ours[ROUNDS - 1]),
        millis(bare),
        mine.as_secs_f64() / bare.as_secs_f64()
    );
}

/// How long a server takes from its start to the first 200. It is asked without a pause.
fn first_answer(command: impl Fn(&str) -> Command) -> Duration {
    let port = {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("an ephemeral port");
        free.local_addr().expect("it is bound").port()
    };
    let mut command = command(&port.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().expect("it starts");
    while !answers(port) {
        assert!(start.elapsed() < PATIENCE, "expected an answer within {PATIENCE:?}");
        std::thread::yield_now();
    }
    let took = start.elapsed();
    let _ = child.kill();
    let _ = child.wait();
    took
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let mut answer = String::new();
    stream.write_all(REQUEST.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// The least that hyper can do.
fn bare(port: u16) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a free port");
        while let Ok((stream, _)) = listener.accept().await {
            let hello = |_: Request<_>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"i-1234567890abcdef0"))))
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(hello)));
        }
    });
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
