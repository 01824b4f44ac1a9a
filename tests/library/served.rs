//! The library through a server: `mock-imds use` takes each scenario, `mock-imds clock seek` moves its clock, and the
//! answers over HTTP are those of its play.
//!
//! Lines of other clients are left out, and those that depend on how fast the machine is: a throttled client, and
//! silence, for which a client waits, and a reset.

use std::collections::BTreeMap;
use std::time::Duration;

use mock_imds::imds::DeliveryEnd;
use support::http::{Response, exchange};
use support::{Answer, Sandbox, ServerProcess, library};

use crate::play::{self, Line};

const RERUN: &str = "rerun: cargo test --test library served";

/// Asks what a line asks.
fn ask(
    sandbox: &Sandbox,
    server: &ServerProcess,
    line: &Line,
    tokens: &mut BTreeMap<String, String>,
) -> Answer {
    let ttl = if line.method == "PUT" { "X-aws-ec2-metadata-token-ttl-seconds: 21600\r\n" } else { "" };
    let token = line.token.as_ref().map(|name| {
        let token = tokens.entry(name.clone()).or_insert_with(|| server.token());
        format!("X-aws-ec2-metadata-token: {token}\r\n")
    });
    let pod_token = line.pod_token.as_ref();
    let pod_token = pod_token
        .map(|name| tokens.entry(format!("pod {name}")).or_insert_with(|| pod_token_of(sandbox)).clone());
    let authorization =
        line.authorization.as_ref().or(pod_token.as_ref()).map(|value| format!("Authorization: {value}\r\n"));
    let head = format!(
        "{} {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{ttl}{}{}\r\n",
        line.method,
        line.path,
        token.unwrap_or_default(),
        authorization.unwrap_or_default()
    );
    let Response { status, body, .. } = exchange(server.address, head);
    Answer { status, body, ttl: None, late: Duration::ZERO, end: DeliveryEnd::Whole }
}

/// The token that the server writes for a pod.
fn pod_token_of(sandbox: &Sandbox) -> String {
    let said = sandbox.control(&["env", "pod-identity"]).stdout;
    let file = said.lines().find_map(|line| line.strip_prefix("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="));
    let file = file.unwrap_or_else(|| panic!("expected the path of a token, found {said:?}\n{RERUN}"));
    std::fs::read_to_string(file).expect("the token is readable")
}

#[test]
fn a_server_keeps_the_promises_of_every_scenario() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let order = |arguments: &[&str]| {
        let done = sandbox.control(arguments);
        assert_eq!((done.code, &*done.stderr), (Some(0), ""), "{arguments:?}: {done:#?}\n{RERUN}");
    };
    let mut asked = 0;
    for (name, _) in library() {
        order(&["use", &name]);
        // The machine may be slow; the clock stands at the places that the play names.
        order(&["clock", "pause"]);
        let (mut tokens, mut reached, mut wrong) = (BTreeMap::new(), None, vec![]);
        let lines = play::of(&name);
        let mine =
            |line: &&Line| line.from.is_none() && !matches!(&*line.status, "429" | "silence" | "reset");
        for line in lines.iter().filter(mine) {
            if reached.replace(line.at) != Some(line.at) {
                order(&["clock", "seek", &format!("{}s", line.at.as_secs())]);
            }
            asked += 1;
            wrong.extend(line.judge(&ask(&sandbox, &server, line, &mut tokens), None).err());
        }
        assert!(wrong.is_empty(), "tests/library/plays/{name}.play\n{}\n{RERUN}", wrong.join("\n"));
    }
    assert!(asked > 150, "only {asked} lines were asked\n{RERUN}");
}
