//! `mock-imds use` and `mock-imds reload`: what of the changes stays.

use serde_json::Value;
use support::Sandbox;

use crate::orders::{REBALANCE, SPOT, done, says, served, status};

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
    let bench = Sandbox::new();
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

    bench.control(&["use", "broken"]).ended(
        78,
        &["library/broken.toml:3:17: error: instance.instance-type is an integer", "still serving"],
    );
    bench
        .control(&["use", "larg"])
        .ended(78, &["is not a scenario of the library", "did you mean \"large\"?"]);
    assert_eq!(kind(), "m5.24xlarge");

    says(&done(&bench, &["use", "./other.toml"]), &[&format!("serving {}", other.display())]);
    assert_eq!(kind(), "c7g.large");
    done(&bench, &["reload"]);
    assert_eq!(kind(), "t3.micro");
    says(&done(&bench, &["status"]), &[&format!("scenario    {}\n", own.display())]);
}

#[test]
fn the_library_is_listed_without_a_server() {
    let bench = Sandbox::new();
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
    bench.run(&["use", "--list", "--library", "/nonexistent"]).ended(69, &["/nonexistent cannot be read"]);
}
