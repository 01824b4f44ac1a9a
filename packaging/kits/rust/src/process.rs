//! The server as a child process, which never outlives this one: its standard input ends with it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io, process, thread};

use serde::Deserialize;

use crate::Error;

/// A loaded machine may take its time.
const START: Duration = Duration::from_secs(30);
/// Requests that are being answered may finish so long.
const END: Duration = Duration::from_secs(6);
/// Between looks at whether it has ended.
const LOOK: Duration = Duration::from_millis(1);
/// A socket's path has 107 bytes at most, and more than one is made beside it.
const LONGEST_DIRECTORY: usize = 70;

/// What a service manager, or the user, sets for another server.
const NOT_OURS: &[&str] = &[
    "CONFIGURATION_DIRECTORY",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
    "MOCK_IMDS_NODE",
    "MOCK_IMDS_NODE_ADDRESSES",
    "NOTIFY_SOCKET",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

/// The line that it prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) url: String,
    pub(crate) control_socket: PathBuf,
    pub(crate) pid: u32,
    pub(crate) instance_id: String,
}

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    directory: Directory,
    pub(crate) ready: Ready,
}

impl Process {
    pub(crate) fn start(scenario: &str, arguments: &[&str]) -> Result<Self, Error> {
        let program = env::var_os("MOCK_IMDS_PROGRAM").unwrap_or_else(|| "mock-imds".into());
        let not_started = |why: String| Error::NotStarted(why);
        let directory = Directory::new().map_err(|error| not_started(error.to_string()))?;
        let scenario =
            scenario_argument(scenario, &directory.0).map_err(|error| not_started(error.to_string()))?;
        let log =
            fs::File::create(directory.0.join("log")).map_err(|error| not_started(error.to_string()))?;
        let mut command = Command::new(&program);
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--ready-json",
            "--until-stdin-closes",
            "--control",
        ]);
        command.arg(directory.0.join("c.sock")).arg("--scenario").arg(scenario).args(arguments);
        for name in NOT_OURS {
            command.env_remove(name);
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn();
        let mut child = child.map_err(|error| {
            let remedy = "install mock-imds, or name the program with MOCK_IMDS_PROGRAM";
            not_started(format!("{}: {error}; {remedy}", program.to_string_lossy()))
        })?;
        match read_ready(&mut child) {
            Ok(ready) => Ok(Self { child, directory, ready }),
            Err(why) => {
                end(&mut child);
                Err(not_started(format!("{why}: {}", directory.log().trim())))
            }
        }
    }

    pub(crate) fn log(&self) -> String {
        self.directory.log()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Closes its standard input, waits, and kills it when it takes too long.
fn end(child: &mut Child) {
    drop(child.stdin.take());
    let deadline = Instant::now() + END;
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(LOOK);
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn read_ready(child: &mut Child) -> Result<Ready, String> {
    let Some(stdout) = child.stdout.take() else { return Err("it has no stdout".to_owned()) };
    let (send, line) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line).map(|_| line);
        let _ = send.send(read);
    });
    let line = line.recv_timeout(START).map_err(|_| format!("it was not ready after {START:?}"))?;
    let line = line.map_err(|error| error.to_string())?;
    if line.is_empty() {
        return Err("it ended".to_owned());
    }
    serde_json::from_str(&line).map_err(|error| format!("it printed {line:?}, {error}"))
}

/// A directory of one server, removed at its end.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let usual = env::temp_dir();
        let parent = if usual.as_os_str().len() > LONGEST_DIRECTORY { PathBuf::from("/tmp") } else { usual };
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
            let path = parent.join(format!("mock-imds-{}-{count}-{now:x}", process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What the server has written to stderr.
    fn log(&self) -> String {
        fs::read(self.0.join("log"))
            .map_or_else(|_| String::new(), |log| String::from_utf8_lossy(&log).into_owned())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether it is a name of the library.
pub(crate) fn is_name(scenario: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !scenario.is_empty() && scenario.bytes().all(is_part)
}

/// Whether it is a path, and no TOML.
pub(crate) fn is_file(scenario: &str) -> bool {
    scenario.ends_with(".toml") && !scenario.contains('\n')
}

/// What `--scenario` takes; a text is written to a file of the directory.
fn scenario_argument(scenario: &str, directory: &Path) -> io::Result<PathBuf> {
    if scenario.is_empty() {
        // Without a name the server would read the scenario of whoever runs the tests.
        return Ok("default".into());
    }
    if is_name(scenario) {
        return Ok(scenario.into());
    }
    if is_file(scenario) {
        return std::path::absolute(scenario);
    }
    let file = directory.join("scenario.toml");
    fs::write(&file, scenario)?;
    Ok(file)
}
