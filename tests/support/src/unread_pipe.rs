//! A pipe that nobody reads.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::sandbox::Sandbox;

/// A named pipe that is full: whoever writes to it waits, until the test reads.
pub struct UnreadPipe {
    path: PathBuf,
    pipe: File,
}

impl UnreadPipe {
    /// Makes one.
    pub fn new(path: &Path) -> Self {
        mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).expect("the temporary directory is writable");
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(OFlag::O_NONBLOCK.bits());
        let mut pipe = options.open(path).expect("it was just made");
        // With less than a page at once a page may be left.
        for size in [4096, 1] {
            while pipe.write(&[b'\n'; 4096][..size]).is_ok() {}
        }
        Self { path: path.to_owned(), pipe }
    }

    /// A command that runs the program with it as standard error; `more` are further redirections.
    pub fn as_stderr_of(&self, sandbox: &Sandbox, program: &Path, arguments: &[&str], more: &str) -> Command {
        let script = format!("exec \"$@\" 2<>{} {more}", self.path.display());
        let program = program.to_str().expect("a path in UTF-8");
        let words = ["-c", &script, "sh", program];
        sandbox.prepared(Path::new("/bin/sh"), &[&words, arguments].concat())
    }

    /// Everything that is in it now.
    pub fn read(&mut self) -> String {
        let (mut text, mut bytes) = (Vec::new(), [0; 4096]);
        while let Ok(count) = self.pipe.read(&mut bytes) {
            text.extend_from_slice(&bytes[..count]);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}
