//! A server that a program starts: the line that says where it is, and its end.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use support::page::blocks;
use support::{Sandbox, eventually, finish};

const PAGE: &str = include_str!("../../docs/testing.md");
/// Of one user, at one time.
const SERVERS: usize = 50;

/// A server with pipes to this program.
struct Started {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Started {
    fn new(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, stdin, stdout }
    }

    /// The line of JSON.
    fn ready(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line of text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("expected JSON, found {error}: {line:?}"))
    }

    /// Closes its standard input, and gives its exit code and what else it printed.
    fn end(self) -> (Option<i32>, String) {
        let Self { mut child, stdin, mut stdout } = self;
        drop(stdin);
        let status = eventually("the end of the server", || child.try_wait().expect("the child is ours"));
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("text");
        (status.code(), rest)
    }
}

fn ask(socket: &Path, route: &str) -> Value {
    let mut stream = UnixStream::connect(socket)
        .unwrap_or_else(|error| panic!("expected a server at {}, found {error}", socket.display()));
    write!(stream, "GET {route} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it reads");
    let answer = std::io::read_to_string(stream).expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

fn files_below(directory: &Path) -> BTreeSet<PathBuf> {
    let mut directories = vec![directory.to_owned()];
    let mut files = BTreeSet::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                directories.push(entry.path());
            } else {
                files.insert(entry.path());
            }
        }
    }
    files
}

#[test]
fn fifty_servers_of_a_user_start_at_once_and_leave_nothing_behind() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("run")).expect("writable");
    // With keys that were made once for all tests.
    sandbox.serve(&[]).stop();
    let before = files_below(sandbox.directory());
    let state = sandbox.path("state").display().to_string();
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--state", &state, "--ready-json", "--until-stdin-closes"];
    let start = || Started::new(sandbox.command(&arguments).env("XDG_RUNTIME_DIR", sandbox.path("run")));
    let mut servers: Vec<Started> = (0..SERVERS).map(|_| start()).collect();

    let (mut urls, mut sockets) = (BTreeSet::new(), BTreeSet::new());
    for server in &mut servers {
        let ready = server.ready();
        let socket = ready["control_socket"].as_str().expect("a path").to_owned();
        let status = ask(Path::new(&socket), "/v1/status");
        assert_eq!(ready["pid"], server.child.id(), "{ready}");
        assert_eq!(status["pid"], ready["pid"], "the server at {socket}");
        assert_eq!(status["scenario"]["instance_id"], ready["instance_id"]);
        assert_eq!(ready["urls"], Value::from(vec![ready["url"].clone()]));
        urls.insert(ready["url"].to_string());
        sockets.insert(socket);
    }
    assert_eq!((urls.len(), sockets.len()), (SERVERS, SERVERS), "{urls:?} {sockets:?}");

    for server in servers {
        assert_eq!(server.end(), (Some(0), String::new()), "exit code, and output after the line");
    }
    assert_eq!(files_below(sandbox.directory()), before, "files after their end, and before their start");
}

#[test]
fn the_line_has_the_keys_of_the_page() {
    let sandbox = Sandbox::new();
    let shown = |language| blocks(PAGE).into_iter().find(|block| block.language == language);
    let command = shown("sh").expect("the page shows the command").text.trim();
    let command = command.strip_prefix("mock-imds ").expect("the command is this program");
    let own = sandbox.serve_arguments();
    let more = command.split(' ').skip(1).chain(["--listen", "0.0.0.0:0"]);
    let arguments: Vec<&str> = own.iter().map(String::as_str).chain(more).collect();
    // Keys that are there need not be made.
    sandbox.serve(&[]).stop();
    let mut server = Started::new(&mut sandbox.command(&arguments));
    let ready = server.ready();

    let shown = shown("json").expect("the page shows the line");
    let shown: Value = serde_json::from_str(shown.text).expect("JSON on the page");
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&ready), keys(&shown), "{ready}, and docs/testing.md");
    for key in keys(&ready) {
        assert!(PAGE.contains(&format!("| `{key}` |")), "docs/testing.md says nothing about {key}");
    }
    let urls: Vec<&str> =
        ready["urls"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(urls.len() == 3 && urls.iter().all(|url| url.starts_with("http://127.0.0.1:")), "{urls:?}");
    assert_eq!(ready["control_socket"], sandbox.path("c.sock").display().to_string());

    // What is written there is no end.
    server.stdin.write_all(b"still here\n").expect("the server reads it");
    assert_eq!(ask(&sandbox.path("c.sock"), "/v1/status")["pid"], ready["pid"]);
    assert_eq!(server.end(), (Some(0), String::new()));
}

#[test]
fn the_line_goes_to_a_descriptor_too() {
    let sandbox = Sandbox::new();
    sandbox.serve(&[]).stop();
    let line = sandbox.path("line");
    let script = "exec \"$@\" 7>line";
    let own = sandbox.serve_arguments();
    let program = support::program().display().to_string();
    let mut arguments = vec!["-c", script, "sh", &program];
    arguments.extend(own.iter().map(String::as_str));
    arguments.extend(["--ready-fd", "7", "--until-stdin-closes"]);
    let mut server = Started::new(&mut sandbox.prepared(Path::new("/bin/sh"), &arguments));

    let mut sentence = String::new();
    server.stdout.read_line(&mut sentence).expect("text");
    assert!(sentence.starts_with("mock-imds is ready at http://127.0.0.1:"), "{sentence}");
    let text = eventually("a line in the file", || {
        fs::read_to_string(&line).ok().filter(|text| text.ends_with('\n'))
    });
    let ready: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(ready["pid"], server.child.id(), "{ready}");
    let open = format!("/proc/{}/fd/7", server.child.id());
    // Its number may be that of something else by now.
    let is_closed = || fs::read_link(&open).ok().is_none_or(|file| file != line);
    eventually("the descriptor to be closed", || is_closed().then_some(()));
    assert_eq!(server.end(), (Some(0), String::new()));
}

/// Else a file of the program would have its number, and what is printed would be written there.
#[test]
fn a_standard_stream_that_is_closed_is_opened_to_nothing() {
    let sandbox = Sandbox::new();
    let own = sandbox.serve_arguments();
    let program = support::program().display().to_string();
    let mut arguments = vec!["-c", "exec \"$@\" <&- 2>&-", "sh", &program];
    arguments.extend(own.iter().map(String::as_str));
    let mut server = Started::new(&mut sandbox.prepared(Path::new("/bin/sh"), &arguments));
    let mut sentence = String::new();
    server.stdout.read_line(&mut sentence).expect("text");
    let file = |stream| fs::read_link(format!("/proc/{}/fd/{stream}", server.child.id())).ok();
    let found = [file(0), file(2)];
    let _ = server.child.kill().and_then(|()| server.child.wait());
    assert!(sentence.starts_with("mock-imds is ready at http://127.0.0.1:"), "{sentence}");
    let nothing = || Some(PathBuf::from("/dev/null"));
    assert_eq!(
        found,
        [nothing(), nothing()],
        "descriptors 0 and 2; rerun: cargo test --test cli standard_stream"
    );
}

#[test]
fn a_descriptor_that_cannot_be_written_to_is_64() {
    let sandbox = Sandbox::new();
    let program = support::program().display().to_string();
    for (redirection, number, expected) in [
        ("", "7", "the descriptor 7 of --ready-fd cannot be used: Bad file descriptor"),
        (
            "7</dev/null",
            "7",
            "the descriptor 7 of --ready-fd cannot be used: it is open for reading only; accepted: ",
        ),
        (
            "",
            "1",
            "invalid value '1' for '--ready-fd <N>': expected the number of an open descriptor, from 3 on",
        ),
    ] {
        let script = format!("exec '{program}' serve --listen 127.0.0.1:0 --ready-fd {number} {redirection}");
        let found = finish(&mut sandbox.prepared(Path::new("/bin/sh"), &["-c", &script]));
        found.ended(64, &[expected]);
    }
}
