//! Start and `check`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::process::{Scratch, Started, median, millis, program};
use crate::{BARE, reload, row};

const ROUNDS: usize = 25;

pub(crate) fn rows() {
    let scratch = Scratch::new("start");
    let (mut ours, mut bares, mut first) = (Vec::new(), Vec::new(), Vec::new());
    drop(Started::ours(&scratch, None));
    for _ in 0..ROUNDS {
        bares.push(bare());
        ours.push(Started::ours(&scratch, None).took);
        // Without keys yet.
        let _ = fs::remove_dir_all(scratch.path("new"));
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--state"]).arg(scratch.path("new"));
        command.arg("--control").arg(scratch.path("new.sock"));
        first.push(Started::new(&mut command).took);
    }
    let bare = median(&mut bares);
    let ratio = |times: &mut [Duration]| format!("{:.2}", median(times).as_secs_f64() / bare.as_secs_f64());
    let name = format!("start to ready / bare hyper ({})", millis(bare));
    row(&name, &ratio(&mut ours), "1.50");
    row("the first start, which makes keys / bare hyper", &ratio(&mut first), "");

    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/scenarios/default.toml");
    check("check of the default scenario", &default, 5);
    check("check of 1,000 instances and 1,000 events", &scratch.write("large.toml", &reload::large(0)), 50);
}

fn bare() -> Duration {
    let mut command = Command::new(std::env::current_exe().expect("a program knows itself"));
    Started::new(command.env(BARE, "1")).took
}

fn check(name: &str, file: &Path, reach: u64) {
    let (mut times, before) = (Vec::new(), processor_time());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let status = program().arg("check").arg(file).stdout(Stdio::null()).status().expect("it starts");
        assert!(status.success(), "expected {} to be valid", file.display());
        times.push(start.elapsed());
    }
    let processor = processor_time().saturating_sub(before) / u32::try_from(ROUNDS).expect("small");
    let reach = format!("{reach}.0 ms; processor time {}", millis(processor));
    row(name, &millis(median(&mut times)), &reach);
}

/// Of all children that have ended.
fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("Linux counts it");
    let micros = |time: TimeVal| u64::try_from(time.num_microseconds()).expect("time goes on");
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}
