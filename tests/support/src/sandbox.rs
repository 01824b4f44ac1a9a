//! A directory of one test, and the program in a clean environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use mock_imds::identity::KeyRing;

use crate::outcome::{Outcome, finish};
use crate::server_process::ServerProcess;
use crate::target;

/// nobody and nogroup, in every distribution.
pub const NOBODY: u32 = 65_534;

/// A directory of one test. Removed at its end.
pub struct Sandbox {
    directory: PathBuf,
}

impl Sandbox {
    /// A new one. Its path is short: those of unix sockets must be.
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("mock-imds-test-{}-{count}", std::process::id()));
        fs::create_dir_all(&directory).expect("the temporary directory is writable");
        Self { directory }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the temporary directory is writable");
        path
    }

    /// The program, in an environment that has nothing but a home: this directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(target::program(), arguments)
    }

    /// The same for another program, as `sh`.
    pub fn prepared(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("HOME", &self.directory).current_dir(&self.directory);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        finish(&mut self.command(arguments))
    }

    /// Runs it as an unprivileged user; only root can.
    pub fn run_as_nobody(&self, arguments: &[&str]) -> Outcome {
        use std::os::{fd::AsRawFd as _, unix::process::CommandExt as _};
        // By its descriptor: the path may lead through a home directory that is closed to others.
        let program = fs::File::open(target::program()).expect("cargo has built it");
        let path = format!("/proc/self/fd/{}", program.as_raw_fd());
        finish(self.prepared(Path::new(&path), arguments).uid(NOBODY).gid(NOBODY))
    }

    /// The arguments of a server that shares nothing with others: an ephemeral port, its own state and socket.
    pub fn serve_arguments(&self) -> Vec<String> {
        let text = |name| self.path(name).display().to_string();
        let own =
            ["serve", "--listen", "127.0.0.1:0", "--state", &text("state"), "--control", &text("c.sock")];
        own.map(str::to_owned).to_vec()
    }

    /// Starts a server and waits until it is ready.
    pub fn serve(&self, more: &[&str]) -> ServerProcess {
        self.serve_with(more, |_| {})
    }

    /// The same; `adjust` changes the command before it starts.
    pub fn serve_with(&self, more: &[&str], adjust: impl FnOnce(&mut Command)) -> ServerProcess {
        self.share_keys();
        let own = self.serve_arguments();
        let arguments: Vec<&str> = own.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let mut command = self.command(&arguments);
        adjust(&mut command);
        ServerProcess::start(command, &self.directory)
    }

    /// Gives a first server identity keys that were made once for all tests: without optimization they take seconds.
    fn share_keys(&self) {
        let made = target::shared_directory().join("identity");
        let own = self.path("state/identity");
        if self.path("state").exists() {
            return;
        }
        // Whoever comes first makes them; its lock lets the others wait.
        KeyRing::open(&made, [7; 32]).expect("target/ is writable, and its keys are whole");
        fs::create_dir_all(&own).expect("the temporary directory is writable");
        for file in fs::read_dir(&made).expect("it was just opened").flatten() {
            fs::copy(file.path(), own.join(file.file_name())).expect("a file can be copied");
        }
    }

    /// Runs a subcommand that talks to this sandbox's server.
    pub fn control(&self, arguments: &[&str]) -> Outcome {
        let socket = self.path("c.sock");
        let more = ["--control", socket.to_str().expect("the path is UTF-8")];
        self.run(&arguments.iter().copied().chain(more).collect::<Vec<_>>())
    }
}

impl Drop for Sandbox {
    #[expect(clippy::print_stderr, reason = "what the servers of a failed test wrote")]
    fn drop(&mut self) {
        if thread::panicking() {
            for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
                if entry.path().extension().is_some_and(|extension| extension == "log") {
                    let text = fs::read_to_string(entry.path()).unwrap_or_default();
                    eprintln!("--- {}\n{text}", entry.file_name().display());
                }
            }
            eprintln!("rerun: cargo test --test {} -- --exact {}", target::name(), target::test());
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}
