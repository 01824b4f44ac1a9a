//! Faults injected into replies.
//!
//! Decided from the rules, the request, the time and the counters alone, so a run can be repeated: chance is a hash
//! of the rule's seed, its number and how many requests have matched it. All rules are applied in their order; of each
//! effect the first one counts.

use std::borrow::Borrow;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use hyper::body::Bytes;
use jiff::SignedDuration;

use super::fault_index::FaultIndex;
use super::reply::{Delivery, DeliveryEnd, Reply};
use super::{Ingress, RequestHead, Visit};
use crate::model::fault::{
    BodyDamage, ErrorStatus, Fault, FaultEffect, Latency, ReplyAlteration, Throttle, ThrottleAction,
};
use crate::model::timeline::ScenarioClock;
use crate::model::{Service, StringEnum, Timestamp};

/// The conditions of a rule are checked against this.
#[derive(Clone, Copy)]
pub(super) struct FaultInput<'a> {
    pub(super) head: RequestHead<'a>,
    /// The decoded segments of its path; `None` if it leaves the tree.
    pub(super) path: Option<&'a [&'a str]>,
    pub(super) visit: &'a Visit<'a>,
    /// Which service answers it.
    pub(super) service: Service,
    /// The name of the instance that the client meets; `None` for the `[instance]` itself.
    pub(super) instance: Option<&'a str>,
    pub(super) clock: &'a ScenarioClock,
    pub(super) now: Timestamp,
}

/// The effects of all rules on one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FaultEffects {
    /// The first rule that had an effect.
    rule: Option<usize>,
    latency: Option<Duration>,
    end: Option<DeliveryEnd>,
    status: Option<ErrorStatus>,
    damage: Option<BodyDamage>,
    pub(super) tokens_lost: bool,
    skew: Option<SignedDuration>,
}

/// Applies all rules to a request. `index` is theirs.
pub(super) fn decide(
    faults: &[impl Borrow<Fault>],
    index: &FaultIndex,
    input: &FaultInput<'_>,
) -> FaultEffects {
    let mut effects = FaultEffects::default();
    if faults.is_empty() {
        return effects;
    }
    let as_sent: Vec<&str>;
    let path = if let Some(segments) = input.path {
        segments
    } else {
        // A fault may hit such a path too, as it was sent.
        as_sent = input.head.path.split('/').filter(|raw| !raw.is_empty()).collect();
        &as_sent
    };
    let candidates = index.candidates(path);
    if candidates.is_empty() {
        return effects;
    }
    let candidates = candidates.into_iter().filter_map(|rule| Some((rule, faults.get(rule)?.borrow())));
    let (elapsed, present) = (input.clock.elapsed(input.now), input.clock.effective(input.now));
    let on = candidates.filter(|(_, fault)| fault.is_on(elapsed, present));
    for (rule, fault) in on.filter(|(_, fault)| matches(fault, path, input)) {
        let ordinal = input.visit.counters.next(rule);
        let random = |purpose| random(fault.seed, rule, ordinal, purpose);
        let counted = fault.count.is_none_or(|count| ordinal < u64::from(count));
        if counted && fault.probability.happens(random(RandomPurpose::Hit)) {
            effects.add(rule, &fault.effect, input, random(RandomPurpose::Latency));
        }
    }
    effects
}

/// Whether a request matches a rule that is on.
fn matches(fault: &Fault, request_path: &[&str], input: &FaultInput<'_>) -> bool {
    // The last three decide about requests that match.
    let Fault {
        name: _,
        path,
        methods,
        clients,
        endpoint,
        instance,
        from: _,
        lasts: _,
        effect,
        count: _,
        probability: _,
        seed: _,
    } = fault;
    let FaultInput { head, visit, .. } = input;
    let on_this_host = visit.ingress == Ingress::Host;
    (!effect.is_on_tokens() || (head.is_read() && head.headers.has_token()))
        && (methods.is_empty() || methods.iter().any(|method| method.as_str() == head.method.as_str()))
        && (clients.is_empty() || clients.iter().any(|client| client.matches(visit.peer, on_this_host)))
        && endpoint.is_none_or(|endpoint| endpoint.service() == input.service)
        && (instance.is_none() || instance.as_deref() == input.instance)
        && path.matches(request_path)
}

// === impl FaultEffects ===

// A new effect has to act in each of these: they take the structs apart without `..`, so that the compiler asks.

impl FaultEffects {
    fn add(&mut self, rule: usize, effect: &FaultEffect, input: &FaultInput<'_>, random: u64) {
        let delay = |latency: &Option<Latency>| latency.as_ref().map(|latency| latency.draw(random));
        match effect {
            FaultEffect::Answer(ReplyAlteration { latency, status, body, tokens, clock_skew }) => {
                self.latency = self.latency.or_else(|| delay(latency));
                self.status = self.status.or(*status);
                self.damage = self.damage.or(*body);
                self.tokens_lost |= tokens.is_some();
                self.skew = self.skew.or(*clock_skew);
            }
            FaultEffect::Reset(latency) => {
                self.latency = self.latency.or_else(|| delay(latency));
                self.end = self.end.or(Some(DeliveryEnd::Reset));
            }
            FaultEffect::Hang => self.end = self.end.or(Some(DeliveryEnd::Silence)),
            FaultEffect::Throttle(Throttle { per_second, then }) => {
                let Visit { peer, counters, .. } = input.visit;
                if !counters.throttle(rule, *peer, *per_second, input.now) {
                    return;
                }
                match then {
                    ThrottleAction::Status(status) => self.status = self.status.or(Some(*status)),
                    ThrottleAction::Drop => self.end = self.end.or(Some(DeliveryEnd::Silence)),
                }
            }
        }
        self.rule = self.rule.or(Some(rule));
    }

    /// The status of the error that replaces the reply.
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.status.and_then(|status| StatusCode::from_u16(status.get()).ok())
    }

    /// A time as the service's clock shows it.
    pub(super) fn skewed(&self, now: Timestamp) -> Timestamp {
        self.skew.map_or(now, |skew| now.shifted(skew))
    }

    /// Applies the effects on a reply that was made.
    pub(super) fn apply(&self, mut reply: Reply) -> Reply {
        // These acted before the reply was made: `status`, `skewed`, and the token check of the profile.
        let Self { rule, latency, end, damage, status: _, skew: _, tokens_lost: _ } = *self;
        if rule.is_none() {
            return reply;
        }
        reply.fault = rule;
        reply.delivery = Delivery { delay: latency.unwrap_or_default(), end: end.unwrap_or_default() };
        match damage {
            Some(BodyDamage::Empty) => {
                reply.body = Bytes::new();
                // Every reply has its length, or comes in chunks.
                let is_framing = |name: &HeaderName| name == CONTENT_LENGTH || name == TRANSFER_ENCODING;
                reply.headers.retain_mut(|header| {
                    if is_framing(&header.0) {
                        *header = (CONTENT_LENGTH, 0.into());
                    }
                    true
                });
            }
            Some(BodyDamage::Truncated) if reply.delivery.end == DeliveryEnd::Whole => {
                reply.delivery.end = DeliveryEnd::Truncated;
            }
            Some(BodyDamage::Truncated) | None => {}
        }
        reply
    }
}

/// The decision that a random number is for.
#[derive(Debug, Clone, Copy)]
enum RandomPurpose {
    Hit = 1,
    Latency = 2,
}

/// A pseudo-random number that is always the same for the same arguments.
fn random(seed: u64, rule: usize, ordinal: u64, purpose: RandomPurpose) -> u64 {
    let parts = [rule as u64, purpose as u64, ordinal];
    parts.iter().fold(mix(seed), |state, part| mix(state ^ part))
}

/// One step of `SplitMix64`. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
