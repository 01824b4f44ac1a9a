//! The library through a server: each scenario is loaded, and answers over HTTP as its play says.
//!
//! Lines of other clients are left out, and those that depend on how fast the machine is: a throttled client, and
//! silence, for which a client waits.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use mock_imds::imds::End;

use crate::play::{self, Line};
use crate::stage::{Answer, library};
use crate::support::http::{Response, exchange};
use crate::support::{Bench, Serving};

const RERUN: &str = "rerun: cargo test --test library served";

/// Asks what a line asks.
fn ask(server: &Serving, line: &Line, tokens: &mut BTreeMap<String, String>) -> Answer {
    let ttl = if line.method == "PUT" { "X-aws-ec2-metadata-token-ttl-seconds: 21600\r\n" } else { "" };
    let token = line.token.as_ref().map(|name| {
        let token = tokens.entry(name.clone()).or_insert_with(|| server.token());
        format!("X-aws-ec2-metadata-token: {token}\r\n")
    });
    let head = format!(
        "{} {} HTTP/1.1\r\nHost: x\r\n{ttl}{}\r\n",
        line.method,
        line.path,
        token.unwrap_or_default()
    );
    let Response { status, body, .. } = exchange(server.address, head);
    Answer { status, body, ttl: None, late: Duration::ZERO, end: End::Whole }
}

#[test]
fn a_server_keeps_the_promises_of_every_scenario_from_its_load() {
    let bench = Bench::new();
    bench.write("s.toml", "");
    let server = bench.serve(&["--scenario", "s.toml"]);
    let mut asked = 0;
    for (name, file) in library() {
        bench.write("s.toml", fs::read(&file).expect("the library is readable"));
        let reloaded = bench.control(&["reload"]);
        assert_eq!((reloaded.code, &*reloaded.stderr), (Some(0), ""), "{name}: {reloaded:#?}\n{RERUN}");
        let mut tokens = BTreeMap::new();
        let lines = play::of(&name);
        let mine = |line: &&Line| line.at.is_zero() && line.from.is_none() && line.status.len() == 3;
        let mut wrong = vec![];
        for line in lines.iter().filter(mine).filter(|line| line.status != "429") {
            asked += 1;
            wrong.extend(line.judge(&ask(&server, line, &mut tokens), None).err());
        }
        assert!(wrong.is_empty(), "tests/library/plays/{name}.play\n{}\n{RERUN}", wrong.join("\n"));
    }
    assert!(asked > 100, "only {asked} lines were asked\n{RERUN}");
}
