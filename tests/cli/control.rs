//! The control socket: its place, its owner, and what is said over it.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};

use nix::sys::signal::Signal;
use support::{Sandbox, is_root};

#[test]
fn a_socket_that_a_server_holds_is_refused_with_its_process() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let arguments = sandbox.serve_arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    sandbox.run(&arguments).ended(
        69,
        &[&format!(
            "c.sock belongs to process {}; end that server, or choose another path with --control PATH",
            server.pid()
        )],
    );
    assert_eq!(sandbox.control(&["status"]).code, Some(0), "the first server is as it was");
}

#[test]
fn a_socket_that_another_program_holds_is_refused() {
    let sandbox = Sandbox::new();
    let _other = UnixListener::bind(sandbox.path("c.sock")).expect("the directory is writable");
    let arguments = sandbox.serve_arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    sandbox.run(&arguments).ended(69, &[&format!("c.sock belongs to process {}", std::process::id())]);
}

#[test]
fn a_stale_socket_is_replaced() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.signal(Signal::SIGKILL);
    server.wait();
    assert!(sandbox.path("c.sock").exists(), "SIGKILL leaves the socket");
    let _server = sandbox.serve(&[]);
    assert_eq!(sandbox.control(&["status"]).code, Some(0));
}

#[test]
fn what_is_no_socket_is_not_removed() {
    let sandbox = Sandbox::new();
    let serve = |path: &str| sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--control", path]);
    let file = sandbox.write("file", "precious").display().to_string();
    serve(&file).ended(69, &["file is a regular file, in the place of the control socket"]);
    assert_eq!(fs::read_to_string(&file).expect("it is still there"), "precious");
    fs::create_dir(sandbox.path("directory")).expect("the directory is writable");
    serve(&sandbox.path("directory").display().to_string()).ended(69, &["directory is a directory"]);
    serve(&format!("/tmp/{}", "x".repeat(103))).ended(64, &["has 108 bytes, 107 at most are accepted"]);
}

#[test]
fn a_socket_in_a_place_of_others_is_77() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let socket = sandbox.path("x/c.sock").display().to_string();
    let found = sandbox.run_as_nobody(&["serve", "--listen", "127.0.0.1:0", "--control", &socket]);
    let sentence = format!("cannot create a control socket at {socket}");
    found.ended(77, &[&sentence, "choose another path with --control PATH"]);
}

#[test]
fn it_is_for_owner_and_group() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let mode = fs::metadata(sandbox.path("c.sock")).expect("the socket is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o660, "found {mode:o}");
    if is_root() {
        fs::set_permissions(sandbox.path(""), Permissions::from_mode(0o755)).expect("the directory is ours");
        let socket = sandbox.path("c.sock").display().to_string();
        let cure = "sudo usermod -aG mock-imds";
        sandbox.run_as_nobody(&["status", "--control", &socket]).ended(77, &[cure]);
        sandbox.run_as_nobody(&["reload", "--control", &socket]).ended(77, &[cure]);
    }
}

#[test]
fn without_a_server_clients_say_how_to_start_one() {
    let sandbox = Sandbox::new();
    for command in ["status", "reload"] {
        sandbox.control(&[command]).ended(69, &["no mock-imds server listens at", "mock-imds serve"]);
    }
}

#[test]
fn client_and_server_meet_at_the_usual_place() {
    let sandbox = Sandbox::new();
    let runtime = sandbox.path("run").display().to_string();
    let mut command = sandbox.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("RUNTIME_DIRECTORY", &runtime);
    let _server = support::ServerProcess::start(command, &sandbox.path(""));
    let found = support::finish(sandbox.command(&["status"]).env("RUNTIME_DIRECTORY", &runtime));
    assert_eq!(found.code, Some(0), "{found:#?}");
}

#[test]
fn status_tells_what_is_served() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("s.toml", "[instance]\ninstance-id = \"i-0fedcba0987654321\"\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    server.get("/");
    let found = sandbox.control(&["status"]);
    for row in [
        format!("server      mock-imds {}, process {}, up ", env!("CARGO_PKG_VERSION"), server.pid()),
        "instance    i-0fedcba0987654321, m5.xlarge in us-east-1a, on-demand\n".to_owned(),
        format!("scenario    {}, loaded ", file.display()),
        format!("address     http://{}/ for this host\n", server.address),
        "tokens      optional: IMDSv1 and IMDSv2; hop limit 2\n".to_owned(),
        "timeline    ".to_owned(),
        "requests    1: 1 v1; the last ".to_owned(),
        " host            GET  / ".to_owned(),
    ] {
        assert!(found.stdout.contains(&row), "expected {row:?}, found {found:#?}");
    }
}

#[test]
fn other_routes_and_methods_are_told_what_there_is() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let ask = |request: &str| {
        let mut stream = UnixStream::connect(sandbox.path("c.sock")).expect("the server accepts");
        write!(stream, "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .expect("the server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        answer
    };
    let missing = ask("GET /v1/weather");
    assert!(missing.starts_with("HTTP/1.1 404 "), "{missing}");
    assert!(missing.contains("\"GET /v1/status\"") && missing.contains("\"POST /v1/reload\""), "{missing}");
    let wrong = ask("GET /v1/reload");
    assert!(wrong.starts_with("HTTP/1.1 405 ") && wrong.contains("\r\nallow: POST\r\n"), "{wrong}");
    let status = ask("GET /v1/status");
    assert!(status.starts_with("HTTP/1.1 200 ") && status.contains("\"requests\": 0"), "{status}");
}

#[test]
fn a_body_has_4_mib_at_most() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let status = |length: usize| {
        let mut stream = UnixStream::connect(sandbox.path("c.sock")).expect("the server accepts");
        let head = format!("POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("the server reads");
        // It may answer before it has read all.
        let _ = stream.write_all(&vec![b' '; length]);
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("the server answers");
        String::from_utf8_lossy(&status).into_owned()
    };
    assert_eq!(status(4 << 20), "HTTP/1.1 200");
    assert_eq!(status((4 << 20) + 1), "HTTP/1.1 413");
    assert_eq!(status((4 << 20) + 2), "HTTP/1.1 413");
}
