//! Commands that go on beside a server: `requests -f`, `status -f`; and how they end.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::{DEADLINE, Sandbox, eventually};

const ID: &str = "/latest/meta-data/instance-id";

/// A command that runs beside the test. Killed if it is dropped.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it beside the server of this sandbox.
    pub fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let socket = sandbox.path("c.sock").display().to_string();
        let mut command = sandbox.command(&[arguments, &["--control", &socket]].concat());
        let stderr = std::fs::File::create(sandbox.path("running.log")).expect("the directory is writable");
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// Its next line.
    #[track_caller]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("a line within the deadline")
    }

    /// Its exit code, once it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().expect("the child is ours")?;
        Some(status.code().expect("no signal ended it"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn following_prints_what_comes_later() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get("/latest/meta-data/mac");
    server.get("/latest/meta-data/hostname");
    let mut following =
        Running::start(&sandbox, &["requests", "-f", "--path", "meta-data/*", "--limit", "1"]);
    assert!(following.line().contains(" /latest/meta-data/hostname "), "the newest one there was");
    for path in ["/latest/meta-data/ami-id", "/latest/meta-data/nothing", ID] {
        server.get("/latest/dynamic/");
        server.get(path);
        let line = following.line();
        assert!(line.contains(&format!(" {path} ")), "expected {path}, found {line}");
    }
    // Not SIGINT: who runs the tests in the background of a shell has it ignored, here too.
    let pid = Pid::from_raw(following.child.id().try_into().expect("process ids are small"));
    kill(pid, Signal::SIGTERM).expect("the child is there");
    let status =
        eventually("the end of the follower", || following.child.try_wait().expect("the child is ours"));
    assert_eq!(status.signal(), Some(Signal::SIGTERM as i32), "no signal is caught: {status}");
}

#[test]
fn a_follower_whom_nobody_reads_ends() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let socket = sandbox.path("c.sock").display().to_string();
    let mut command = sandbox.command(&["requests", "--follow", "--control", &socket]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let code = eventually("the end of the follower", || {
        server.get("/");
        child.try_wait().expect("the child is ours").map(|status| status.code())
    });
    assert_eq!(code, Some(0));
}

#[test]
fn followers_end_with_a_server_that_does_not_come_back() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get("/");
    let mut following = Running::start(&sandbox, &["requests", "-f"]);
    following.line();
    let watching = std::fs::File::create(sandbox.path("watching.log")).expect("the directory is writable");
    let socket = sandbox.path("c.sock").display().to_string();
    let mut status = sandbox.command(&["status", "-f", "--control", &socket]);
    let mut status = status.stdout(Stdio::piped()).stderr(watching).spawn().expect("the program starts");
    let mut table = BufReader::new(status.stdout.take().expect("it is piped"));
    table.read_line(&mut String::new()).expect("it says what is served");
    assert_eq!(server.stop().code, Some(0));
    // The time that they wait is their own.
    for follower in [&mut following.child, &mut status] {
        assert_eq!(follower.wait().expect("it is ours").code(), Some(69));
    }
    for log in ["running.log", "watching.log"] {
        let said = std::fs::read_to_string(sandbox.path(log)).expect("its stderr");
        let words = [
            "; waiting for it to come back",
            "it did not come back within 10 s: no mock-imds server listens at",
        ];
        for sentence in words {
            assert_eq!(
                said.matches(sentence).count(),
                1,
                "expected {sentence:?} once in {log}, found {said}"
            );
        }
    }
}

#[test]
fn a_restart_ends_no_follower() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    for _ in 0..3 {
        server.get("/");
    }
    let mut following = Running::start(&sandbox, &["requests", "-f"]);
    for _ in 0..3 {
        following.line();
    }
    assert_eq!(server.stop().code, Some(0));
    let server = sandbox.serve(&[]);
    // Its numbers are lower than those of the one before.
    server.get(ID);
    let line = following.line();
    assert!(line.contains(ID), "expected the new server's first request, found {line}");
    server.get("/latest/meta-data/mac");
    let line = following.line();
    assert!(line.contains("/latest/meta-data/mac"), "expected what came later, once, found {line}");
    assert_eq!(following.ended(), None);
    let said = std::fs::read_to_string(sandbox.path("running.log")).expect("its stderr");
    assert_eq!(said.matches("waiting for it to come back").count(), 1, "{said}");
}

#[test]
fn status_follows() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let following = Running::start(&sandbox, &["status", "--follow", "--json"]);
    let requests = |line: String| serde_json::from_str::<Value>(&line).expect("JSON")["requests"].clone();
    assert_eq!(requests(following.line()), 0);
    server.get(ID);
    assert_eq!(requests(following.line()), 1);
}
