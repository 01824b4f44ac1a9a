//! The context of values that depend on the time.

use std::time::Duration;

use crate::identity::SignedDocument;
use crate::model::{Fetched, Instance, Timestamp};

#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafContext<'f> {
    pub instance: &'f Instance,
    pub identity: &'f SignedDocument,
    /// The last result of the credential source.
    pub fetched: Option<&'f Fetched>,
    /// The time since the scenario was loaded, by its clock.
    pub elapsed: Duration,
    pub now: Timestamp,
}

/// A value that depends on the time of the request; `None` if it is absent then.
pub(crate) type LiveValue = fn(&LeafContext<'_>) -> Option<String>;
