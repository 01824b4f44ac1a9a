//! A reload of a large scenario, and what requests notice of it.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::clients::ask_until;
use crate::process::{Scratch, Started, median, millis, program};
use crate::row;

const RELOADS: usize = 15;

/// 1,000 instances, and 1,000 events of which one occurs each 20 milliseconds. The number makes it another scenario.
pub(crate) fn large(number: usize) -> String {
    let mut text = format!("[http]\nkeep-alive = true\n[instance]\nami-id = \"ami-{number:08x}\"\n");
    for index in 0..1_000_u32 {
        let [_, _, second, third] = index.to_be_bytes();
        write!(
            text,
            "[instances.i{index}]\nclients = [\"10.{second}.{third}.0/24\"]\ninstance-id = \"i-{index:017x}\"\n"
        )
        .expect("a string takes all");
    }
    for index in 0..1_000 {
        let event = if index % 2 == 0 {
            "rebalance-recommendation = {}".to_owned()
        } else {
            format!("tags = {{ k{} = \"v{index}\" }}", index % 40)
        };
        write!(text, "[[event]]\nat = \"{}ms\"\n{event}\n", index * 20).expect("a string takes all");
    }
    text
}

pub(crate) fn rows() {
    let scratch = Scratch::new("reload");
    let scenario = scratch.write("large.toml", &large(0));
    // The first start makes the keys.
    drop(Started::ours(&scratch, None));
    let server = Started::ours(&scratch, Some(&scenario));
    row("its load, start to ready", &millis(server.took), "50.0 ms and the start");
    let control = scratch.path("control.sock");
    let mut times = Vec::new();
    let (quiet, ()) = ask_until(server.address(), || std::thread::sleep(Duration::from_secs(1)));
    let (answers, ()) = ask_until(server.address(), || {
        for number in 1..=RELOADS {
            scratch.write("large.toml", &large(number));
            let start = Instant::now();
            let mut command = program();
            let status = command.args(["reload", "--control"]).arg(&control).stdout(Stdio::null()).status();
            assert!(status.expect("it starts").success(), "expected the reload to be accepted");
            times.push(start.elapsed());
        }
    });
    row("its reload", &millis(median(&mut times)), "50.0 ms");
    let slowest = |answers: &[Duration]| millis(answers.last().copied().unwrap_or_default());
    let p99 = |answers: &[Duration]| millis(answers[answers.len() * 99 / 100]);
    row(
        "slowest of the requests meanwhile",
        &slowest(&answers),
        &format!("5.0 ms; without reloads {}", slowest(&quiet)),
    );
    row("p99 of them", &p99(&answers), &format!("without reloads {}", p99(&quiet)));
    let resident = server.resident_within(Duration::from_secs(15), 0);
    row("resident after the reloads", &format!("{:.1} MB", crate::memory::megabytes(resident)), "");
}
