//! Several servers of one user: each has a control socket, and commands say and choose which one they ask.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{Outcome, Sandbox, ServerProcess, finish};

/// A user with a runtime directory.
struct User(Sandbox);

impl User {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        fs::create_dir(sandbox.path("run")).expect("writable");
        // With keys that were made once for all tests.
        sandbox.serve(&[]).stop();
        Self(sandbox)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.0.command(arguments);
        command.env("XDG_RUNTIME_DIR", self.0.path("run"));
        command
    }

    fn serve(&self, more: &[&str]) -> ServerProcess {
        let state = self.0.path("state").display().to_string();
        let arguments = [&["serve", "--listen", "127.0.0.1:0", "--state", &state], more].concat();
        ServerProcess::start(self.command(&arguments), self.0.directory())
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        finish(&mut self.command(arguments))
    }

    fn status(&self, choice: &[&str]) -> Value {
        let found = self.run(&[&["status", "--json"], choice].concat());
        serde_json::from_str(&found.stdout).unwrap_or_else(|error| panic!("{error}: {found:#?}"))
    }

    /// The process that answers.
    fn asked(&self, choice: &[&str]) -> i32 {
        let status = self.status(choice);
        status["pid"].as_i64().and_then(|pid| pid.try_into().ok()).expect("a process id")
    }

    fn sockets(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path("run/mock-imds")).expect("it is there").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_second_server_has_a_socket_by_its_port() {
    let user = User::new();
    let first = user.serve(&[]);
    let second = user.serve(&["--node", "worker-1"]);
    let pid = |server: &ServerProcess| server.pid().as_raw();
    let port = second.address.port().to_string();
    let socket = user.0.path(&format!("run/mock-imds/control-{port}.sock"));
    second.says(&format!("the control socket is {}, see --server", socket.display()));

    assert_eq!(user.asked(&[]), pid(&first));
    for choice in [&port, &second.address.to_string(), "worker-1", &socket.display().to_string()] {
        assert_eq!(user.asked(&["--server", choice]), pid(&second), "--server {choice}");
    }
    let mut by_variable = user.command(&["status", "--json"]);
    let found = finish(by_variable.env("MOCK_IMDS_SERVER", &port));
    assert!(found.stdout.contains(&format!("\"pid\": {}", pid(&second))), "{found:#?}");
    assert_eq!(user.asked(&["--server", &first.address.port().to_string()]), pid(&first));

    // Which one a command asks is said where there are several, and nowhere else.
    let found = user.run(&["clock", "pause"]);
    let said = format!("mock-imds: this is the server at http://{}/ (", first.address);
    assert!(found.stderr.starts_with(&said), "expected {said}, found {found:#?}");
    let other = format!("--server chooses another: http://{}/ for node worker-1", second.address);
    assert!(found.stderr.contains(&other), "expected {other}, found {found:#?}");
    assert_eq!(user.run(&["clock", "resume", "--server", &port]).stderr, "");
    let running = [format!("http://{}/", first.address), format!("http://{}/", second.address)];
    let expected = ["no running server is \"1\"", "running: ", &running[0], &running[1], "accepted: a port"];
    user.run(&["status", "--server", "1"]).ended(69, &expected);

    assert_eq!(first.stop().code, Some(0));
    assert_eq!(user.asked(&[]), pid(&second), "the one that is left");
    assert_eq!(user.run(&["status"]).stderr, "");
    let third = user.serve(&[]);
    assert_eq!(user.asked(&[]), pid(&third), "the usual place is free again");
    assert_eq!((second.stop().code, third.stop().code), (Some(0), Some(0)));
    assert_eq!(user.sockets(), [""; 0], "neither sockets nor locks stay");
    user.run(&["status", "--server", "worker-1"]).ended(69, &["no server is running"]);
}

#[test]
fn a_socket_that_is_named_is_not_replaced_by_another() {
    let user = User::new();
    let _first = user.serve(&[]);
    let place = user.0.path("run/mock-imds/control.sock").display().to_string();
    user.run(&["serve", "--listen", "127.0.0.1:0", "--control", &place]).ended(69, &["belongs to process"]);
}

#[test]
fn an_order_waits_for_a_server_that_is_stopped() {
    let user = User::new();
    let (first, second) = (user.serve(&[]), user.serve(&[]));
    let [one, other] = [&first, &second].map(|server| server.address.port().to_string());
    first.signal(Signal::SIGSTOP);
    let by_name = user.run(&["status", "--server", &one]);

    let mut order = user.command(&["clock", "pause"]);
    let mut order = order.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it is built");
    let mut said = String::new();
    let stderr = order.stderr.take().expect("it is piped");
    BufReader::new(stderr).read_line(&mut said).expect("it is text");
    first.signal(Signal::SIGCONT);
    assert!(order.wait().expect("it is ours").success(), "found {said}");

    let expected =
        format!("control.sock (it gives no status); --server chooses another: http://{}/", second.address);
    assert!(said.contains(&expected), "expected {expected}, found {said}");
    let paused = |port: &str| user.status(&["--server", port])["clock"]["paused"].is_string();
    assert_eq!((paused(&one), paused(&other)), (true, false), "whose clock is paused");
    by_name.ended(69, &["no server that gives its status is", "gave no answer within 1 s"]);
}

#[test]
fn a_server_that_is_closed_to_the_user_is_no_missing_one() {
    let user = User::new();
    let server = user.serve(&[]);
    for directory in [".", "run", "run/mock-imds"] {
        fs::set_permissions(user.0.path(directory), Permissions::from_mode(0o755)).expect("ours");
    }
    if support::is_root() {
        let mut status = user.command(&["status", "--server", &server.address.port().to_string()]);
        let found = finish(status.uid(65534).gid(65534));
        found.ended(77, &["no server that gives its status is", "usermod -aG mock-imds"]);
    }
    let system = user.run(&["status", "--server", "system"]);
    assert!(!system.stderr.contains("no running server"), "its place is known: {system:#?}");
}

#[test]
fn a_service_has_one_control_socket() {
    let user = User::new();
    let command = || {
        let mut command = user.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("RUNTIME_DIRECTORY", user.0.path("service")).env("STATE_DIRECTORY", user.0.path("state"));
        command
    };
    let _first = ServerProcess::start(command(), user.0.directory());
    finish(&mut command()).ended(69, &["service/control.sock belongs to process"]);
}

#[test]
fn who_has_no_server_is_told_how_to_start_one() {
    // Else that one would answer.
    if Path::new("/run/mock-imds/control.sock").exists() {
        return;
    }
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["status"]);
    command.env("XDG_RUNTIME_DIR", sandbox.path("run"));
    finish(&mut command).ended(69, &["no mock-imds server listens at", "mock-imds serve"]);
}
