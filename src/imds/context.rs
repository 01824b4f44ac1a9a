//! The context in which a profile decides about a reply.

use std::time::Duration;

use super::cache::CompiledInstance;
use super::fleet::MatchedInstance;
use super::{Fleet, RequestHead, TokenAuthority, Visit};
use crate::model::{Http, Timestamp};

#[derive(Clone, Copy)]
pub(super) struct RequestContext<'f> {
    pub(super) fleet: &'f Fleet,
    pub(super) authority: &'f TokenAuthority,
    pub(super) visit: &'f Visit<'f>,
    pub(super) head: RequestHead<'f>,
    /// The decoded segments of the path; `None` if it leaves the tree.
    pub(super) segments: Option<&'f [&'f str]>,
    pub(super) matched: MatchedInstance<'f>,
    /// The matched instance, with the effects of all events so far.
    pub(super) compiled: &'f CompiledInstance,
    /// The time since the scenario was loaded, by its clock.
    pub(super) elapsed: Duration,
    /// The time on the service's clock, which a fault may have skewed.
    pub(super) now: Timestamp,
    /// The load of the scenario on the same clock.
    pub(super) loaded_at: Timestamp,
    /// Set by a fault: no session token is known any more.
    pub(super) tokens_lost: bool,
}

impl<'f> RequestContext<'f> {
    pub(super) fn http(&self) -> &'f Http {
        &self.fleet.scenario().http
    }
}
