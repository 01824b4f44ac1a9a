//! Errors as sentences, each with its exit code.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::exit::{ExitStatus, Failure};

#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    /// `CAP_NET_ADMIN` is missing.
    #[error(
        "changing the network of this host needs the capability CAP_NET_ADMIN, which this process does not have; \
         start the unit (systemctl start mock-imds), or run the command as root"
    )]
    NotPermitted,
    /// nfnetlink, `nf_tables` or a part of it is missing.
    #[error(
        "this kernel can't do what the redirect needs ({0}); load the module (modprobe nf_tables) or use a \
         kernel with CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET and CONFIG_NFT_NAT"
    )]
    NoNfTables(String),
    /// It would take something away from the host's owner.
    #[error("{0}")]
    Refused(String),
    /// Another process of mock-imds holds the network.
    #[error("{0}")]
    Busy(String),
    /// An unexpected error of the kernel.
    #[error("the kernel refused to {what}: {source}")]
    Kernel {
        /// The request, to be read after "refused to".
        what: String,
        source: Errno,
    },
    /// A file of the runtime directory.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
}

impl HostError {
    /// The kernel's answer to `what`; a missing permission keeps its own sentence.
    pub(super) fn kernel(what: impl Into<String>, source: Errno) -> Self {
        match source {
            Errno::EPERM => Self::NotPermitted,
            source => Self::Kernel { what: what.into(), source },
        }
    }
}

/// Every error in one failure, with the exit code of the first.
pub(super) fn combine(errors: Vec<HostError>) -> Result<(), Failure> {
    let failures: Vec<Failure> = errors.into_iter().map(Failure::from).collect();
    let Some(first) = failures.first() else { return Ok(()) };
    let message: Vec<&str> = failures.iter().map(|failure| failure.message.as_str()).collect();
    Err(Failure::new(first.status, message.join("\n")))
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        let status = match &error {
            HostError::NotPermitted => ExitStatus::NoPermission,
            HostError::NoNfTables(_) | HostError::Busy(_) => ExitStatus::Unavailable,
            HostError::Refused(_) => ExitStatus::Config,
            HostError::Kernel { .. } | HostError::File { .. } => ExitStatus::OsError,
        };
        Self::new(status, error.to_string())
    }
}
