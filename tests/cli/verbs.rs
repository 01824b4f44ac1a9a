//! The verbs that change a running server: each changes what HTTP answers, and says what and when.

use serde_json::Value;

use crate::support::{Bench, Outcome, Serving};

const SPOT: &str = "/latest/meta-data/spot/instance-action";
const TERMINATION: &str = "/latest/meta-data/spot/termination-time";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";
const SCHEDULED: &str = "/latest/meta-data/events/maintenance/scheduled";
const HISTORY: &str = "/latest/meta-data/events/maintenance/history";
const LIFECYCLE: &str = "/latest/meta-data/autoscaling/target-lifecycle-state";
const PUBLIC: &str = "/latest/meta-data/public-ipv4";

/// A server of this scenario.
fn served(scenario: &str) -> (Bench, Serving) {
    let bench = Bench::new();
    bench.write("s.toml", scenario);
    let server = bench.serve(&["--scenario", "s.toml"]);
    (bench, server)
}

/// Runs a verb that is accepted.
#[track_caller]
fn done(bench: &Bench, arguments: &[&str]) -> String {
    let found = bench.control(arguments);
    assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{arguments:?} gave {found:#?}");
    found.stdout
}

/// The same, with its answer in JSON.
#[track_caller]
fn done_json(bench: &Bench, arguments: &[&str]) -> Value {
    let text = done(bench, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("expected JSON, found {error} in {text}"))
}

/// The first line of what is printed as JSON lines.
#[track_caller]
fn done_json_lines(bench: &Bench, arguments: &[&str]) -> String {
    let text = done(bench, &[arguments, &["--json"]].concat());
    text.lines().next().unwrap_or_default().to_owned()
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "expected {part:?}, found {text:?}");
    }
}

fn status(server: &Serving, path: &str) -> u16 {
    server.get(path).status
}

fn rejected(found: &Outcome, parts: &[&str]) {
    found.failed(78, parts);
    found.failed(78, &["mock-imds: rejected; nothing has changed"]);
    assert_eq!(found.stdout, "");
}

#[test]
fn a_spot_interruption_comes_and_is_cleared() {
    let (bench, server) = served("");
    let said = done(&bench, &["spot"]);
    says(
        &said,
        &[
            "spot interruption: terminate at 20",
            "meta-data/spot/instance-action and termination-time answer from now",
        ],
    );
    let first = server.get(SPOT);
    assert_eq!((first.status, status(&server, TERMINATION)), (200, 200));
    let time = server.get(TERMINATION).body;
    says(&said, &[&format!("terminate at {time};")]);
    assert_eq!(first.body, format!("{{\"action\": \"terminate\", \"time\": \"{time}\"}}"));

    says(&done(&bench, &["clear", "spot-interruption"]), &["termination-time answer 404 from now"]);
    assert_eq!((status(&server, SPOT), status(&server, TERMINATION)), (404, 404));
    says(&done(&bench, &["clear"]), &["clear: all; from now; no path changes its answer"]);
}

#[test]
fn a_spot_interruption_is_said_in_words() {
    let (bench, server) = served("");
    done(&bench, &["spot", "--action", "stop", "--time", "2031-02-03T04:05:06Z"]);
    assert_eq!(server.get(SPOT).body, r#"{"action": "stop", "time": "2031-02-03T04:05:06Z"}"#);
    assert_eq!(status(&server, TERMINATION), 404);
    let answer = done_json(&bench, &["spot", "--notice", "10m", "--then", "vanish"]);
    assert_eq!(answer["effects"][0]["what"], "spot-interruption");
    assert_eq!(answer["in_effect"], true);
    assert_eq!(answer["paths"][0]["path"], "meta-data/spot/instance-action");
    assert_eq!(answer["paths"][0]["change"], "changes");
    assert_eq!(answer["event"]["spot-interruption"]["then"], "vanish");
    says(answer["message"].as_str().unwrap(), &["then every connection is reset"]);
}

#[test]
fn each_verb_changes_what_is_answered() {
    let (bench, server) = served("");
    says(&done(&bench, &["rebalance"]), &["rebalance answers from now"]);
    says(&server.get(REBALANCE).body, &["{\"noticeTime\": \"20"]);

    let said = done(
        &bench,
        &["maintenance", "--code", "instance-reboot", "--not-before", "1h", "--description", "a test"],
    );
    says(
        &said,
        &[
            "maintenance: instance-reboot instance-event-",
            " active, not before 20",
            "scheduled changes from now",
        ],
    );
    let scheduled = server.get(SCHEDULED).body;
    says(&scheduled, &["\"Code\" : \"instance-reboot\"", "\"Description\" : \"a test\""]);
    let (_, rest) = scheduled.split_once("instance-event-").expect("an id");
    let id = format!("instance-event-{}", &rest[..17]);
    done(&bench, &["maintenance", "--id", &id, "--state", "canceled"]);
    assert_eq!(server.get(SCHEDULED).body, "[]");
    says(&server.get(HISTORY).body, &["[Canceled] a test", &id]);

    says(&done(&bench, &["lifecycle", "Warmed:Running"]), &["target-lifecycle-state answers from now"]);
    assert_eq!(server.get(LIFECYCLE).body, "Warmed:Running");

    let keys = || server.get("/latest/meta-data/iam/security-credentials/dev-role").body;
    let before = keys();
    says(&done(&bench, &["rotate"]), &["credentials: new generated keys", "dev-role changes from now"]);
    assert_ne!(keys(), before);

    done(&bench, &["clear", "maintenance", "target-lifecycle-state"]);
    assert_eq!((server.get(HISTORY).body.as_str(), status(&server, LIFECYCLE)), ("[]", 404));
    assert_eq!(status(&server, REBALANCE), 200);
}

#[test]
fn maintenance_events_of_different_orders_are_different() {
    let (bench, server) = served("");
    done(&bench, &["maintenance"]);
    done(&bench, &["maintenance"]);
    assert_eq!(server.get(SCHEDULED).body.matches("EventId").count(), 2, "{}", server.get(SCHEDULED).body);
}

#[test]
fn any_path_is_set_removed_and_unset() {
    let (bench, server) = served("[metadata]\n\"meta-data/said\" = \"by the file\"\n");
    let own = server.get(PUBLIC).body;
    says(
        &done(&bench, &["set", "meta-data/public-ipv4", "192.0.2.7"]),
        &["set: meta-data/public-ipv4, 9 bytes"],
    );
    assert_eq!(server.get(PUBLIC).body, "192.0.2.7");
    done(&bench, &["set", "/latest/meta-data/public-ipv4/", "--remove"]);
    assert_eq!(status(&server, PUBLIC), 404);
    done(&bench, &["set", "meta-data/public-ipv4", "--unset"]);
    assert_eq!(server.get(PUBLIC).body, own);

    bench.write("value", b"\x00\xffbytes");
    done(&bench, &["set", "user-data", "--file", "value"]);
    assert!(server.get("/latest/user-data").raw.contains("bytes"));
    done(&bench, &["set", "meta-data/said", "by somebody"]);
    assert_eq!(server.get("/latest/meta-data/said").body, "by somebody");
    done(&bench, &["set", "meta-data/said", "--unset"]);
    assert_eq!(server.get("/latest/meta-data/said").body, "by the file");
    bench.control(&["set", "meta-data/x", "--file", "missing"]).failed(69, &["missing cannot be read"]);
}

#[test]
fn a_fact_set_in_one_path_only_is_warned_of() {
    let (bench, server) = served("");
    let found = bench.control(&["set", "meta-data/instance-id", "i-other"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    says(&found.stderr, &["warning: only meta-data/instance-id changes", "set instance-id in [instance]"]);
    assert_eq!(server.get("/latest/meta-data/instance-id").body, "i-other");
}

#[test]
fn what_comes_later_comes_with_the_clock() {
    let (bench, server) = served("");
    says(&done(&bench, &["spot", "--in", "10m"]), &["answer from 20", "(in 10m)"]);
    assert_eq!(status(&server, SPOT), 404);
    says(&done(&bench, &["clock", "seek", "+9m"]), &["the clock is at 9m"]);
    assert_eq!(status(&server, SPOT), 404);
    says(&done(&bench, &["clock", "seek", "+2m"]), &["happened: spot interruption: terminate at "]);
    let notice = server.get(SPOT);
    assert_eq!(notice.status, 200);
    done(&bench, &["clock", "seek", "1h"]);
    assert_eq!(server.get(SPOT).body, notice.body, "a notice keeps its time");
    says(&done(&bench, &["clock", "seek", "-55m"]), &["has not happened: spot interruption"]);
    assert_eq!(status(&server, SPOT), 404);
    let answer = done_json(&bench, &["rebalance", "--at", "2031-02-03T04:05:06Z"]);
    assert_eq!(
        (answer["at"].as_str(), answer["in_effect"].as_bool()),
        (Some("2031-02-03T04:05:06Z"), Some(false))
    );
    assert_eq!(status(&server, REBALANCE), 404);
}

#[test]
fn a_clock_that_stands_still_is_moved_and_goes_on() {
    let (bench, server) = served("[[event]]\nat = \"10m\"\nrebalance-recommendation = {}\n");
    says(&done(&bench, &["clock", "pause"]), &["the clock stands still at "]);
    says(&done(&bench, &["clock", "pause"]), &["stood still already"]);
    let answer = done_json(&bench, &["clock", "seek", "9m59s"]);
    assert_eq!(
        (answer["clock"]["elapsed"].as_str(), answer["happened"].as_array().map(Vec::len)),
        (Some("9m59s"), Some(0))
    );
    assert_eq!(status(&server, REBALANCE), 404);
    // What somebody orders now happens now.
    done(&bench, &["spot"]);
    assert_eq!(status(&server, SPOT), 200);
    says(&done(&bench, &["clock", "seek", "+1s"]), &["the clock stands still at 10m; happened: rebalance"]);
    assert_eq!(status(&server, REBALANCE), 200);
    says(&done(&bench, &["clock", "resume"]), &["the clock goes on at 10m"]);
    bench.control(&["clock", "seek", "soon"]).failed(64, &["accepted: a length of time"]);
}

#[test]
fn instances_are_changed_one_by_one() {
    let (bench, server) = served(
        "[instances.own]\nclients = [\"127.0.0.0/8\"]\n[instances.other]\nclients = [\"10.0.0.0/8\"]\ninstance-id = \"i-0fedcba0987654321\"\n",
    );
    says(&done(&bench, &["spot", "--instance", "other"]), &["other: spot interruption"]);
    assert_eq!(status(&server, SPOT), 404, "this client meets another instance");
    done(&bench, &["spot", "--instance", "own"]);
    assert_eq!(status(&server, SPOT), 200);
    rejected(
        &bench.control(&["spot", "--instance", "web"]),
        &["there is no instance \"web\"", "accepted: other, own"],
    );
}

#[test]
fn what_is_rejected_changes_nothing() {
    let (bench, server) = served("");
    rejected(
        &bench.control(&["set", "metadata/x", "y"]),
        &[
            "the event:2:1: error: \"metadata/x\" is not a path of the tree\n  2 | \"metadata/x\"",
            "\n    | ^^^^^^^^^^^^\n",
        ],
    );
    rejected(
        &bench.control(&["maintenance", "--id", "event-1"]),
        &["maintenance.id is \"event-1\"\n  2 | id = \"event-1\"\n    |      ^^^^^^^^^\n"],
    );
    rejected(
        &bench.control(&["spot", "--instance", "x"]),
        &["there is no instance \"x\"", "none, there is no [instances.NAME]"],
    );
    assert_eq!(status(&server, SPOT), 404);
    let found = done_json(&bench, &["status"]);
    assert_eq!(found["changes"].as_array().map(Vec::len), Some(0), "{found}");
    for wrong in [
        &["spot", "--action", "explode"][..],
        &["spot", "--in", "soon"],
        &["spot", "--at", "soon"],
        &["spot", "--in", "1s", "--at", "2031-02-03T04:05:06Z"],
        &["spot", "--notice", "1m", "--time", "2031-02-03T04:05:06Z"],
        &["lifecycle", "Gone"],
        &["clear", "everything"],
        &["set", "meta-data/x"],
        &["use"],
    ] {
        assert_eq!(bench.control(wrong).code, Some(64), "{wrong:?}");
    }
}

#[test]
fn there_is_an_end_to_what_is_kept_of_changes() {
    let (bench, server) = served("");
    bench.write("large", vec![b'x'; 1 << 20]);
    let full = (0..20).find_map(|number| {
        let found = bench.control(&["set", &format!("meta-data/x{number}"), "--file", "large"]);
        (found.code != Some(0)).then_some((number, found))
    });
    let (number, found) = full.expect("16 MiB are full");
    rejected(&found, &["accepted: 1000 changes of 16 MiB together", "`mock-imds reload` drops them"]);
    assert_eq!((number, status(&server, "/latest/meta-data/x10")), (11, 200), "11 of a MiB in base64 fit");
}

#[test]
fn status_tells_the_clock_and_changes_apart_from_the_file() {
    let (bench, _server) = served(
        "[[event]]\nat = \"10m\"\nrepeat = \"1h\"\nrebalance-recommendation = {}\n[instances.web]\nclients = [\"10.0.0.0/8\"]\nderive = true\n",
    );
    done(&bench, &["spot", "--in", "5m", "--instance", "web"]);
    done(&bench, &["clock", "pause"]);
    done(&bench, &["clock", "seek", "11m"]);
    let text = done(&bench, &["status"]);
    says(
        &text,
        &[
            "clock       11m, standing still since 20",
            "events      10m, every 1h: rebalance recommendation: noticed 20",
            "; happened 20",
            "; next 20",
            "changes     5m",
            "spot interruption: terminate at 20",
            "(to web); happened",
            "instances   web, i-1234567890abcdef0, for 10.0.0.0/8, each its own",
        ],
    );
    let json = done_json(&bench, &["status"]);
    assert_eq!(json["clock"]["elapsed"], "11m");
    assert_eq!(json["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["changes"][0]["event"]["instance"], "web");
    assert!(json["events"][0].get("event").is_none(), "{json}");
}

// === Faults ===

#[test]
fn something_goes_wrong_until_it_is_cleared() {
    let (bench, server) = served("[[fault]]\npath = \"meta-data/mac\"\nstatus = 404\n");
    let id = "/latest/meta-data/instance-id";
    says(
        &done(&bench, &["fault", "--status", "503", "--path", "meta-data/instance-*"]),
        &["503 at meta-data/instance-*; until it is cleared\n"],
    );
    assert_eq!((status(&server, id), status(&server, PUBLIC)), (503, 200));
    let entry: Value =
        serde_json::from_str(&done_json_lines(&bench, &["requests", "--path", "meta-data/instance-id"]))
            .expect("an entry");
    assert_eq!(entry["fault"], 1, "{entry}");
    says(
        &done(&bench, &["status"]),
        &[
            "faults      on: 404 at meta-data/mac; until it is cleared\n",
            "            on: 503 at meta-data/instance-*; until it is cleared, ordered\n",
        ],
    );
    says(&done(&bench, &["fault", "--clear"]), &["1 fault is gone"]);
    assert_eq!(
        (status(&server, id), status(&server, "/latest/meta-data/mac")),
        (200, 404),
        "the file's stays"
    );
    says(&done(&bench, &["fault", "--clear"]), &["no fault was ordered"]);

    // Another one with its number counts from 0.
    for _ in 0..2 {
        done(&bench, &["fault", "--status", "500", "--count", "1", "--path", "meta-data/instance-id"]);
        assert_eq!([status(&server, id), status(&server, id)], [500, 200]);
        done(&bench, &["fault", "--clear"]);
    }
}

#[test]
fn a_fault_comes_and_goes_with_the_clock() {
    let (bench, server) = served("");
    let answer = done_json(
        &bench,
        &["fault", "--body", "empty", "--in", "10m", "--for", "1m", "--latency", "1ms..2ms"],
    );
    assert_eq!(answer["on"], false);
    says(
        answer["message"].as_str().expect("a line"),
        &["an empty body, 1ms to 2ms late; from 10m", " on for 1m"],
    );
    let body = || server.get("/latest/meta-data/instance-id").body;
    assert_ne!(body(), "");
    done(&bench, &["clock", "seek", "10m30s"]);
    assert_eq!(body(), "");
    done(&bench, &["clock", "seek", "12m"]);
    assert_ne!(body(), "");
}

#[test]
fn wrong_faults_change_nothing() {
    let (bench, server) = served("");
    rejected(&bench.control(&["fault", "--hang", "--client", "ten"]), &["clients[0] is \"ten\"", "\n    | "]);
    rejected(&bench.control(&["fault", "--hang", "--reset"]), &["reset is said with hang"]);
    rejected(&bench.control(&["fault", "--hang", "--instance", "x"]), &["there is no instance \"x\""]);
    for wrong in [
        &["fault"][..],
        &["fault", "--status", "200"],
        &["fault", "--hang", "--clear"],
        &["fault", "--latency", "1ms..2ms..3ms"],
        &["fault", "--hang", "--for", "soon"],
        &["fault", "--throttle", "5", "--then", "200"],
    ] {
        assert_eq!(bench.control(wrong).code, Some(64), "{wrong:?}");
    }
    assert_eq!(status(&server, PUBLIC), 200);
}

#[test]
fn faults_are_kept_or_dropped_by_a_reload() {
    let (bench, server) = served("");
    done(&bench, &["fault", "--throttle", "1", "--then", "503", "--path", "user-data"]);
    done(&bench, &["fault", "--tokens-lost"]);
    assert_eq!(
        crate::support::http::exchange(
            server.address,
            "GET /latest/ HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: x\r\n\r\n"
        )
        .status,
        401
    );
    says(&done(&bench, &["reload", "--keep"]), &["kept: 2 changes"]);
    says(
        &done(&bench, &["status"]),
        &["on: 503 beyond 1 requests a second at user-data; until it is cleared, ordered"],
    );
    says(&done(&bench, &["reload"]), &["dropped: 2 changes"]);
    assert!(!done(&bench, &["status"]).contains("faults"));
}

// === Reloads, and other scenarios ===

#[test]
fn a_reload_makes_the_file_the_truth() {
    let (bench, server) = served("[[event]]\nat = \"10m\"\nrebalance-recommendation = {}\n");
    done(&bench, &["spot"]);
    done(&bench, &["clock", "seek", "20m"]);
    assert_eq!((status(&server, SPOT), status(&server, REBALANCE)), (200, 200));
    says(&done(&bench, &["reload"]), &["reloaded: nothing changed; dropped: 1 change"]);
    assert_eq!((status(&server, SPOT), status(&server, REBALANCE)), (404, 404));
}

#[test]
fn a_reload_that_keeps_keeps_the_clock_and_the_changes() {
    let event = "[[event]]\nat = \"10m\"\nrebalance-recommendation = {}\n";
    let web = "[instances.web]\nclients = [\"10.0.0.0/8\"]\ninstance-id = \"i-0fedcba0987654321\"\n";
    let (bench, server) = served(&format!("{event}{web}"));
    done(&bench, &["set", "meta-data/x", "1", "--instance", "web"]);
    done(&bench, &["spot"]);
    done(&bench, &["clock", "seek", "20m"]);
    let (spot, rebalance) = (server.get(SPOT).body, server.get(REBALANCE).body);

    // An event before the others: they have other numbers now.
    bench.write("s.toml", format!("[[event]]\nat = \"30m\"\nclear = \"all\"\n{event}{web}"));
    says(&done(&bench, &["reload", "--keep"]), &["reloaded: changed: event; kept: 2 changes"]);
    assert_eq!((server.get(SPOT).body, server.get(REBALANCE).body), (spot.clone(), rebalance));

    // A change of an instance that is gone is lost, and said to be.
    bench.write("s.toml", event);
    let found = bench.control(&["reload", "--keep"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    says(&found.stdout, &["kept: 1 change, dropped: 1 change"]);
    says(&found.stderr, &["there is no instance \"web\""]);
    assert_eq!(server.get(SPOT).body, spot);
}

#[test]
fn another_scenario_is_used_until_the_next_reload() {
    let bench = Bench::new();
    let own = bench.write("s.toml", "[instance]\ninstance-type = \"t3.micro\"\n");
    bench.write("library.toml", "no library");
    std::fs::create_dir(bench.path("library")).expect("the bench is writable");
    bench.write("library/large.toml", "# A large one.\n[instance]\ninstance-type = \"m5.24xlarge\"\n");
    bench.write("library/broken.toml", "# A broken one.\n[instance]\ninstance-type = 3\n");
    let other = bench.write("other.toml", "[instance]\ninstance-type = \"c7g.large\"\n");
    let library = bench.path("library").display().to_string();
    let server = bench.serve(&["--scenario", "s.toml", "--library", &library]);
    let kind = || server.get("/latest/meta-data/instance-type").body;

    done(&bench, &["spot"]);
    says(
        &done(&bench, &["use", "large"]),
        &["library/large.toml until the next reload: changed: instance.instance-type; dropped: 1 change"],
    );
    assert_eq!((kind().as_str(), status(&server, SPOT)), ("m5.24xlarge", 404));
    says(&done(&bench, &["status"]), &["library/large.toml, until the next reload\n"]);

    bench.control(&["use", "broken"]).failed(
        78,
        &["library/broken.toml:3:17: error: instance.instance-type is an integer", "still serving"],
    );
    bench.control(&["use", "larg"]).failed(78, &["is no scenario of the library", "did you mean \"large\"?"]);
    assert_eq!(kind(), "m5.24xlarge");

    says(&done(&bench, &["use", "./other.toml"]), &[&format!("serving {}", other.display())]);
    assert_eq!(kind(), "c7g.large");
    done(&bench, &["reload"]);
    assert_eq!(kind(), "t3.micro");
    says(&done(&bench, &["status"]), &[&format!("scenario    {}\n", own.display())]);
}

#[test]
fn the_library_is_listed_without_a_server() {
    let bench = Bench::new();
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/scenarios");
    let found = bench.run(&["use", "--list", "--library", library]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    let default = found.stdout.lines().find(|line| line.starts_with("default ")).unwrap_or_default();
    assert!(
        default.ends_with("  The built-in instance of mock-imds: every key with its default."),
        "{found:#?}"
    );
    let json: Value =
        serde_json::from_str(&bench.run(&["use", "--list", "--json", "--library", library]).stdout).unwrap();
    assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(found.stdout.lines().count()));
    bench.run(&["use", "--list", "--library", "/nonexistent"]).failed(69, &["/nonexistent cannot be read"]);
}
