//! SIGHUP, SIGTERM and SIGINT.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::host::HostError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuardianEvent {
    Reload,
    Stop,
}

/// Signals that are read from a descriptor.
pub(super) struct BlockedSignals(SignalFd);

impl BlockedSignals {
    pub(super) fn block() -> Result<Self, HostError> {
        let set: SigSet = [Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT].into_iter().collect();
        let fd = set
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK));
        fd.map(Self).map_err(|error| HostError::kernel("deliver signals through a descriptor", error))
    }

    pub(super) fn read(&self) -> Option<GuardianEvent> {
        let signal = self.0.read_signal().ok().flatten()?.ssi_signo;
        Some(if signal == Signal::SIGHUP as u32 { GuardianEvent::Reload } else { GuardianEvent::Stop })
    }
}

impl AsFd for BlockedSignals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
