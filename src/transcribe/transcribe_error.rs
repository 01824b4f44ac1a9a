//! Why there is no scenario.

use std::time::Duration;

use crate::config::{MAX_BYTES, Report};

/// The reason that there is no scenario.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TranscribeError {
    #[error("nothing answered")]
    Nothing,
    #[error("the scenario would have {0} bytes; accepted: at most {MAX_BYTES}")]
    TooLarge(usize),
    #[error("the scenario was not there within {0:?}; accepted: what the service of one instance has")]
    TooSlow(Duration),
    #[error("the scenario that was written is not accepted; this is a defect of mock-imds:\n{0}")]
    Rejected(Report),
}
