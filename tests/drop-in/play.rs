//! Playing a case: start the program, do the steps, look at how it ended.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use nix::unistd::Pid;
use support::{DEADLINE, Sandbox, poll};

use crate::case::{Case, Step};
use crate::expect::{self, Answer, PAGES, Window, in_order};
use crate::files::{link, put};
use crate::port::free_port;
use crate::program::Program;
use crate::wire::read;

/// Plays a case. `Err` says what is not as it should be.
pub fn play(case: &Case, program: &Program) -> Result<(), String> {
    let sandbox = Sandbox::new();
    let mut running = RunningCase::start(case, program, &sandbox)?;
    let outcome = running.steps().and_then(|()| running.end());
    outcome.map_err(|what| {
        let text = |name| fs::read_to_string(sandbox.path(name)).unwrap_or_default();
        format!("{what}\n--- stdout\n{}--- stderr\n{}---", text(STDOUT), text(STDERR))
    })
}

const STDOUT: &str = "stdout.log";
const STDERR: &str = "stderr.log";

/// More than an answer holds.
const LONG: usize = (1 << 20) + 1;

struct RunningCase<'c> {
    case: &'c Case,
    ours: bool,
    home: PathBuf,
    port: u16,
    child: Child,
    started: i64,
    kept: BTreeMap<String, String>,
}

impl<'c> RunningCase<'c> {
    fn start(case: &'c Case, program: &Program, sandbox: &Sandbox) -> Result<Self, String> {
        let home = sandbox.path("home");
        fs::create_dir(&home).expect("the directory is writable");
        let port = free_port();
        let kept = BTreeMap::from([
            ("{port}".to_owned(), port.to_string()),
            ("{home}".to_owned(), home.display().to_string()),
            ("{long}".to_owned(), "x".repeat(LONG)),
        ]);
        let filled = |text: &str| fill(text, &kept);
        for (name, text) in &case.files {
            put(&home.join(name), &filled(text))?;
        }
        for (name, to) in &case.links {
            link(&home.join(name), to)?;
        }
        let mut command = program.command(case);
        command.env_clear().env("HOME", &home).env("TZ", "UTC").current_dir(&home).stdin(Stdio::null());
        command.envs(case.env.iter().map(|(name, value)| (name, filled(value))));
        for name in &case.unset {
            command.env_remove(name);
        }
        command.args(case.args.iter().map(|word| filled(word)));
        if !case.own_port && !case.steps.is_empty() {
            command.args(["--port", &port.to_string()]);
        }
        let file = |name| File::create(sandbox.path(name)).expect("the directory is writable");
        command.stdout(file(STDOUT)).stderr(file(STDERR));
        let (started, ours) = (expect::now(), matches!(program, Program::Ours));
        let child = command.spawn().map_err(|error| format!("the program does not start: {error}"))?;
        Ok(Self { case, ours, home, port, child, started, kept })
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.home.with_file_name(name)).unwrap_or_default()
    }

    fn steps(&mut self) -> Result<(), String> {
        if self.case.steps.is_empty() {
            return Ok(());
        }
        self.until_it_accepts()?;
        for (number, step) in self.case.steps.iter().enumerate() {
            self.step(step).map_err(|what| format!("step {}: {what}", number + 1))?;
        }
        Ok(())
    }

    /// Connects to the port until somebody accepts. Nothing is asked, so nothing is counted.
    fn until_it_accepts(&mut self) -> Result<(), String> {
        let to = self.case.steps.iter().find_map(|step| step.to.as_deref()).unwrap_or("127.0.0.1");
        let address = self.address(to);
        in_time(|| {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return Some(Err(format!("expected a server, found that it ended with {}", code(status))));
            }
            TcpStream::connect(address).ok().map(|_| Ok(()))
        })
        .unwrap_or_else(|| Err(format!("nobody accepts at {address} within {DEADLINE:?}")))
    }

    fn address(&self, to: &str) -> SocketAddr {
        format!("{to}:{}", self.port).parse().expect("an address")
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        if let Some(name) = &step.write {
            return put(&self.home.join(name), &self.fill(step.text.as_deref().unwrap_or_default()));
        }
        if let Some(name) = &step.link {
            return link(&self.home.join(name), step.text.as_deref().unwrap_or_default());
        }
        if let Some(name) = &step.remove {
            return fs::remove_file(self.home.join(name)).map_err(|error| error.to_string());
        }
        if let (Some(_), false) = (&step.ours_says, self.ours) {
            return Ok(());
        }
        if let Some(text) = step.says.as_ref().or(step.ours_says.as_ref()) {
            let text = self.fill(text);
            return in_time(|| self.log(STDERR).contains(&text).then_some(Ok(())))
                .unwrap_or_else(|| Err(format!("expected {text:?} on stderr")));
        }
        if let Some(signal) = &step.signal {
            let signal: Signal = format!("SIG{signal}").parse().expect("a signal");
            let pid = Pid::from_raw(self.child.id().try_into().expect("process ids are small"));
            return kill(pid, signal).map_err(|error| error.to_string());
        }
        let expected = Step {
            body: step.body.as_deref().map(|body| self.fill(body)),
            headers: step.headers.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect(),
            ..step.clone()
        };
        let ask = || {
            let answer = self.ask(&expected)?;
            let window: Window = (self.started, expect::now());
            expect::answer(&expected, &answer, window).map(|()| answer)
        };
        let answer = if step.until {
            let mut last = Err(String::new());
            let found = in_time(|| {
                last = ask();
                last.is_ok().then_some(())
            });
            found.map_or_else(|| last.clone(), |()| last.clone())?
        } else {
            ask()?
        };
        if let Some(name) = &step.keep {
            self.kept.insert(format!("{{{name}}}"), answer.body);
        }
        Ok(())
    }

    fn fill(&self, text: &str) -> String {
        fill(text, &self.kept)
    }

    fn ask(&self, step: &Step) -> Result<Answer, String> {
        let (method, path) = match step {
            Step { get: Some(path), .. } => ("GET", path.as_str()),
            Step { put: Some(path), .. } => ("PUT", path.as_str()),
            Step { head: Some(path), .. } => ("HEAD", path.as_str()),
            Step { method: Some(method), path: Some(path), .. } => (method.as_str(), path.as_str()),
            _ => ("", ""),
        };
        let lines = step.with.iter().fold(String::new(), |lines, line| lines + &self.fill(line) + "\r\n");
        let request = match &step.raw {
            Some(raw) => self.fill(raw),
            None => format!(
                "{method} {} HTTP/1.1\r\nHost: localhost:{}\r\n{lines}\r\n",
                self.fill(path),
                self.port
            ),
        };
        let mut stream = self.connect(step)?;
        stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
        stream.write_all(request.as_bytes()).map_err(|error| format!("the request is not taken: {error}"))?;
        read(&mut stream, method == "HEAD", step.raw.is_some())
    }

    fn connect(&self, step: &Step) -> Result<TcpStream, String> {
        let Some(from) = &step.from else {
            let address = self.address(step.to.as_deref().unwrap_or("127.0.0.1"));
            return TcpStream::connect(address).map_err(|error| format!("{address} refuses: {error}"));
        };
        let connected = || {
            let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
            let from =
                SockaddrIn::from(format!("{from}:0").parse::<std::net::SocketAddrV4>().expect("an address"));
            bind(socket.as_raw_fd(), &from)?;
            let SocketAddr::V4(to) = self.address("127.0.0.1") else { return Err(nix::errno::Errno::EINVAL) };
            connect(socket.as_raw_fd(), &SockaddrIn::from(to))?;
            Ok(TcpStream::from(socket))
        };
        connected().map_err(|error| format!("no connection from {from}: {error}"))
    }

    /// How it ended, or how it is when nothing ends it.
    fn end(&mut self) -> Result<(), String> {
        let case = self.case;
        let mut wrong = Vec::new();
        if let Some(expected) = case.exit {
            let ended = in_time(|| self.child.try_wait().expect("the child is ours"));
            match ended.map(code) {
                Some(found) if found == expected => {}
                Some(found) => wrong.push(format!("exit status: expected {expected}, found {found}")),
                None => wrong.push(format!("expected exit status {expected}, found that it runs on")),
            }
            if !case.steps.is_empty() && TcpListener::bind(("127.0.0.1", self.port)).is_err() {
                wrong.push(format!("expected that port {} is free, it is not", self.port));
            }
        }
        let fills = |parts: &[String]| parts.iter().map(|part| self.fill(part)).collect::<Vec<_>>();
        for (what, parts) in [(STDOUT, &case.stdout), (STDERR, &case.stderr)] {
            let parts = fills(parts);
            let found = in_time(|| in_order(&parts, &self.log(what)).ok());
            if found.is_none()
                && let Err(missing) = in_order(&parts, &self.log(what))
            {
                wrong.push(format!("{what}: expected {missing}"));
            }
        }
        let stdout = self.log(STDOUT);
        let lacks = |line: &String| !stdout.lines().any(|found| found == line);
        wrong.extend(
            fills(&case.stdout_lines)
                .iter()
                .filter(|line| lacks(line))
                .map(|line| format!("stdout: expected the line {line:?}")),
        );
        if let Some(expected) = &case.stdout_is {
            let (expected, found) = (self.fill(expected), self.log(STDOUT));
            if expected != found {
                wrong.push(format!("stdout: expected {expected:?}, found {found:?}"));
            }
        }
        let stderr = self.log(STDERR);
        wrong.extend(
            fills(&case.stderr_lacks)
                .into_iter()
                .filter(|part| stderr.contains(part))
                .map(|part| format!("stderr: expected no {part:?}")),
        );
        if let Some(expected) = &case.stderr_ends {
            let last = stderr.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
            let expected = self.fill(expected);
            let is = |line: &str| line.starts_with(&expected);
            // The original's trace of its stack follows.
            let holds = if self.ours { is(last) } else { stderr.lines().any(is) };
            if !holds {
                wrong.push(format!("the last line of stderr: expected {expected:?}, found {last:?}"));
            }
        }
        for (name, parts) in &case.written {
            let found = fs::read_to_string(self.home.join(name)).unwrap_or_default();
            if let Err(missing) = in_order(&fills(parts), &found) {
                wrong.push(format!("{name}: expected {missing}, found {found:?}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

impl Drop for RunningCase<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until there is an answer; `None` after the deadline.
fn in_time<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    poll(DEADLINE, || ask().ok_or_else(String::new)).ok().map(|(answer, _)| answer)
}

fn fill(text: &str, kept: &BTreeMap<String, String>) -> String {
    let pages = PAGES.iter().map(|(name, page)| (*name, *page));
    let kept = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    pages.chain(kept).fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// As a shell tells it.
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}
