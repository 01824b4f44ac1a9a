//! A booted Debian: its life, and commands in it.

mod setup;
mod state;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub use setup::{Setup, System, python};
pub use state::{BUILT_IN_ID, UNITS, differences, sysctls};

use crate::outcome::{Outcome, finish};
use crate::target::{self, program, sources};
use crate::wait::poll;

/// How long a boot may take on a busy machine.
const BOOT: Duration = Duration::from_mins(1);
/// Seconds after which a command in the machine is ended; `timeout` exits 124 then.
const COMMAND: u32 = 180;

/// A running machine with a private network; gone, with all that it changed, when this value is dropped.
pub struct Machine {
    system: System,
    setup: Setup,
    test: String,
    name: String,
    scratch: PathBuf,
    log: PathBuf,
    child: Child,
    leader: Pid,
}

impl Machine {
    /// Boots a machine for this test and waits until its boot is finished; `None` where that cannot be done.
    pub fn boot(system: System) -> Option<Self> {
        static BOOTED: AtomicU32 = AtomicU32::new(1);
        let setup = system.find()?;
        let test = target::test().rsplit("::").next().unwrap_or_default().to_owned();
        // The pid makes it unique on this host, whoever else tests there; and it is short enough for a host name.
        let name = format!("mock-imds-{}-{}", std::process::id(), BOOTED.fetch_add(1, Ordering::Relaxed));
        let home = sources().join("target/machines");
        let (scratch, log) = (home.join(&name), home.join(format!("{test}.log")));
        fs::create_dir_all(&scratch).expect("target/ is writable");
        let console = fs::File::create(&log).expect("target/ is writable");
        let child = Command::new("setpriv")
            // The machine must not outlive the test, even one that is killed.
            .args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "--"])
            .arg(script("machine.sh"))
            .arg(&name)
            .args([&setup.rootfs, &scratch, &system.preparation()])
            .args(system.options(&setup))
            .envs([("PROGRAM", program()), ("SOURCES", sources())])
            .stdin(Stdio::null())
            .stdout(console.try_clone().expect("a file can be cloned"))
            .stderr(console)
            .spawn()
            .expect("setpriv is part of util-linux");
        let mut machine = Self { system, setup, test, name, scratch, log, child, leader: Pid::from_raw(0) };
        machine.wait_for_boot();
        Some(machine)
    }

    /// What the tests found on the host.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The pid of the machine's init, as the host numbers it.
    pub fn leader(&self) -> Pid {
        self.leader
    }

    /// Reboots by systemctl and waits until the machine is up again.
    pub fn reboot(&mut self) {
        let before = self.leader;
        self.run("systemctl reboot");
        let gone = poll(BOOT, || {
            if kill(before, None).is_err() { Ok(()) } else { Err("init is still there".to_owned()) }
        });
        gone.unwrap_or_else(|found| {
            self.fail(&format!("the machine does not go down for a reboot: {found}"))
        });
        self.wait_for_boot();
    }

    fn wait_for_boot(&mut self) {
        let leader = poll(BOOT, || {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(Err(status));
            }
            leader_below(self.child.id()).map(Ok).ok_or_else(|| "no init yet".to_owned())
        });
        match leader {
            Ok((Ok(leader), _)) => self.leader = leader,
            Ok((Err(status), _)) => self.fail_to_boot(&status.to_string()),
            Err(found) => self.fail_to_boot(&found),
        }
        let up = poll(BOOT, || {
            let state = self.run("systemctl is-system-running");
            match state.stdout.trim() {
                "running" | "degraded" => Ok(()),
                other => Err(format!("'{other}' {}", state.stderr.trim())),
            }
        });
        if let Err(found) = up {
            self.fail_to_boot(&found);
        }
    }

    fn fail_to_boot(&self, found: &str) -> ! {
        let console = fs::read_to_string(&self.log).unwrap_or_default();
        panic!(
            "the machine {} does not boot: {found}\nits console, {}:\n{console}",
            self.name,
            self.log.display()
        )
    }

    /// Runs a shell script in the machine, whatever comes of it.
    pub fn run(&self, script: &str) -> Outcome {
        let mut command = self.enter(&[
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--cgroup",
            "--root",
            "--wd",
            "--",
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LANG=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive",
            "SYSTEMD_PAGER=",
            "SYSTEMD_COLORS=0",
            "timeout",
            "--kill-after=2",
            &COMMAND.to_string(),
            "bash",
            "-c",
            &format!("{}{script}", self.system.prologue()),
        ]);
        finish(&mut command)
    }

    /// Runs a program of the host in the machine's network alone, with nothing in its environment but these.
    pub fn run_from_host(&self, environment: &[(&str, &str)], program: &[&str]) -> Outcome {
        let mut command = self.enter(&["--net", "--", "timeout", &COMMAND.to_string()]);
        command.args(program).env_clear().env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        finish(command.envs(environment.iter().copied()))
    }

    fn enter(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.leader.to_string()]).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a script that must succeed; gives its standard output without the white space at its ends.
    #[track_caller]
    pub fn ok(&self, script: &str) -> String {
        let outcome = self.run(script);
        if !outcome.succeeded() {
            self.fail(&format!("expected success of: {script}\n{outcome}"));
        }
        outcome.stdout.trim().to_owned()
    }

    /// Fails the test if the two differ.
    #[track_caller]
    pub fn expect(&self, what: &str, found: &str, expected: &str) {
        if found != expected {
            self.fail(&format!("{what}\nexpected: {expected}\nfound:    {found}"));
        }
    }

    /// Fails the test if `text` lacks `part`.
    #[track_caller]
    pub fn expect_in(&self, what: &str, text: &str, part: &str) {
        if !text.contains(part) {
            self.fail(&format!("{what}\nexpected somewhere: {part}\nfound: {text}"));
        }
    }

    /// Waits until `check` gives a value, and says how long that took.
    #[track_caller]
    pub fn within<T>(
        &self,
        limit: Duration,
        what: &str,
        check: impl FnMut() -> Result<T, String>,
    ) -> (T, Duration) {
        match poll(limit, check) {
            Ok(found_after) => found_after,
            Err(found) => self.fail(&format!("{what}, expected within {limit:?}; found {found}")),
        }
    }

    /// Waits until something holds.
    #[track_caller]
    pub fn eventually(&self, limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
        self.within(limit, what, || if holds() { Ok(()) } else { Err("that it does not hold".to_owned()) });
    }

    /// Ends the test with everything that helps to understand it.
    #[track_caller]
    pub fn fail(&self, why: &str) -> ! {
        let journal = self.run("journalctl --no-pager -o short-precise -n 80 -u 'mock-imds*'");
        let status = self.run("systemctl --no-pager --full status 'mock-imds*' 2>&1 | head -n 60");
        let network = self.run("ip address; nft list ruleset");
        panic!(
            "{why}\n\n--- the units\n{}\n--- their journal\n{}\n--- the network\n{}\n",
            status.stdout, journal.stdout, network.stdout
        )
    }
}

impl Drop for Machine {
    #[expect(clippy::print_stderr, reason = "libtest shows it when the test fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("rerun: scripts/test {} -- {}", target::name(), self.test);
        }
        // The machine is thrown away: its init need not shut anything down.
        if self.leader.as_raw() > 0 {
            let _ = kill(self.leader, Signal::SIGKILL);
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir(&self.scratch);
        for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
            remove_cgroup(&Path::new(mount).join(&self.name));
        }
    }
}

/// A script beside this file.
fn script(name: &str) -> PathBuf {
    sources().join("tests/support/src/machine").join(name)
}

/// The init of the machine below this process: machine.sh, then nspawn, then it.
fn leader_below(pid: u32) -> Option<Pid> {
    let children = |pid: u32| -> Vec<u32> {
        let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        list.split_whitespace().filter_map(|child| child.parse().ok()).collect()
    };
    let is_init = |pid: &u32| {
        fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.ends_with("systemd/systemd"))
    };
    let init = children(pid).into_iter().flat_map(children).find(is_init)?;
    i32::try_from(init).ok().map(Pid::from_raw)
}

/// Removes an empty cgroup with those below it.
fn remove_cgroup(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_cgroup(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
}
