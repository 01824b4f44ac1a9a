//! Clients whose waits are measured.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const LEAF: &str = "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: x\r\n\r\n";

/// Asks again and again until `work` is done, and gives how long each answer took, in order.
pub(crate) fn ask_until<T>(address: SocketAddr, work: impl FnOnce() -> T) -> (Vec<Duration>, T) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut stream = connect(address);
            let mut times = Vec::new();
            while !done.load(Ordering::Relaxed) {
                times.push(ask(&mut stream));
                thread::sleep(Duration::from_millis(1));
            }
            times.sort_unstable();
            times
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        (asking.join().expect("no client panics"), result)
    })
}

/// Asks so often, on some connections at once.
pub(crate) fn ask_often(address: SocketAddr, requests: usize) {
    const CONNECTIONS: usize = 64;
    const PIPELINED: usize = 16;
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut stream = connect(address);
                let request = LEAF.repeat(PIPELINED);
                let mut answers = vec![0; 64 << 10];
                for _ in 0..requests / CONNECTIONS / PIPELINED {
                    stream.write_all(request.as_bytes()).expect("the server reads");
                    let mut found = 0;
                    let mut length = 0;
                    while found < PIPELINED {
                        let count = stream.read(&mut answers[length..]).expect("the server answers");
                        assert!(count > 0, "expected an answer, found the end of the connection");
                        length += count;
                        found = answers[..length].windows(9).filter(|window| window == b"HTTP/1.1 ").count();
                    }
                }
            });
        }
    });
}

fn ask(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut answer = [0; 1024];
    stream.write_all(LEAF.as_bytes()).expect("the server reads");
    let count = stream.read(&mut answer).expect("the server answers");
    assert!(answer[..count].starts_with(b"HTTP/1.1 200"), "expected an answer");
    start.elapsed()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("TCP has it");
    stream
}
