//! The program as a process that is measured.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A directory of its own, removed at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mock-imds-footprint-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("the temporary directory is writable");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that listens, and how long that took. Stopped at the end.
pub(crate) struct Started {
    child: Child,
    pub(crate) line: String,
    pub(crate) took: Duration,
}

impl Started {
    /// Starts a server and waits for its first line, which says that it is ready.
    pub(crate) fn new(command: &mut Command) -> Self {
        let start = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
        Self { child, line, took: start.elapsed() }
    }

    pub(crate) fn ours(scratch: &Scratch, scenario: Option<&Path>) -> Self {
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--state"]).arg(scratch.path("state"));
        command.arg("--control").arg(scratch.path("control.sock"));
        if let Some(scenario) = scenario {
            command.arg("--scenario").arg(scenario);
        }
        Self::new(&mut command)
    }

    /// The address in the line that says that the server is ready.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.line.split_once("http://").and_then(|(_, rest)| rest.split_once('/'));
        address
            .and_then(|(address, _)| address.parse().ok())
            .unwrap_or_else(|| panic!("no address in {:?}", self.line))
    }

    /// Resident memory in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Processor time so far, of all threads. proc(5): the 14th and 15th value, in hundredths of a second; the name before may have spaces.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        let values = stat.rsplit_once(')').map(|(_, values)| values).expect("the name is in brackets");
        let ticks: u64 =
            values.split_whitespace().skip(11).take(2).filter_map(|value| value.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Resident memory in KiB once it is no more than `reach`, or the least after a time.
    pub(crate) fn resident_within(&self, limit: Duration, reach: u64) -> u64 {
        let start = Instant::now();
        let mut least = self.resident();
        while least > reach && start.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(100));
            least = least.min(self.resident());
        }
        least
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Not SIGKILL: what that leaves behind, the next start would have to remove.
        let pid = i32::try_from(self.child.id()).expect("process ids are positive");
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mock-imds"))
}

pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
