//! `mock-imds import dump` as people run it.

use std::fs;

use support::Sandbox;

#[test]
fn dumps_are_imported() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("dump/latest/meta-data/placement")).expect("it can be made");
    sandbox.write("dump/latest/meta-data/instance-id", "i-0123456789abcdef0");
    sandbox.write("dump/latest/meta-data/placement/availability-zone", "eu-west-1c");
    sandbox.write("dump/latest/user-data", "password");
    let found = sandbox.run(&["import", "dump", "dump", "-o", "scenario.toml"]);
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), ""), "{found:#?}");
    assert!(found.stderr.contains("not reproduced: user data (8 bytes"), "{found:#?}");
    let text = fs::read_to_string(sandbox.path("scenario.toml")).expect("it was written");
    for line in [
        "# Written by `mock-imds import dump` from dump.",
        "instance-id = \"i-0123456789abcdef0\"",
        "availability-zone = \"eu-west-1c\"",
    ] {
        assert!(text.contains(line), "expected {line:?}, found\n{text}");
    }
    assert!(!text.contains("password"), "{text}");
    let json = "{\"ds\": {\"meta_data\": {\"instance_id\": \"i-0123456789abcdef0\"}}}";
    sandbox.write("instance-data.json", json);
    let found = sandbox.run(&["import", "dump", "instance-data.json"]);
    assert!(
        found.code == Some(0) && found.stdout.contains("instance-id = \"i-0123456789abcdef0\""),
        "{found:#?}"
    );
}

#[test]
fn what_is_no_dump_is_refused_with_a_sentence() {
    let sandbox = Sandbox::new();
    sandbox.write("text", "no JSON");
    fs::create_dir(sandbox.path("empty")).expect("it can be made");
    sandbox
        .run(&["import", "dump", "text"])
        .ended(78, &["text cannot be imported: it is no JSON", "accepted: cloud-init's"]);
    sandbox
        .run(&["import", "dump", "empty"])
        .ended(78, &["empty cannot be imported: it has neither latest/ nor"]);
    sandbox
        .run(&["import", "dump", "nothing"])
        .ended(69, &["nothing cannot be read: no such file or directory"]);
    sandbox.run(&["import", "dump"]).ended(64, &["<DIR|FILE>"]);
    fs::create_dir_all(sandbox.path("pages/latest/meta-data")).expect("it can be made");
    sandbox.write("pages/latest/meta-data/instance-id", "<title>404 - Not Found</title>");
    sandbox
        .run(&["import", "dump", "pages"])
        .ended(78, &["pages cannot be imported: nothing answered; accepted: files that hold"]);
    fs::create_dir_all(sandbox.path("large/meta-data")).expect("it can be made");
    for name in ["a", "b"] {
        sandbox.write(&format!("large/meta-data/{name}"), "x".repeat(600_000));
    }
    sandbox
        .run(&["import", "dump", "large"])
        .ended(78, &["large cannot be imported: the scenario would have ", "; leave out user data"]);
}
