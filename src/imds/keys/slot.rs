//! Time, cut into slots of the refresh interval.

use crate::model::{Credentials, Timestamp};

/// A part of the time, with one set of keys.
pub(crate) struct KeySlot {
    pub(crate) updated: Timestamp,
    pub(crate) expires: Timestamp,
    /// Tells its keys from those of every other slot: seconds where the time of day began it, else milliseconds.
    pub(crate) number: u64,
}

impl KeySlot {
    pub(crate) fn at(credentials: &Credentials, now: Timestamp) -> Self {
        let refresh = credentials.refresh.as_secs().max(1);
        let updated = Timestamp::from_secs(now.as_secs() / refresh * refresh);
        Self { updated, expires: updated.plus(credentials.lifetime), number: updated.as_secs() }
    }

    /// The slot that an event started within this one.
    pub(crate) fn rotated(self, at: Option<Timestamp>, credentials: &Credentials) -> Self {
        let at = at.filter(|at| *at >= self.updated);
        at.map_or(self, |at| Self::since(at, credentials))
    }

    /// The slot that an event started, whenever the next one begins.
    pub(crate) fn since(at: Timestamp, credentials: &Credentials) -> Self {
        let updated = Timestamp::from_secs(at.as_secs());
        Self { updated, expires: updated.plus(credentials.lifetime), number: at.as_millis() }
    }

    /// The last slot whose credentials have expired by now.
    pub(crate) fn expired(credentials: &Credentials, now: Timestamp) -> Self {
        let age = now.as_secs().saturating_sub(credentials.lifetime.as_secs() + 1);
        let before = Self::at(credentials, Timestamp::from_secs(age));
        if before.expires < now { before } else { Self { expires: before.updated, ..before } }
    }
}
