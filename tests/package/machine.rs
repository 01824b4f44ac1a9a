//! A booted Debian: its life, and commands in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::poll;
use crate::setup::{Setup, System};

/// How long a boot may take on a busy machine.
const BOOT: Duration = Duration::from_mins(1);
/// Seconds after which a command in the machine is ended; `timeout` exits 124 then.
const COMMAND: u32 = 120;

/// A running machine with a private network; gone, with all that it changed, when this value is dropped.
pub struct Machine {
    setup: Setup,
    test: &'static str,
    name: String,
    scratch: PathBuf,
    log: PathBuf,
    child: Child,
    leader: Pid,
}

/// What a command in the machine said.
pub struct Said {
    /// How it ended: the exit code, `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Machine {
    /// Boots a Debian 12 for this test and waits until its boot is finished; `None` where that cannot be done.
    pub fn boot(test: &'static str) -> Option<Self> {
        Self::boot_with(System::Debian12, test)
    }

    /// Boots a machine with another system.
    pub fn boot_with(system: System, test: &'static str) -> Option<Self> {
        static BOOTED: AtomicU32 = AtomicU32::new(1);
        let setup = Setup::find(test, system)?;
        // The pid makes it unique on this host, whoever else tests there; and it is short enough for a host name.
        let name = format!("mock-imds-{}-{}", std::process::id(), BOOTED.fetch_add(1, Ordering::Relaxed));
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/machines");
        let (scratch, log) = (home.join(&name), home.join(format!("{test}.log")));
        fs::create_dir_all(&scratch).expect("target/ is writable");
        let console = fs::File::create(&log).expect("target/ is writable");
        let child = Command::new("setpriv")
            // The machine must not outlive the test, even one that is killed.
            .args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "--"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/package/machine.sh"))
            .arg(&name)
            .args([&setup.rootfs, &setup.package, &scratch])
            .stdin(Stdio::null())
            .stdout(console.try_clone().expect("a file can be cloned"))
            .stderr(console)
            .spawn()
            .expect("setpriv is part of util-linux");
        let mut machine = Self { setup, test, name, scratch, log, child, leader: Pid::from_raw(0) };
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
        let gone = poll::until(BOOT, || {
            if kill(before, None).is_err() { Ok(()) } else { Err("init is still there".to_owned()) }
        });
        gone.unwrap_or_else(|found| {
            self.fail(&format!("the machine does not go down for a reboot: {found}"))
        });
        self.wait_for_boot();
    }

    fn wait_for_boot(&mut self) {
        let leader = poll::until(BOOT, || {
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
        let up = poll::until(BOOT, || {
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
    pub fn run(&self, script: &str) -> Said {
        let output = Command::new("nsenter")
            .args(["--target", &self.leader.to_string()])
            .args(["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--"])
            .args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"])
            .args(["DEBIAN_FRONTEND=noninteractive", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"])
            .args(["timeout", "--kill-after=2", &COMMAND.to_string(), "bash", "-o", "pipefail", "-c", script])
            .stdin(Stdio::null())
            .output()
            .expect("nsenter is part of util-linux");
        Said::new(output.status, &output.stdout, &output.stderr)
    }

    /// Runs a program of the host in the machine's network alone, with nothing in its environment but these.
    pub fn run_from_host(&self, environment: &[(&str, &str)], program: &[&str]) -> Said {
        let output = Command::new("nsenter")
            .args(["--target", &self.leader.to_string(), "--net", "--", "timeout", &COMMAND.to_string()])
            .args(program)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("nsenter is part of util-linux");
        Said::new(output.status, &output.stdout, &output.stderr)
    }

    /// Runs a script that must succeed; gives its standard output without the white space at its ends.
    #[track_caller]
    pub fn ok(&self, script: &str) -> String {
        let said = self.run(script);
        if said.code != Some(0) {
            self.fail(&format!("expected success of: {script}\n{said}"));
        }
        said.stdout.trim().to_owned()
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
        match poll::until(limit, check) {
            Ok(found_after) => found_after,
            Err(found) => self.fail(&format!("{what}, expected within {limit:?}; found {found}")),
        }
    }

    /// Ends the test with everything that helps to understand it.
    #[track_caller]
    pub fn fail(&self, why: &str) -> ! {
        let journal = self.run("journalctl --no-pager -o short-precise -n 80 -u 'mock-imds*'");
        let status = self.run("systemctl --no-pager --full status 'mock-imds*' 2>&1 | head -n 60");
        let network = self.run("ip address; nft list ruleset");
        panic!(
            "{why}\n\n--- the units\n{}\n--- their journal\n{}\n--- the network\n{}\n\
             To run this test again: scripts/test package -- {}\n",
            status.stdout, journal.stdout, network.stdout, self.test
        )
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
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

impl Said {
    fn new(status: ExitStatus, stdout: &[u8], stderr: &[u8]) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.map_or_else(|| "none (a signal)".to_owned(), |code| code.to_string());
        write!(f, "exit code: {code}\nstdout: {}\nstderr: {}", self.stdout, self.stderr)
    }
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
