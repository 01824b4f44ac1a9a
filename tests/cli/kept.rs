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
fn serve(bench: &Sandbox, more: &[&str]) -> ServerProcess {
    bench.serve_with(&[&["--scenario", "s.toml"], more].concat(), |command| {
        command.env("RUNTIME_DIRECTORY", bench.path("run"));
    })
}

#[track_caller]
fn done(bench: &Sandbox, arguments: &[&str]) {
    let found = bench.control(arguments);
    assert_eq!(found.code, Some(0), "{arguments:?} gave {found:#?}");
}

fn elapsed(bench: &Sandbox) -> String {
    let found = bench.control(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&found.stdout).expect("a status");
    status["clock"]["elapsed"].as_str().expect("a clock").to_owned()
}

#[test]
fn a_crash_loses_nothing() {
    let bench = Sandbox::new();
    bench.write("s.toml", EVENT);
    let server = serve(&bench, &[]);
    done(&bench, &["spot"]);
    done(&bench, &["set", "meta-data/x", "secret"]);
    done(&bench, &["rotate"]);
    done(&bench, &["spot", "--in", "1h"]);
    done(&bench, &["fault", "--status", "503", "--path", "meta-data/mac"]);
    done(&bench, &["clock", "pause"]);
    done(&bench, &["clock", "seek", "11m"]);
    let (spot, rebalance, keys) = (server.get(SPOT).body, server.get(REBALANCE).body, server.get(KEYS).body);
    let mode = fs::metadata(bench.path("run/state.json")).expect("it is kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "found {mode:o}");
    server.signal(Signal::SIGKILL);
    server.wait();

    let server = serve(&bench, &[]);
    server.says("resuming where the previous process stopped: the clock at 11m, 5 changes since the load");
    assert_eq!((server.get(SPOT).body, server.get(REBALANCE).body), (spot, rebalance));
    assert_eq!(server.get(KEYS).body, keys, "the rotated keys");
    assert_eq!(server.get("/latest/meta-data/x").body, "secret");
    assert_eq!(server.get("/latest/meta-data/mac").status, 503);
    assert_eq!(elapsed(&bench), "11m");
    done(&bench, &["clear"]);
    done(&bench, &["clock", "seek", "2h"]);
    assert_eq!(server.get(SPOT).status, 200, "what was to come still comes");
    assert_eq!(server.stop().code, Some(0));

    let server = serve(&bench, &[]);
    assert_eq!(elapsed(&bench), "2h", "a restart keeps it too");
    done(&bench, &["reload"]);
    assert_eq!(server.get(SPOT).status, 404);
    assert_eq!(server.stop().code, Some(0));
    let server = serve(&bench, &[]);
    assert_eq!((server.get(SPOT).status, server.get(REBALANCE).status), (404, 404), "a reload dropped it");
}

#[test]
fn a_clock_runs_on_while_the_server_is_away() {
    let bench = Sandbox::new();
    bench.write("s.toml", EVENT);
    let server = serve(&bench, &[]);
    done(&bench, &["clock", "seek", "9m"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve(&bench, &[]);
    assert!(elapsed(&bench).starts_with("9m"), "found {}", elapsed(&bench));
    assert_eq!(server.get(REBALANCE).status, 404);
}

#[test]
fn first_polls_are_kept() {
    let bench = Sandbox::new();
    bench.write(
        "s.toml",
        "[[event]]\nafter-poll = \"meta-data/spot/instance-action\"\nat = \"5m\"\nspot-interruption = {}\n",
    );
    let server = serve(&bench, &[]);
    assert_eq!(server.get(SPOT).status, 404);
    support::eventually("the poll in state.json", || {
        let kept = fs::read_to_string(bench.path("run/state.json")).unwrap_or_default();
        kept.contains("\"first_polls\":{\"0\":").then_some(())
    });
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve(&bench, &[]);
    done(&bench, &["clock", "seek", "+6m"]);
    assert_eq!(server.get(SPOT).status, 200);
}

#[test]
fn a_used_scenario_is_kept_until_a_reload() {
    let bench = Sandbox::new();
    bench.write("s.toml", EVENT);
    bench.write("other.toml", "[instance]\ninstance-type = \"c7g.large\"\n");
    let server = serve(&bench, &[]);
    done(&bench, &["use", "./other.toml"]);
    done(&bench, &["spot"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = serve(&bench, &[]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "c7g.large");
    assert_eq!(server.get(SPOT).status, 200);
    done(&bench, &["reload"]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "m5.xlarge");
}

#[test]
fn what_belongs_to_another_text_is_dropped_in_one_sentence() {
    let bench = Sandbox::new();
    bench.write("s.toml", EVENT);
    let dropped = |change: &dyn Fn(), sentence: &str| {
        let server = serve(&bench, &[]);
        done(&bench, &["spot"]);
        server.signal(Signal::SIGKILL);
        server.wait();
        change();
        let server = serve(&bench, &[]);
        server.says("the clock and the changes of the previous process are dropped: ");
        server.says(sentence);
        assert_eq!(server.get(SPOT).status, 404);
        assert_eq!(server.stderr().matches("are dropped").count(), 1, "{}", server.stderr());
    };
    dropped(&|| _ = bench.write("s.toml", format!("{EVENT}# more\n")), "s.toml has changed");
    dropped(&|| _ = bench.write("run/state.json", "{"), "state.json is damaged");
    dropped(&|| _ = bench.write("run/state.json", r#"{"version":7}"#), "state.json");
}

#[test]
fn without_a_runtime_directory_nothing_is_kept() {
    let bench = Sandbox::new();
    let server = bench.serve(&[]);
    done(&bench, &["spot"]);
    server.signal(Signal::SIGKILL);
    server.wait();
    let server = bench.serve(&[]);
    assert_eq!((server.get(SPOT).status, server.stderr().as_str()), (404, ""));
}

#[test]
fn a_place_that_takes_nothing_is_said_once() {
    let bench = Sandbox::new();
    bench.write("s.toml", "");
    // A directory where the file should be: not even root can replace it.
    fs::create_dir_all(bench.path("run/state.json/x")).expect("the bench is writable");
    let server = serve(&bench, &[]);
    done(&bench, &["spot"]);
    done(&bench, &["rebalance"]);
    server.says("state.json cannot be written");
    assert_eq!(server.stderr().matches("cannot be written").count(), 1, "{}", server.stderr());
    assert_eq!(server.get(SPOT).status, 200);
}
