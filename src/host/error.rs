//! What can go wrong, as sentences, and the exit code of each.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::exit::{ExitStatus, Failure};

/// Why the host's network is not as asked.
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
    /// Doing it would take something away from the host's owner.
    #[error("{0}")]
    Refused(String),
    /// Somebody else of our kind is at work.
    #[error("{0}")]
    Busy(String),
    /// An answer of the kernel that should not be.
    #[error("the kernel refused to {what}: {source}")]
    Kernel {
        /// What was asked, to be read after "refused to".
        what: String,
        /// The answer.
        source: Errno,
    },
    /// A file of the runtime directory.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
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
