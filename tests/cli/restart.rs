//! What a restart or a crash must not lose: the clock and the changes, in `state.json` of the runtime directory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;
use support::{Sandbox, ServerProcess};

const SPOT: &str = "/latest/meta-data/spot/instance-action";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";
const KEYS: &str = "/latest/meta-data/iam/security-credentials/dev-role";
const EVENT: &str = "[[event]]\nat = \"10m\"\nrebalance-recommendation = {}\n";

/// A service with a runtime directory.
fn serve(sandbox: &Sandbox, more: &[&str]) -> ServerProcess {
    sandbox.serve_with(&[&["--scenario", "s.toml"], more].concat(), |command| {
        command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
    })
}

#[track_caller]
fn done(sandbox: &Sandbox, arguments: &[&str]) {
    let found = sandbox.control(arguments);
    assert_eq!(found.code, Some(0), "{arguments:?} gave {found:#?}");
}

fn elapsed(sandbox: &Sandbox) -> String {
    let found = sandbox.control(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&found.stdout).expect("a status");
    status["clock"]["elapsed"].as_str().expect("a clock").to_owned()
}

#[test]
fn a_crash_loses_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", EVENT);
    let server = serve(&sandbox, &[]);
    done(&sandbox, &["spot"]);
    done(&sandbox, &["set", "meta-data/x", "secret"]);
    done(&sandbox, &["rotate"]);
    done(&sandbox, &["spot", "--in", "1h"]);
    done(&sandbox, &["fault", "--status", "503", "--path", "meta-data/mac"]);
    done(&sandbox, &["clock", "pause"]);
    done(&sandbox, &["clock", "seek", "11m"]);
    let (spot, rebalance, keys) = (server.get(SPOT).body, server.get(REBALANCE).body, server.get(KEYS).body);
    let mode = fs::metadata(sandbox.path("run/state.json")).expect("it is kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "found {mode:o}");
    server.signal(Signal::SIGKILL);
    server.wait();

    let server = serve(&sandbox, &[]);
    server.says("resuming where the previous process stopped: the clock at 11m, 5 changes since the load");
    assert_eq!((server.get(SPOT).body, server.get(REBALANCE).body), (spot, rebalance));
    assert_eq!(server.get(KEYS).body, keys, "the rotated keys");
    assert_eq!(server.get("/latest/meta-data/x").body, "secret");
    assert_eq!(server.get("/latest/meta-data/mac").status, 503);
    assert_eq!(elapsed(&sandbox), "11m");
    done(&sandbox, &["clear", "spot-interruption"]);
    done(&sandbox, &["clock", "seek", "2h"]);
    assert_eq!(server.get(SPOT).status, 200, "what was to come still comes");
    assert_eq!(server.stop().code, Some(0));

    let server = serve(&sandbox, &[]);
    assert_eq!(elapsed(&sandbox), "2h", "a restart keeps it too");
    done(&sandbox, &["reload"]);
    assert_eq!(server.get(SPOT).status, 404);
    assert_eq!(server.stop().code, Some(0));
    let server = serve(&sandbox, &[]);
    assert_eq!((server.get(SPOT).status, server.get(REBALANCE).status), (404, 404), "a reload dropped it");
}

#[test]
fn a_clock_runs_on_while_the_server_is_away() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", EVENT);
    let server = serve(&sandbox, &[]);
    done(&sandbox, &["clock", "seek", "9m"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve(&sandbox, &[]);
    assert!(elapsed(&sandbox).starts_with("9m"), "found {}", elapsed(&sandbox));
    assert_eq!(server.get(REBALANCE).status, 404);
}

#[test]
fn first_polls_are_kept() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.toml",
        "[[event]]\nafter-poll = \"meta-data/spot/instance-action\"\nat = \"5m\"\nspot-interruption = {}\n",
    );
    let server = serve(&sandbox, &[]);
    assert_eq!(server.get(SPOT).status, 404);
    support::eventually("the poll in state.json", || {
        let kept = fs::read_to_string(sandbox.path("run/state.json")).unwrap_or_default();
        kept.contains("\"first_polls\":{\"0\":").then_some(())
    });
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve(&sandbox, &[]);
    done(&sandbox, &["clock", "seek", "+6m"]);
    assert_eq!(server.get(SPOT).status, 200);
}

#[test]
fn a_used_scenario_is_kept_until_a_reload() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", EVENT);
    sandbox.write("other.toml", "[instance]\ninstance-type = \"c7g.large\"\n");
    let server = serve(&sandbox, &[]);
    done(&sandbox, &["use", "./other.toml"]);
    done(&sandbox, &["spot"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve(&sandbox, &[]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "c7g.large");
    assert_eq!(server.get(SPOT).status, 200);
    done(&sandbox, &["reload"]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "m5.xlarge");
}

/// The file as the first version wrote it, but for the place of the scenario [`EVENT`].
const FIRST_STATE: &str = r#"{"version":1,"own":"SCENARIO","used":false,"file":"SCENARIO","digest":"rUDCDKU73RoW9Nv3eNcwAvZCKqilsDaVv/CieqAXxqk=","clock":{"epoch":1795961170740,"loaded":1795961830164,"started":1795961830164,"paused":1795961830740,"pinned":{"1":{"place":495,"turn":1795961830659,"at":1795961830659},"2":{"place":524,"turn":1795961830688,"at":1795961830688}},"first_polls":{}},"events":[{"at":"2026-11-29T14:17:10.659Z","spot-interruption":{"action":"terminate","then":"stay"}},{"at":"2026-11-29T14:17:10.688Z","set":{"meta-data/x":"secret"}},{"at":"1h549ms","maintenance":{"id":"instance-event-02345692b32679c2b","state":"active"}}],"faults":[{"from":"0s","path":"meta-data/mac","status":503}]}"#;

#[test]
fn the_file_of_the_first_version_is_read() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", EVENT);
    let scenario = sandbox.path("s.toml");
    fs::create_dir(sandbox.path("run")).expect("the sandbox is writable");
    sandbox.write(
        "run/state.json",
        FIRST_STATE.replace("SCENARIO", scenario.to_str().expect("a path in UTF-8")),
    );
    let server = serve(&sandbox, &[]);
    server.says("resuming where the previous process stopped: the clock at 11m, 4 changes since the load");
    assert_eq!(server.get(SPOT).body, r#"{"action": "terminate", "time": "2026-11-29T14:19:10Z"}"#);
    assert_eq!(server.get(REBALANCE).body, r#"{"noticeTime": "2026-11-29T14:16:10Z"}"#);
    assert_eq!(server.get("/latest/meta-data/x").body, "secret");
    assert_eq!(server.get("/latest/meta-data/mac").status, 503);
    done(&sandbox, &["clock", "seek", "2h"]);
    let maintenance = server.get("/latest/meta-data/events/maintenance/scheduled").body;
    assert!(maintenance.contains("instance-event-02345692b32679c2b"), "{maintenance}");
}

#[test]
fn what_belongs_to_another_text_is_dropped_in_one_sentence() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", EVENT);
    let dropped = |change: &dyn Fn(), sentence: &str| {
        let server = serve(&sandbox, &[]);
        done(&sandbox, &["spot"]);
        server.signal(Signal::SIGKILL);
        server.wait();
        change();
        let server = serve(&sandbox, &[]);
        server.says("the clock and the changes of the previous process are dropped: ");
        server.says(sentence);
        assert_eq!(server.get(SPOT).status, 404);
        assert_eq!(server.stderr().matches("are dropped").count(), 1, "{}", server.stderr());
    };
    dropped(&|| _ = sandbox.write("s.toml", format!("{EVENT}# more\n")), "s.toml has changed");
    dropped(&|| _ = sandbox.write("run/state.json", "{"), "state.json is damaged");
    dropped(&|| _ = sandbox.write("run/state.json", r#"{"version":7}"#), "state.json");
}

#[test]
fn without_a_runtime_directory_nothing_is_kept() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    done(&sandbox, &["spot"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = sandbox.serve(&[]);
    assert_eq!(server.get(SPOT).status, 404);
    // The log is whole at the end: a thread of its own writes it.
    let log = server.stop().stderr;
    assert!(
        log.lines().count() == 1 && log.ends_with(" INFO stopping\n"),
        "expected nothing but its end: {log}"
    );
}

#[test]
fn a_place_that_takes_nothing_is_said_once() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "");
    let server = serve(&sandbox, &[]);
    // A directory where the file should be: not even root can replace it.
    fs::remove_file(sandbox.path("run/state.json")).expect("it was written at the start");
    fs::create_dir_all(sandbox.path("run/state.json/x")).expect("the directory is writable");
    done(&sandbox, &["spot"]);
    done(&sandbox, &["rebalance"]);
    server.says("state.json cannot be written");
    assert_eq!(server.stderr().matches("cannot be written").count(), 1, "{}", server.stderr());
    assert_eq!(server.get(SPOT).status, 200);
}
