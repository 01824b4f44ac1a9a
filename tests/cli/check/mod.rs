//! `mock-imds check`, and what may be wrong with a file. `serve` and `reload` read by the same code.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use support::{Outcome, Sandbox, finish, is_root, program};

#[test]
fn every_file_is_judged_and_every_problem_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("good.toml", "[instance]\ninstance-type = \"t3.micro\"\n");
    sandbox.write("empty.toml", "");
    sandbox.write("bad.toml", "[instance]\ninstance-tipe = \"t3.micro\"\n\n[http]\nkeep-alive = 1\n");

    let found = sandbox.run(&["check", "good.toml", "empty.toml"]);
    assert_eq!(
        (found.code, found.stdout.as_str()),
        (Some(0), "good.toml: ok\nempty.toml: ok\n"),
        "{found:#?}"
    );

    let found = sandbox.run(&["check", "good.toml", "bad.toml", "empty.toml"]);
    found.ended(
        78,
        &[
            "bad.toml:2:1: error: unknown key \"instance-tipe\" in [instance]\n  2 | instance-tipe = \"t3.micro\"\n    | ^^^^^^^^^^^^^\n",
            "did you mean \"instance-type\"?",
            "bad.toml:5:14: error: http.keep-alive is an integer",
            "1 of 3 files rejected",
        ],
    );
    assert_eq!(found.stdout, "good.toml: ok\nempty.toml: ok\n");
}

#[test]
fn what_is_no_scenario_file_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("latin1.toml", b"# caf\xe9\n");
    sandbox.write("large.toml", "#".repeat(10 << 20));
    fs::create_dir(sandbox.path("directory")).expect("the directory is writable");
    mkfifo(&sandbox.path("fifo"), Mode::S_IRWXU).expect("the directory is writable");
    let cases = [
        ("missing.toml", "missing.toml: error: cannot be read: no such file or directory"),
        ("latin1.toml", "latin1.toml: error: is not UTF-8: byte 0xe9 on line 1"),
        ("large.toml", "large.toml: error: is larger than 1 MiB"),
        ("directory", "directory: error: is a directory"),
        ("fifo", "fifo: error: is not a regular file"),
        ("/dev/zero", "/dev/zero: error: is not a regular file"),
    ];
    for (file, sentence) in cases {
        sandbox.run(&["check", file]).ended(78, &[sentence, "the file is rejected"]);
        sandbox.run(&["serve", "--scenario", file]).ended(78, &[sentence, "not started"]);
    }
}

#[test]
fn a_file_that_only_others_may_read_is_named() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let secret = sandbox.write("secret.toml", "");
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("the file is ours");
    let sentence = [
        "secret.toml: error: cannot be read: permission denied",
        "readable for the user that runs mock-imds",
    ];
    sandbox.run_as_nobody(&["check", "secret.toml"]).ended(78, &sentence);
    sandbox.run_as_nobody(&["serve", "--scenario", "secret.toml"]).ended(78, &sentence);
}

#[test]
fn a_wrong_command_line_is_64() {
    let sandbox = Sandbox::new();
    sandbox.run(&["check"]).ended(64, &["FILE"]);
    sandbox.run(&["serve", "--listen", "localhost"]).ended(64, &["expected an address and a port"]);
    sandbox.run(&["serve", "--log-level", "loud"]).ended(64, &["loud"]);
    sandbox.run(&["sing"]).ended(64, &["sing"]);
}

#[test]
fn a_credential_source_that_gives_nothing_is_a_warning() {
    let sandbox = Sandbox::new();
    let scenario = |name: &str, source: &str| sandbox.write(name, format!("[credentials]\n{source}\n"));
    scenario("missing.toml", "source = \"file\"\nfile = \"nowhere.json\"");
    scenario("form.toml", "source = \"file\"\nfile = \"sts.json\"");
    scenario("fifo.toml", "source = \"file\"\nfile = \"fifo\"");
    scenario("good.toml", "source = \"file\"\nfile = \"good.json\"");
    scenario("absent.toml", "source = \"process\"\ncommand = [\"/nowhere/aws\"]");
    scenario("data.toml", "source = \"process\"\ncommand = [\"/etc/passwd\"]");
    scenario("directory.toml", "source = \"process\"\ncommand = [\"/bin\"]");
    scenario("program.toml", "source = \"process\"\ncommand = [\"/bin/sh\", \"-c\", \"exit 1\"]");
    mkfifo(&sandbox.path("fifo"), Mode::S_IRWXU).expect("the directory is writable");
    sandbox.write("sts.json", r#"{"Credentials": {"AccessKeyId": "ASIAX", "SecretAccessKey": "s3cret"}}"#);
    sandbox.write("good.json", r#"{"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cret"}"#);
    for (file, sentence) in [
        (
            "missing.toml",
            "missing.toml:3:8: warning: no credentials: nowhere.json: cannot be read: no such file or directory",
        ),
        (
            "form.toml",
            "form.toml:3:8: warning: no credentials: sts.json holds JSON whose keys or types are not Version",
        ),
        ("fifo.toml", "fifo.toml:3:8: warning: no credentials: fifo: is not a regular file"),
        ("absent.toml", "warning: no credentials: /nowhere/aws cannot be run: no such file or directory"),
        (
            "data.toml",
            "warning: no credentials: /etc/passwd is not executable for the user that runs mock-imds",
        ),
        ("directory.toml", "warning: no credentials: /bin is no program"),
    ] {
        let found = sandbox.run(&["check", file]);
        found.ended(0, &[sentence]);
        assert!(!found.stderr.contains("s3cret"), "{found:#?}");
    }
    for file in ["good.toml", "program.toml"] {
        let found = sandbox.run(&["check", file]);
        assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{file}: {found:#?}");
    }
}

/// In a mount namespace whose /etc has the service's user and directory.
fn as_root_on_an_installed_host(sandbox: &Sandbox, script: &str) -> Outcome {
    let setup = "mount -t tmpfs tmpfs /etc
        echo root:x:0:0::/root:/bin/sh >/etc/passwd
        echo mock-imds:x:994:994::/nonexistent:/bin/false >>/etc/passwd
        printf 'root:x:0:\\nmock-imds:x:994:\\n' >/etc/group
        mkdir /etc/mock-imds; cd /etc/mock-imds; umask 022";
    let program = program().display();
    let line = format!("set -e\n{setup}\nmock_imds() {{ '{program}' \"$@\"; }}\n{script}");
    finish(&mut sandbox.prepared(Path::new("unshare"), &["--mount", "sh", "-c", &line]))
}

#[test]
fn root_reads_the_services_files_as_the_service() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let keys = r#"{"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cret"}"#;
    let scenario = "[credentials]\nsource = \"file\"\nfile = \"keys.json\"\n";
    let write = format!("printf '%s' '{keys}' >keys.json\nprintf '%s' '{scenario}' >scenario.toml\n");
    let run = |script: &str| as_root_on_an_installed_host(&sandbox, &format!("{write}{script}"));

    let closed = "keys.json: cannot be read: permission denied";
    run("chmod 0640 keys.json\nmock_imds check scenario.toml").ended(0, &[closed]);
    run("chmod 0600 keys.json\nmock_imds check /etc/mock-imds/scenario.toml").ended(0, &[closed]);
    let good = run("chgrp mock-imds keys.json\nchmod 0640 keys.json\nmock_imds check scenario.toml");
    assert_eq!((good.code, good.stderr.as_str()), (Some(0), ""), "{good:#?}");

    run("chmod 0600 scenario.toml\nmock_imds check scenario.toml").ended(
        78,
        &["scenario.toml: error: cannot be read: permission denied", "read as the user mock-imds"],
    );
    run("echo 'user-data = {file = \"ud\"}' | sed '1i [instance]' >scenario.toml; echo x >ud; chmod 0600 ud
        mock_imds check scenario.toml")
    .ended(78, &["ud cannot be read: permission denied"]);
    // Elsewhere a file is root's own.
    let own = run("mkdir /etc/own; mv keys.json scenario.toml /etc/own; chmod 0600 /etc/own/*
        mock_imds check /etc/own/scenario.toml");
    assert_eq!((own.code, own.stderr.as_str()), (Some(0), ""), "{own:#?}");
    // What the unit hides is not there for the service, whatever its mode.
    run("sed -i s,keys.json,/tmp/keys.json, scenario.toml; mount -t tmpfs tmpfs /tmp; mv keys.json /tmp
        mock_imds check scenario.toml")
    .ended(0, &["the service does not see /tmp/keys.json: its unit hides /tmp"]);
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn problems_are_data_for_programs() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.toml", "[instance]\ninstance-type = \"m5 large\"\ninstance-tpye = 1\n");
    sandbox.write("good.toml", "");
    let found = sandbox.run(&["check", "--json", "bad.toml", "good.toml"]);
    assert_eq!(found.code, Some(78), "{found:#?}");
    assert_eq!(found.stdout.lines().count(), 1, "{found:#?}");
    let output = json(&found.stdout);
    assert_eq!(
        (&output["accepted"], &output["errors"], &output["warnings"]),
        (&false.into(), &2.into(), &0.into())
    );
    let expected = serde_json::json!([
        {
            "file": "bad.toml", "severity": "error", "line": 2, "column": 17, "end": {"line": 2, "column": 27},
            "message": "instance.instance-type is \"m5 large\"",
            "accepted": "FAMILY.SIZE in lower case, such as \"m5.xlarge\"", "advice": [],
        },
        {
            "file": "bad.toml", "severity": "error", "line": 3, "column": 1, "end": {"line": 3, "column": 14},
            "message": "unknown key \"instance-tpye\" in [instance]",
            "accepted": null, "advice": ["did you mean \"instance-type\"?"],
        },
    ]);
    assert_eq!(output["problems"], expected);
    let files = serde_json::json!([
        {"file": "bad.toml", "kind": "scenario", "accepted": false, "omitted": 0},
        {"file": "good.toml", "kind": "scenario", "accepted": true, "omitted": 0},
    ]);
    assert_eq!(output["files"], files);

    let missing = json(&sandbox.run(&["check", "--json", "missing.toml"]).stdout);
    assert_eq!(missing["problems"][0]["file"], "missing.toml");
    assert!(missing["problems"][0].get("line").is_none(), "{missing}");
}

/// The properties that SARIF 2.1.0 requires, and those that code scanning services read.
#[test]
fn problems_are_sarif() {
    let sandbox = Sandbox::new();
    sandbox.write("a b.toml", "[instance]\ninstance-type = \"m5 large\"\n[credentials]\nlifetime = \"5m\"\n");
    let found = sandbox.run(&["check", "--sarif", "a b.toml", "missing.toml"]);
    assert_eq!(found.code, Some(78), "{found:#?}");
    let log = json(&found.stdout);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "mock-imds");
    let rules: Vec<_> = driver["rules"].as_array().expect("rules").iter().map(|rule| &rule["id"]).collect();
    let results = run["results"].as_array().expect("results");
    let levels: Vec<_> = results.iter().map(|result| result["level"].as_str().expect("a level")).collect();
    assert_eq!(levels, ["error", "warning", "error"], "{log}");
    for result in results {
        assert!(result["message"]["text"].is_string(), "{result}");
        assert!(rules.contains(&&result["ruleId"]), "{result}");
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.toml");
    let region = serde_json::json!({"startLine": 2, "startColumn": 17, "endLine": 2, "endColumn": 27});
    assert_eq!(place["region"], region);
    assert!(results[2]["locations"][0]["physicalLocation"].get("region").is_none(), "{log}");
}

#[test]
fn the_standard_input_is_a_file_too() {
    let sandbox = Sandbox::new();
    sandbox.write("ud", "x");
    let run = |arguments: &[&str], text: &str| {
        let file = sandbox.write("input", text);
        let mut command = sandbox.command(arguments);
        command.stdin(fs::File::open(file).expect("it was written"));
        finish(&mut command)
    };
    run(&["check", "-"], "[instance]\n").ended(0, &[]);
    run(&["check", "-"], "[instance]\nx = 1\n").ended(78, &["<stdin>:2:1: error: unknown key \"x\""]);
    let named = ["check", "--stdin-name", "sub/scenario.toml", "-"];
    run(&named, "[instance]\nuser-data = { file = \"ud\" }\n")
        .ended(78, &["sub/scenario.toml:2:22: error: sub/ud cannot be read"]);
    run(&named, "[instance]\nuser-data = { file = \"../ud\" }\n").ended(78, &["sub/../ud"]);
    run(&["check", "-"], "[instance]\nuser-data = { file = \"ud\" }\n").ended(0, &[]);
    run(&["check", "--stdin-name", "etc/host.toml", "-"], "[host]\nipv6 = 1\n")
        .ended(78, &["etc/host.toml:2:8: error: host.ipv6"]);
    run(&["check", "-"], &"#".repeat((1 << 20) + 1)).ended(78, &["<stdin>: error: ", "1 MiB"]);
    run(&["check", "-", "-"], "").ended(64, &["named twice"]);
    run(&["check", "--stdin-name", "x", "input"], "").ended(64, &["no file is -"]);
}

#[test]
fn host_toml_is_known_by_its_name_its_table_or_the_option() {
    let sandbox = Sandbox::new();
    let bad = "[host]\nipv6 = \"yes\"\n";
    for (file, arguments) in
        [("host.toml", vec!["check", "host.toml"]), ("guardian.toml", vec!["check", "guardian.toml"])]
    {
        sandbox.write(file, bad);
        sandbox.run(&arguments).ended(78, &[&format!("{file}:2:8: error: host.ipv6 is a string")]);
        sandbox.write(file, "[host]\nipv6 = true\n");
        sandbox.run(&arguments).ended(0, &[]);
    }
    sandbox.write("x.toml", "[instance]\n");
    sandbox.run(&["check", "--host", "x.toml"]).ended(78, &["unknown key \"instance\""]);
    sandbox.write("both.toml", "[instance]\n[host]\n");
    sandbox.run(&["check", "both.toml"]).ended(78, &["unknown key \"host\""]);
}

#[test]
fn warnings_reject_a_file_where_that_is_wanted() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[credentials]\nlifetime = \"5m\"\n");
    sandbox.run(&["check", "s.toml"]).ended(0, &["warning: credentials.lifetime"]);
    for option in ["--strict", "--deny-warnings"] {
        let found = sandbox.run(&["check", option, "s.toml"]);
        found
            .ended(78, &["warning: credentials.lifetime", "the file is rejected: --strict rejects warnings"]);
        assert_eq!(found.stdout, "", "{found:#?}");
    }
    assert_eq!(json(&sandbox.run(&["check", "--strict", "--json", "s.toml"]).stdout)["accepted"], false);
}

#[test]
fn a_file_of_another_program_is_told_where_it_belongs() {
    let sandbox = Sandbox::new();
    sandbox.write("aemm.json", r#"{"metadata": {"paths": {}}, "imdsv2": true}"#);
    sandbox
        .run(&["check", "aemm.json"])
        .ended(78, &["this is JSON, not TOML", "did you mean `mock-imds import aemm aemm.json`?"]);
}

#[test]
fn the_schema_is_printed() {
    let sandbox = Sandbox::new();
    for (arguments, file) in [
        (vec!["schema"], "scenario"),
        (vec!["schema", "scenario"], "scenario"),
        (vec!["schema", "host"], "host"),
    ] {
        let shipped = support::sources().join(format!("packaging/schema/{file}.schema.json"));
        let found = sandbox.run(&arguments);
        assert_eq!(
            (found.code, found.stdout),
            (Some(0), fs::read_to_string(shipped).expect("it is shipped"))
        );
    }
    sandbox.run(&["schema", "colour"]).ended(64, &["colour", "scenario", "host"]);
}

/// What `check` warns of shows wherever the file is loaded; the last line is about the file, the clock is the real one.
#[test]
fn warnings_show_where_a_scenario_is_loaded() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("scenario.toml", "");
    let server = sandbox.serve(&["--scenario", file.to_str().expect("UTF-8")]);
    sandbox.write(
        "scenario.toml",
        "[instance]\navailability-zone = \"us-esat-1a\"\n[[event]]\nat = 2020-01-01T00:00:00Z\nclear = \"all\"\n",
    );
    let expected = [
        "warning: mock-imds knows no region \"us-esat-1\"",
        "did you mean \"us-east-1a\"?",
        "event[1].at is in the past",
    ];
    sandbox.run(&["check", "scenario.toml"]).ended(0, &expected);
    sandbox.control(&["reload"]).ended(0, &expected);
    let reloaded = json(&sandbox.control(&["reload", "--json"]).stdout);
    assert_eq!(reloaded["problems"].as_array().map(Vec::len), Some(2), "{reloaded}");
    let status = json(&sandbox.control(&["status", "--json"]).stdout);
    assert_eq!(status["scenario"]["warnings"], 2, "{status}");
    assert_eq!(server.stop().code, Some(0));
}

/// amazon-ec2-metadata-mock's users set fixed times, which pass.
#[test]
fn an_imported_file_has_no_warning() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "aemm.json",
        r#"{"spot": {"action": "stop", "time": "2020-01-01T00:00:00Z"}, "metadata": {"paths": {"ami-id": "/latest/meta-data/amy-id"}}}"#,
    );
    sandbox.run(&["import", "aemm", "aemm.json", "--exact", "-o", "s.toml"]).ended(0, &[]);
    let found = sandbox.run(&["check", "--strict", "s.toml"]);
    assert_eq!((found.code, &*found.stderr), (Some(0), ""), "{found:#?}");
}

/// A word without a slash and an ending is a name of the library, as `serve` and `use` read it.
#[test]
fn a_scenario_of_the_library_is_checked_by_its_name() {
    let sandbox = Sandbox::new();
    sandbox.write("broken", "[instanc]");
    let found = sandbox.run(&["check", "--strict", "spot-idle"]);
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), "spot-idle: ok\n"), "{found:#?}");
    sandbox.run(&["check", "broken"]).ended(78, &["did you mean \"instance\"?"]);
    sandbox.run(&["check", "spot-idel"]).ended(
        78,
        &["spot-idel: error: ", "is not a scenario of the library", "did you mean \"spot-idle\"?"],
    );
    sandbox.run(&["check", "./spot-idle"]).ended(78, &["./spot-idle: error: cannot be read"]);
}
