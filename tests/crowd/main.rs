//! Ten thousand clients that only take room, and a thousand that want answers, at the program with the limits that it
//! chooses itself. Its own target: it takes more descriptors and ports than others leave.
//!
//! What it measures depends on the machine and on the build, so it fails by wide margins only; `scripts/bench crowd` prints
//! figures.

mod small;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::crowd::{self, Answers, Clients};
use support::{Sandbox, ServerProcess, poll, skip};
use tokio::runtime::{Builder, Runtime};

const ACTIVE: u32 = 1_000;
/// Each active client asks so often.
const PERIOD: Duration = Duration::from_secs(1);
const DURATION: Duration = Duration::from_secs(3);
/// Wide: without optimization, beside other tests.
const SOON: Duration = Duration::from_secs(5);
/// Less than this in KiB is as before the crowd.
const SMALL: u64 = 9 << 10;
/// Memory is given back within this time. Only the figures of an optimized build are worth the wait.
const AFTERWARDS: Duration = Duration::from_secs(if cfg!(debug_assertions) { 0 } else { 8 });
const RERUN: &str = "rerun: cargo test --test crowd";

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// A server that may open so many files, or as many as are allowed.
fn start(sandbox: &Sandbox, files: Option<u32>) -> ServerProcess {
    let long = format!("[metadata]\n\"meta-data/long\" = \"{}\"\n", "x".repeat(900_000));
    let scenario = sandbox.write("crowd.toml", format!("{}{long}", crowd::SCENARIO));
    let arguments = ["--scenario", scenario.to_str().expect("the path is UTF-8")];
    sandbox.serve_with(&arguments, |command| {
        if let Some(files) = files {
            let limited = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
            let shell = sandbox.prepared(Path::new("sh"), &["-c", &limited]);
            let server = std::mem::replace(command, shell);
            command.arg(server.get_program()).args(server.get_args());
        }
    })
}

/// What active clients and a new one find beside a crowd, and the memory in KiB that the server takes then.
fn beside(server: &ServerProcess, clients: Clients, count: usize) -> (Answers, Answers, u64) {
    let address = server.address;
    let (attack, active, new) = (runtime(), runtime(), runtime());
    let crowd = attack.block_on(clients.start(address, count));
    let active = active.spawn(crowd::ask(address, ACTIVE, PERIOD, DURATION));
    let answers = new.block_on(async {
        // One at a time: no queue of its own.
        let new = crowd::ask(address, 1, PERIOD / 20, DURATION).await;
        (active.await.expect("no client panics"), new)
    });
    let most = resident(server);
    drop(crowd);
    attack.shutdown_background();
    (answers.0, answers.1, most)
}

fn resident(server: &ServerProcess) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Resident memory in KiB once it has been given back, or after a while.
fn resident_afterwards(server: &ServerProcess) -> u64 {
    let settled = || Some(resident(server)).filter(|resident| *resident < SMALL).ok_or_else(String::new);
    poll(AFTERWARDS, settled).map_or_else(|_| resident(server), |(resident, _)| resident)
}

#[test]
fn no_crowd_keeps_others_out() {
    if !crowd::open_many_files(12_000) {
        return skip("needs 12,000 open files");
    }
    println!("{:>32}  failed  active p50       p99  new p50       max  memory  afterwards", "crowd");
    let mut wrong = Vec::new();
    let all = Clients::ALL.map(|clients| (clients, None));
    // With fewer places than the crowd takes, each is only there for a moment.
    for (clients, files) in all.into_iter().chain(Clients::ALL.map(|clients| (clients, Some(1_024)))) {
        // For those in whose connections HTTP has begun the server does more.
        let many = matches!(clients, Clients::Idle | Clients::SlowHeads) || cfg!(not(debug_assertions));
        let (sandbox, count) = (Sandbox::new(), if many { 10_000 } else { 2_000 });
        let server = start(&sandbox, files);
        let (active, new, most) = beside(&server, clients, count);
        let failed = active.failed + new.failed;
        let (p99, new_p90) = (active.permille(990), new.permille(900));
        println!(
            "{:>32}  {failed:>6}  {:>10.1?}  {p99:>8.1?}  {:>7.1?}  {:>8.1?}  {:>3} MB  {:>7} MB",
            format!("{count} {clients:?}{}", if files.is_some() { ", few files" } else { "" }),
            active.permille(500),
            new.permille(500),
            new.permille(1_000),
            most >> 10,
            resident_afterwards(&server) >> 10,
        );
        if failed > 0 || p99 > SOON || new_p90 > SOON {
            wrong.push(format!(
                "beside {clients:?}: expected answers within {SOON:?}, found {failed} requests without one, \
                 p99 of active clients {p99:?}, p90 of new ones {new_p90:?}\n{}",
                server.stderr()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}\n{RERUN}", wrong.join("\n"));
}

#[test]
fn a_server_that_runs_out_of_files_loses_nothing_for_good() {
    let sandbox = Sandbox::new();
    let server = start(&sandbox, None);
    // It has chosen its limits, which are far above these.
    let pid = server.pid().to_string();
    let limited = Command::new("prlimit").args(["--nofile=100:100", "--pid", &pid]).status();
    assert!(limited.expect("util-linux has prlimit").success());
    let clients = runtime();
    let crowd = clients.block_on(Clients::SlowHeads.start(server.address, 500));
    for _ in 0..20 {
        assert_eq!(server.get(support::ID.0).body, support::ID.1, "beside 500 clients, with 100 files");
    }
    assert_eq!(sandbox.control(&["status"]).code, Some(0), "the control socket is served, too");
    server.says("room");
    drop(crowd);
    clients.shutdown_background();
    assert_eq!(server.get(support::ID.0).body, support::ID.1, "after the crowd");
}
