//! The program under test: ours, or the one that `MOCK_IMDS_DROP_IN` names.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::case::Case;

/// The name that users call.
const NAME: &str = "ec2-metadata-mock";

pub enum Program {
    Ours,
    Other(OsString),
}

impl Program {
    pub fn chosen() -> Self {
        env::var_os("MOCK_IMDS_DROP_IN").filter(|path| !path.is_empty()).map_or(Self::Ours, Self::Other)
    }

    /// Whether a case says nothing about this program.
    pub fn skips(&self, case: &Case) -> bool {
        matches!(self, Self::Other(_)) && (case.deviation.is_some() || case.as_subcommand)
    }

    pub fn command(&self, case: &Case) -> Command {
        match self {
            Self::Ours if case.as_subcommand => {
                let mut command = Command::new(support::program());
                command.arg("aemm");
                command
            }
            Self::Ours => {
                let mut command = Command::new(support::program());
                command.arg0(NAME);
                command
            }
            Self::Other(path) => Command::new(path),
        }
    }
}
