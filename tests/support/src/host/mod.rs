//! A host in a network namespace of its own, and the guardian of its network.
//!
//! Root only; see [`Host::new`]. Programs: ip (iproute2), nft (nftables), timeout.

mod guardian;
mod neighbours;
mod peer;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};

pub use guardian::Guardian;
pub use neighbours::{ask, mode, serve};
pub use peer::Peer;

use crate::outcome::{Outcome, finish};
use crate::sandbox::Sandbox;
use crate::server_process::ServerProcess;
use crate::target::{is_root, program, skip};
use crate::wait::poll;

/// Where clients ask.
pub const METADATA: &str = "169.254.169.254:80";
/// Where the redirect leads.
pub const SERVICE: &str = "169.254.169.254:1690";

/// How soon the guardian restores what was removed, as promised.
pub const HEALED: Duration = Duration::from_secs(1);

/// A host: the network namespace of the test's own thread, and a directory for its files.
pub struct Host {
    pub sandbox: Sandbox,
    pub directory: PathBuf,
}

impl Host {
    /// A fresh host with `lo` up. `None`, after saying why, when this user can't make one.
    pub fn new() -> Option<Self> {
        if !is_root() {
            return None;
        }
        // Threads and children that the test starts from here on are in the namespace, too.
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            skip(&format!("needs network namespaces ({error})"));
            return None;
        }
        let sandbox = Sandbox::new();
        let host = Self { directory: sandbox.directory().to_owned(), sandbox };
        host.run("ip link set lo up");
        Some(host)
    }

    /// Runs a shell line; fails the test when it fails or takes long. Gives its stdout.
    pub fn run(&self, line: &str) -> String {
        let done = self.attempt(line);
        assert!(done.succeeded(), "`{line}` failed: {done:?}");
        done.stdout
    }

    /// Runs a shell line, whatever comes of it.
    pub fn attempt(&self, line: &str) -> Outcome {
        let mut command = Command::new("timeout");
        command.args(["-k", "1", "20", "sh", "-c", line]).current_dir(&self.directory).stdin(Stdio::null());
        finish(&mut command)
    }

    /// Writes a file of the test's.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.join(name);
        fs::create_dir_all(path.parent().expect("a file in a directory")).expect("its directory");
        fs::write(&path, text).expect("a file of the test");
        path
    }

    /// Writes host.toml.
    pub fn configure(&self, text: &str) {
        self.write("host.toml", text);
    }

    pub fn runtime(&self) -> PathBuf {
        self.directory.join("run")
    }

    /// The arguments of `net up` and `net hold` that keep it away from the machine's own files.
    pub fn arguments(&self) -> String {
        if !self.directory.join("host.toml").exists() {
            self.configure("");
        }
        let directory = self.directory.display();
        format!("--config {directory}/host.toml --runtime {directory}/run --dmi {directory}/dmi")
    }

    /// Those of `net hold`, which also looks at a server's directory.
    pub fn hold_arguments(&self) -> String {
        format!("{} --server-runtime {}/server", self.arguments(), self.directory.display())
    }

    /// All that must be as before: rules with their handles, addresses, routes.
    pub fn network(&self) -> String {
        self.run("nft -a list ruleset; ip -d addr; ip -d route show table all; ip -6 -d route show table all; ip rule")
    }

    /// Starts `net hold` and waits until it says that it is ready.
    pub fn hold(&self) -> Guardian {
        self.hold_by(program(), "")
    }

    pub fn hold_by(&self, program: &Path, more: &str) -> Guardian {
        let mut guardian = self.start(program, more);
        guardian.expect("READY=1");
        guardian
    }

    /// Starts `net hold` and does not wait.
    pub fn start(&self, program: &Path, more: &str) -> Guardian {
        Guardian::start(self, program, more)
    }

    /// Starts `mock-imds serve` and waits until it is ready.
    pub fn serve(&self, address: &str) -> ServerProcess {
        self.serve_with(address, "--control control.sock")
    }

    /// The same with these arguments; files are in the host's directory.
    pub fn serve_with(&self, address: &str, more: &str) -> ServerProcess {
        let mut command = self.sandbox.command(&["serve", "--listen", address, "--state", "state"]);
        command.args(more.split(' '));
        ServerProcess::start(command, &self.directory)
    }

    /// Waits until something holds, by asking again and again; says how long that took.
    #[track_caller]
    pub fn eventually(&self, what: &str, within: Duration, mut holds: impl FnMut() -> bool) -> Duration {
        match poll(within, || if holds() { Ok(()) } else { Err("it does not hold".to_owned()) }) {
            Ok(((), took)) => took,
            Err(found) => panic!(
                "not within {within:?}: {what}; {found}\n{}\nthe guardian said:\n{}",
                self.network(),
                fs::read_to_string(self.directory.join("guardian.log")).unwrap_or_default()
            ),
        }
    }

    /// Loads a ruleset.
    pub fn nft(&self, rules: &str) {
        let file = self.write("rules.nft", rules);
        self.run(&format!("nft -f {}", file.display()));
    }

    /// Runs `mock-imds net up` or the like.
    pub fn net(&self, command: &str) -> Outcome {
        let arguments = match command.split(' ').next() {
            Some("up") => self.arguments(),
            Some("hold") => self.hold_arguments(),
            _ => format!("--runtime {}", self.runtime().display()),
        };
        self.attempt(&format!("{} net {command} {arguments}", program().display()))
    }

    /// The rules of our tables as nft prints them, without handles, counters and owner.
    pub fn our_rules(&self) -> String {
        let listed = self.run("nft -sy list table inet mock-imds; nft -sy list table arp mock-imds");
        let kept = listed.lines().filter(|line| !line.trim().starts_with("flags owner"));
        let mut text = String::new();
        for line in kept {
            let line = line.split(" # progname").next().unwrap_or(line);
            // nft sets the flags apart by an empty line.
            if !(line.is_empty() && text.ends_with("{\n")) {
                writeln!(text, "{line}").expect("a string");
            }
        }
        text
    }

    /// The tables that there are.
    pub fn tables(&self) -> String {
        self.run("nft list tables")
    }

    /// How often our address is on `lo` as /32.
    pub fn addresses(&self) -> usize {
        self.run("ip -4 addr show dev lo").matches("inet 169.254.169.254/32 ").count()
    }

    pub fn status(&self) -> serde_json::Value {
        let text = fs::read_to_string(self.runtime().join("status.json")).expect("status.json");
        serde_json::from_str(&text).expect("status.json is JSON")
    }
}
