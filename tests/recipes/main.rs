//! `docs/recipes`: the commands of each page are run in the page's order, and print what the page says.
//!
//! A page has a directory, processes and a network of its own, so that the port on it is free whatever else runs here,
//! and nothing that it starts outlives it. Root, or user namespaces for everybody. Programs: bash, curl, ip, unshare.

mod examples;
mod runner;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::unistd::geteuid;
use support::page::{Besides, Page};
use support::{Sandbox, finish, skip};

const DIRECTORY: &str = "docs/recipes";
const INDEX: &str = "README.md";
/// Need an engine for containers: tests/docker runs them.
const WITH_DOCKER: &[&str] = &["compose-debug.md", "testcontainers.md"];
/// Seconds that a page may take on a busy machine.
const LIMIT: &str = "60";

/// What a page does not say: the network is up, and a service that is installed here is not the page's.
const BEFORE: &str = "exec 2>&1
ip link set lo up
[ ! -d /run/mock-imds ] || mount -t tmpfs none /run/mock-imds
";

macro_rules! pages {
    ($($test:ident: $page:literal,)*) => {
        const PAGES: &[&str] = &[$($page),*];
        $(
            #[test]
            fn $test() {
                follow($page);
            }
        )*
    };
}

pages! {
    ci: "ci.md",
    drop_in_for_ec2_metadata_mock: "ec2-metadata-mock.md",
    eks_bootstrap: "eks-bootstrap.md",
    hot_plug: "hot-plug.md",
    imdsv2_only: "imdsv2-only.md",
    node_termination_handler: "node-termination-handler.md",
    rotating_keys: "rotating-keys.md",
    sdk_endpoint: "sdk-endpoint.md",
    spot_notice_at_once: "spot-notice-at-once.md",
    spot_termination_notice_handler: "spot-termination-notice-handler.md",
}

fn follow(name: &str) {
    let Some(unshare) = namespaces() else {
        return skip("needs network namespaces: root, or user namespaces for everybody");
    };
    let sandbox = Sandbox::new();
    let page = Page::read(&format!("{DIRECTORY}/{name}"));
    for block in page.blocks().iter().filter(|block| block.language == "toml") {
        let file = sandbox.write("block.toml", block.text);
        let found = sandbox.run(&["check", file.to_str().expect("UTF-8")]);
        assert_eq!(found.code, Some(0), "{DIRECTORY}/{name}:{}: {found:#?}", block.line);
    }
    let bin = sandbox.path("bin");
    fs::create_dir(&bin).expect("the temporary directory is writable");
    for program in ["mock-imds", "ec2-metadata-mock"] {
        symlink(support::program(), bin.join(program)).expect("as above");
    }
    let script = format!("{BEFORE}{}", page.script());
    let mut command = sandbox.prepared(Path::new("timeout"), &["--signal", "KILL", LIMIT]);
    command.args(unshare).args(["bash", "-c", &script]);
    let path = std::env::var("PATH").unwrap_or_default();
    let found = finish(command.env("PATH", format!("{}:{path}", bin.display())));
    if let Err(difference) = page.judge(&found.stdout, Besides::Nothing) {
        panic!("{difference}\n{}", found.stderr);
    }
}

/// The command that runs another one in namespaces of its own; what it leaves running is ended with it.
fn namespaces() -> Option<Vec<&'static str>> {
    let mut unshare =
        vec!["unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child=KILL"];
    if !geteuid().is_root() {
        unshare.extend(["--user", "--map-root-user"]);
    }
    let sandbox = Sandbox::new();
    let mut probe = sandbox.prepared(Path::new(unshare[0]), &unshare[1..]);
    let found = finish(probe.args(["ip", "link", "set", "lo", "up"]));
    (found.code == Some(0)).then_some(unshare)
}

#[test]
fn every_page_is_run_and_in_the_index() {
    let directory = support::sources().join(DIRECTORY);
    let index = fs::read_to_string(directory.join(INDEX)).expect("the index is there");
    let mut found = 0;
    for entry in fs::read_dir(&directory).expect("the pages are there") {
        let name = entry.expect("they are readable").file_name().into_string().expect("UTF-8");
        links_lead_somewhere(&directory, &name);
        if name != INDEX {
            let run = PAGES.contains(&name.as_str()) || WITH_DOCKER.contains(&name.as_str());
            assert!(run, "expected a test of {name} in `pages!` of tests/recipes/main.rs");
            assert!(
                index.contains(&format!("]({name})")),
                "expected a link to {name} in {DIRECTORY}/{INDEX}"
            );
            found += 1;
        }
    }
    assert_eq!(found, PAGES.len() + WITH_DOCKER.len(), "pages in {DIRECTORY}");
}

#[track_caller]
fn links_lead_somewhere(directory: &Path, name: &str) {
    let text = fs::read_to_string(directory.join(name)).expect("pages are text");
    for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let file = link.split('#').next().unwrap_or_default();
        let there = link.contains("://") || directory.join(file).exists();
        assert!(there, "{DIRECTORY}/{name} leads to {link}, which is not there");
    }
}
