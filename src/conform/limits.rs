//! How gently a service is asked.

use std::time::Duration;

use crate::record::Rate;

/// What the service is spared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConformanceLimits {
    pub(crate) rate: Rate,
    /// The run ends after this time.
    pub(crate) max_time: Duration,
}
