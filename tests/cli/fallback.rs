//! `serve --fallback last-good`: a start that meets a broken scenario serves the last good one, and says so.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{Sandbox, ServerProcess};

const TYPE: &str = "/latest/meta-data/instance-type";
const SPOT: &str = "/latest/meta-data/spot/instance-action";
const USER_DATA: &str = "/latest/user-data";
const GOOD: &str = "[instance]\ninstance-type = \"c7g.large\"\nuser-data = { file = \"user-data\" }\n[metadata]\n\"meta-data/x\" = \"mine\"\n";
const BROKEN: &str = "[instance]\ninstance-tipe = \"m5.large\"\n";

/// A service with directories of its own, as the unit starts it.
fn serve(sandbox: &Sandbox) -> ServerProcess {
    sandbox.serve_with(&["--scenario", "s.toml", "--fallback", "last-good"], |command| {
        command.env("RUNTIME_DIRECTORY", sandbox.path("run")).env("STATE_DIRECTORY", sandbox.path("state"));
    })
}

fn status(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.control(&["status", "--json"]).stdout).expect("a status")
}

/// Waits for the last good scenario, which is written when nobody waits for it any more.
fn kept(sandbox: &Sandbox, part: &str) {
    kept_in(sandbox, "state/last-good.json", part);
}

fn kept_in(sandbox: &Sandbox, file: &str, part: &str) {
    support::eventually(&format!("the scenario in {file}"), || {
        let kept = fs::read_to_string(sandbox.path(file)).unwrap_or_default();
        kept.contains(part).then_some(())
    });
}

fn with_good_scenario() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", GOOD);
    sandbox.write("user-data", "#!/bin/sh");
    sandbox
}

#[test]
fn a_start_with_a_broken_scenario_serves_the_last_good_one() {
    let sandbox = with_good_scenario();
    let server = serve(&sandbox);
    kept(&sandbox, "c7g.large");
    let file = fs::metadata(sandbox.path("state/last-good.json")).expect("it is kept");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert_eq!(sandbox.control(&["spot"]).code, Some(0));
    server.signal(Signal::SIGKILL);
    server.wait();
    sandbox.write("s.toml", BROKEN);
    fs::remove_file(sandbox.path("user-data")).expect("it is there");

    let server = serve(&sandbox);
    let found = [TYPE, USER_DATA, "/latest/meta-data/x"].map(|path| server.get(path).body);
    assert_eq!(found, ["c7g.large", "#!/bin/sh", "mine"]);
    assert_eq!(server.get(SPOT).status, 200, "what was ordered for it goes on");
    for sentence in ["s.toml:2:1", "^^^^^^^^^^^^^", "serving the last good scenario until a reload accepts"] {
        server.says(sentence);
    }
    let fallback = &status(&sandbox)["scenario"]["fallback"];
    assert_eq!(fallback["serving"], "last-good");
    assert!(fallback["report"].as_str().expect("a report").contains("^^^^^^^^^^^^^"), "{fallback:#}");
    let table = sandbox.control(&["status"]).stdout;
    for part in ["the last good scenario, because ", "s.toml was rejected at the start:", "^^^^^^^^^^^^^"] {
        assert!(table.contains(part), "expected {part:?} in\n{table}");
    }

    // Each reload says it again, and the next start serves it again.
    sandbox.control(&["reload"]).ended(78, &["s.toml:2:1", "still serving the last good scenario"]);
    assert_eq!(server.stop().code, Some(0));
    let server = serve(&sandbox);
    assert_eq!(server.get(USER_DATA).body, "#!/bin/sh");

    sandbox.write("s.toml", "[instance]\ninstance-type = \"t3.nano\"\n");
    assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    assert_eq!(status(&sandbox)["scenario"].get("fallback"), None);
    assert_eq!((server.get(TYPE).body.as_str(), server.get(USER_DATA).status), ("t3.nano", 404));
    kept(&sandbox, "t3.nano");
}

#[test]
fn without_a_last_good_scenario_the_built_in_one_is_served() {
    for damage in [None, Some(""), Some("{"), Some(r#"{"version":9,"file":null,"text":"","files":{}}"#)] {
        let sandbox = Sandbox::new();
        sandbox.write("s.toml", BROKEN);
        if let Some(content) = damage {
            fs::create_dir(sandbox.path("state")).expect("the sandbox is writable");
            sandbox.write("state/last-good.json", content);
        }
        let server = serve(&sandbox);
        assert_eq!(server.get(TYPE).body, "m5.xlarge", "with {damage:?}");
        server.says("serving the built-in scenario until a reload accepts");
        if damage.is_some() {
            server.says("last-good.json ");
        }
        assert_eq!(status(&sandbox)["scenario"]["fallback"]["serving"], "built-in");
        // The file that a reload reads is still the one of the command line.
        sandbox.control(&["reload"]).ended(78, &["s.toml:2:1", "still serving the built-in scenario"]);
        sandbox.write("s.toml", "[instance]\ninstance-type = \"t3.nano\"\n");
        assert_eq!(sandbox.control(&["reload"]).code, Some(0));
        assert_eq!(server.get(TYPE).body, "t3.nano");
    }
}

#[test]
fn by_hand_a_broken_scenario_is_refused() {
    let sandbox = with_good_scenario();
    let server = serve(&sandbox);
    kept(&sandbox, "c7g.large");
    assert_eq!(server.stop().code, Some(0));
    sandbox.write("s.toml", BROKEN);
    sandbox.run(&["serve", "--scenario", "s.toml"]).ended(78, &["s.toml:2:1", "not started"]);
}

#[test]
fn neither_a_used_scenario_nor_a_rejected_one_is_kept() {
    let sandbox = with_good_scenario();
    let server = serve(&sandbox);
    kept(&sandbox, "c7g.large");
    sandbox.write("other.toml", "[instance]\ninstance-type = \"t3.micro\"\n");
    assert_eq!(sandbox.control(&["use", "./other.toml"]).code, Some(0));
    sandbox.write("s.toml", BROKEN);
    assert_eq!(sandbox.control(&["reload"]).code, Some(78));
    assert_eq!(server.get(TYPE).body, "t3.micro");
    assert_eq!(server.stop().code, Some(0));
    fs::remove_dir_all(sandbox.path("run")).expect("a stop takes it away");
    let server = serve(&sandbox);
    assert_eq!(server.get(TYPE).body, "c7g.large");
}

#[test]
fn servers_that_share_a_state_directory_fall_back_to_their_own_scenarios() {
    let sandbox = Sandbox::new();
    let state = sandbox.path("state").display().to_string();
    // With keys that were made once for all tests.
    sandbox.serve(&[]).stop();
    let free = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").expect("there are free ports"));
    let ports = free.map(|listener| listener.local_addr().expect("it is bound").port());
    let serve = |port: u16, scenario: &str| {
        let (address, control) = (format!("127.0.0.1:{port}"), sandbox.path(&format!("{port}.sock")));
        let arguments = ["serve", "--scenario", scenario, "--fallback", "last-good", "--listen", &address];
        let mut command = sandbox.command(&arguments);
        command.args(["--state", &state, "--control"]).arg(control);
        ServerProcess::start(command, sandbox.directory())
    };
    let types = ["c7g.large", "m7g.large"];
    for ((port, kind), file) in ports.into_iter().zip(types).zip(["a.toml", "b.toml"]) {
        sandbox.write(file, format!("[instance]\ninstance-type = \"{kind}\"\n"));
        let server = serve(port, file);
        kept_in(&sandbox, &format!("state/last-good-{port}.json"), kind);
        server.stop();
    }
    sandbox.write("a.toml", BROKEN);
    assert_eq!(serve(ports[0], "a.toml").get(TYPE).body, types[0]);
}
