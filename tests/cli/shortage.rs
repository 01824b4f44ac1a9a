//! Out of memory or descriptors, at any moment: nothing is lost for good.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use support::{Sandbox, ServerProcess, finish};

use crate::orders::{done, done_json};

const ID: &str = "/latest/meta-data/instance-id";
/// In kilobytes, as `ulimit -v` has them.
const SPACE: u32 = 100_000;

fn serve(sandbox: &Sandbox, limit: &str) -> ServerProcess {
    sandbox.write("s.toml", "");
    let arguments = sandbox.serve_arguments();
    let script = format!("{limit} exec \"$@\"");
    let program = support::program().to_str().expect("a path in UTF-8");
    let own = arguments.iter().map(String::as_str);
    let words: Vec<&str> = ["-c", &script, "sh", program].into_iter().chain(own).collect();
    let words = [&words[..], &["--scenario", "s.toml"]].concat();
    let mut command = sandbox.prepared(Path::new("/bin/sh"), &words);
    command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
    ServerProcess::start(command, sandbox.directory())
}

/// Takes from a server that runs what `prlimit(1)` names.
fn limit(server: &ServerProcess, what: &str) {
    finish(Command::new("prlimit").args(["--pid", &server.pid().to_string(), what])).ended(0, &[]);
}

fn value(server: &ServerProcess, number: u32) -> u16 {
    server.get(&format!("/latest/meta-data/n{number}")).status
}

/// Connections are as many as fit, and the next one takes the place of another.
#[test]
fn a_crowd_fits_into_a_small_address_space() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox, &format!("ulimit -v {SPACE};"));
    let (mut crowd, body) = (Vec::new(), vec![b'x'; 30_000]);
    for _ in 0..1_500 {
        let mut stream = TcpStream::connect(server.address).expect("it accepts");
        let head = format!("GET {ID} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
        // Who lost its place cannot write.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        crowd.push(stream);
    }
    assert_eq!(server.get(ID).status, 200, "{}", server.stderr());
    assert_eq!(done_json(&sandbox, &["status"])["pid"], server.pid().as_raw(), "the same process");
}

/// A process that gets no memory ends. systemd starts it again, and what was answered is there.
#[test]
fn what_was_ordered_outlives_an_end_without_memory() {
    let sandbox = Sandbox::new();
    // With a limit from the start the allocator has no reserves.
    let server = serve(&sandbox, "ulimit -v 1000000;");
    let mut accepted = 0;
    for order in 0_u32.. {
        let found = sandbox.control(&["set", &format!("meta-data/n{order}"), &"x".repeat(100_000)]);
        match found.code {
            Some(0) => accepted += 1,
            // While it ends.
            _ if order > 3 => break,
            _ => panic!("{found}"),
        }
        if order == 3 {
            limit(&server, "--as=1000000:");
        }
        assert!(order < 200, "it takes orders without memory");
    }
    assert_ne!(server.wait().code, Some(0));
    let server = serve(&sandbox, "");
    for order in 0..accepted {
        assert_eq!(value(&server, order), 200, "order {order} of {accepted}: {}", server.stderr());
    }
    assert!(!server.stderr().contains("dropped"), "{}", server.stderr());
}

/// While it lasts no connection is accepted and no state is written; then the next order writes all of it.
#[test]
fn descriptors_that_come_back_bring_everything_back() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox, "");
    done(&sandbox, &["set", "meta-data/n0", "x"]);
    limit(&server, "--nofile=1:");
    let stream = TcpStream::connect(server.address).expect("the kernel accepts");
    server.says("cannot accept connections at");
    limit(&server, "--nofile=1024:");
    drop(stream);
    done(&sandbox, &["set", "meta-data/n1", "x"]);
    assert_eq!([value(&server, 0), value(&server, 1)], [200, 200]);
    server.signal(nix::sys::signal::Signal::SIGKILL);
    server.wait();
    let server = serve(&sandbox, "");
    assert_eq!([value(&server, 0), value(&server, 1)], [200, 200], "{}", server.stderr());
}

/// A start that cannot read what the previous process saved fails, and is tried again; nothing is put aside.
#[test]
fn a_start_without_descriptors_keeps_the_state() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox, "");
    done(&sandbox, &["set", "meta-data/n0", "x"]);
    server.signal(nix::sys::signal::Signal::SIGKILL);
    server.wait();
    // From those with which it starts to those with which it fails later.
    let arguments = sandbox.serve_arguments();
    let mut failed = 0;
    for descriptors in 4..16 {
        let script = format!("ulimit -n {descriptors}; exec timeout -s KILL 20 \"$@\"");
        let program = support::program().to_str().expect("a path in UTF-8");
        let mut words = vec!["-c", &script, "sh", program];
        words.extend(arguments.iter().map(String::as_str));
        words.extend(["--scenario", "s.toml", "--listen", "192.0.2.1:1"]);
        let mut command = sandbox.prepared(Path::new("/bin/sh"), &words);
        command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
        let found = finish(&mut command);
        failed += u32::from(found.stderr.contains("state.json cannot be read: too many open files"));
        assert!(!found.stderr.contains("damaged"), "{descriptors} descriptors: {found}");
    }
    assert!(failed > 0, "expected a start that has too few descriptors for its state");
    let server = serve(&sandbox, "");
    assert_eq!(value(&server, 0), 200, "{}", server.stderr());
}
