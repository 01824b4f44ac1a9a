//! A log that nobody reads, or that cannot be written, delays nothing.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use nix::sys::signal::Signal;
use support::{Sandbox, ServerProcess, UnreadPipe, eventually, is_root};

use crate::journal::ask;

const ID: &str = "/latest/meta-data/instance-id";
/// More than a queue and a pipe take.
const MANY: usize = 3000;
const DROPPED: &str = "log lines were dropped here: the log was not read, or could not be written";

/// The arguments of a server of this sandbox that logs each request.
fn serve_arguments(sandbox: &Sandbox) -> Vec<String> {
    sandbox.serve_arguments().into_iter().chain(["--log-level".to_owned(), "debug".to_owned()]).collect()
}

fn serve_into(sandbox: &Sandbox, pipe: &UnreadPipe) -> ServerProcess {
    let arguments = serve_arguments(sandbox);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let command = pipe.as_stderr_of(sandbox, support::program(), &arguments, "");
    ServerProcess::start(command, sandbox.directory())
}

/// Clients, the control socket and signals are served.
fn serves(sandbox: &Sandbox, server: &ServerProcess, requests: usize) {
    for _ in 0..requests {
        assert_eq!(server.get(ID).status, 200);
    }
    let reloads = |answer: &str| answer.contains("\"last_reload\"");
    assert!(!reloads(&ask(sandbox, "/v1/status")), "there was no reload yet");
    server.signal(Signal::SIGHUP);
    eventually("a reload", || reloads(&ask(sandbox, "/v1/status")).then_some(()));
}

#[test]
fn a_pipe_that_nobody_reads_stops_nothing() {
    let sandbox = Sandbox::new();
    let mut pipe = UnreadPipe::new(&sandbox.path("log"));
    let server = serve_into(&sandbox, &pipe);
    serves(&sandbox, &server, MANY);
    // Somebody looks at it after all.
    let mut log = String::new();
    eventually("the count of lines that were dropped", || {
        log += &pipe.read();
        log.contains(DROPPED).then_some(())
    });
    let first = format!("127.0.0.1 GET {ID}: 200\n");
    let kept = log.matches(&first).count();
    let missing = log.lines().find_map(|line| line.strip_prefix(" WARN ")?.split_once(" log lines"));
    let missing: usize = missing.and_then(|(count, _)| count.parse().ok()).expect("a count");
    assert!(
        kept < MANY && kept + missing >= MANY,
        "expected {MANY} lines, found {kept} and {missing} dropped"
    );
    server.get("/later");
    eventually("a later line", || {
        log += &pipe.read();
        log.contains("127.0.0.1 GET /later: 404\n").then_some(())
    });
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn the_end_does_not_wait_for_a_reader() {
    let sandbox = Sandbox::new();
    let pipe = UnreadPipe::new(&sandbox.path("log"));
    let server = serve_into(&sandbox, &pipe);
    serves(&sandbox, &server, 1);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_full_disk_stops_nothing() {
    let sandbox = Sandbox::new();
    let arguments = serve_arguments(&sandbox);
    let words: Vec<&str> =
        ["-c", "exec \"$@\" 2>/dev/full", "sh", support::program().to_str().expect("UTF-8")]
            .into_iter()
            .chain(arguments.iter().map(String::as_str))
            .collect();
    let command = sandbox.prepared(Path::new("/bin/sh"), &words);
    let server = ServerProcess::start(command, sandbox.directory());
    serves(&sandbox, &server, 100);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_journal_that_hangs_stops_nothing() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let run = sandbox.path("run");
    let socket = run.join("systemd/journal/socket");
    fs::create_dir_all(socket.parent().expect("it has one")).expect("the directory is writable");
    let journal = UnixDatagram::bind(&socket).expect("the directory is writable");
    journal.set_nonblocking(true).expect("a socket");
    let filler = UnixDatagram::unbound().expect("descriptors are left");
    filler.set_nonblocking(true).expect("a socket");
    while filler.send_to(b"x", &socket).is_ok() {}

    // Its /run is the test's, and stderr is the journal's by device and inode.
    let script = format!(
        "mount --bind {} /run; exec 2>stream; export JOURNAL_STREAM=$(stat -Lc %d:%i stream); exec \"$@\" >stdout.log",
        run.display()
    );
    let arguments = serve_arguments(&sandbox);
    let program = support::program().to_str().expect("UTF-8");
    let words: Vec<&str> = ["--mount", "sh", "-c", &script, "sh", program]
        .into_iter()
        .chain(arguments.iter().map(String::as_str))
        .collect();
    let mut child =
        sandbox.prepared(Path::new("unshare"), &words).spawn().expect("unshare of util-linux is installed");
    let status = eventually("an answer at the control socket", || {
        let found = sandbox.control(&["status", "--json"]);
        (found.code == Some(0)).then_some(found.stdout)
    });
    let status: serde_json::Value = serde_json::from_str(&status).expect("a status is JSON");
    let address =
        status["listeners"][0]["address"].as_str().expect("an address").parse().expect("an address");
    for _ in 0..MANY {
        let request = format!("GET {ID} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(support::exchange(address, request).status, 200);
    }
    for _ in 0..20 {
        assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    }
    let mut found = String::new();
    eventually("a record of what was dropped", || {
        let mut bytes = vec![0; 1 << 16];
        loop {
            match journal.recv(&mut bytes) {
                Ok(count) => found += &String::from_utf8_lossy(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("the socket is ours: {error}"),
            }
        }
        found.contains(DROPPED).then_some(())
    });
    assert!(found.contains("SYSLOG_IDENTIFIER\n\u{9}\0\0\0\0\0\0\0mock-imds\n"), "{found}");
    assert_eq!(
        fs::read_to_string(sandbox.path("stream")).expect("it is there"),
        "",
        "all went to the journal"
    );
    let printed = fs::read_to_string(sandbox.path("stdout.log")).expect("it is there");
    assert_eq!(printed, "", "the journal has the line that scripts wait for");
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().expect("process ids are small"));
    nix::sys::signal::kill(pid, Signal::SIGTERM).expect("the child is ours");
    let ended = eventually("its end", || child.try_wait().expect("the child is ours"));
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn the_log_comes_before_what_is_printed_after_it() {
    let sandbox = Sandbox::new();
    let file = sandbox
        .write("s.toml", "[http]\nprofile = \"aemm\"\n[metadata]\n\"meta-data/nothing/like/it\" = \"x\"\n");
    let script = "exec \"$@\" 2>&1";
    let arguments = sandbox.serve_arguments();
    let words: Vec<&str> = ["-c", script, "sh", support::program().to_str().expect("UTF-8")]
        .into_iter()
        .chain(arguments.iter().map(String::as_str))
        .chain(["--scenario", file.to_str().expect("UTF-8"), "--log-level", "info"])
        .collect();
    let command = sandbox.prepared(Path::new("/bin/sh"), &words);
    let server = ServerProcess::start(command, sandbox.directory());
    let outcome = server.stop();
    let at = |sentence: &str| outcome.stdout.find(sentence);
    assert!(at("mock-imds is ready") < at("stopping"), "{outcome}");
    assert!(at("stopping").is_some(), "the last line is written before the end: {outcome}");
}
