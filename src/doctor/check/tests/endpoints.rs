//! The endpoints beside IMDS.

use super::{assert_is, assert_problem, findings, listener};
use crate::doctor::facts::{HostFacts, Variable};
use crate::doctor::report::FindingLevel::{Note, Ok as Healthy};
use crate::doctor::ruleset::Ruleset;
use crate::host::conflicts::RefusedEndpoint;
use crate::host::settings::{Endpoint, Redirect};

fn enable(facts: &mut HostFacts) {
    facts.published.as_mut().expect("it is up").settings.endpoints = vec![Endpoint::Imds, Endpoint::Ecs];
    facts.listeners.push(listener("169.254.170.2:1690"));
}

fn refused() -> RefusedEndpoint {
    RefusedEndpoint { endpoint: Endpoint::Ecs, reason: "an Amazon ECS agent runs here".into() }
}

#[test]
fn an_endpoint_is_well_where_its_socket_is() {
    assert!(findings("endpoints", |_| {}).is_empty(), "IMDS alone is not worth a line");
    assert_is(&findings("endpoints", enable)[0], Healthy, "ecs at http://169.254.170.2/");
    let without = findings("endpoints", |facts| {
        enable(facts);
        facts.listeners.pop();
    });
    let found = "ecs is enabled, and no socket is at 169.254.170.2:1690";
    assert_problem(&without[0], found, "systemctl restart mock-imds");
    let bind = findings("endpoints", |facts| {
        enable(facts);
        facts.published.as_mut().expect("it is up").settings.redirect = Redirect::None;
    });
    let copy = "cp /usr/share/mock-imds/dropins/bind-ecs.conf /etc/systemd/system/mock-imds-ecs.socket.d/";
    assert_problem(&bind[0], "ecs is enabled, and no socket is at 169.254.170.2:80", copy);
}

/// The drop-ins of the bind mode, of which each socket has one.
#[test]
fn a_socket_at_the_other_port_is_half_of_the_bind_mode() {
    let left = findings("endpoints", |facts| {
        enable(facts);
        facts.listeners.pop();
        facts.listeners.push(listener("169.254.170.2:80"));
    });
    let remove = "rm /etc/systemd/system/mock-imds-ecs.socket.d/bind-ecs.conf";
    assert_problem(&left[0], "ecs is enabled, and no socket is at 169.254.170.2:1690", remove);
    let by_ipv6 = findings("endpoints", |facts| {
        let settings = &mut facts.published.as_mut().expect("it is up").settings;
        settings.endpoints = vec![Endpoint::Imds, Endpoint::PodIdentity];
        (settings.ipv6, settings.redirect) = (true, Redirect::None);
        facts.listeners.push(listener("169.254.170.23:80"));
        facts.listeners.push(listener("[fd00:ec2::23]:1690"));
    });
    let copy = "bind-pod-identity-ipv6.conf /etc/systemd/system/mock-imds-pod-identity-ipv6.socket.d/";
    assert_problem(&by_ipv6[0], "pod-identity is enabled, and no socket is at [fd00:ec2::23]:80", copy);
}

/// By the guardian when it looked, or by what the host has now.
#[test]
fn a_refused_endpoint_is_a_problem_with_its_reason() {
    let reason = "the endpoint ecs is refused: an Amazon ECS agent runs here";
    let by_guardian = findings("endpoints", |facts| {
        enable(facts);
        facts.published.as_mut().expect("it is up").refused = vec![refused()];
    });
    assert_problem(&by_guardian[0], reason, "systemctl reload mock-imds-net");
    let now = findings("endpoints", |facts| {
        enable(facts);
        facts.refused = vec![refused()];
    });
    assert_problem(&now[0], reason, "editor /etc/mock-imds/host.toml");
    let missing = findings("address", |facts| {
        enable(facts);
        facts.published.as_mut().expect("it is up").refused = vec![refused()];
    });
    assert_eq!(missing.len(), 1, "its address is not missed: {missing:?}");
    let missing = findings("address", enable);
    assert_problem(
        &missing[1],
        "169.254.170.2 is on no interface, though it was set up",
        "restart mock-imds-net",
    );
}

/// A firewall and a proxy are in the way of each address of its own.
#[test]
fn what_stands_before_imds_stands_before_the_others_too() {
    let proxied = |no_proxy: &str| {
        findings("proxy", |facts| {
            enable(facts);
            let set = |name: &str, value: &str| Variable {
                name: name.into(),
                value: value.into(),
                source: "this environment".into(),
            };
            facts.variables = vec![set("http_proxy", "http://proxy:3128"), set("no_proxy", no_proxy)];
        })
    };
    let found =
        "http_proxy is http://proxy:3128 in this environment, and NO_PROXY does not exclude 169.254.170.2";
    assert_problem(
        &proxied("169.254.169.254")[0],
        found,
        "NO_PROXY=\"169.254.170.2${NO_PROXY:+,$NO_PROXY}\"",
    );
    assert!(proxied("169.254.0.0/16").is_empty());

    let drop = r#"{"nftables": [
        {"table": {"family": "inet", "name": "filter", "handle": 1}},
        {"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}
    ]}"#;
    let blocked = findings("firewall", |facts| {
        enable(facts);
        facts.rules = Ok(Ruleset { nft: vec![drop.into()], ..Ruleset::default() });
    });
    let commands: Vec<bool> = ["169.254.169.254", "169.254.170.2"]
        .iter()
        .zip(&blocked)
        .map(|(address, finding)| finding.repair[0].contains(&format!("ip daddr {address} tcp dport 1690")))
        .collect();
    assert_eq!(commands, [true, true], "{blocked:#?}");
    assert!(blocked[1].found.contains("stops callers of 169.254.170.2 on docker0"), "{}", blocked[1]);
}

#[test]
fn tokens_of_a_real_agent_are_noted() {
    let found = findings("endpoints", |facts| {
        facts.published.as_mut().expect("it is up").settings.endpoints = vec![Endpoint::PodIdentity];
        facts.listeners.push(listener("169.254.170.23:1690"));
        facts.pod_tokens = true;
    });
    assert_is(&found[1], Note, "/run/secrets/pods.eks.amazonaws.com is there");
    assert!(findings("endpoints", |facts| facts.pod_tokens = true).is_empty());
}
