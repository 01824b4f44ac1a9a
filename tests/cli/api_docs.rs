//! `docs/control-api.md`: each example is run in the page's order against one server, and answers what the page says.

use std::process::Command;

use serde_json::Value;
use support::page::{Block, blocks, like};
use support::{Sandbox, finish, skip};

const PAGE: &str = include_str!("../../docs/control-api.md");
const SOCKET: &str = "/run/mock-imds/control.sock";

#[test]
fn the_examples_answer_what_the_page_says() {
    if !Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skip("needs curl");
    }
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[[event]]\nat = \"1h\"\nrebalance-recommendation = {}\n");
    let _server = sandbox.serve(&["--scenario", "s.toml"]);
    let socket = sandbox.path("c.sock").display().to_string();

    let mut run = 0;
    for pair in blocks(PAGE).chunks(2) {
        let [Block { language: "sh", text: commands, .. }, Block { language: "json", text: answers, .. }] =
            pair
        else {
            panic!("expected a block of sh and one of json after it, found {pair:?}");
        };
        let answers: Vec<Value> = serde_json::Deserializer::from_str(answers)
            .into_iter()
            .map(|answer| answer.expect("JSON on the page"))
            .collect();
        let commands: Vec<&str> = commands.lines().collect();
        assert_eq!(commands.len(), answers.len(), "an answer for each command: {pair:?}");
        for (command, expected) in commands.iter().zip(&answers) {
            assert!(command.contains(SOCKET), "{command}");
            let script = command.replace(SOCKET, &socket).replacen("curl", "curl --silent", 1);
            let found = finish(&mut sandbox.prepared("/bin/sh".as_ref(), &["-c", &script]));
            let answer: Value = serde_json::from_str(&found.stdout)
                .unwrap_or_else(|error| panic!("{command}: expected JSON, found {error} in {found:#?}"));
            if let Err(difference) = fits(expected, &answer, "") {
                panic!("{command}: {difference}\nthe whole answer: {answer:#}");
            }
            run += 1;
        }
    }
    assert!(run > 10, "the page was misread: {run} examples");
}

#[test]
fn the_page_names_every_route() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let socket = sandbox.path("c.sock").display().to_string();
    let mut stream = std::os::unix::net::UnixStream::connect(socket).expect("the server accepts");
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .expect("the server reads");
    let answer = std::io::read_to_string(stream).expect("the server answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let refusal: Value = serde_json::from_str(body).expect("JSON");
    let routes = refusal["routes"].as_array().expect("a list of routes");
    assert!(routes.len() > 5, "{routes:?}");
    for route in routes {
        let route = route.as_str().expect("a string");
        assert!(PAGE.contains(&format!("`{route}")), "expected {route} on the page");
    }
}

/// Whether an answer has everything that is expected; `…` in a string stands for any text, and alone for any value.
fn fits(expected: &Value, found: &Value, at: &str) -> Result<(), String> {
    let differs = || Err(format!("expected {expected} at {at:?}, found {found}"));
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().try_for_each(|(key, value)| {
            fits(value, found.get(key).unwrap_or(&Value::Null), &format!("{at}.{key}"))
        }),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.try_for_each(|(index, (expected, found))| fits(expected, found, &format!("{at}[{index}]")))
        }
        (Value::String(any), found) if any == "…" && !found.is_null() => Ok(()),
        (Value::String(expected), Value::String(found)) if like(expected, found) => Ok(()),
        (expected, found) if expected == found => Ok(()),
        _ => differs(),
    }
}
