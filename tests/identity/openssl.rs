//! The openssl command line in a directory of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Sandbox, skip};

/// A directory in which openssl runs.
pub struct Openssl(Sandbox);

/// What openssl did.
pub struct OpensslRun {
    command: String,
    success: bool,
    pub stdout: Vec<u8>,
    stderr: String,
}

impl Openssl {
    /// `None`, after saying so, when there is no openssl.
    pub fn new() -> Option<Self> {
        if let Err(error) = Command::new("openssl").arg("version").output() {
            skip(&format!("openssl cannot be run ({error}); install the package openssl"));
            return None;
        }
        Some(Self(Sandbox::new()))
    }

    pub fn directory(&self) -> &Path {
        self.0.directory()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.0.write(name, content);
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs `openssl` with these words.
    pub fn run(&self, words: &str) -> OpensslRun {
        let output = Command::new("openssl").args(words.split(' ')).current_dir(self.directory()).output();
        let output = output.unwrap_or_else(|error| panic!("openssl {words}: {error}"));
        OpensslRun {
            command: format!("openssl {words}"),
            success: output.status.success(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs `openssl`, which must succeed.
    #[track_caller]
    pub fn ok(&self, words: &str) -> OpensslRun {
        let done = self.run(words);
        assert!(done.success, "must succeed: {}\n{}{}", done.command, done.text(), done.stderr);
        done
    }

    /// Runs `openssl`, which must fail for this reason.
    #[track_caller]
    pub fn fails(&self, words: &str, reason: &str) {
        let done = self.run(words);
        let said = format!("{}{}", done.text(), done.stderr);
        assert!(!done.success, "must fail: {}\n{said}", done.command);
        assert!(said.contains(reason), "{}\nexpected: {reason}\nfound: {said}", done.command);
    }
}

impl OpensslRun {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}
