//! The context in which a profile decides about a reply.

use std::time::Duration;

use http::header::HeaderValue;

use super::cache::CompiledInstance;
use super::fleet::MatchedInstance;
use super::token::TTL_SECONDS;
use super::{Fleet, RequestHead, TokenAuthority, Visit};
use crate::model::{FixedToken, Http, Timestamp};

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

    /// A session token for the matched instance.
    pub(super) fn grant_token(&self, lifetime: Duration) -> String {
        let Self { authority, visit, compiled, now, .. } = *self;
        let fixed = self.fixed_token().map(|token| token.as_str().to_owned());
        fixed.unwrap_or_else(|| authority.grant(&compiled.instance.instance_id, lifetime, now, visit.nonce))
    }

    /// The remaining lifetime of a session token in seconds; `None` if it is not valid.
    pub(super) fn remaining(&self, token: &HeaderValue) -> Option<u32> {
        let Self { authority, compiled, now, .. } = *self;
        if self.fixed_token().is_some_and(|fixed| fixed.as_str().as_bytes() == token.as_bytes()) {
            return Some(*TTL_SECONDS.end());
        }
        authority.remaining(token.as_bytes(), &compiled.instance.instance_id, now)
    }

    /// What everybody can know protects nothing that is worth it.
    fn fixed_token(&self) -> Option<&'f FixedToken> {
        self.http().token.as_ref().filter(|_| !self.compiled.has_real_credentials)
    }
}
