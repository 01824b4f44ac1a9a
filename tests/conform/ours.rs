//! This program conforms, whatever its scenario, and as amazon-ec2-metadata-mock to what that claims.

use support::{Sandbox, sources};

use super::judge;

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
