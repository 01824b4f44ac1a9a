//! Resident memory: idle, under load, after crowds, after many requests.

use std::process::{Command, Stdio};
use std::time::Duration;

use support::crowd::{self, Clients};
use tokio::runtime::Builder;

use crate::clients::ask_often;
use crate::process::{Scratch, Started};
use crate::row;

const SETTLED: Duration = Duration::from_secs(3);
const AFTER_CROWD: Duration = Duration::from_mins(1);
const CROWD: usize = 10_000;

pub(crate) fn rows(quick: bool) {
    let scratch = Scratch::new("memory");
    let long = format!("[metadata]\n\"meta-data/long\" = \"{}\"\n", "x".repeat(900_000));
    let scenario = scratch.write("keep-alive.toml", crowd::SCENARIO);
    let with_long = scratch.write("long.toml", &format!("{}{long}", crowd::SCENARIO));
    {
        let server = Started::ours(&scratch, Some(&scenario));
        show("resident, idle", server.resident_within(SETTLED, 0), "5.0 MB");
        show("resident, in the load of `peers`", under_load(&server), "8.0 MB");
        let (few, many) = if quick { (100_000, 500_000) } else { (1_000_000, 10_000_000) };
        ask_often(server.address(), few);
        let before = server.resident_within(SETTLED, 0);
        ask_often(server.address(), many - few);
        let reach = format!("{:.1} MB, as after {few}", megabytes(before));
        show(&format!("resident after {many} requests"), server.resident_within(SETTLED, 0), &reach);
    }
    if !crowd::open_many_files(12_000) {
        return row("crowds", "skipped", "needs 12,000 open files");
    }
    for clients in Clients::ALL {
        let server = Started::ours(&scratch, Some(&with_long));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let crowd = runtime.block_on(clients.start(server.address(), CROWD));
        let most = server.resident();
        drop(crowd);
        runtime.shutdown_background();
        let after = server.resident_within(AFTER_CROWD, 10_000);
        let reach = format!("10.0 MB within a minute; before {:.1} MB", megabytes(most));
        show(&format!("resident after {CROWD} {clients:?}"), after, &reach);
    }
}

/// Resident memory near the end of a load.
fn under_load(server: &Started) -> u64 {
    let url = format!("http://{}/latest/meta-data/instance-id", server.address());
    let mut command = Command::new("wrk");
    let mut wrk = command
        .args(["-t2", "-c64", "-d6s", &url])
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run wrk: {error}; install it, or run scripts/bench"));
    std::thread::sleep(Duration::from_secs(5));
    let resident = server.resident();
    wrk.wait().expect("it ends by itself");
    resident
}

fn show(name: &str, resident: u64, reach: &str) {
    row(name, &format!("{:.1} MB", megabytes(resident)), reach);
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn megabytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}
