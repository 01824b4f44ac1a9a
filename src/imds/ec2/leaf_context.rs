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
    pub profile_attached: bool,
    /// The time of the request in whole seconds: within one, no value changes.
    pub now: Timestamp,
}

/// A value that depends on the time of the request; `None` if it is absent then.
pub(crate) type LiveValue = fn(&LeafContext<'_>) -> Option<String>;

impl<'f> LeafContext<'f> {
    /// `elapsed` is the time since the scenario was loaded, by its clock.
    pub(crate) fn new(
        instance: &'f Instance,
        identity: &'f SignedDocument,
        fetched: Option<&'f Fetched>,
        elapsed: Duration,
        now: Timestamp,
    ) -> Self {
        let profile_attached = is_profile_attached(instance, elapsed);
        Self { instance, identity, fetched, profile_attached, now: Timestamp::from_secs(now.as_secs()) }
    }
}

pub(crate) fn is_profile_attached(instance: &Instance, elapsed: Duration) -> bool {
    let profile = instance.info_as_shown().or_else(|| instance.role_as_shown());
    profile.is_some_and(|profile| elapsed >= profile.attached_after)
}
