//! Starting and stopping in the foreground, and what keeps a server from starting.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::sys::signal::Signal;
use support::{Connection, Sandbox, ServerProcess, is_root, skip};

const ID: &str = "/latest/meta-data/instance-id";

#[test]
fn one_line_says_what_is_served_where_and_how_to_ask() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    assert_eq!(server.get(ID).body, "i-1234567890abcdef0");
    let address = server.address;
    let ended = server.stop();
    let expected = format!(
        "mock-imds is ready at http://{address}/: i-1234567890abcdef0 from the built-in scenario; \
         try: curl http://{address}{ID}\n"
    );
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), expected.as_str()), "{ended:#?}");
}

#[test]
fn the_users_own_scenario_is_found() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path(".config/mock-imds")).expect("the directory is writable");
    sandbox.write(".config/mock-imds/scenario.toml", "[instance]\ninstance-type = \"t3.nano\"\n");
    let server = sandbox.serve(&[]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "t3.nano");
}

#[test]
fn a_name_that_the_library_does_not_have_may_be_another_one() {
    let sandbox = Sandbox::new();
    sandbox.run(&["serve", "spot-idel", "--listen", "0"]).ended(
        78,
        &["\"spot-idel\": error: is not a scenario of the library", "did you mean \"spot-idle\"?"],
    );
    sandbox.write("spot-idel", "[instance]\ninstance-type = \"t3.small\"\n");
    let server = sandbox.serve(&["spot-idel", "--listen", "0"]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "t3.small");
}

#[test]
fn a_file_and_a_port_are_enough() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("s.toml", "[instance]\ninstance-type = \"t3.small\"\n");
    let server = sandbox.serve(&[file.to_str().expect("UTF-8"), "--listen", "0"]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "t3.small");
}

#[test]
fn several_addresses_are_served() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&["--listen", "127.0.0.2:0"]);
    let status = sandbox.control(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
    let second =
        status["listeners"][1]["address"].as_str().expect("a second listener").parse().expect("an address");
    let found = support::http::exchange(second, format!("GET {ID} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(found.status, 200);
    drop(server);
}

#[test]
fn both_sigterm_and_sigint_end_it_with_0() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let sandbox = Sandbox::new();
        let server = sandbox.serve(&[]);
        server.signal(signal);
        let ended = server.wait();
        assert_eq!(ended.code, Some(0), "{signal}: {ended:#?}");
        assert!(!sandbox.path("c.sock").exists(), "the control socket is removed");
    }
}

#[test]
fn a_request_in_flight_at_sigterm_is_answered() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let mut client = Connection::new(server.address);
    client.send(
        "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\
         Content-Length: 10\r\n\r\n12345",
    );
    assert_eq!(server.get(ID).status, 200, "the server is past the accept of the first client");
    server.signal(Signal::SIGTERM);
    server.says("stopping");
    let found = client.send("67890").read();
    assert_eq!((found.status, found.body.len()), (200, 56), "{found:?}");
    assert_eq!(server.wait().code, Some(0));
}

/// The accept loop outlives a full descriptor table.
#[test]
fn running_out_of_descriptors_passes() {
    let sandbox = Sandbox::new();
    let arguments = sandbox.serve_arguments();
    let mut words =
        vec!["-c", "ulimit -n 40; exec \"$@\"", "sh", support::program().to_str().expect("a path in UTF-8")];
    words.extend(arguments.iter().map(String::as_str));
    let server = ServerProcess::start(sandbox.prepared(Path::new("/bin/sh"), &words), &sandbox.path(""));
    let clients: Vec<Connection> = (0..60).map(|_| Connection::new(server.address)).collect();
    server.says("cannot accept connections at");
    drop(clients);
    assert_eq!(server.get(ID).status, 200);
    assert_eq!(server.stderr().lines().count(), 1, "said once: {}", server.stderr());
}

#[test]
fn a_port_in_use_is_69() {
    let sandbox = Sandbox::new();
    let holder = TcpListener::bind("127.0.0.1:0").expect("an ephemeral port");
    let address = holder.local_addr().expect("it is bound");
    sandbox.run(&["serve", "--listen", &address.to_string()]).ended(
        69,
        &[
            &format!("cannot listen on {address}: another process holds the port"),
            &format!("`ss -ltnp 'sport = :{}'` names it", address.port()),
        ],
    );
}

#[test]
fn an_address_of_another_host_is_69() {
    let sandbox = Sandbox::new();
    sandbox.run(&["serve", "--listen", "192.0.2.1:1338"]).ended(69, &["this host does not have the address"]);
}

/// It is added later, by `mock-imds net`; nobody waits for the other.
#[test]
fn the_metadata_address_need_not_be_there_yet() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&["--listen", "169.254.169.254:0"]);
    server.says("169.254.169.254 is not an address of this host yet; `mock-imds net up` adds it");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_port_for_root_is_77() {
    if !is_root() {
        return;
    }
    let lowest = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    if lowest.trim().parse().is_ok_and(|lowest: u16| lowest <= 80) {
        skip("every user may listen on port 80 here");
        return;
    }
    let sandbox = Sandbox::new();
    sandbox
        .run_as_nobody(&["serve", "--listen", "127.0.0.1:80"])
        .ended(77, &["ports below 1024 are for root"]);
}

#[test]
fn tokens_survive_a_restart_and_the_key_is_private() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&["--scenario", required(&sandbox).as_str()]);
    let token = server.token();
    assert_eq!(server.stop().code, Some(0));
    let key = fs::metadata(sandbox.path("state/token.key")).expect("the key is there");
    assert_eq!((key.permissions().mode() & 0o777, key.len()), (0o600, 32));

    let server = sandbox.serve(&["--scenario", required(&sandbox).as_str()]);
    assert_eq!(status_with(&server, &token), 200, "a token of the run before");
    assert_eq!(status_with(&server, ""), 401, "no token");
}

#[test]
fn a_broken_key_is_replaced_with_a_warning() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("state")).expect("the directory is writable");
    sandbox.write("state/token.key", "short");
    let server = sandbox.serve(&["--scenario", required(&sandbox).as_str()]);
    server.says("token.key.damaged now; tokens issued before are no longer valid");
    let token = server.token();
    assert_eq!(status_with(&server, &token), 200);
    assert_eq!(fs::read(sandbox.path("state/token.key")).expect("the key is there").len(), 32);
}

#[test]
fn without_a_place_to_write_it_serves_and_says_so() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("HOME", "/proc/nowhere").env("XDG_RUNTIME_DIR", "/proc/nowhere");
    let server = ServerProcess::start(command, &sandbox.path(""));
    server.says("session tokens and identity keys will not survive a restart");
    server.says("there is no control socket");
    assert_eq!(server.stderr().lines().count(), 1, "{}", server.stderr());
    assert_eq!(server.token().len(), 56);
    assert_eq!(server.get(ID).status, 200);
}

#[test]
fn a_named_state_directory_must_work() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("file", "").display().to_string();
    sandbox
        .run(&["serve", "--listen", "127.0.0.1:0", "--state", &file])
        .ended(71, &["file cannot be used", "name another one with --state DIR"]);
}

fn required(sandbox: &Sandbox) -> String {
    sandbox.write("required.toml", "[metadata-options]\nhttp-tokens = \"required\"\n").display().to_string()
}

fn status_with(server: &ServerProcess, token: &str) -> u16 {
    let header = format!("X-aws-ec2-metadata-token: {token}\r\n");
    let header = if token.is_empty() { "" } else { &header };
    let request = format!("GET {ID} HTTP/1.1\r\nHost: x\r\n{header}\r\n");
    support::http::exchange(server.address, request).status
}
