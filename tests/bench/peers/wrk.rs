//! Load by wrk, and what it reports.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use crate::processor;
use crate::rows::Row;

/// The result of one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Requests a second.
    pub(crate) rate: f64,
    /// The latency that 99 of 100 requests stay below, in milliseconds.
    pub(crate) slowest: f64,
    /// The nanoseconds that the server took of the processors for a request; 0 if it has no process of its own.
    pub(crate) processor_time: f64,
}

impl Load {
    /// Loads a server. `process` is the one whose time counts, with its children.
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
    pub(crate) fn of(
        row: &Row,
        server: SocketAddr,
        process: Option<u32>,
        token: Option<&str>,
        duration: Duration,
    ) -> Self {
        let script = std::env::temp_dir().join(format!("mock-imds-bench-{}.lua", std::process::id()));
        std::fs::write(&script, lua(row, token)).expect("the temporary directory is writable");
        let time = || process.map_or(0, processor::time_of);
        let before = time();
        let output = Command::new("wrk")
            .args(["-t2", "-c64", "--latency", &format!("-d{}s", duration.as_secs()), "-s"])
            .arg(&script)
            .arg(format!("http://{server}{}", row.path))
            .output()
            .unwrap_or_else(|error| panic!("cannot run wrk: {error}; install it, or run scripts/bench"));
        let nanoseconds = time() - before;
        let report = String::from_utf8_lossy(&output.stdout);
        let field = |name: &str| {
            let line = report.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_else(|| panic!("wrk reported no '{name}': {report}")).trim().to_owned()
        };
        assert!(!report.contains("Non-2xx") || row.name == "404", "{}: {report}", row.name);
        Self {
            rate: field("Requests/sec:").parse().expect("a number"),
            slowest: milliseconds(&field("99%")),
            processor_time: nanoseconds as f64 / requests(&report) as f64,
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} ({:.2})", self.rate, self.slowest)
    }
}

/// The script of a row's requests.
fn lua(row: &Row, token: Option<&str>) -> String {
    let mut script = format!("wrk.method = \"{}\"\n", row.method);
    let mut header = |name: &str, value: &str| {
        writeln!(script, "wrk.headers[\"{name}\"] = \"{value}\"").expect("a string takes all");
    };
    if row.method == "PUT" {
        header("X-aws-ec2-metadata-token-ttl-seconds", "21600");
    }
    if let Some(token) = token {
        header("X-aws-ec2-metadata-token", token);
    }
    if let Some(authorization) = row.authorization {
        header("Authorization", authorization);
    }
    if row.pipelined > 1 {
        write!(
            script,
            "init = function()\n  local all = {{}}\n  for i = 1, {} do all[i] = wrk.format() end\n  \
             together = table.concat(all)\nend\nrequest = function() return together end\n",
            row.pipelined
        )
        .expect("a string takes all");
    }
    script
}

/// The number in `123456 requests in 2.00s, 30.1MB read`.
fn requests(report: &str) -> u64 {
    let count = report.lines().find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok());
    count.unwrap_or_else(|| panic!("wrk reported no number of requests: {report}"))
}

/// `850.00us`, `3.10ms`, `1.20s`.
fn milliseconds(text: &str) -> f64 {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let parsed =
        units.iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor));
    parsed.unwrap_or_else(|| panic!("wrk reported '{text}', expected a duration"))
}
