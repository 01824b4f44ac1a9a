//! For tests that run the program: a directory of one's own, the binary in a clean environment, and a server
//! that is waited for.
//!
//! ```ignore
//! let bench = Bench::new();
//! let file = bench.write("scenario.toml", "[instance]\ninstance-type = \"t3.micro\"\n");
//! let server = bench.serve(&["--scenario", file.to_str().unwrap()]);
//! assert_eq!(server.get("/latest/meta-data/instance-type").body, "t3.micro");
//! let ended = server.stop();
//! assert_eq!(ended.code, Some(0));
//! ```
//!
//! A test that fails prints what its servers wrote, and the command that runs it again.
#![allow(dead_code, reason = "each test crate uses its part")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a skipped or a failed test prints")]

pub mod host;
pub mod http;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mock_imds::identity::KeyRing;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

/// How long the outside world may take for anything.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// nobody and nogroup, in every distribution.
pub const NOBODY: u32 = 65_534;

/// Asks again until there is an answer, or fails after [`DEADLINE`].
#[expect(clippy::disallowed_methods, reason = "tests wait for the outside world")]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "expected within {DEADLINE:?}: {what}; it did not happen");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether this process may become another user or make network namespaces; says so if not.
pub fn is_root() -> bool {
    let root = Uid::effective().is_root();
    if !root {
        skip("needs root");
    }
    root
}

/// Says that a test did not run, and why. In CI that is a failure.
pub fn skip(why: &str) {
    let current = thread::current();
    let line = format!("SKIP {}: {why}", current.name().unwrap_or_default());
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{line}");
    println!("{line}");
}

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Outcome {
    /// Checks exit code and the parts that stderr must have.
    #[track_caller]
    pub fn failed(&self, code: i32, sentences: &[&str]) {
        assert_eq!(self.code, Some(code), "exit code of {self:#?}");
        for sentence in sentences {
            assert!(self.stderr.contains(sentence), "expected {sentence:?} on stderr, found {self:#?}");
        }
    }
}

/// A directory of one test. Removed at its end.
pub struct Bench {
    directory: PathBuf,
}

impl Bench {
    /// A new one. Its path is short: those of unix sockets must be.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("mock-imds-test-{}-{count}", std::process::id()));
        fs::create_dir_all(&directory).expect("the temporary directory is writable");
        Self { directory }
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
        self.prepared(Path::new(env!("CARGO_BIN_EXE_mock-imds")), arguments)
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
        let program = fs::File::open(env!("CARGO_BIN_EXE_mock-imds")).expect("cargo has built it");
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
    pub fn serve(&self, more: &[&str]) -> Serving {
        self.serve_with(more, |_| {})
    }

    /// The same, with a last word on the command.
    pub fn serve_with(&self, more: &[&str], adjust: impl FnOnce(&mut Command)) -> Serving {
        self.share_keys();
        let own = self.serve_arguments();
        let arguments: Vec<&str> = own.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let mut command = self.command(&arguments);
        adjust(&mut command);
        Serving::start(command, &self.directory)
    }

    /// Gives a first server identity keys that were made once for all tests: without optimization they take seconds.
    fn share_keys(&self) {
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("identity");
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

    /// Runs a subcommand that talks to this bench's server.
    pub fn control(&self, arguments: &[&str]) -> Outcome {
        let socket = self.path("c.sock");
        let more = ["--control", socket.to_str().expect("the path is UTF-8")];
        self.run(&arguments.iter().copied().chain(more).collect::<Vec<_>>())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if thread::panicking() {
            for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
                if entry.path().extension().is_some_and(|extension| extension == "log") {
                    let text = fs::read_to_string(entry.path()).unwrap_or_default();
                    eprintln!("--- {}\n{text}", entry.file_name().display());
                }
            }
            let current = thread::current();
            let test = current.name().unwrap_or_default();
            eprintln!("rerun: cargo test --test {} -- --exact {test}", env!("CARGO_CRATE_NAME"));
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Outcome {
    let output = command.output().expect("the program starts");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A running server. Killed if it is dropped.
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Serving {
    /// Starts a server and waits for the line that says that it is ready.
    pub fn start(mut command: Command, directory: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let log = |name: &str| directory.join(format!("{name}-{count}.log"));
        let (stdout, stderr) = (log("stdout"), log("stderr"));
        let file = |path: &Path| fs::File::create(path).expect("the temporary directory is writable");
        command.stdout(file(&stdout)).stderr(file(&stderr));
        let mut child = command.spawn().expect("the program starts");
        let address = eventually("the line \"mock-imds is ready at http://…\" on stdout", || {
            let ended = child.try_wait().expect("the child is ours");
            assert!(ended.is_none(), "expected a server, found that it {ended:?}");
            ready_address(&fs::read_to_string(&stdout).unwrap_or_default())
        });
        Self { child, address, stdout, stderr }
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("process ids are small"))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the child is there");
    }

    /// What it has written to stderr up to now.
    pub fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Waits until it has written this to stderr.
    pub fn says(&self, sentence: &str) {
        eventually(&format!("{sentence:?} on stderr"), || self.stderr().contains(sentence).then_some(()));
    }

    /// GETs a path on a connection of its own. It asks for the end, as a scenario may keep connections alive.
    #[track_caller]
    pub fn get(&self, path: &str) -> http::Response {
        http::exchange(self.address, format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    /// Gets a token that lives for a minute.
    #[track_caller]
    pub fn token(&self) -> String {
        let request = "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                       X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";
        http::exchange(self.address, request).body
    }

    /// Sends SIGTERM and waits for the end.
    pub fn stop(self) -> Outcome {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Outcome {
        let status =
            eventually("the end of the server", || self.child.try_wait().expect("the child is ours"));
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        Outcome { code: status.code(), stdout: text(&self.stdout), stderr: text(&self.stderr) }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first address in the ready line, once the line is whole.
fn ready_address(text: &str) -> Option<SocketAddr> {
    let line = text.lines().find(|line| line.starts_with("mock-imds is ready at http://"))?;
    let rest = line.strip_prefix("mock-imds is ready at http://")?;
    rest.split_once('/')?.0.parse().ok()
}
