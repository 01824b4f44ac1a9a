//! What programs read of a check, and where warnings show.

use support::Sandbox;

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
