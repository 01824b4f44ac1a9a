//! The commands of `docs/view.md`, run as written against a view of the test.

use std::path::Path;
use std::process::Command;

use support::page::blocks;
use support::{finish, skip};

use crate::prometheus::installed;
use crate::viewed;

const PAGE: &str = include_str!("../../docs/view.md");
const ADDRESS: &str = "127.0.0.1:1339";

fn block(language: &str) -> &'static str {
    let blocks = blocks(PAGE);
    let found = blocks.iter().find(|block| block.language == language);
    found.unwrap_or_else(|| panic!("docs/view.md has no block of {language}")).text
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    if !Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skip("needs curl");
    }
    let (sandbox, server, view) = viewed("");
    let address = view.process.address.to_string();
    let script = block("sh").replace(ADDRESS, &address).replace("curl ", "curl --silent --fail ");
    let script = format!("set -e\n{script}");
    let found = finish(&mut sandbox.prepared(Path::new("/bin/sh"), &["-c", &script]));
    assert_eq!(found.code, Some(0), "{found:#?}");
    for part in
        ["\"instance_id\": \"i-1234567890abcdef0\"", "spot interruption: terminate at", "the clock is at 10m"]
    {
        assert!(found.stdout.contains(part), "expected {part:?}, found {found:#?}");
    }
    assert_eq!(server.get("/latest/meta-data/spot/instance-action").status, 200);
}

#[test]
fn prometheus_takes_the_configuration_of_the_page() {
    let Some(promtool) = installed("promtool") else { return };
    let (sandbox, _server, _view) = viewed("");
    let file = sandbox.write("prometheus.yml", block("yaml"));
    let found = finish(&mut sandbox.prepared(&promtool, &["check", "config", file.to_str().expect("UTF-8")]));
    assert_eq!(found.code, Some(0), "{found:#?}");
}
