//! What a program reads of a failure that it asked for with `--json`: one object, the last line of stderr.

use serde_json::{Value, json};
use support::{Outcome, Sandbox};

/// The object, which is all of stderr.
#[track_caller]
fn error(found: &Outcome, command: &[&str]) -> Value {
    let lines: Vec<&str> = found.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{command:?}: expected one line on stderr, found {found:#?}");
    let object: Value =
        serde_json::from_str(lines[0]).unwrap_or_else(|error| panic!("{command:?}: {error}: {found:#?}"));
    assert_eq!(object["error"]["exit_code"], json!(found.code), "{command:?}: {object:#}");
    object["error"].clone()
}

/// All commands with `--json`, by the parser itself.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        if command.get_arguments().any(|argument| argument.get_long() == Some("json")) {
            found.push(path.to_vec());
        }
        for command in command.get_subcommands() {
            below(command, &[path, &[command.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = vec![];
    below(&mock_imds::command_line(), &[], &mut found);
    found
}

#[test]
fn a_mistake_in_any_command_is_an_object() {
    let sandbox = Sandbox::new();
    let commands = commands();
    assert!(commands.len() > 20, "expected all commands with --json, found {commands:?}");
    for command in commands {
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--json", "--bogus"]).collect();
        let found = sandbox.run(&words);
        let error = error(&found, &words);
        assert_eq!(
            (&error["kind"], &error["exit_code"]),
            (&json!("usage"), &json!(64)),
            "{words:?}: {error:#}"
        );
        assert_eq!(error["where"], "--bogus", "{words:?}: {error:#}");
        assert_eq!(error["message"], "unexpected argument '--bogus' found", "{words:?}");
        assert_eq!(found.stdout, "", "{words:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let sandbox = Sandbox::new();
    let words = ["set", "--json"];
    let error = error(&sandbox.run(&words), &words);
    assert_eq!(error["where"], "<PATH>, <VALUE>", "{error:#}");
    let said = "the following required arguments were not provided: <PATH> <VALUE>";
    assert_eq!(error["message"], said, "{error:#}");
}

/// What is asked for is no failure; and who did not ask for JSON gets a text.
#[test]
fn help_is_a_text_and_so_is_a_mistake_without_the_option() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["status", "--json", "--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{help:#?}");
    assert!(help.stdout.contains("Usage: mock-imds status"), "{help:#?}");
    let mistake = sandbox.run(&["status", "--bogus"]);
    assert_eq!((mistake.code, mistake.stdout.as_str()), (Some(64), ""), "{mistake:#?}");
    assert!(mistake.stderr.starts_with("error: unexpected argument '--bogus' found"), "{mistake:#?}");
    assert!(!mistake.stderr.contains("mock-imds: unexpected"), "it is said once: {mistake:#?}");
}

#[test]
fn a_server_that_is_not_there_is_named_by_its_socket() {
    let sandbox = Sandbox::new();
    let socket = sandbox.path("c.sock").display().to_string();
    for words in [
        &["status", "--json"][..],
        &["spot", "--json"],
        &["set", "meta-data/mac", "x", "--json"],
        &["requests", "--json"],
        &["audit", "--json"],
        &["wait", "**", "--json"],
        &["show", "meta-data/mac", "--json"],
        &["fault", "list", "--json"],
        &["clock", "pause", "--json"],
        &["clear", "--json"],
        &["reload", "--json"],
        &["use", "default", "--json"],
        &["interface", "attach", "--json"],
    ] {
        let found = sandbox.control(words);
        let error = error(&found, words);
        assert_eq!(
            (&error["kind"], &error["where"]),
            (&json!("unavailable"), &json!(socket)),
            "{words:?}: {error:#}"
        );
        assert!(
            error["message"].as_str().is_some_and(|it| it.contains("mock-imds serve")),
            "{words:?}: {error:#}"
        );
    }
}

#[test]
fn what_is_rejected_says_where() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "");
    sandbox.write("bad.toml", "[instance]\ninstance-type = \"m5 large\"\n");
    let _server = sandbox.serve(&["--scenario", "s.toml"]);
    let expect = |words: &[&str], kind: &str, place: &str, message: &str| {
        let found = sandbox.control(words);
        let error = error(&found, words);
        let found = (&error["kind"], error["where"].as_str().unwrap_or_default(), &error["message"]);
        assert!(
            found.0 == kind
                && found.1.ends_with(place)
                && found.2.as_str().is_some_and(|it| it.contains(message)),
            "{words:?}: expected {kind}, {place} and {message:?}, found {error:#}"
        );
        error
    };
    expect(&["maintenance", "--id", "event-1", "--json"], "usage", "--id", "rejected; nothing has changed");
    expect(&["fault", "--status", "503", "--for", "soon", "--json"], "usage", "--for", "a duration such as");
    expect(&["use", "./bad.toml", "--json"], "config", "bad.toml:2:17", "rejected; still serving");
    let unread = expect(&["use", "./missing.toml", "--json"], "config", "/missing.toml", "not sent");
    assert!(unread["report"].as_str().is_some_and(|it| it.contains("no such file")), "{unread:#}");
    expect(&["wait", "meta-data/mac", "--within", "10ms", "--json"], "no", "", "no matching request");
    sandbox.write("s.toml", "[instance]\nregoin = \"x\"\n");
    expect(&["reload", "--json"], "config", "s.toml:2:1", "reload rejected");
    sandbox.write("a: b.toml", "[instance]\nregoin = \"x\"\n");
    expect(&["use", "./a: b.toml", "--json"], "config", "/a: b.toml:2:1", "rejected; still serving");
    let path = sandbox.path("a: b.toml").display().to_string();
    expect(&["use", &path, "--by-path", "--json"], "config", "/a: b.toml:2:1", "rejected; still serving");
}

/// A name, and the words of an order, are in no file.
#[test]
fn what_is_in_no_file_is_nowhere() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "");
    let _server = sandbox.serve(&["--scenario", "s.toml"]);
    for words in [
        &["use", "nonsuch", "--json"][..],
        &["ecs", "container", "nope", "--stopped", "--json"],
        &["fault", "remove", "zz", "--json"],
        &["fault", "set", "zz", "--status", "503", "--json"],
    ] {
        let error = error(&sandbox.control(words), words);
        assert_eq!(
            (error.get("where"), error["message"].as_str().is_some_and(|it| it.starts_with("rejected; "))),
            (None, true),
            "{words:?}: expected no place, found {error:#}\nrerun: cargo test --test cli what_is_in_no_file"
        );
    }
}

#[test]
fn a_file_that_is_rejected_says_where() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.toml", "[instance]\ninstance-type = \"m5 large\"\n");
    let words = ["check", "--json", "bad.toml"];
    let error = error(&sandbox.run(&words), &words);
    assert_eq!(error["where"], "bad.toml:2:17", "{error:#}");
    let words = ["conform", "--json", "http://127.0.0.1:1"];
    let error = self::error(&sandbox.run(&words), &words);
    assert_eq!(error["where"], "http://127.0.0.1:1", "{error:#}");
}

#[test]
fn without_json_it_is_a_sentence() {
    let sandbox = Sandbox::new();
    sandbox.control(&["status"]).ended(69, &["mock-imds: no mock-imds server listens at "]);
    // Behind "--" it is a value.
    let found = sandbox.control(&["show", "--control", "c.sock", "--", "--json"]);
    assert!(found.stderr.starts_with("error: "), "{found:#?}");
}
