//! The guardian of a host's network, as systemd starts it.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Host;
use crate::wait::{DEADLINE, poll};

/// A running `net hold`. Killed when the test ends.
pub struct Guardian {
    child: Option<Child>,
    notify: UnixDatagram,
    log: PathBuf,
}

impl Guardian {
    pub(super) fn start(host: &Host, program: &Path, more: &str) -> Self {
        let (socket, log) = (host.directory.join("notify"), host.directory.join("guardian.log"));
        let _ = fs::remove_file(&socket);
        let notify = UnixDatagram::bind(&socket).expect("a notify socket");
        let stderr = fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let arguments = host.hold_arguments();
        let words = ["net", "hold"].into_iter().chain(arguments.split(' ')).chain(more.split_terminator(' '));
        let mut command = Command::new(program);
        command.args(words).env("NOTIFY_SOCKET", &socket).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(stderr).spawn().expect("net hold starts");
        Self { child: Some(child), notify, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("the guardian can be signalled");
    }

    /// Waits for a notification that holds this line; gives it whole.
    pub fn expect(&mut self, line: &str) -> String {
        self.notify.set_read_timeout(Some(Duration::from_millis(100))).expect("a read timeout");
        let found = poll(DEADLINE, || {
            if let Some(text) = self.receive().filter(|text| has_line(text, line)) {
                return Ok(text);
            }
            let ended = self.child.as_mut().expect("it runs").try_wait().expect("its state");
            assert!(ended.is_none(), "net hold ended ({ended:?}) before {line}; it said:\n{}", self.log());
            Err(format!("no {line}"))
        });
        found.unwrap_or_else(|found| panic!("{found}; it said:\n{}", self.log())).0
    }

    fn receive(&self) -> Option<String> {
        let mut buffer = [0; 4096];
        let length = self.notify.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// Waits for a notification as the last one: the guardian may have ended meanwhile.
    pub fn expect_last(&mut self, line: &str) -> String {
        self.notify.set_read_timeout(Some(DEADLINE)).expect("a read timeout");
        loop {
            let text = self.receive().unwrap_or_else(|| panic!("no {line}; it said:\n{}", self.log()));
            if has_line(&text, line) {
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

    /// What it has written to stderr up to now: a thread of its own does that, a moment after the event.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has written this to stderr.
    #[track_caller]
    pub fn says(&self, sentence: &str) {
        let said = || if self.log().contains(sentence) { Ok(()) } else { Err(self.log()) };
        if let Err(found) = poll(DEADLINE, said) {
            panic!("expected {sentence:?} on stderr, found {found}");
        }
    }

    /// Ends it by a signal and gives its exit code.
    pub fn end(&mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        self.wait()
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> Option<i32> {
        let child = self.child.as_mut().expect("it runs");
        let ended =
            poll(DEADLINE, || child.try_wait().expect("its state").ok_or_else(|| "it runs".to_owned()));
        let (status, _) = ended.unwrap_or_else(|found| panic!("net hold, {found}; it said:\n{}", self.log()));
        self.child = None;
        status.code()
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

fn has_line(text: &str, start: &str) -> bool {
    text.lines().any(|line| line.starts_with(start))
}
