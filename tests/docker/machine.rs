//! A booted Debian 12 with Docker, ufw, firewalld and the program of this tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

const BOOT: Duration = Duration::from_mins(1);

/// A running machine with a network of its own; gone, with all that it changed, when this value is dropped.
pub struct Machine {
    test: &'static str,
    name: String,
    scratch: PathBuf,
    log: PathBuf,
    child: Child,
    init: u32,
}

impl Machine {
    /// Boots one, with the service enabled and started. `None`, after saying why, where that can't be done.
    pub fn boot(test: &'static str) -> Option<Self> {
        let rootfs = std::env::var_os("MOCK_IMDS_CONTAINERS_ROOTFS").map(PathBuf::from);
        let Some(rootfs) = rootfs.filter(|path| path.exists() && geteuid().is_root()) else {
            return skip(test, "needs root and a root file system with Docker: scripts/test docker");
        };
        crate::image::prepare();
        let name = format!("mock-imds-docker-{}-{}", std::process::id(), &test[..8]);
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let home = sources.join("target/machines");
        let (scratch, log) = (home.join(&name), home.join(format!("{test}.log")));
        fs::create_dir_all(&scratch).expect("target/ is writable");
        let console = fs::File::create(&log).expect("target/ is writable");
        let child = Command::new("setpriv")
            // The machine must not outlive the test, even one that is killed.
            .args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "--"])
            .arg(sources.join("tests/docker/machine.sh"))
            .arg(&name)
            .args([&rootfs, &scratch, Path::new(env!("CARGO_BIN_EXE_mock-imds")), sources])
            .stdin(Stdio::null())
            .stdout(console.try_clone().expect("a file can be cloned"))
            .stderr(console)
            .spawn()
            .expect("setpriv is part of util-linux");
        let mut machine = Self { test, name, scratch, log, child, init: 0 };
        machine.wait_for_boot();
        machine.ok("systemd-sysusers; systemctl daemon-reload; systemctl enable --now mock-imds");
        Some(machine)
    }

    fn wait_for_boot(&mut self) {
        self.within(BOOT, "the machine has an init", |machine| {
            let ended = machine.child.try_wait().expect("its state");
            assert!(ended.is_none(), "the machine ended:\n{}", machine.console());
            machine.init = init_below(machine.child.id()).unwrap_or(0);
            machine.init != 0
        });
        self.within(BOOT, "the boot is finished", |machine| {
            let state = machine.run("systemctl is-system-running").1;
            ["running", "degraded"].contains(&state.trim())
        });
    }

    /// Says that this test ends here, and why. In CI that is a failure.
    pub fn skip(&self, why: &str) {
        skip(self.test, why);
    }

    fn console(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Runs a script in the machine; its exit code and all that it said.
    pub fn run(&self, script: &str) -> (i32, String) {
        let output = Command::new("nsenter")
            .args(["--target", &self.init.to_string()])
            .args(["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--"])
            .args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"])
            .args(["timeout", "--kill-after=2", "180", "bash", "-c", &format!("exec 2>&1; {script}")])
            .stdin(Stdio::null())
            .output()
            .expect("nsenter is part of util-linux");
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs a script that must succeed.
    #[track_caller]
    pub fn ok(&self, script: &str) -> String {
        let (code, said) = self.run(script);
        assert_eq!(code, 0, "expected success of: {script}\n{said}");
        said
    }

    /// Waits until something holds.
    #[track_caller]
    pub fn within(&mut self, limit: Duration, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let begun = instant();
        while !holds(self) {
            assert!(begun.elapsed() < limit, "not within {limit:?}: {what}\n{}", self.console());
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Machine {
    #[expect(clippy::print_stderr, reason = "libtest shows it when the test fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("rerun: scripts/test docker -- {}", self.test);
        }
        // The machine is thrown away: its init need not shut anything down.
        if let Ok(init @ 1..) = i32::try_from(self.init) {
            let _ = kill(Pid::from_raw(init), Signal::SIGKILL);
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir(&self.scratch);
        for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
            remove_cgroup(&Path::new(mount).join(&self.name));
        }
    }
}

#[expect(clippy::print_stdout, reason = "a skip is said")]
fn skip(test: &str, why: &str) -> Option<Machine> {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "docker::{test}: {why}");
    println!("SKIP docker::{test}: {why}");
    None
}

#[expect(clippy::disallowed_methods, reason = "a test waits for the outside world with a deadline")]
fn instant() -> Instant {
    Instant::now()
}

/// The init of the machine: systemd, a child of nspawn, which is `machine.sh` after its exec.
fn init_below(nspawn: u32) -> Option<u32> {
    let path = format!("/proc/{nspawn}/task/{nspawn}/children");
    let children = fs::read_to_string(path).ok()?;
    let is_init = |pid: &u32| {
        fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.ends_with("systemd/systemd"))
    };
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).find(is_init)
}

fn remove_cgroup(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_cgroup(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
}
