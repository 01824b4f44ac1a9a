//! `docs/from-your-test-server.md`: every situation is served, and asked as the page says.

use std::time::Duration;

use support::page::{Block, blocks, like};
use support::{Client, PureService, TOKEN, TTL};

use crate::service::RERUN;

const PAGE: &str = include_str!("../../docs/from-your-test-server.md");

#[test]
fn the_situations_of_the_page_are_as_it_says() {
    let blocks = blocks(PAGE);
    let mut situations = 0;
    for pair in blocks.chunks(2) {
        let [
            Block { language: "toml", text: scenario, line, .. },
            Block { language: "text", text: asked, .. },
        ] = pair
        else {
            panic!("expected a scenario and requests of it, found {pair:?}\n{RERUN}");
        };
        let mut service = PureService::new(scenario);
        for request in asked.lines() {
            if let Some(found) = wrong(&mut service, request) {
                panic!(
                    "docs/from-your-test-server.md, the scenario in line {line}: expected {request:?}, found {found}\n{RERUN}"
                );
            }
        }
        let lines = scenario.lines().filter(|line| !line.is_empty()).count();
        assert!(lines <= 9, "{lines} lines are not a few: line {line}\n{RERUN}");
        situations += 1;
    }
    assert_eq!(situations, 14, "situations of the page\n{RERUN}");
}

/// What was answered, if it is not what a line says.
fn wrong(service: &mut PureService, line: &str) -> Option<String> {
    if let Some(span) = line.strip_prefix("wait ") {
        let (number, unit) = span.split_at(span.len() - 1);
        let number: u64 = number.parse().expect("a number");
        service.wait(Duration::from_secs(if unit == "m" { 60 * number } else { number }));
        return None;
    }
    let (request, expected) = line.split_once('→').expect("a request and its answer");
    let (with_token, request) = request.strip_prefix("token ").map_or((false, request), |rest| (true, rest));
    let (method, path) = request.split_once(' ').expect("a method and a path");
    let token = if with_token { service.token(Client::HOST, "21600") } else { String::new() };
    let headers: &[(&'static str, &str)] = match (method, with_token) {
        ("PUT", _) => &[(TTL, "60")],
        (_, true) => &[(TOKEN, &token)],
        _ => &[],
    };
    let path = path.trim();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/latest/{path}") };
    let answer = service.ask(Client::HOST, method, &path, headers);
    let (status, body) = expected.trim().split_once(' ').unwrap_or((expected.trim(), "…"));
    let found = format!("{} {}", answer.status, answer.body);
    (answer.status.to_string() != status || !like(body, &answer.body)).then_some(found)
}
