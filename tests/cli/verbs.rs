//! The verbs that change a running server: each changes what HTTP answers, and says what and when.

use support::{PtyProcess, Sandbox};

use crate::orders::{PUBLIC, REBALANCE, SPOT, done, done_json, rejected, says, served, status};

const TERMINATION: &str = "/latest/meta-data/spot/termination-time";
const SCHEDULED: &str = "/latest/meta-data/events/maintenance/scheduled";
const HISTORY: &str = "/latest/meta-data/events/maintenance/history";
const LIFECYCLE: &str = "/latest/meta-data/autoscaling/target-lifecycle-state";

#[test]
fn a_spot_interruption_comes_and_is_cleared() {
    let (sandbox, server) = served("");
    let said = done(&sandbox, &["spot"]);
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

    says(&done(&sandbox, &["clear", "spot-interruption"]), &["termination-time answer 404 from now"]);
    assert_eq!((status(&server, SPOT), status(&server, TERMINATION)), (404, 404));
    says(&done(&sandbox, &["clear", "all"]), &["1 change removed\n"]);
    says(&done(&sandbox, &["clear"]), &["nothing to clear\n"]);
}

#[test]
fn a_spot_interruption_is_said_in_words() {
    let (sandbox, server) = served("");
    done(&sandbox, &["spot", "--action", "stop", "--time", "2031-02-03T04:05:06Z"]);
    assert_eq!(server.get(SPOT).body, r#"{"action": "stop", "time": "2031-02-03T04:05:06Z"}"#);
    assert_eq!(status(&server, TERMINATION), 404);
    let answer = done_json(&sandbox, &["spot", "--notice", "10m", "--then", "vanish"]);
    assert_eq!(answer["effects"][0]["what"], "spot-interruption");
    assert_eq!(answer["in_effect"], true);
    assert_eq!(answer["paths"][0]["path"], "meta-data/spot/instance-action");
    assert_eq!(answer["paths"][0]["change"], "changes");
    assert_eq!(answer["event"]["spot-interruption"]["then"], "vanish");
    says(answer["message"].as_str().unwrap(), &["then every connection is reset"]);
}

#[test]
fn each_verb_changes_what_is_answered() {
    let (sandbox, server) = served("");
    says(&done(&sandbox, &["rebalance"]), &["rebalance answers from now"]);
    says(&server.get(REBALANCE).body, &["{\"noticeTime\": \"20"]);

    let said = done(
        &sandbox,
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
    done(&sandbox, &["maintenance", "--id", &id, "--state", "canceled"]);
    assert_eq!(server.get(SCHEDULED).body, "[]");
    says(&server.get(HISTORY).body, &["[Canceled] a test", &id]);

    says(&done(&sandbox, &["lifecycle", "Warmed:Running"]), &["target-lifecycle-state answers from now"]);
    assert_eq!(server.get(LIFECYCLE).body, "Warmed:Running");

    let keys = || server.get("/latest/meta-data/iam/security-credentials/dev-role").body;
    let before = keys();
    says(&done(&sandbox, &["rotate"]), &["credentials: new generated keys", "dev-role changes from now"]);
    assert_ne!(keys(), before);

    done(&sandbox, &["clear", "maintenance", "target-lifecycle-state"]);
    assert_eq!((server.get(HISTORY).body.as_str(), status(&server, LIFECYCLE)), ("[]", 404));
    assert_eq!(status(&server, REBALANCE), 200);
}

#[test]
fn maintenance_events_of_different_orders_are_different() {
    let (sandbox, server) = served("");
    done(&sandbox, &["maintenance"]);
    done(&sandbox, &["maintenance"]);
    assert_eq!(server.get(SCHEDULED).body.matches("EventId").count(), 2, "{}", server.get(SCHEDULED).body);
}

#[test]
fn any_path_is_set_removed_and_unset() {
    let (sandbox, server) = served("[metadata]\n\"meta-data/said\" = \"by the file\"\n");
    let own = server.get(PUBLIC).body;
    says(
        &done(&sandbox, &["set", "meta-data/public-ipv4", "192.0.2.7"]),
        &["set: meta-data/public-ipv4, 9 bytes"],
    );
    assert_eq!(server.get(PUBLIC).body, "192.0.2.7");
    done(&sandbox, &["set", "/latest/meta-data/public-ipv4/", "--remove"]);
    assert_eq!(status(&server, PUBLIC), 404);
    done(&sandbox, &["set", "meta-data/public-ipv4", "--unset"]);
    assert_eq!(server.get(PUBLIC).body, own);

    sandbox.write("value", b"\x00\xffbytes");
    done(&sandbox, &["set", "user-data", "--file", "value"]);
    assert!(server.get("/latest/user-data").raw.contains("bytes"));
    done(&sandbox, &["set", "meta-data/said", "by somebody"]);
    assert_eq!(server.get("/latest/meta-data/said").body, "by somebody");
    done(&sandbox, &["set", "meta-data/said", "--unset"]);
    assert_eq!(server.get("/latest/meta-data/said").body, "by the file");
    sandbox.control(&["set", "meta-data/x", "--file", "missing"]).ended(69, &["missing cannot be read"]);
}

#[test]
fn a_fact_set_in_one_path_only_is_warned_of() {
    let (sandbox, server) = served("");
    let found = sandbox.control(&["set", "meta-data/instance-id", "i-other"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    says(&found.stderr, &["warning: only meta-data/instance-id changes", "set instance-id in [instance]"]);
    assert_eq!(server.get("/latest/meta-data/instance-id").body, "i-other");
}

#[test]
fn instances_are_changed_one_by_one() {
    let (sandbox, server) = served(
        "[instances.own]\nclients = [\"127.0.0.0/8\"]\n[instances.other]\nclients = [\"10.0.0.0/8\"]\ninstance-id = \"i-0fedcba0987654321\"\n",
    );
    says(&done(&sandbox, &["spot", "--instance", "other"]), &["other: spot interruption"]);
    assert_eq!(status(&server, SPOT), 404, "this client meets another instance");
    done(&sandbox, &["spot", "--instance", "own"]);
    assert_eq!(status(&server, SPOT), 200);
    rejected(
        &sandbox.control(&["spot", "--instance", "web"]),
        64,
        &["there is no instance \"web\"", "accepted: other, own"],
    );
}

#[test]
fn what_is_rejected_changes_nothing() {
    let (sandbox, server) = served("");
    rejected(
        &sandbox.control(&["set", "metadata/x", "y"]),
        64,
        &["error: \"metadata/x\" is not a path of the tree\n  accepted: a path that starts with meta-data"],
    );
    rejected(
        &sandbox.control(&["maintenance", "--id", "event-1"]),
        64,
        &["error: --id is \"event-1\"\n  accepted: "],
    );
    rejected(
        &sandbox.control(&["spot", "--instance", "x"]),
        64,
        &["there is no instance \"x\"", "none, there is no [instances.NAME]"],
    );
    assert_eq!(status(&server, SPOT), 404);
    let found = done_json(&sandbox, &["status"]);
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
        assert_eq!(sandbox.control(wrong).code, Some(64), "{wrong:?}");
    }
}

#[test]
fn there_is_an_end_to_what_is_kept_of_changes() {
    let (sandbox, server) = served("");
    sandbox.write("large", vec![b'x'; 1 << 20]);
    let full = (0..20).find_map(|number| {
        let found = sandbox.control(&["set", &format!("meta-data/x{number}"), "--file", "large"]);
        (found.code != Some(0)).then_some((number, found))
    });
    let (number, found) = full.expect("16 MiB are full");
    rejected(&found, 78, &["accepted: 1000 changes of 16 MiB together", "`mock-imds reload` drops them"]);
    assert_eq!((number, status(&server, "/latest/meta-data/x10")), (11, 200), "11 of a MiB in base64 fit");
}

// === Faults ===

#[test]
fn a_file_without_end_is_no_value() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    sandbox
        .control(&["set", "meta-data/x", "--file", "/dev/zero"])
        .ended(78, &["/dev/zero has more than 1 MiB; accepted: a value of at most 1 MiB"]);
    sandbox
        .control(&["set", "meta-data/x", "--file", "nothing"])
        .ended(69, &["nothing cannot be read: no such file or directory"]);
}

/// A pipe gets it as the server says it.
#[test]
fn what_an_order_does_has_local_times_on_a_terminal() {
    let (sandbox, _server) = served("");
    let socket = sandbox.path("c.sock").display().to_string();
    let spot = ["spot", "--in", "30m", "--control", &socket];
    let mut process = PtyProcess::start(&sandbox, (200, 50), &[("TZ", "AAA-1")], &spot);
    process.wait();
    let screen = process.screen();
    assert!(
        screen.contains(" UTC); meta-data/spot/") && screen.contains(" UTC) (in 30m)"),
        "expected the time in the zone and in UTC, found\n{screen}"
    );
    let piped = sandbox.control(&spot[..3]).stdout;
    assert!(piped.contains("Z; ") && piped.contains("Z (in 30m)") && !piped.contains(" UTC"), "{piped}");
}
