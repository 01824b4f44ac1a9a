//! moto's server: as the other half of docs/pairing.md, and as a metadata service that `mock-imds conform` judges.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};

use serde_json::Value;
use support::page::{Besides, Page};
use support::{Sandbox, eventually, finish, installed, sources};

/// Seconds that the page may take on a busy machine.
const LIMIT: &str = "180";

/// Killed when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_page_about_pairing_does_what_it_says() {
    let Some(server) = installed("moto/bin/moto_server") else { return };
    let sandbox = Sandbox::new();
    let bin = sandbox.path("bin");
    fs::create_dir(&bin).expect("the temporary directory is writable");
    symlink(support::program(), bin.join("mock-imds")).expect("as above");
    let page = Page::read("docs/pairing.md");
    let script = format!("exec 2>&1\nip link set lo up\n{}", page.script());
    let words = ["--signal", "KILL", LIMIT, "unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork"];
    let mut command = sandbox.prepared(Path::new("timeout"), &words);
    command.args(["--kill-child=KILL", "bash", "-c", &script]);
    let (bin, made) = (bin.display(), server.parent().expect("it is in a folder").display());
    let path = std::env::var("PATH").unwrap_or_default();
    let found = finish(command.env("PATH", format!("{bin}:{made}:{path}")));
    if let Err(difference) = page.judge(&found.stdout, Besides::Nothing) {
        panic!("{difference}\n{}\nrerun: cargo test --test clients pairing", found.stderr);
    }
}

#[test]
fn moto_is_judged_as_the_page_says() {
    let Some(program) = installed("moto/bin/moto_server") else { return };
    let sandbox = Sandbox::new();
    let log = sandbox.path("moto.log");
    let file =
        || File::options().create(true).append(true).open(&log).expect("the temporary directory is writable");
    let mut command: Command = sandbox.prepared(&program, &["-H", "127.0.0.1", "-p", "0"]);
    let server = Server(command.stdout(file()).stderr(file()).spawn().expect("it starts"));
    let address = eventually("the line \"Running on http://127.0.0.1:…\" of moto's server", || {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let (_, rest) = said.split_once("Running on http://")?;
        rest.split(|c: char| c.is_whitespace()).next().map(str::to_owned)
    });
    let found = sandbox.run(&["conform", &address, "--json", "--rate", "1000"]);
    drop(server);
    assert_eq!(found.code, Some(1), "{found}");
    let report: Value = serde_json::from_str(&found.stdout).expect("it is JSON");
    let numbers = format!("| {} | {} | {} |", report["passed"], report["failed"], report["skipped"]);
    let page = fs::read_to_string(sources().join("docs/conformance.md")).expect("the page is there");
    let row = page.lines().find(|line| line.starts_with("| moto's server")).expect("it has a row");
    assert!(row.contains(&numbers), "expected {numbers} in the row of docs/conformance.md, found {row}");
    // At 20 requests a second their pauses come to the time that it takes at 1,000; this machine may be busy.
    let seconds: Vec<f64> =
        row.split('|').filter_map(|cell| cell.trim().strip_suffix(" s")?.parse().ok()).collect();
    let requests = u32::try_from(report["requests"].as_u64().expect("a number")).expect("few");
    let pauses = f64::from(requests - 1) / 20.0;
    assert_eq!(seconds.len(), 2, "expected two times in {row}");
    let range = pauses..=pauses + seconds[1] + 1.0;
    assert!(range.contains(&seconds[0]), "{requests} requests take {range:?} s at 20/s, found {row}");
}
