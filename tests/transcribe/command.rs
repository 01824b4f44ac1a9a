//! `mock-imds record` as people run it.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use support::Sandbox;
use support::host::Host;

/// A rate that a test can wait for; the service is its own.
const QUICK: [&str; 2] = ["--rate", "1000"];

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("it was written").permissions().mode() & 0o777
}

#[test]
fn a_server_is_recorded_and_the_recording_is_served() {
    let sandbox = Sandbox::new();
    let scenario = sandbox.write(
        "scenario.toml",
        "[instance]\ninstance-type = \"c7g.large\"\nuser-data = \"#!/bin/sh\\nhunter2\\n\"\n[metadata-options]\nhttp-tokens = \"required\"\n",
    );
    let server = sandbox.serve(&["--scenario", scenario.to_str().expect("UTF-8")]);
    let url = format!("http://{}", server.address);
    let found = sandbox.run(&["record", &url, QUICK[0], QUICK[1], "-o", "recorded.toml"]);
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), ""), "{found:#?}");
    for sentence in [
        &format!("recording {url}, 1000 requests a second and 5m at most\n"),
        "not reproduced: user data (18 bytes, sha256 ",
        "not reproduced: credentials of the role dev-role: generated ones are served instead",
        "wrote recorded.toml; serve it: mock-imds serve --scenario recorded.toml\n",
    ] {
        assert!(found.stderr.contains(sentence), "expected {sentence:?}, found {found:#?}");
    }
    let file = sandbox.path("recorded.toml");
    assert_eq!(mode(&file), 0o644);
    let text = fs::read_to_string(&file).expect("it was written");
    assert!(
        text.starts_with(&format!("# Written by `mock-imds record` from {url} at 20"))
            && !text.contains("hunter2"),
        "{text}"
    );
    assert_eq!(sandbox.run(&["check", "recorded.toml"]).stdout, "recorded.toml: ok\n");
    server.stop();

    let other = Sandbox::new();
    let again = other.serve(&["--scenario", file.to_str().expect("UTF-8")]);
    assert_eq!(again.get("/latest/meta-data/instance-type").status, 401);
    let token = again.token();
    let request = format!(
        "GET /latest/meta-data/instance-type HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
    );
    assert_eq!(support::http::exchange(again.address, request).body, "c7g.large");
}

#[test]
fn a_recording_goes_to_stdout_and_secrets_into_files_of_their_owner() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let url = format!("http://{}", server.address);
    let shown = sandbox.run(&["record", &url, QUICK[0], QUICK[1]]);
    assert!(shown.code == Some(0) && shown.stdout.contains("\n[instance]\ninstance-id = "), "{shown:#?}");
    let secret =
        sandbox.run(&["record", &url, QUICK[0], QUICK[1], "--with-credentials", "-o", "secret.toml"]);
    assert_eq!(secret.code, Some(0), "{secret:#?}");
    assert!(secret.stderr.contains("warning: the scenario contains real credentials"), "{secret:#?}");
    assert_eq!(mode(&sandbox.path("secret.toml")), 0o600);
    let left: Vec<_> = fs::read_dir(sandbox.path("."))
        .expect("it is there")
        .map(|e| e.expect("it is").file_name())
        .collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".mock-imds")), "{left:?}");
}

#[test]
fn a_service_of_another_kind_is_told_by_its_answers() {
    let sandbox = Sandbox::new();
    let aemm = support::library().into_iter().find(|(name, _)| name == "aemm").expect("it is shipped").1;
    let server = sandbox.serve(&["--scenario", aemm.to_str().expect("UTF-8")]);
    let url = format!("http://{}", server.address);
    let found = sandbox.run(&["record", &url, QUICK[0], QUICK[1]]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    for line in [
        "profile = \"aemm\"\n",
        "spot-interruption = { action = \"terminate\", notice = \"2m\", moving = true }\n",
        "\"meta-data/iam/info\" = { content-type = \"application/json\", text = '''\n{\n\t\"Code\": \"Success\",\n",
    ] {
        assert!(found.stdout.contains(line), "expected {line:?}, found\n{}", found.stdout);
    }
}

#[test]
fn a_file_is_replaced_by_force_only_and_before_any_request() {
    let sandbox = Sandbox::new();
    sandbox.write("there.toml", "mine");
    // Nobody listens there: it must not get so far.
    let nobody = "http://127.0.0.1:9";
    sandbox
        .run(&["record", nobody, "-o", "there.toml"])
        .ended(64, &["there.toml is there already; --force replaces it"]);
    sandbox.run(&["record", nobody, "-o", "no/where.toml"]).ended(69, &["there is no directory no"]);
    sandbox.run(&["record", nobody, "-o", "."]).ended(64, &["is a directory; name a file in it"]);
    assert_eq!(fs::read_to_string(sandbox.path("there.toml")).expect("it is there"), "mine");
    let server = sandbox.serve(&[]);
    let url = format!("http://{}", server.address);
    let forced = sandbox.run(&["record", &url, QUICK[0], QUICK[1], "-o", "there.toml", "--force"]);
    assert_eq!(forced.code, Some(0), "{forced:#?}");
    assert!(fs::read_to_string(sandbox.path("there.toml")).expect("it is there").contains("[instance]"));
}

#[test]
fn force_replaces_files_only() {
    use std::os::unix::fs::{FileTypeExt as _, symlink};
    let sandbox = Sandbox::new();
    let nobody = "http://127.0.0.1:9";
    // A device of everybody's, and no way to it but by a link: a defect must not cost this machine its /dev/null.
    symlink("/dev/null", sandbox.path("device")).expect("it can be made");
    symlink("nowhere", sandbox.path("dangling")).expect("it can be made");
    for force in [&["--force"][..], &[]] {
        let run = |file| sandbox.run(&[&["record", nobody, "-o", file][..], force].concat());
        run("device").ended(64, &["device is a device, a pipe or a socket; leave -o out"]);
        run("dangling").ended(64, &["dangling is a dangling link; name a file"]);
    }
    assert!(fs::metadata(sandbox.path("device")).expect("it is there").file_type().is_char_device());
    sandbox.write("there.toml", "old");
    symlink("there.toml", sandbox.path("link")).expect("it can be made");
    fs::create_dir(sandbox.path("dump")).expect("it can be made");
    sandbox.write("dump/instance-id", "i-0123456789abcdef0");
    let found = sandbox.run(&["import", "dump", "dump", "-o", "link", "--force"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert!(sandbox.path("link").is_symlink(), "expected the link to stay");
    assert!(fs::read_to_string(sandbox.path("there.toml")).expect("it is there").contains("[instance]"));
}

#[test]
fn what_cannot_be_written_is_known_before_any_request() {
    let sandbox = Sandbox::new();
    let found = sandbox.run(&["record", "http://127.0.0.1:9", "-o", "/proc/mock-imds.toml"]);
    assert!(matches!(found.code, Some(69 | 77)), "{found:#?}");
    assert!(found.stderr.starts_with("mock-imds: /proc/mock-imds.toml cannot be written: "), "{found:#?}");
}

#[test]
fn a_full_disk_is_a_failure_and_a_reader_that_has_gone_is_none() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    fs::create_dir(sandbox.path("dump")).expect("it can be made");
    sandbox.write("dump/instance-id", "i-0123456789abcdef0");
    sandbox.write("aemm.json", "{}");
    let socket = sandbox.path("c.sock").display().to_string();
    for arguments in [
        &["import", "dump", "dump"][..],
        &["import", "aemm", "aemm.json"],
        &["show", "meta-data/instance-id", "--control", &socket],
        &["show", "meta-data/instance-id", "--json", "--control", &socket],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = sandbox.command(arguments).stdout(full).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let sentence = "standard output cannot be written: no space left on device";
        assert!(stderr.contains(sentence), "expected {sentence:?} of {arguments:?}, found {stderr}");
        assert_eq!(output.status.code(), Some(69), "{arguments:?}: {stderr}");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = sandbox.command(arguments).stdout(writer).output().expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    }
}

#[test]
fn proxies_are_not_asked() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let url = format!("http://{}", server.address);
    let mut command = sandbox.command(&["record", &url, QUICK[0], QUICK[1]]);
    command
        .env("http_proxy", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("ALL_PROXY", "http://127.0.0.1:9");
    assert_eq!(support::finish(&mut command).code, Some(0));
}

#[test]
fn what_is_no_service_is_refused_with_a_sentence() {
    let sandbox = Sandbox::new();
    for (url, sentence) in [
        ("https://169.254.169.254", "metadata services do not speak https; accepted: http://ADDRESS"),
        ("ftp://169.254.169.254", "no http URL; accepted: http://ADDRESS"),
        ("http://127.0.0.1:9/latest", "the whole service is recorded"),
    ] {
        sandbox.run(&["record", url]).ended(64, &[sentence]);
    }
    sandbox.run(&["record", "--rate", "0"]).ended(64, &["expected requests a second, from 0.1 to 1000"]);
    sandbox.run(&["record", "--force"]).ended(64, &["--output"]);
    let scenario = sandbox.write("off.toml", "[metadata-options]\nhttp-endpoint = \"disabled\"\n");
    let server = sandbox.serve(&["--scenario", scenario.to_str().expect("UTF-8")]);
    let url = format!("http://{}", server.address);
    sandbox.run(&["record", &url, QUICK[0], QUICK[1]]).ended(
        69,
        &[&format!("{url} cannot be recorded: the service answers 403: its endpoint is disabled")],
    );
}

/// In a network namespace: outside of one the address may be that of a real service.
#[test]
fn the_address_is_the_one_that_every_program_asks() {
    let Some(host) = Host::new() else { return };
    host.run("ip addr add 169.254.169.254/32 dev lo");
    let mut addresses = vec!["169.254.169.254:80"];
    if std::path::Path::new("/proc/sys/net/ipv6").exists() {
        host.run("ip -6 addr add fd00:ec2::254/128 dev lo nodad");
        addresses.push("[fd00:ec2::254]:80");
    }
    let listen: Vec<&str> = addresses.iter().flat_map(|address| ["--listen", address]).collect();
    let _server = host.sandbox.serve(&listen);
    let recorded = [&["record"][..], &["record", "http://[fd00:ec2::254]"]].into_iter().take(addresses.len());
    for arguments in recorded {
        let found = host.sandbox.run(&[arguments, &QUICK].concat());
        assert_eq!(found.code, Some(0), "{found:#?}");
        assert!(found.stdout.contains("\ninstance-id = \"i-1234567890abcdef0\"\n"), "{found:#?}");
    }
}

/// A service that listens and does something to each connection, until the test ends.
pub fn hostile(mut each: impl FnMut(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    std::thread::spawn(move || listener.incoming().flatten().for_each(&mut each));
    url
}

#[test]
fn a_closed_port_is_said_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    drop(listener);
    let found = Sandbox::new().run(&["record", &url]);
    assert_eq!(found.code, Some(69), "{found:#?}");
    assert!(
        found.stderr.ends_with(&format!(
            "{url} cannot be reached: connection refused; accepted: the address of a metadata service that runs\n"
        )),
        "{found:#?}"
    );
}

#[test]
fn a_server_that_trickles_or_never_ends_is_left_in_time() {
    let mut kept = vec![];
    let silent = hostile(move |stream| kept.push(stream));
    let trickle = hostile(|mut stream| {
        std::thread::spawn(move || {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
    });
    let head = hostile(|mut stream| {
        std::thread::spawn(move || while stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").is_ok() {});
    });
    let sandbox = Sandbox::new();
    for url in [silent, trickle, head] {
        let found = sandbox.run(&["record", &url, "--max-time", "300ms", "-o", "none.toml"]);
        assert_eq!(found.code, Some(69), "{found:#?}");
        assert!(found.stderr.contains("gave no value within 300ms: "), "{found:#?}");
        assert!(!sandbox.path("none.toml").exists());
    }
    let endless = hostile(|mut stream| {
        std::thread::spawn(move || {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        });
    });
    let found = sandbox.run(&["record", &endless]);
    assert_eq!(found.code, Some(69), "{found:#?}");
    assert!(found.stderr.contains("gives no token: a response has more than 1 MiB"), "{found:#?}");
}
