//! Chromium without a window.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use support::host::Host;
use support::skip;

use crate::attacker::ADDRESS;

/// The program. `None`, after saying why, if there is none.
pub(crate) fn chromium() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&paths).map(|folder| folder.join("chromium")).find(|path| path.is_file());
    if found.is_none() {
        skip("no program 'chromium': run scripts/test browser");
    }
    found
}

/// A browser that visits a page. It ends when it is dropped, with all its processes.
pub(crate) struct Browser {
    child: Child,
    log: PathBuf,
}

impl Browser {
    pub(crate) fn start(program: &Path, host: &Host, url: &str) -> Self {
        let (home, log) = (host.directory.join("home"), host.directory.join("chromium.log"));
        fs::create_dir(&home).expect("the test's directory is writable");
        let stderr = File::create(&log).expect("the test's directory is writable");
        let mut command = Command::new(program);
        command
            // Its sandbox refuses root.
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .arg(format!("--user-data-dir={}", home.join("profile").display()))
            .arg(format!("--host-resolver-rules=MAP www.evil.example {ADDRESS}"))
            // Keeps a browser without a window running.
            .args(["--remote-debugging-port=0", url])
            .env_clear()
            .env("HOME", &home)
            // It is killed, and leaves what it put there.
            .env("TMPDIR", &home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .process_group(0);
        let child = command.spawn().expect("chromium starts");
        Self { child, log }
    }

    /// What it wrote.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).expect("process ids are small");
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
