//! Programs that run to their end.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    /// `None` after a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// It ended by a signal, and the kernel wrote its memory to a file.
    pub dumped_core: bool,
}

impl Outcome {
    pub fn new(status: ExitStatus, stdout: &[u8], stderr: &[u8]) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(stdout), text(stderr));
        Self { code: status.code(), stdout, stderr, dumped_core: status.core_dumped() }
    }

    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output without the white space at its ends.
    pub fn text(&self) -> &str {
        self.stdout.trim()
    }

    /// Checks exit code and the parts that stderr must have.
    #[track_caller]
    pub fn ended(&self, code: i32, sentences: &[&str]) {
        assert_eq!(self.code, Some(code), "exit code of {self:#?}");
        for sentence in sentences {
            assert!(self.stderr.contains(sentence), "expected {sentence:?} on stderr, found {self:#?}");
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or_else(|| "none (a signal)".to_owned(), |code| code.to_string());
        write!(f, "exit code: {code}\nstdout: {}\nstderr: {}", self.stdout, self.stderr)
    }
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Outcome {
    let output = command.output().expect("the program starts");
    Outcome::new(output.status, &output.stdout, &output.stderr)
}
