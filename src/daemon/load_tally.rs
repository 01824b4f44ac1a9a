//! How many scenarios were loaded, and how many were rejected, since the start.

use strum::{IntoStaticStr, VariantArray};

/// Why a scenario is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub(super) enum LoadCause {
    Reload,
    /// Another scenario, until the next reload.
    Use,
    /// The scenario that was served before another one: the command is `clear`.
    #[strum(serialize = "clear")]
    UseEnded,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LoadTally {
    accepted: [u64; LoadCause::VARIANTS.len()],
    rejected: [u64; LoadCause::VARIANTS.len()],
}

impl LoadTally {
    pub(super) fn count(&mut self, cause: LoadCause, accepted: bool) {
        let counts = if accepted { &mut self.accepted } else { &mut self.rejected };
        counts[cause as usize] += 1;
    }

    /// The accepted and the rejected ones.
    pub(super) fn of(&self, cause: LoadCause) -> [u64; 2] {
        [self.accepted, self.rejected].map(|counts| counts[cause as usize])
    }
}
