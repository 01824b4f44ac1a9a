//! `mock-imds use` and `mock-imds reload`: what of the changes stays.

use serde_json::Value;
use support::Sandbox;

use crate::orders::{REBALANCE, SPOT, done, done_json, says, served, status};

#[test]
fn a_reload_makes_the_file_the_truth() {
    let (sandbox, server) = served("[[event]]\nat = \"10m\"\nrebalance-recommendation = {}\n");
    done(&sandbox, &["spot"]);
    done(&sandbox, &["clock", "seek", "20m"]);
    assert_eq!((status(&server, SPOT), status(&server, REBALANCE)), (200, 200));
    says(&done(&sandbox, &["reload"]), &["reloaded: nothing changed; dropped: 1 change"]);
    assert_eq!((status(&server, SPOT), status(&server, REBALANCE)), (404, 404));
}

#[test]
fn a_reload_that_keeps_keeps_the_clock_and_the_changes() {
    let event = "[[event]]\nat = \"10m\"\nrebalance-recommendation = {}\n";
    let web = "[instances.web]\nclients = [\"10.0.0.0/8\"]\ninstance-id = \"i-0fedcba0987654321\"\n";
    let (sandbox, server) = served(&format!("{event}{web}"));
    done(&sandbox, &["set", "meta-data/x", "1", "--instance", "web"]);
    done(&sandbox, &["spot"]);
    done(&sandbox, &["clock", "seek", "20m"]);
    let (spot, rebalance) = (server.get(SPOT).body, server.get(REBALANCE).body);

    // An event before the others: they have other numbers now.
    sandbox.write("s.toml", format!("[[event]]\nat = \"30m\"\nclear = \"all\"\n{event}{web}"));
    says(&done(&sandbox, &["reload", "--keep"]), &["reloaded: changed: event; kept: 2 changes"]);
    assert_eq!((server.get(SPOT).body, server.get(REBALANCE).body), (spot.clone(), rebalance));

    // A change of an instance that is gone is lost, and said to be.
    sandbox.write("s.toml", event);
    let found = sandbox.control(&["reload", "--keep"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    says(&found.stdout, &["kept: 1 change, dropped: 1 change"]);
    says(&found.stderr, &["there is no instance \"web\""]);
    assert_eq!(server.get(SPOT).body, spot);
}

#[test]
fn another_scenario_is_used_until_the_next_reload() {
    let sandbox = Sandbox::new();
    let own = sandbox.write("s.toml", "[instance]\ninstance-type = \"t3.micro\"\n");
    sandbox.write("library.toml", "no library");
    std::fs::create_dir(sandbox.path("library")).expect("the directory is writable");
    sandbox.write("library/large.toml", "# A large one.\n[instance]\ninstance-type = \"m5.24xlarge\"\n");
    sandbox.write("library/broken.toml", "# A broken one.\n[instance]\ninstance-type = 3\n");
    let other = sandbox.write("other.toml", "[instance]\ninstance-type = \"c7g.large\"\n");
    let library = sandbox.path("library").display().to_string();
    let server = sandbox.serve(&["--scenario", "s.toml", "--library", &library]);
    let kind = || server.get("/latest/meta-data/instance-type").body;

    done(&sandbox, &["spot"]);
    says(
        &done(&sandbox, &["use", "large"]),
        &["library/large.toml until the next reload: changed: instance.instance-type; dropped: 1 change"],
    );
    assert_eq!((kind().as_str(), status(&server, SPOT)), ("m5.24xlarge", 404));
    says(&done(&sandbox, &["status"]), &["library/large.toml, until the next reload, loaded "]);

    sandbox.control(&["use", "broken"]).ended(
        78,
        &["library/broken.toml:3:17: error: instance.instance-type is an integer", "still serving"],
    );
    sandbox
        .control(&["use", "larg"])
        .ended(78, &["is not a scenario of the library", "did you mean \"large\"?"]);
    assert_eq!(kind(), "m5.24xlarge");

    says(&done(&sandbox, &["use", "./other.toml"]), &[&format!("serving {}", other.display())]);
    assert_eq!(kind(), "c7g.large");
    done(&sandbox, &["reload"]);
    assert_eq!(kind(), "t3.micro");
    says(&done(&sandbox, &["status"]), &[&format!("scenario    {}, loaded ", own.display())]);
}

/// Nothing is installed where the tests run.
#[test]
fn the_program_has_the_library() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&["spot-idle"]);
    let life_cycle = || server.get("/latest/meta-data/instance-life-cycle").body;
    assert_eq!(life_cycle(), "spot");
    let status = done_json(&sandbox, &["status"]);
    assert_eq!(status["scenario"]["library"], "spot-idle", "{status}");
    says(
        &done(&sandbox, &["use", "maintenance-reboot"]),
        &["serving maintenance-reboot of the library until"],
    );
    assert_eq!(life_cycle(), "on-demand");
    says(
        &done(&sandbox, &["status"]),
        &["maintenance-reboot of the library, until the next reload, loaded "],
    );
    done(&sandbox, &["reload"]);
    assert_eq!(life_cycle(), "spot");

    let list = sandbox.run(&["use", "--list"]).stdout;
    assert!(list.lines().any(|line| line.starts_with("spot-interruption ")), "{list}");
    let text = std::fs::read_to_string(support::sources().join("packaging/scenarios/spot-idle.toml"));
    assert_eq!(sandbox.run(&["show", "--scenario", "spot-idle"]).stdout, text.expect("it is there"));
    sandbox.run(&["show", "--scenario", "spot-idel"]).ended(64, &["did you mean \"spot-idle\"?"]);

    // A name is never a file, nor a path a name.
    sandbox.write("spot-idle", "[instance]\ninstance-type = \"m5.24xlarge\"\n");
    says(&done(&sandbox, &["use", "spot-idle"]), &["serving spot-idle of the library"]);
    says(&done(&sandbox, &["use", "./spot-idle"]), &["/spot-idle until the next reload"]);
    assert_eq!(server.get("/latest/meta-data/instance-type").body, "m5.24xlarge");
}

#[test]
fn the_library_is_listed_without_a_server() {
    let sandbox = Sandbox::new();
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/scenarios");
    let found = sandbox.run(&["use", "--list", "--library", library]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    let default = found.stdout.lines().find(|line| line.starts_with("default ")).unwrap_or_default();
    assert!(
        default.ends_with("  The built-in instance of mock-imds: every key with its default."),
        "{found:#?}"
    );
    let json: Value =
        serde_json::from_str(&sandbox.run(&["use", "--list", "--json", "--library", library]).stdout)
            .unwrap();
    assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(found.stdout.lines().count()));
    sandbox.run(&["use", "--list", "--library", "/nonexistent"]).ended(69, &["/nonexistent cannot be read"]);
}

/// What is spelt out there is what holds without a file.
#[test]
fn the_default_of_the_library_is_the_built_in_instance() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let expected = "serving default of the library until the next reload: nothing changed\n";
    assert_eq!(done(&sandbox, &["use", "default"]), expected, "rerun: cargo test --test cli the_default_of");
    assert_eq!(done(&sandbox, &["reload"]), "reloaded: nothing changed\n");
}
