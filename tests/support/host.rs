//! A host in a network namespace of its own, and the guardian of its network.
//!
//! Root only; see [`Host::new`]. Programs: ip (iproute2), nft (nftables), timeout.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Bench;

pub const BINARY: &str = env!("CARGO_BIN_EXE_mock-imds");
pub const SERVICE: &str = "169.254.169.254:1690";

/// What anything may take on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

// === Host ===

/// A host: the network namespace of the test's own thread, and a directory for its files.
pub struct Host {
    pub bench: Bench,
    pub directory: PathBuf,
}

impl Host {
    /// A fresh host with `lo` up. `None`, after saying why, when this user can't make one.
    pub fn new(name: &'static str) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            return skip(name, "needs root");
        }
        // Threads and children that the test starts from here on are in the namespace, too.
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            return skip(name, &format!("needs network namespaces ({error})"));
        }
        let bench = Bench::new();
        let host = Self { directory: bench.directory.clone(), bench };
        host.run("ip link set lo up");
        Some(host)
    }

    /// Runs a shell line; fails the test when it fails or takes long. Gives its stdout.
    pub fn run(&self, line: &str) -> String {
        let done = self.attempt(line);
        assert_eq!(done.code, 0, "`{line}` failed: {done:?}");
        done.stdout
    }

    /// Runs a shell line, whatever comes of it.
    pub fn attempt(&self, line: &str) -> Done {
        run(Command::new("timeout").args(["-k", "1", "20", "sh", "-c", line]).current_dir(&self.directory))
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

    /// All that must be as before: rules with their handles, addresses, routes.
    pub fn network(&self) -> String {
        self.run("nft -a list ruleset; ip -d addr; ip -d route show table all; ip -6 -d route show table all; ip rule")
    }

    /// Starts `net hold` and waits until it says that it is ready.
    pub fn hold(&self) -> Guardian {
        self.hold_by(BINARY, "")
    }

    pub fn hold_by(&self, program: &str, more: &str) -> Guardian {
        let mut guardian = self.start(program, more);
        guardian.expect("READY=1");
        guardian
    }

    /// Starts `net hold` and does not wait.
    pub fn start(&self, program: &str, more: &str) -> Guardian {
        let (socket, log) = (self.directory.join("notify"), self.directory.join("guardian.log"));
        let _ = fs::remove_file(&socket);
        let notify = UnixDatagram::bind(&socket).expect("a notify socket");
        let stderr = fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let arguments = self.arguments();
        let words = ["net", "hold"].into_iter().chain(arguments.split(' ')).chain(more.split_terminator(' '));
        let mut command = Command::new(program);
        command.args(words).env("NOTIFY_SOCKET", &socket).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(stderr).spawn().expect("net hold starts");
        Guardian { child: Some(child), notify, log }
    }

    /// Waits until something holds, by asking again and again.
    pub fn eventually(&self, what: &str, within: Duration, mut holds: impl FnMut() -> bool) -> Duration {
        let begun = instant();
        while !holds() {
            assert!(
                begun.elapsed() < within,
                "not within {within:?}: {what}\n{}\nthe guardian said:\n{}",
                self.network(),
                fs::read_to_string(self.directory.join("guardian.log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        begun.elapsed()
    }
}

/// Says that a test did not run; with CI=true that is a failure.
#[expect(clippy::print_stdout, reason = "a skip is said")]
pub fn skip(name: &str, why: &str) -> Option<Host> {
    let tier = env!("CARGO_CRATE_NAME");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{tier}::{name}: {why}");
    println!("SKIP {tier}::{name}: {why}");
    None
}

// === commands ===

/// What came of a command.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

fn run(command: &mut Command) -> Done {
    let output = command.stdin(Stdio::null()).output().expect("timeout(1) and sh run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().unwrap_or(-1);
    Done { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

impl Done {
    /// Fails the test unless it ended with this exit code and said all of this.
    pub fn expect(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for text in said {
            assert!(self.stderr.contains(text), "expected {text:?} in {self:?}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test waits for the outside world with a deadline")]
fn instant() -> Instant {
    Instant::now()
}

// === Guardian ===

/// A running `net hold`. Killed when the test ends.
pub struct Guardian {
    child: Option<Child>,
    notify: UnixDatagram,
    log: PathBuf,
}

impl Guardian {
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("the guardian can be signalled");
    }

    /// Waits for a notification that holds this line; gives it whole.
    pub fn expect(&mut self, line: &str) -> String {
        let begun = instant();
        let mut buffer = [0; 4096];
        self.notify.set_read_timeout(Some(Duration::from_millis(100))).expect("a read timeout");
        loop {
            if let Ok(length) = self.notify.recv(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if text.lines().any(|found| found.starts_with(line)) {
                    return text;
                }
            }
            let child = self.child.as_mut().expect("it runs");
            let ended = child.try_wait().expect("its state");
            assert!(ended.is_none(), "net hold ended ({ended:?}) before {line}; it said:\n{}", self.log());
            assert!(begun.elapsed() < PATIENCE, "no {line} within {PATIENCE:?}; it said:\n{}", self.log());
        }
    }

    /// Waits for a notification as the last one: the guardian may have ended meanwhile.
    pub fn expect_last(&mut self, line: &str) -> String {
        let mut buffer = [0; 4096];
        self.notify.set_read_timeout(Some(PATIENCE)).expect("a read timeout");
        loop {
            let length =
                self.notify.recv(&mut buffer).unwrap_or_else(|e| panic!("no {line} ({e}):\n{}", self.log()));
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.lines().any(|found| found.starts_with(line)) {
                return text;
            }
        }
    }

    /// Forgets the notifications that are waiting.
    pub fn drain(&self) {
        self.notify.set_nonblocking(true).expect("non-blocking");
        while self.notify.recv(&mut [0; 4096]).is_ok() {}
        self.notify.set_nonblocking(false).expect("blocking");
    }

    /// Asks for a reload and waits until it is done.
    pub fn reload(&mut self) -> String {
        self.signal(Signal::SIGHUP);
        self.expect("RELOADING=1");
        self.expect("READY=1")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it by a signal and gives its exit code.
    pub fn end(&mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        self.wait()
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> Option<i32> {
        let begun = instant();
        let mut child = self.child.take().expect("it runs");
        loop {
            if let Some(status) = child.try_wait().expect("its state") {
                return status.code();
            }
            if begun.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("net hold did not end within {PATIENCE:?}; it said:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
