//! Mistakes on the command line: each is said in the words of the command line, exits with 64 and changes nothing.

use crate::orders::{done, served};

/// What is expected of stderr up to the first empty line, where clap goes on with the usage.
#[track_caller]
fn check(table: &[(&[&str], &str)]) {
    let (sandbox, server) = served("[instances.web]\nclients = [\"10.0.0.0/8\"]\n");
    let before = done(&sandbox, &["status", "--json"]);
    let mut wrong = Vec::new();
    for (arguments, expected) in table {
        let found = sandbox.control(arguments);
        let stderr = found.stderr.split("\n\n").next().unwrap_or_default().trim_end();
        if (found.code, stderr, found.stdout.as_str()) != (Some(64), *expected, "") {
            wrong.push(format!("{arguments:?}\nexpected 64 and:\n{expected}\nfound {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let changes = |status: &str| {
        let status: serde_json::Value = serde_json::from_str(status).expect("the status is JSON");
        (status["changes"].clone(), status["faults"].clone(), status["scenario"].clone())
    };
    assert_eq!(changes(&done(&sandbox, &["status", "--json"])), changes(&before));
    drop(server);
}

const DURATION: &str = "a duration such as \"30s\", \"1m30s\", \"6h\" or \"2d\"";

#[test]
fn what_needs_no_server_is_refused_by_the_parser() {
    check(&[
        (
            &["spot", "--in", "soon"],
            &format!("error: invalid value 'soon' for '--in <DURATION>': expected {DURATION}"),
        ),
        (
            &["spot", "--at", "noon"],
            "error: invalid value 'noon' for '--at <TIMESTAMP>': \
             expected an RFC 3339 timestamp such as 2024-01-15T09:30:00Z",
        ),
        (
            &["spot", "--action", "foo"],
            "error: invalid value 'foo' for '--action <ACTION>'\n  [possible values: terminate, stop, hibernate]",
        ),
        (
            &["maintenance", "--not-before", "soon"],
            &format!(
                "error: invalid value 'soon' for '--not-before <WHEN>': \
                 expected {DURATION}, or an RFC 3339 timestamp such as 2024-01-15T09:30:00Z"
            ),
        ),
        (
            &["fault", "--hang", "--path", "a/***"],
            "error: invalid value 'a/***' for '--path <GLOB>': expected a path, where * matches within a segment and \
             ** any number of segments, such as \"meta-data/iam/**\"",
        ),
        (
            &["fault", "--hang", "--client", "ten"],
            "error: invalid value 'ten' for '--client <ADDR>': \
             expected an address, a network such as \"172.17.0.0/16\", or \"host\" for processes of this host",
        ),
        (
            &["fault", "--hang", "--probability", "2"],
            "error: invalid value '2' for '--probability <P>': expected a number from 0 to 1",
        ),
        (
            &["fault", "--hang", "--count", "0"],
            "error: invalid value '0' for '--count <N>': expected a whole number, 1 or more",
        ),
        (
            &["fault", "--status", "abc"],
            "error: invalid value 'abc' for '--status <N>': expected a whole number from 200 to 599",
        ),
        (
            &["fault", "--status", "99"],
            "error: invalid value '99' for '--status <N>': expected a whole number from 200 to 599",
        ),
        (
            &["requests", "-n", "few"],
            "error: invalid value 'few' for '--limit <N>': expected a whole number, 0 or more",
        ),
        (
            &["interface", "attach", "--device-number", "256"],
            "error: invalid value '256' for '--device-number <N>': expected a whole number from 0 to 255",
        ),
        (
            &["fault", "--throttle", "0"],
            "error: invalid value '0' for '--throttle <N>': expected a whole number from 1 to 10000",
        ),
        (
            &["fault", "--latency", "2s..1s"],
            "error: invalid value '2s..1s' for '--latency <DURATION>': \
             expected at most 4m, or MIN..MAX with MIN not above MAX",
        ),
        (
            &["fault", "--latency", "5m"],
            "error: invalid value '5m' for '--latency <DURATION>': \
             expected at most 4m, or MIN..MAX with MIN not above MAX",
        ),
        (
            &["fault", "--hang", "--for", "0s"],
            "error: invalid value '0s' for '--for <DURATION>': expected a duration above 0",
        ),
        (&["fault", "--hang", "--reset"], "error: the argument '--hang' cannot be used with '--reset'"),
        (
            &["fault", "--tokens-lost", "--status", "500"],
            "error: the argument '--tokens-lost' cannot be used with '--status <N>'",
        ),
        (
            &["fault", "--throttle", "5", "--count", "1"],
            "error: the argument '--throttle <N>' cannot be used with '--count <N>'",
        ),
        (
            &["show", "meta-data/mac", "--client", "web"],
            "error: invalid value 'web' for '--client <ADDR>': expected an IP address such as 172.17.0.2",
        ),
        (
            &["clock", "seek", "soon"],
            &format!(
                "error: invalid value 'soon' for '<DURATION>': \
                 expected {DURATION}: since the load, or with + or - before it, from the current position"
            ),
        ),
    ]);
}

#[test]
fn what_only_the_server_knows_is_reported_by_flag() {
    check(&[
        (
            &["set", "metadata/x", "y"],
            "error: \"metadata/x\" is not a path of the tree\n  \
             accepted: a path that starts with meta-data, dynamic or user-data, such as \"meta-data/public-ipv4\"; \
             [http.paths] takes whole paths, such as \"/health\"\n\
             mock-imds: rejected; nothing has changed",
        ),
        (
            &["set", "metadata/x", "--unset"],
            "error: PATH is \"metadata/x\", which is not a path of the tree\n  \
             accepted: a path that starts with meta-data, dynamic or user-data, such as \"meta-data/public-ipv4\"; \
             [http.paths] takes whole paths, such as \"/health\"\n\
             mock-imds: rejected; nothing has changed",
        ),
        (
            &["maintenance", "--id", "event-1"],
            "error: --id is \"event-1\"\n  \
             accepted: \"instance-event-\" and 17 lower-case hexadecimal digits\n\
             mock-imds: rejected; nothing has changed",
        ),
        (
            &["spot", "--instance", "x"],
            "error: there is no instance \"x\"\n  accepted: web\nmock-imds: rejected; nothing has changed",
        ),
        (
            &["fault", "--hang", "--instance", "x"],
            "error: there is no instance \"x\"\n  accepted: web\nmock-imds: rejected; nothing has changed",
        ),
        (
            &["fault", "set", "slow", "--status", "500"],
            "error: there is no fault \"slow\"\n  \
             `mock-imds fault` injects one\nmock-imds: rejected; nothing has changed",
        ),
        (
            &["fault", "remove", "slow"],
            "error: there is no fault \"slow\"\n  \
             `mock-imds fault` injects one\nmock-imds: rejected; nothing has changed",
        ),
        (
            &["fault", "--clock-skew", "-4000d"],
            "error: --clock-skew is \"-4000d\"\n  \
             accepted: a duration such as \"5m\" or \"-1h30m\", at most 3650 days either way\n\
             mock-imds: rejected; nothing has changed",
        ),
    ]);
}

/// As JSON it is the answer of the control socket.
#[test]
fn mistakes_in_json_are_those_of_the_control_socket() {
    let (sandbox, _server) = served("");
    let found = sandbox.control(&["maintenance", "--id", "event-1", "--json"]);
    found.ended(64, &["\"rejected; nothing has changed\""]);
    let answer: serde_json::Value = serde_json::from_str(&found.stdout).expect("an answer in JSON");
    assert_eq!(answer["problems"][0]["found"], "maintenance.id is \"event-1\"", "{answer:#}");
}

#[test]
fn warnings_are_in_the_words_of_the_command_line_too() {
    let (sandbox, _server) = served("");
    let found = sandbox.control(&["set", "meta-data/instance-type", "t3.micro"]);
    assert_eq!(
        (found.code, found.stderr.as_str()),
        (
            Some(0),
            "warning: only meta-data/instance-type changes; other paths and the identity document keep \"m5.xlarge\"\n  \
             to change all of them, set instance-type in [instance]\n"
        )
    );
    let found = sandbox.control(&["fault", "--hang", "--seed", "1"]);
    assert_eq!(
        (found.code, found.stderr.as_str()),
        (
            Some(0),
            "warning: --seed has no effect: nothing is random\n  \
             only probability, and latency from min to max, use it\n"
        )
    );
}
