//! The memory of a process over time, and its descriptors.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// What a process had at an instant.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    kilobytes: u64,
}

/// The samples of one process, from its start on.
#[derive(Debug)]
pub struct Resources {
    pub name: &'static str,
    pid: u32,
    samples: Vec<Sample>,
}

/// How the memory of a process went.
pub struct Trend {
    /// Of the last third of its life, against the third before.
    pub from: u64,
    pub to: u64,
    /// Kilobytes a minute between the middles of those thirds.
    pub slope: i64,
    pub lived: Duration,
}

impl Resources {
    pub fn new(name: &'static str, pid: u32) -> Self {
        Self { name, pid, samples: Vec::new() }
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Takes a sample; begins anew if the process is another one.
    pub fn sample(&mut self, pid: u32) {
        if pid != self.pid {
            *self = Self::new(self.name, pid);
        }
        self.samples.extend(memory(pid).map(|kilobytes| Sample { at: Instant::now(), kilobytes }));
    }

    /// `None` after too few samples.
    pub fn trend(&self) -> Option<Trend> {
        let third = self.samples.len() / 3;
        let (early, late) = (self.samples.get(third..2 * third)?, self.samples.get(2 * third..)?);
        let (from, to) = (median(early)?, median(late)?);
        let apart = late[late.len() / 2].at - early[early.len() / 2].at;
        let grown = i64::try_from(to).ok()? - i64::try_from(from).ok()?;
        let slope = grown * 60_000 / i64::try_from(apart.as_millis().max(1)).ok()?;
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        Some(Trend { from, to, slope, lived: last.at - first.at })
    }
}

fn median(samples: &[Sample]) -> Option<u64> {
    let mut kilobytes: Vec<u64> = samples.iter().map(|sample| sample.kilobytes).collect();
    kilobytes.sort_unstable();
    kilobytes.get(kilobytes.len() / 2).copied()
}

/// The resident memory, in kilobytes.
fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

pub fn descriptors(pid: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

/// The number of descriptors that a process keeps: threads that answer are started after it is ready, so the number has
/// to stay the same for a second.
pub fn settled_descriptors(pid: u32) -> usize {
    let (mut last, mut same) = (0, 0);
    while same < 10 {
        let now = descriptors(pid).expect("it runs");
        same = if now == last { same + 1 } else { 0 };
        last = now;
        thread::sleep(Duration::from_millis(100));
    }
    last
}

/// The targets of a process' descriptors.
pub fn open_files(pid: u32) -> String {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let mut targets: Vec<String> =
        entries.filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.display().to_string())).collect();
    targets.sort();
    targets.join(", ")
}
