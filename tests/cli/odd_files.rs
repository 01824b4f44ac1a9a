//! No file keeps a command or the server waiting, whatever it is.

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Outcome, Sandbox, finish};

use crate::damages::{Damage, KINDS};

/// What is read, and how.
const READERS: [(&str, &[&str], i32); 8] = [
    ("scenario.toml", &["check", "scenario.toml"], 78),
    ("scenario.toml", &["serve", "--listen", "127.0.0.1:0", "--scenario", "scenario.toml"], 78),
    ("data", &["check", "user-data.toml"], 78),
    ("data", &["check", "override.toml"], 78),
    ("data", &["serve", "--listen", "127.0.0.1:0", "--scenario", "user-data.toml"], 78),
    ("a.json", &["import", "aemm", "a.json"], 78),
    ("a.json", &["aemm", "-c", "a.json", "--port", "0"], 1),
    ("dump", &["import", "dump", "dump"], 69),
];

/// Runs a command that must end soon.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    let program = support::program().to_str().expect("UTF-8");
    let words = [&["20", program][..], arguments].concat();
    let mut command: Command = sandbox.prepared(Path::new("timeout"), &words);
    finish(&mut command)
}

#[test]
fn every_kind_of_file_is_refused_by_every_reader() {
    for (file, arguments, code) in READERS {
        for (name, make) in KINDS.into_iter().chain([ENDLESS]) {
            let sandbox = Sandbox::new();
            sandbox.write("user-data.toml", "[instance]\nuser-data = { file = \"data\" }\n");
            sandbox.write("override.toml", "[metadata]\n\"meta-data/x\" = { file = \"data\" }\n");
            make(&sandbox.path(file));
            let found = run(&sandbox, arguments);
            let is_directory = name == "directory" && file == "dump";
            let code = if is_directory { 78 } else { code };
            assert_eq!(found.code, Some(code), "{name} for {arguments:?}: {found:#?}");
            assert!(
                found.stderr.contains(file),
                "expected the name {file}, {name} for {arguments:?}: {found:#?}"
            );
        }
    }
}

/// As endless as a file can be that counts as regular: reading it waits for messages of the kernel.
const ENDLESS: Damage = ("link to the kernel's log", |path| {
    std::os::unix::fs::symlink("/proc/kmsg", path).expect("writable");
});

#[test]
fn a_server_with_credentials_in_a_fifo_says_so_and_serves() {
    for (name, make) in KINDS {
        let sandbox = Sandbox::new();
        let text = "[credentials]\nsource = \"file\"\nfile = \"keys.json\"\n";
        let scenario = sandbox.write("scenario.toml", text);
        make(&sandbox.path("keys.json"));
        let server = sandbox.serve(&["--scenario", scenario.to_str().expect("UTF-8")]);
        server.says("no new credentials, there are none: ");
        assert_eq!(server.get("/latest/meta-data/instance-id").status, 401, "{name}: tokens are required");
        assert_eq!(server.token().len(), 56);
        assert_eq!(server.stop().code, Some(0), "{name}");
    }
}

#[test]
fn odd_files_in_a_dump_are_left_out() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("dump/meta-data")).expect("writable");
    sandbox.write("dump/meta-data/instance-id", "i-00000000000000001");
    for (number, (_, make)) in KINDS.into_iter().filter(|(name, _)| *name != "directory").enumerate() {
        make(&sandbox.path(&format!("dump/meta-data/odd{number}")));
    }
    let found = run(&sandbox, &["import", "dump", "dump"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert!(found.stdout.contains("instance-id = \"i-00000000000000001\""), "{found:#?}");
    assert_eq!(found.stderr.matches("left out: neither a file nor a directory").count(), 5, "{found:#?}");
    // Deeper than any service.
    let deep = ["d"; 200].join("/");
    fs::create_dir_all(sandbox.path("dump").join(deep)).expect("writable");
    run(&sandbox, &["import", "dump", "dump"]).ended(78, &["more than 32 directories deep"]);
}

#[test]
fn a_value_may_come_from_a_pipe_and_no_endless_one() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let program = support::program().to_str().expect("UTF-8").to_owned();
    let set = |input: &str| {
        let script =
            format!("{input} | timeout 20 \"$0\" set meta-data/x --file /dev/stdin --control c.sock");
        finish(&mut sandbox.prepared(Path::new("sh"), &["-c", &script, &program]))
    };
    assert_eq!(set("printf piped").code, Some(0));
    assert_eq!(server.get("/latest/meta-data/x").body, "piped");
    set("cat /dev/zero").ended(78, &["/dev/stdin has more than 1 MiB"]);
    run(&sandbox, &["set", "meta-data/x", "--file", "/dev/zero", "--control", "c.sock"])
        .ended(78, &["/dev/zero has more than 1 MiB"]);
    // A file behind it is a file.
    sandbox.write("empty.toml", "");
    let check = ["-c", "\"$0\" check /dev/stdin < empty.toml", &program];
    finish(&mut sandbox.prepared(Path::new("sh"), &check)).ended(0, &[]);
}
