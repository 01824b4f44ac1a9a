//! What is checked: the standard input, host.toml, scenarios of the library, files of others; and the schema of each.

use std::fs;

use support::{Sandbox, finish};

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
