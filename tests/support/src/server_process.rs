//! The program as a server: started, waited for, asked, and ended.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::http::{Response, exchange};
use crate::outcome::Outcome;
use crate::wait::eventually;

/// A running server. Killed if it is dropped.
pub struct ServerProcess {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl ServerProcess {
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
    pub fn get(&self, path: &str) -> Response {
        exchange(self.address, format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"))
    }

    /// Gets a token that lives for a minute.
    #[track_caller]
    pub fn token(&self) -> String {
        let request = "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
                       X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";
        exchange(self.address, request).body
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
        let bytes = |path| fs::read(path).unwrap_or_default();
        Outcome::new(status, &bytes(&self.stdout), &bytes(&self.stderr))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first address in the ready line, once the line is whole.
fn ready_address(text: &str) -> Option<SocketAddr> {
    // That of a view, too.
    let rest = text.lines().find_map(|line| line.split_once("is ready at http://"))?.1;
    rest.split_once('/')?.0.parse().ok()
}
