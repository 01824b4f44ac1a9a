//! This program conforms, whatever its scenario, and as amazon-ec2-metadata-mock to what that claims.

use std::collections::BTreeMap;

use serde_json::Value;
use support::{Sandbox, sources};

use super::page::{self, Row};
use super::{Judged, at_once, judge};

#[test]
fn the_results_are_those_of_the_page() {
    let required = "[metadata-options]\nhttp-tokens = \"required\"\n".to_owned();
    let services = [
        ("mock-imds, the default instance", String::new(), "ec2"),
        ("mock-imds, an instance with everything", golden("everything.toml"), "ec2"),
        ("mock-imds, tokens required", required, "ec2"),
        ("mock-imds, three interfaces", golden("multi-interface.toml"), "ec2"),
        ("mock-imds as amazon-ec2-metadata-mock 1.13", library("aemm"), "aemm"),
        ("the same", library("aemm"), "ec2"),
    ];
    at_once(&services, |(service, scenario, profile)| {
        Row::of(service, profile).agrees_with(&judge_scenario(scenario, &["--profile", profile]));
    });
}

fn judge_scenario(scenario: &str, more: &[&str]) -> Judged {
    let sandbox = Sandbox::new();
    let file = sandbox.write("s.toml", scenario);
    let server = sandbox.serve(&["--scenario", file.to_str().expect("UTF-8")]);
    judge(&sandbox, server.address, more)
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
    let page = page::read();
    for (group, count) in groups {
        let row = format!("| {} | {count} |", group.expect("each has one"));
        assert!(page.contains(&row), "expected the row {row} in docs/conformance.md");
    }
    let sum = format!("makes {} checks", list.len());
    assert!(page.contains(&sum), "expected {sum:?} in docs/conformance.md");
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

/// Besides those of the page. None changes while it is judged.
#[test]
fn scenarios_of_all_kinds_conform() {
    let notices = "[instance]\nlife-cycle = \"spot\"\n[[event]]\nspot-interruption = { action = \"terminate\", notice = \"2m\" }\n\
                   rebalance-recommendation = {}\n";
    let mut scenarios = vec![
        ("without IPv4", golden("ipv6-only.toml"), 390),
        ("an older host", "[http]\nprofile = \"legacy\"\n".to_owned(), 400),
        ("to be terminated", notices.to_owned(), 410),
        ("to be stopped", notices.replace("terminate", "stop"), 405),
    ];
    for name in
        ["eks-node", "govcloud", "maintenance-canceled", "no-role", "role-not-assumable", "eni-efa-only"]
    {
        scenarios.push((name, library(name), 380));
    }
    // The least number of checks that have to pass, so that skipping does not pass for passing.
    at_once(&scenarios, |(name, scenario, least)| {
        let judged = judge_scenario(scenario, &[]);
        assert!(judged.failed.is_empty(), "{name}: expected no check to fail, found {:#?}", judged.failed);
        assert_eq!(judged.outcome.code, Some(0), "{name}: {}", judged.outcome);
        let passed = judged.passed.len();
        assert!(passed >= *least, "{name}: expected {least} checks to pass or more, found {passed}");
    });
}
