//! Somebody sets the wall clock: the timeline goes on, tokens and credentials follow. libfaketime plays who sets it.

use std::path::PathBuf;

use serde_json::Value;
use support::{Sandbox, ServerProcess, is_root, skip};

use crate::orders::{REBALANCE, SPOT, done, done_json, status};

const KEYS: &str = "/latest/meta-data/iam/security-credentials/dev-role";
const EVENT: &str = "[[event]]\nat = \"1h\"\nspot-interruption = {}\n";

/// A server whose wall clock is set by a file.
struct Faked {
    sandbox: Sandbox,
    server: ServerProcess,
}

impl Faked {
    fn new(scenario: &str) -> Option<Self> {
        let Some(library) = library() else {
            skip("libfaketime is missing: apt-get install libfaketime");
            return None;
        };
        let sandbox = Sandbox::new();
        sandbox.write("s.toml", scenario);
        sandbox.write("offset", "+0s");
        let server = sandbox.serve_with(&["--scenario", "s.toml"], |command| {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", sandbox.path("offset"))
                .env("FAKETIME_NO_CACHE", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        });
        Some(Self { sandbox, server })
    }

    fn write(&self, offset: &str) {
        self.sandbox.write("offset.new", offset);
        std::fs::rename(self.sandbox.path("offset.new"), self.sandbox.path("offset")).expect("it is there");
    }

    /// Sets the wall clock: an offset from the real one, as `faketime(1)` has them.
    fn set(&self, offset: &str) {
        self.write(offset);
        // An order is carried out after the step has been noticed. The kernel, which tells a server at once, knows nothing.
        done(&self.sandbox, &["clock", "seek", "+0s"]);
    }

    fn elapsed(&self) -> String {
        done_json(&self.sandbox, &["status"])["clock"]["elapsed"].as_str().expect("a clock").to_owned()
    }

    fn with_token(&self, token: &str) -> u16 {
        let request = format!(
            "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
        );
        support::http::exchange(self.server.address, request).status
    }

    fn expiration(&self) -> i64 {
        let keys: Value = serde_json::from_str(&self.server.get(KEYS).body).expect("keys");
        hours_until(keys["Expiration"].as_str().expect("an expiration"))
    }
}

/// A time that a notice or keys show: in whole hours from now, on the real clock.
fn hours_until(time: &str) -> i64 {
    let time: jiff::Timestamp = time.parse().unwrap_or_else(|error| panic!("{time:?}: {error}"));
    (time.as_second() - jiff::Timestamp::now().as_second() + 1800).div_euclid(3600)
}

fn library() -> Option<PathBuf> {
    let directories = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    directories.map(|directory| directory.join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

#[test]
fn the_timeline_goes_on_when_the_wall_clock_is_set() {
    for (offset, hours) in [("+1d", 24), ("-1d", -24)] {
        let Some(faked) = Faked::new(EVENT) else { return };
        let token = faked.server.token();
        done(&faked.sandbox, &["clock", "seek", "59m"]);
        faked.set(offset);
        faked.server.says("the wall clock was set ");
        assert!(faked.elapsed().starts_with("59m"), "{offset}: found {}", faked.elapsed());
        assert_eq!(status(&faked.server, SPOT), 404, "{offset}: it has not come yet");
        // What is written has the new date.
        done(&faked.sandbox, &["clock", "seek", "1h"]);
        let notice = faked.server.get(SPOT).body;
        let time: Value = serde_json::from_str(&notice).expect("a notice");
        assert_eq!(hours_until(time["time"].as_str().expect("a time")), hours, "{offset}: {notice}");
        done(&faked.sandbox, &["rebalance"]);
        let rebalance = faked.server.get(REBALANCE).body;
        // Tokens and credentials follow the wall clock.
        assert_eq!(
            faked.with_token(&token),
            if hours > 0 { 401 } else { 200 },
            "{offset}: the token of before"
        );
        let lifetime = faked.expiration() - hours;
        assert!((1..=12).contains(&lifetime), "{offset}: keys for {lifetime} hours");

        // Back again: a notice keeps its time.
        faked.set("+0s");
        assert_eq!(
            (faked.server.get(SPOT).body, faked.server.get(REBALANCE).body),
            (notice, rebalance),
            "{offset}"
        );
        assert!(faked.elapsed().starts_with("1h"), "{offset}: found {}", faked.elapsed());
    }
}

/// A kernel takes dates from 1970 to 2232.
#[test]
fn no_date_is_too_much() {
    let Some(faked) = Faked::new(EVENT) else { return };
    for offset in ["1970-01-01 00:00:01", "2232-01-01 00:00:00", "1970-01-02 00:00:00", "+7900y", "+0s"] {
        faked.set(offset);
        done(&faked.sandbox, &["spot"]);
        done(&faked.sandbox, &["clear"]);
        let token = faked.server.token();
        let found = [faked.with_token(&token), status(&faked.server, KEYS), status(&faked.server, SPOT)];
        assert_eq!(found, [200, 200, 404], "{offset}");
        assert!(!faked.elapsed().contains('h'), "{offset}: found {}", faked.elapsed());
    }
}

/// In a time namespace the time since the boot is another one, and the wall clock is the same.
#[test]
fn the_time_since_the_boot_moves_the_timeline() {
    if !is_root() {
        skip("a time namespace needs root: sudo scripts/test unit");
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", EVENT);
    let serve = |more: &[&str]| {
        let program = support::program().to_str().expect("a path in UTF-8").to_owned();
        let own = sandbox.serve_arguments();
        let arguments: Vec<&str> = more
            .iter()
            .copied()
            .chain([program.as_str()])
            .chain(own.iter().map(String::as_str))
            .chain(["--scenario", "s.toml"])
            .collect();
        let mut command = sandbox.prepared(std::path::Path::new("/usr/bin/env"), &arguments);
        command.env("RUNTIME_DIRECTORY", sandbox.path("run"));
        ServerProcess::start(command, &sandbox.path(""))
    };
    let elapsed = || {
        let elapsed = done_json(&sandbox, &["status"])["clock"]["elapsed"].clone();
        elapsed.as_str().expect("a clock").to_owned()
    };
    let server = serve(&[]);
    done(&sandbox, &["clock", "seek", "10m"]);
    assert_eq!(server.stop().code, Some(0));
    let server = serve(&["unshare", "--time", "--boottime", "3600", "--fork", "--kill-child=SIGTERM"]);
    assert!(elapsed().starts_with("1h10m"), "found {}", elapsed());
    assert_eq!(status(&server, SPOT), 200);
}

/// No kernel has such a clock; what plays one may. Usual requests are answered, and nothing ends the server.
#[test]
fn a_clock_without_a_date_in_http_ends_nothing() {
    let post = format!("GET {KEYS} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
    for offset in ["1969-06-01 00:00:00", "+8100y"] {
        let Some(faked) = Faked::new(EVENT) else { return };
        let usual = || (status(&faked.server, "/latest/meta-data/mac"), faked.server.token().len());
        let with_body = || support::http::exchange(faked.server.address, &post).status;
        assert_eq!((usual(), with_body()), ((200, 56), 200));
        faked.write(offset);
        let found = faked.sandbox.control(&["status"]);
        found.ended(69, &["the clock of this host is before 1970 or after 9999; set it"]);
        assert_eq!((usual(), with_body()), ((200, 56), 503), "{offset}");
        faked.set("+0s");
        assert_eq!((usual(), with_body()), ((200, 56), 200), "{offset}, and back");
        faked.write(offset);
        assert_eq!(faked.server.stop().code, Some(0), "{offset}");
    }
}
