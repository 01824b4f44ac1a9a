//! The command: its outputs, its mistakes, its exit statuses, and what it never prints.

use std::net::TcpListener;

use mock_imds::identity::{KeyRing, SignatureKind};
use serde_json::Value;
use support::Sandbox;

use super::at_once;
use super::stub::Stub;
use super::stub_tree::KEYS;

#[test]
fn the_table_says_what_fails_and_who_depends_on_it() {
    let sandbox = Sandbox::new();
    let stub = Stub::start("no-rsa2048");
    let address = stub.address.to_string();
    let found =
        sandbox.run(&["conform", &address, "--rate", "1000", "--only", "leaf-*", "--only", "versions"]);
    assert_eq!(found.code, Some(1), "{found}");
    // Without a locale marks are ASCII.
    let lines = [
        "+ versions ",
        "x leaves ",
        "  x leaf-instance-identity-rsa2048-answers",
        "      asked     GET /latest/dynamic/instance-identity/rsa2048",
        "      expected  status 200: each instance has it",
        "      found     HTTP/1.1 404 Not Found",
        "      basis     documented: EC2 User Guide, Instance metadata categories",
        "      breaks    Vault, Teleport",
    ];
    for line in lines {
        assert!(found.stdout.lines().any(|found| found.starts_with(line)), "expected {line:?} in {found}");
    }
    assert!(!found.stdout.contains(" tokens "), "expected the chosen groups alone, found {found}");
}

#[test]
fn the_list_names_each_check_and_asks_nothing() {
    let sandbox = Sandbox::new();
    let found = sandbox.run(&["conform", "--list"]);
    assert_eq!(found.code, Some(0), "{found}");
    for part in ["\ntokens\n", "  token-issued\n", "expected  status 200", "relied-on: "] {
        assert!(found.stdout.contains(part), "expected {part:?} in {found}");
    }
    let json = sandbox.run(&["conform", "--list", "--json", "--only", "tokens"]);
    let list: Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    let list = list.as_array().expect("a list");
    assert!(list.len() > 40 && list.iter().all(|check| check["group"] == "tokens"), "{json}");
    for key in ["name", "asked", "expects", "confidence", "source"] {
        assert!(list.iter().all(|check| check[key].is_string()), "expected {key} of each check");
    }
}

#[test]
fn junit_has_a_case_for_each_check() {
    let sandbox = Sandbox::new();
    let stub = Stub::start("json-errors");
    let address = stub.address.to_string();
    let file = sandbox.path("report.xml");
    let file = file.to_str().expect("UTF-8");
    let found = sandbox.run(&["conform", &address, "--rate", "1000", "--only", "errors", "--junit", file]);
    assert_eq!(found.code, Some(1), "{found}");
    let xml = std::fs::read_to_string(file).expect("it was written");
    let parts = [
        "<testsuite name=\"errors\" tests=\"25\" failures=\"3\"",
        "<testcase classname=\"conform.errors\" name=\"missing-type\">",
        "<failure message=\"expected Content-Type: text/html, found Content-Type: application/json\">",
        "</testsuites>",
    ];
    for part in parts {
        assert!(xml.contains(part), "expected {part:?} in {xml}");
    }
}

#[test]
fn no_secret_is_in_any_report() {
    // Faults that make checks of secrets fail, whose findings could show them.
    let faults = ["fractions", "expired-keys", "token-short", "token-line-feed", "charset", "short-body"];
    at_once(&faults, |fault| {
        let sandbox = Sandbox::new();
        let stub = Stub::start(fault);
        let address = stub.address.to_string();
        let file = sandbox.path("report.xml");
        let file = file.to_str().expect("UTF-8");
        let only = ["--only", "tokens", "--only", "credentials", "--only", "leaves", "--only", "headers"];
        let arguments = ["conform", &address, "--rate", "1000", "--json", "--junit", file];
        let found = sandbox.run(&arguments.iter().chain(&only).copied().collect::<Vec<_>>());
        let xml = std::fs::read_to_string(file).expect("it was written");
        let secrets = KEYS.lines().filter(|line| line.contains("EXAMPLE"));
        let secrets = secrets.filter_map(|line| line.split('"').nth(3)).chain(["00000000000", "#!/bin/sh"]);
        for secret in secrets {
            let shown =
                found.stdout.contains(secret) || found.stderr.contains(secret) || xml.contains(secret);
            assert!(!shown, "{fault}: expected no {secret:?} in {found}\n{xml}");
        }
    });
}

/// The three checks of signatures, with these certificates.
fn verified(sandbox: &Sandbox, address: &str, files: &[&str]) -> Vec<(String, String)> {
    let mut arguments = vec!["conform", address, "--rate", "1000", "--json", "--only", "*-verifies"];
    arguments.extend(files.iter().flat_map(|file| ["--certificate", *file]));
    let found = sandbox.run(&arguments);
    let report: Value =
        serde_json::from_str(&found.stdout).unwrap_or_else(|error| panic!("{error}: {found}"));
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().expect("a list");
    checks.iter().map(|check| (text(check, "name"), text(check, "outcome"))).collect()
}

#[test]
fn signatures_are_verified_by_the_certificates_that_are_given() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let address = server.address.to_string();
    let kinds = ["signature", "pkcs7", "rsa2048"];
    let others = KeyRing::generate([2; 32]);
    for kind in SignatureKind::ALL {
        let own = sandbox.run(&["show", "identity-certificate", kind.name(), "--state", "state"]);
        sandbox.write(&format!("own-{}.pem", kind.name()), own.stdout);
        sandbox.write(&format!("other-{}.pem", kind.name()), others.certificate_pem(kind));
    }
    let expected = |outcomes: [&str; 3]| -> Vec<(String, String)> {
        let names = kinds.map(|kind| format!("{kind}-verifies"));
        names.into_iter().zip(outcomes.map(str::to_owned)).collect()
    };
    let own = ["own-signature.pem", "own-pkcs7.pem", "own-rsa2048.pem"];
    assert_eq!(verified(&sandbox, &address, &own), expected(["passed"; 3]));
    let others = ["other-signature.pem", "other-pkcs7.pem", "other-rsa2048.pem"];
    assert_eq!(verified(&sandbox, &address, &others), expected(["failed"; 3]));
    let some = ["own-signature.pem", "other-pkcs7.pem"];
    assert_eq!(verified(&sandbox, &address, &some), expected(["passed", "failed", "skipped"]));
    let wrong = sandbox.run(&["conform", &address, "--certificate", "/dev/null"]);
    wrong.ended(64, &["--certificate /dev/null: holds no PEM certificate"]);
}

#[test]
fn mistakes_are_sentences() {
    let sandbox = Sandbox::new();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr().expect("it is bound");
    let free = free.to_string();
    sandbox.run(&["conform"]).ended(64, &["<URL>"]);
    sandbox.run(&["conform", "https://127.0.0.1"]).ended(64, &["metadata services do not speak https"]);
    sandbox.run(&["conform", &free]).ended(69, &["does not answer", "expected a metadata service over HTTP"]);
    sandbox.run(&["conform", &free, "--only", "nothing"]).ended(64, &["--only nothing", "--list shows them"]);
    sandbox.run(&["conform", &free, "--profile", "mine"]).ended(64, &["--profile mine", "ec2, aemm"]);
    let profile = sandbox.write("p.toml", "[[skip]]\ncheks = [\"tokens\"]\n");
    let profile = profile.to_str().expect("UTF-8");
    sandbox.run(&["conform", &free, "--profile", profile]).ended(78, &["p.toml", "cheks"]);
    let stub = Stub::start("");
    let address = stub.address.to_string();
    let only = ["conform", &address, "--only", "time-value", "--junit", "/nowhere/report.xml"];
    sandbox.run(&only).ended(73, &["/nowhere/report.xml cannot be written"]);
}

#[test]
fn a_profile_of_a_file_skips_with_its_reason() {
    let sandbox = Sandbox::new();
    let stub = Stub::start("latest-only");
    let address = stub.address.to_string();
    let text = "[[skip]]\nchecks = [\"versions\", \"token-opens-versions\", \"tokenless-dated\"]\nreason = \"only latest\"\n";
    let profile = sandbox.write("p.toml", text);
    let profile = profile.to_str().expect("UTF-8");
    let found = sandbox.run(&["conform", &address, "--rate", "1000", "--profile", profile, "--verbose"]);
    assert_eq!(found.code, Some(0), "{found}");
    assert!(found.stdout.contains("- version-list: only latest"), "{found}");
}

#[test]
fn the_time_of_a_run_has_an_end() {
    let sandbox = Sandbox::new();
    let stub = Stub::start("");
    let address = stub.address.to_string();
    let found = sandbox.run(&["conform", &address, "--rate", "10", "--max-time", "1s", "--json"]);
    found.ended(69, &["not all checks were made within 1s", "--max-time"]);
    let report: Value = serde_json::from_str(&found.stdout).expect("it is JSON");
    assert_eq!((&report["complete"], &report["failed"]), (&false.into(), &0.into()), "{found}");
    let took = report["milliseconds"].as_u64().expect("a number");
    assert!((900..20_000).contains(&took), "took {took} ms");
    assert!(report["skipped"].as_u64() > report["passed"].as_u64(), "{found}");
}

#[test]
fn requests_keep_their_distance() {
    let sandbox = Sandbox::new();
    let stub = Stub::start("");
    let address = stub.address.to_string();
    let found = sandbox.run(&["conform", &address, "--rate", "20", "--only", "errors", "--json"]);
    let report: Value = serde_json::from_str(&found.stdout).expect("it is JSON");
    let (requests, took) = (report["requests"].as_u64().expect("a number"), report["milliseconds"].as_u64());
    // Between n requests are n - 1 pauses of 50 ms.
    let least = (requests - 1) * 50;
    assert!(
        took.expect("a number") + 1 >= least,
        "expected {least} ms for {requests} requests, found {took:?}"
    );
}
