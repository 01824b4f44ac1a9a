//! `.pre-commit-hooks.yaml`, as a project that uses it has it.

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Outcome, Sandbox, finish};

use crate::{RERUN, tool};

fn run(command: &mut Command) -> Outcome {
    finish(command)
}

fn git(directory: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "init.defaultBranch=main"];
    let outcome = run(Command::new("git").args(identity).args(arguments).current_dir(directory));
    assert_eq!(outcome.code, Some(0), "git {arguments:?}: {outcome:#?}\n{RERUN}");
    outcome.stdout.trim().to_owned()
}

#[test]
fn the_hook_rejects_a_commit_with_a_bad_scenario() {
    let Some(pre_commit) = tool("pre-commit") else { return };
    let sandbox = Sandbox::new();
    let [hooks, project] = ["hooks", "project"].map(|name| {
        let directory = sandbox.path(name);
        fs::create_dir(&directory).expect("the sandbox is writable");
        git(&directory, &["init", "-q"]);
        directory
    });
    fs::copy(support::sources().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml"))
        .expect("the definition is there");
    git(&hooks, &["add", "."]);
    git(&hooks, &["commit", "-q", "-m", "hooks"]);
    let revision = git(&hooks, &["rev-parse", "HEAD"]);
    let configuration = format!(
        "repos:\n- repo: {}\n  rev: {revision}\n  hooks:\n  - id: mock-imds-check\n",
        hooks.display()
    );
    fs::write(project.join(".pre-commit-config.yaml"), configuration).expect("the sandbox is writable");
    let program = support::program();
    let path = format!(
        "{}:{}",
        program.parent().expect("a directory").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    for (file, text, code, expected) in [
        ("scenario.toml", "[instance]\ninstance-type = \"t3.micro\"\n", 0, "Passed"),
        (
            "scenario.toml",
            "[instance]\ninstance-type = \"t3 micro\"\n",
            1,
            "scenario.toml:2:17: error: instance.instance-type",
        ),
        (
            "scenario.toml",
            "[metadata]\n\"meta-data/instnace-id\" = \"i-1\"\n",
            1,
            "did you mean \"meta-data/instance-id\"?",
        ),
        ("host.toml", "[host]\nipv6 = \"yes\"\n", 1, "host.toml:2:8: error: host.ipv6 is a string"),
        ("Cargo.toml", "[package]\n", 0, "no files to check"),
    ] {
        fs::write(project.join(file), text).expect("the sandbox is writable");
        git(&project, &["add", "."]);
        let outcome = run(Command::new(&pre_commit)
            .args(["run", "--color", "never"])
            .current_dir(&project)
            .env("PATH", &path)
            .env("PRE_COMMIT_HOME", sandbox.path("cache")));
        let output = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(
            outcome.code == Some(code) && output.contains(expected),
            "{file}:\n{text}\nexpected {code} and {expected:?}, found {outcome:#?}\n{RERUN}"
        );
        git(&project, &["rm", "-q", "--cached", file]);
        fs::remove_file(project.join(file)).expect("it was written");
    }
}
