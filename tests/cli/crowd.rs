//! The control socket while somebody takes all of it: status and reload come through within a second.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, socket};
use support::{DEADLINE, NOBODY, Sandbox, ServerProcess, eventually, is_root, poll};

use crate::journal::{ask, polling};

const PROMISED: Duration = Duration::from_secs(1);
/// The machine may be busy: one of these is in time.
const TIMES: usize = 3;
const BODY: &str = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{";

fn connect(sandbox: &Sandbox) -> UnixStream {
    let stream = UnixStream::connect(sandbox.path("c.sock")).expect("the server accepts");
    stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
    stream
}

/// Sends this to the control socket and leaves what comes back unread. Who was refused is connected no more.
fn send(sandbox: &Sandbox, request: &str) -> UnixStream {
    let mut stream = connect(sandbox);
    let _ = stream.write_all(request.as_bytes());
    stream
}

/// This user is answered within the promised time.
fn in_time(what: &str, sandbox: &Sandbox, request: &str) {
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let answer = poll(DEADLINE, || {
            let mut stream = send(sandbox, &format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n"));
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            if answer.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(answer) }
        });
        let ((), time) = answer.unwrap_or_else(|found| panic!("{what}: {request}: {found}"));
        if time <= PROMISED {
            return;
        }
        took.push(time);
    }
    panic!("{what}: expected an answer to {request} within {PROMISED:?}, found {took:?}");
}

fn gets_through(what: &str, sandbox: &Sandbox) {
    in_time(what, sandbox, "GET /v1/status");
    in_time(what, sandbox, "POST /v1/reload");
}

#[test]
fn a_thousand_that_wait_leave_room_for_all_others() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let wait = "GET /v1/requests?since=0&wait=60 HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut polls: Vec<_> = (0..1000).map(|_| send(&sandbox, wait)).collect();
    gets_through("with 1,000 that wait", &sandbox);
    // Those that are above the share are told, and are let go at once.
    let mut waiting = Vec::new();
    let mut refused = 0;
    eventually("an answer for all but 64", || {
        polls.retain_mut(|poll| {
            poll.set_nonblocking(true).expect("a socket");
            let mut answer = String::new();
            match poll.read_to_string(&mut answer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => true,
                _ => {
                    assert!(
                        answer.contains(" 503 ") && answer.contains("too many clients that wait"),
                        "{answer}"
                    );
                    refused += 1;
                    false
                }
            }
        });
        (refused == 1000 - 64).then_some(())
    });
    waiting.append(&mut polls);
    assert_eq!(waiting.len(), 64);
    server.get("/latest/meta-data/instance-id");
    for mut poll in waiting {
        poll.set_nonblocking(false).expect("a socket");
        let mut answer = String::new();
        poll.read_to_string(&mut answer).expect("each of them is answered");
        assert!(answer.contains("/latest/meta-data/instance-id"), "{answer}");
    }
    server.says("the control socket has no place left for user ");
}

#[test]
fn heads_and_bodies_that_never_end_keep_nobody_out() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    for request in [BODY, "GET /v1/st", ""] {
        let endless: Vec<_> = (0..200).map(|_| send(&sandbox, request)).collect();
        gets_through(&format!("with 200 of {request:?}"), &sandbox);
        drop(endless);
    }
}

#[test]
fn those_who_do_not_read_keep_nobody_out() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[http]\nkeep-alive = true\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    // More than a socket takes.
    let many = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4000)
        + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    support::exchange(server.address, many);
    assert!(ask(&sandbox, "/v1/requests").len() > 400_000, "expected a long answer");
    let silent: Vec<_> = (0..200).map(|_| polling(&sandbox, "/v1/requests")).collect();
    gets_through("with 200 that do not read", &sandbox);
    drop(silent);
}

/// A server whose socket everybody may open, as if all were members of its group.
fn open_server(sandbox: &Sandbox) -> ServerProcess {
    let server = sandbox.serve(&[]);
    for (path, mode) in [(sandbox.directory(), 0o755), (sandbox.path("c.sock").as_path(), 0o666)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    server
}

#[test]
fn users_keep_nobody_else_out() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let server = open_server(&sandbox);
    let socket = sandbox.path("c.sock");
    let attack = "crowd = [open(wait) for _ in range(200)] + [open(body) for _ in range(200)]\n\
                  print('ready', flush=True)\n\
                  time.sleep(60)";
    let crowds: Vec<_> = (1000..1004).map(|uid| Crowd::start(&sandbox, uid, attack)).collect();
    gets_through("as root, with four users that fill the socket", &sandbox);
    let path = socket.display().to_string();
    for command in ["status", "reload"] {
        let arguments = [command, "--control", &path];
        let (outcome, took) = poll(DEADLINE, || {
            let outcome = sandbox.run_as_nobody(&arguments);
            if outcome.succeeded() { Ok(outcome) } else { Err(outcome.to_string()) }
        })
        .unwrap_or_else(|found| panic!("{command} as another user: {found}"));
        println!("{command} of another user took {took:?}: {}", outcome.text());
    }
    drop(crowds);
    server.says("the control socket has no place left for user 100");
}

#[test]
fn a_full_queue_is_waited_for_and_the_owner_has_another() {
    let sandbox = Sandbox::new();
    let server = open_server(&sandbox);
    let (socket, owner) = (sandbox.path("c.sock"), sandbox.path("c.sock.owner"));
    let mode = fs::metadata(&owner).expect("the socket is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "found {mode:o}");
    server.signal(Signal::SIGSTOP);
    let queued: Vec<_> = std::iter::from_fn(|| connect_at_once(&socket)).collect();
    assert!(connect_at_once(&owner).is_some(), "expected a place after {} at the other socket", queued.len());
    let path = socket.display().to_string();
    let outcomes = thread::scope(|scope| {
        let by_owner = scope.spawn(|| sandbox.control(&["status"]));
        let by_other =
            is_root().then(|| scope.spawn(|| sandbox.run_as_nobody(&["status", "--control", &path])));
        server.signal(Signal::SIGCONT);
        [Some(by_owner), by_other].map(|run| run.map(|run| run.join().expect("it runs")))
    });
    for outcome in outcomes.into_iter().flatten() {
        assert!(outcome.succeeded(), "{outcome}");
    }
    assert_eq!(server.stop().code, Some(0));
    assert!(!owner.exists() && !socket.exists(), "both are removed");
}

/// A connection, unless the queue is full.
fn connect_at_once(path: &Path) -> Option<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let stream = socket(AddressFamily::Unix, SockType::Stream, flags, None).expect("descriptors are left");
    nix::sys::socket::connect(stream.as_raw_fd(), &UnixAddr::new(path).expect("a short path")).ok()?;
    Some(stream)
}

#[test]
fn another_users_socket_is_not_taken_for_the_owners() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let owner = sandbox.path("c.sock.owner");
    fs::remove_file(&owner).expect("it is there");
    fs::set_permissions(sandbox.directory(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    let mut trap = sandbox.prepared(
        Path::new("python3"),
        &["-c", "import socket,time; s=socket.socket(socket.AF_UNIX); s.bind('c.sock.owner'); s.listen(); time.sleep(60)"],
    );
    trap.env("PATH", "/usr/bin:/bin").uid(NOBODY).gid(NOBODY);
    let _trap = Crowd(trap.spawn().expect("python3 is installed"));
    eventually("another user's socket", || UnixStream::connect(&owner).ok());
    let found = sandbox.control(&["status"]);
    assert!(found.succeeded(), "expected the answer of the server, found {found}");
}

#[test]
fn a_flood_of_connections_does_not_reach_the_owners_queue() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let _server = open_server(&sandbox);
    let attack = "crowd = [open(body) for _ in range(100)]\n\
                  print('ready', flush=True)\n\
                  while True: crowd = crowd[-100:] + [open(body)]";
    let _floods: Vec<_> = (1000..1003).map(|uid| Crowd::start(&sandbox, uid, attack)).collect();
    for command in ["status", "reload"] {
        let took: Vec<Duration> = (0..2 * TIMES)
            .map(|_| {
                let outcome = poll(Duration::ZERO, || Ok(sandbox.control(&[command])));
                let (outcome, took) = outcome.expect("it runs");
                assert!(outcome.succeeded(), "{outcome}");
                took
            })
            .collect();
        assert!(
            took.iter().any(|took| *took <= PROMISED),
            "expected {command} within {PROMISED:?}, found {took:?}"
        );
    }
}

/// A program of another user that opens many connections and keeps them. Ended when it is dropped.
struct Crowd(std::process::Child);

impl Crowd {
    fn start(sandbox: &Sandbox, uid: u32, attack: &str) -> Self {
        let script = format!(
            "import socket, time\n\
             def open(request):\n\
             \x20   c = socket.socket(socket.AF_UNIX); c.connect('{}')\n\
             \x20   try: c.sendall(request)\n\
             \x20   except OSError: pass\n\
             \x20   return c\n\
             body = b'POST /v1/events HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 9999\\r\\n\\r\\n'\n\
             wait = b'GET /v1/requests?wait=60 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'\n\
             {attack}\n",
            sandbox.path("c.sock").display()
        );
        let mut command = sandbox.prepared(Path::new("python3"), &["-c", &script]);
        // One that other users may execute, too.
        command.env("PATH", "/usr/bin:/bin").uid(uid).gid(uid).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().expect("python3 is installed");
        let mut line = [0; 6];
        child.stdout.as_mut().expect("it is piped").read_exact(&mut line).expect("it connects");
        Self(child)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
