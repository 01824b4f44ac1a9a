//! The openssl command line in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

/// A directory that goes away with the test, in which openssl runs.
pub struct Bench(PathBuf);

/// What openssl did.
pub struct Done {
    command: String,
    success: bool,
    pub stdout: Vec<u8>,
    stderr: String,
}

impl Bench {
    /// `None` when there is no openssl: the test has said SKIP then. In CI that is a failure.
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    pub fn new() -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if let Err(error) = Command::new("openssl").arg("version").output() {
            assert!(env::var("CI").is_err(), "openssl cannot be run ({error}); install the package openssl");
            println!("SKIP identity: openssl cannot be run ({error}); install the package openssl");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("mock-imds-openssl-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Some(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).expect("the temporary directory is writable");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs `openssl` with these words.
    pub fn run(&self, words: &str) -> Done {
        let output = Command::new("openssl").args(words.split(' ')).current_dir(&self.0).output();
        let output = output.unwrap_or_else(|error| panic!("openssl {words}: {error}"));
        Done {
            command: format!("openssl {words}"),
            success: output.status.success(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs `openssl`, which must succeed.
    #[track_caller]
    pub fn ok(&self, words: &str) -> Done {
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

impl Done {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
