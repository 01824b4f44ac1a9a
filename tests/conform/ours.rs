//! This program conforms, whatever its scenario, and as amazon-ec2-metadata-mock to what that claims.

use std::collections::BTreeMap;

use serde_json::Value;
use support::{Sandbox, sources};

use super::judge;

/// What the page says of a service: the numbers of its row.
fn row(service: &str, profile: &str) -> String {
    let page = read("docs/conformance.md");
    let start = format!("| {service} | `{profile}` | ");
    let row = page.lines().find_map(|line| line.strip_prefix(&start));
    let row = row.unwrap_or_else(|| panic!("expected a row {start}… in docs/conformance.md"));
    row.split(" | ").take(3).collect::<Vec<_>>().join(" | ")
}

#[test]
fn the_results_are_those_of_the_page() {
    let required = "[metadata-options]\nhttp-tokens = \"required\"\n".to_owned();
    for (service, scenario, profile) in [
        ("mock-imds, the default instance", String::new(), "ec2"),
        ("mock-imds, an instance with everything", golden("everything.toml"), "ec2"),
        ("mock-imds, tokens required", required, "ec2"),
        ("mock-imds, three interfaces", golden("multi-interface.toml"), "ec2"),
        ("mock-imds as amazon-ec2-metadata-mock 1.13", library("aemm"), "aemm"),
        ("the same", library("aemm"), "ec2"),
    ] {
        let sandbox = Sandbox::new();
        let file = sandbox.write("s.toml", scenario);
        let server = sandbox.serve(&["--scenario", file.to_str().expect("UTF-8")]);
        let judged = judge(&sandbox, server.address, &["--profile", profile]);
        let (passed, failed) = (judged.passed.len(), judged.failed.len());
        let found = format!("{passed} | {failed} | {}", judged.skipped);
        assert_eq!(
            found,
            row(service, profile),
            "{service}: passed, failed and skipped, and what the page says"
        );
    }
}

#[test]
fn the_numbers_of_the_page_are_those_of_the_list() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["conform", "--list", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).expect("it is JSON");
    let list = list.as_array().expect("a list");
    let mut groups = BTreeMap::new();
    for check in list {
        *groups.entry(check["group"].as_str()).or_insert(0) += 1;
    }
    let page = read("docs/conformance.md");
    for (group, count) in groups {
        let row = format!("| {} | {count} |", group.expect("each has one"));
        assert!(page.contains(&row), "expected the row {row} in docs/conformance.md");
    }
    let sum = format!("makes {} checks", list.len());
    assert!(page.contains(&sum), "expected {sum:?} in docs/conformance.md");
}

/// Judges a server of a scenario. `least`: the checks that have to pass, so that skipping does not pass for passing.
#[track_caller]
fn conforms(scenario: &str, least: usize, more: &[&str]) {
    let sandbox = Sandbox::new();
    let file = sandbox.write("s.toml", scenario);
    let server = sandbox.serve(&["--scenario", file.to_str().expect("UTF-8")]);
    let judged = judge(&sandbox, server.address, more);
    assert!(judged.failed.is_empty(), "expected no check to fail, found {:#?}", judged.failed);
    assert_eq!(judged.outcome.code, Some(0), "{}", judged.outcome);
    let passed = judged.passed.len();
    assert!(passed >= least, "expected {least} checks to pass or more, found {passed}");
}

fn golden(name: &str) -> String {
    read(&format!("tests/golden/{name}"))
}

fn library(name: &str) -> String {
    read(&format!("packaging/scenarios/{name}.toml"))
}

fn read(file: &str) -> String {
    std::fs::read_to_string(sources().join(file)).expect("the file is there")
}

#[test]
fn the_default_instance_conforms() {
    conforms("", 400, &[]);
}

#[test]
fn an_instance_that_has_everything_conforms() {
    conforms(&golden("everything.toml"), 460, &[]);
}

#[test]
fn several_interfaces_conform() {
    conforms(&golden("multi-interface.toml"), 400, &[]);
}

#[test]
fn an_instance_without_ipv4_conforms() {
    conforms(&golden("ipv6-only.toml"), 390, &[]);
}

#[test]
fn an_instance_that_requires_tokens_conforms() {
    conforms("[metadata-options]\nhttp-tokens = \"required\"\n", 400, &[]);
}

#[test]
fn older_hosts_conform() {
    conforms("[http]\nprofile = \"legacy\"\n", 400, &[]);
}

#[test]
fn an_instance_that_is_interrupted_conforms() {
    let notices = "[instance]\nlife-cycle = \"spot\"\n[[event]]\nspot-interruption = { action = \"terminate\", notice = \"2m\" }\n\
                   rebalance-recommendation = {}\n";
    conforms(notices, 410, &[]);
    conforms(&notices.replace("terminate", "stop"), 405, &[]);
}

#[test]
fn all_scenarios_of_the_library_without_faults_conform() {
    // They differ in what they have, and none changes while it is judged.
    for name in
        ["eks-node", "govcloud", "maintenance-canceled", "no-role", "role-not-assumable", "eni-efa-only"]
    {
        conforms(&library(name), 380, &[]);
    }
}

#[test]
fn the_drop_in_passes_what_the_original_claims() {
    conforms(&library("aemm"), 290, &["--profile", "aemm"]);
}
