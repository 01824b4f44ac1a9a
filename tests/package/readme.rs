//! The README: each command on it is run in the page's order on one machine, and prints what the page says.
//!
//! Commands of the sources (`git clone …`, `./scripts/…`) are not run here: CI itself is `./scripts/test`, and it made the
//! package by `./scripts/package`. That the scripts exist is looked at.

use support::machine::{Machine, System};
use support::page::{blocks, commands};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_says_what_happens() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    let (mut scenario, mut run) = ("", 0);
    for block in blocks(README) {
        match block.language {
            "toml" => {
                let text = block.text;
                machine.ok(&format!(
                    "cat >/tmp/block.toml <<'END'\n{text}\nEND\nmock-imds check /tmp/block.toml"
                ));
                scenario = text;
            }
            "console" => {
                for command in commands(&block) {
                    let text = command.text.split_once("  #").map_or(command.text.as_str(), |(text, _)| text);
                    run += usize::from(perform(&machine, scenario, text.trim(), &command.prints));
                }
            }
            _ => {}
        }
    }
    assert!(run > 7, "the README was misread: only {run} commands were run");
}

/// Runs a command of the page, unless it is one of the sources; whether it was run.
fn perform(machine: &Machine, scenario: &str, command: &str, output: &[&str]) -> bool {
    if let Some(scripts) = command.strip_prefix("./scripts/") {
        let name = scripts.split_whitespace().next().unwrap_or_default();
        let script = support::sources().join("scripts").join(name);
        assert!(script.is_file(), "expected a script for {command:?} of the README at {}", script.display());
        return false;
    }
    if command.starts_with("git clone ") {
        return false;
    }
    // Into a pipe curl draws a meter; on a terminal it does not.
    let script = format!(
        "curl() {{ command curl -sS \"$@\"; }}\n{}\ncd /root\n{}",
        before(command, scenario),
        command.replace("sudo ", "")
    );
    let said = machine.run(&script);
    let found = format!("{}\n{}", said.stdout.trim_end(), said.stderr).replace("\r\n", "\n");
    let lines: Vec<&str> = found.trim_start().lines().take(output.len()).collect();
    let rejected = output.iter().any(|line| line.contains(": error: "));
    if lines != output || (said.code != Some(0)) != rejected {
        let expected = output.join("\n");
        machine.fail(&format!(
            "README.md: {command}\nexpected, with success or an error as shown:\n{expected}\nfound:\n{said}"
        ));
    }
    true
}

/// A server in another terminal, for one command: the commands ask a user's own server before the packaged one.
const SERVER: &str = "mock-imds serve >/dev/null 2>&1 & server=$!; trap 'kill $server' EXIT; \
     for try in {1..100}; do curl -s -o /dev/null 127.0.0.1:1338 && break; sleep .1; done";

/// What the page takes for granted at a command: the file that it has just shown, a server, a program that asks.
fn before(command: &str, scenario: &str) -> String {
    let here = "/root/scenario.toml";
    match command.split_whitespace().collect::<Vec<_>>()[..] {
        ["curl", url, ..] if url.starts_with("http://127.0.0.1:1338") => SERVER.to_owned(),
        ["sudo", "systemctl", "reload", ..] => {
            format!("cat >/etc/mock-imds/scenario.toml <<'END'\n{scenario}\nEND")
        }
        ["mock-imds", "check", ..] => {
            format!("printf '[instance]\\ninstance-type = \"c7g large\"\\n' >{here}")
        }
        ["mock-imds", "wait", path, ..] => {
            format!(
                "for try in {{1..100}}; do curl -s -o /dev/null http://169.254.169.254/latest/{path}; sleep .1; done &"
            )
        }
        _ => String::new(),
    }
}
