//! `docs/record.md`: its commands are run, in the page's order.

use std::fs;
use std::path::Path;
use std::process::Command;

use support::page::{Block, blocks};
use support::{Sandbox, finish, skip};

const PAGE: &str = include_str!("../../docs/record.md");

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    if !Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skip("needs curl");
    }
    let sandbox = Sandbox::new();
    let scenario = sandbox.write(
        "s.toml",
        "[instance]\ninstance-type = \"c7g.large\"\npublic-keys = [{ name = \"my key\", key = \"ssh-ed25519 AAAA me\" }]\n\
         [credentials]\nextended = true\n",
    );
    let server = sandbox.serve(&["--scenario", scenario.to_str().expect("UTF-8")]);
    let url = format!("http://{}", server.address);
    sandbox
        .write("instance-data.json", "{\"ds\": {\"meta_data\": {\"instance_id\": \"i-0123456789abcdef0\"}}}");
    let program = support::program().parent().expect("it is in a directory").display();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
    let mut run = 0;
    for Block { text: block, .. } in blocks(PAGE).into_iter().filter(|block| block.language == "sh") {
        let mut lines = block.to_owned();
        // The tests' service in the place of every other one; it is quick, and what is served is served elsewhere.
        for address in ["http://169.254.169.254", "http://127.0.0.1:1338", "'http://[fd00:ec2::254]'"] {
            lines = lines.replace(address, &url);
        }
        lines = lines
            .replace("mock-imds record -o", &format!("mock-imds record {url} -o"))
            .replace("mock-imds record", "mock-imds record --rate 1000")
            .replace("-o instance.toml", "--force -o instance.toml")
            .replace("/run/cloud-init/", "")
            .replace("mock-imds serve --scenario", "test -s");
        let mut command = sandbox.prepared(Path::new("/bin/sh"), &["-ec", &lines]);
        let found = finish(command.env("PATH", &path));
        assert_eq!(found.code, Some(0), "of\n{lines}\nfound {found:#?}");
        run += 1;
        if block.contains("import dump dump") {
            let kept = all_of(&sandbox.path("dump"));
            for secret in ["SecretAccessKey", "AccessKeyId", "security-credentials"] {
                assert!(!kept.contains(secret), "expected no {secret} in the dump, found\n{kept}");
            }
            assert!(!sandbox.path("dump/user-data").exists(), "expected no file of what is not there");
            let text = fs::read_to_string(sandbox.path("instance.toml")).expect("it was written");
            for fact in ["instance-type = \"c7g.large\"", "name = \"my key\"", "role = \"dev-role\""] {
                assert!(text.contains(fact), "expected {fact:?} of the dump, found\n{text}");
            }
            assert!(!text.contains("[metadata]"), "expected facts alone, found\n{text}");
        }
    }
    assert_eq!(run, 6, "expected six blocks of commands on the page");
}

/// Names and contents of the files below a directory.
fn all_of(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).expect("the page made it") {
        let path = entry.expect("it is readable").path();
        text += &path.to_string_lossy();
        text += &if path.is_dir() {
            all_of(&path)
        } else {
            String::from_utf8_lossy(&fs::read(&path).expect("it is readable")).into_owned()
        };
    }
    text
}
