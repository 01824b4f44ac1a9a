//! Faults injected into replies.
//!
//! Decided from the rules, the request, the time and the counters alone, so a run can be repeated: chance is a hash
//! of the rule's seed, its number and how many requests have matched it. All rules are applied in their order; of each
//! effect the first one counts.

use std::borrow::Borrow;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::body::Bytes;
use jiff::SignedDuration;

use super::fault_index::FaultIndex;
use super::reply::{Delivery, DeliveryEnd, Reply};
use super::{Ingress, RequestHead, Visit};
use crate::model::fault::{
    BodyAlteration, BodyDamage, Fault, FaultEffect, HeaderChange, Latency, ReplyAlteration, ReplyStatus,
    Throttle, ThrottleAction,
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
pub(super) struct FaultEffects<'f> {
    /// The first rule that had an effect.
    rule: Option<usize>,
    latency: Option<Duration>,
    body_latency: Option<Duration>,
    end: Option<DeliveryEnd>,
    status: Option<ReplyStatus>,
    headers: &'f [HeaderChange],
    body: Option<&'f BodyAlteration>,
    pub(super) tokens_lost: bool,
    skew: Option<SignedDuration>,
}

/// Applies all rules to a request. `index` is theirs.
pub(super) fn decide<'f>(
    faults: &'f [impl Borrow<Fault>],
    index: &FaultIndex,
    input: &FaultInput<'_>,
) -> FaultEffects<'f> {
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
        if fault.counts(ordinal) && fault.probability.happens(random(RandomPurpose::Hit)) {
            effects.add(rule, &fault.effect, input, random);
        }
    }
    effects
}

/// Whether a request matches a rule that is on.
fn matches(fault: &Fault, request_path: &[&str], input: &FaultInput<'_>) -> bool {
    // The last four decide about requests that match.
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
        after: _,
        count: _,
        probability: _,
        seed: _,
    } = fault;
    let FaultInput { head, visit, .. } = input;
    let on_this_host = visit.ingress == Ingress::Host;
    // The host's network refuses and loses connections: a request has got through.
    effect.connection().is_none()
        && (!effect.is_on_tokens() || (head.is_read() && head.headers.has_token()))
        && (methods.is_empty() || methods.iter().any(|method| method.as_str() == head.method.as_str()))
        && (clients.is_empty() || clients.iter().any(|client| client.matches(visit.peer, on_this_host)))
        && endpoint.is_none_or(|endpoint| endpoint.service() == input.service)
        && (instance.is_none() || instance.as_deref() == input.instance)
        && path.matches(request_path)
}

// === impl FaultEffects ===

// A new effect has to act in each of these: they take the structs apart without `..`, so that the compiler asks.

impl<'f> FaultEffects<'f> {
    fn add(
        &mut self,
        rule: usize,
        effect: &'f FaultEffect,
        input: &FaultInput<'_>,
        random: impl Fn(RandomPurpose) -> u64,
    ) {
        let draw = |latency: &Option<Latency>, purpose| latency.map(|latency| latency.draw(random(purpose)));
        let delay = |latency: &Option<Latency>| draw(latency, RandomPurpose::Latency);
        match effect {
            FaultEffect::Answer(ReplyAlteration {
                latency,
                body_latency,
                status,
                headers,
                body,
                tokens,
                clock_skew,
            }) => {
                self.latency = self.latency.or_else(|| delay(latency));
                self.body_latency =
                    self.body_latency.or_else(|| draw(body_latency, RandomPurpose::BodyLatency));
                self.status = self.status.or(*status);
                self.set_headers(headers);
                self.body = self.body.or(body.as_ref());
                self.tokens_lost |= tokens.is_some();
                self.skew = self.skew.or(*clock_skew);
            }
            FaultEffect::Reset(latency) => {
                self.latency = self.latency.or_else(|| delay(latency));
                self.end = self.end.or(Some(DeliveryEnd::Reset));
            }
            FaultEffect::Hang => self.end = self.end.or(Some(DeliveryEnd::Silence)),
            FaultEffect::Connection(_) => return,
            FaultEffect::Throttle(Throttle { per_second, then, headers }) => {
                let Visit { peer, counters, .. } = input.visit;
                if !counters.throttle(rule, *peer, *per_second, input.now) {
                    return;
                }
                self.set_headers(headers);
                match then {
                    ThrottleAction::Status(status) => self.status = self.status.or(Some(*status)),
                    ThrottleAction::Drop => self.end = self.end.or(Some(DeliveryEnd::Silence)),
                }
            }
        }
        self.rule = self.rule.or(Some(rule));
    }

    fn set_headers(&mut self, headers: &'f [HeaderChange]) {
        if self.headers.is_empty() {
            self.headers = headers;
        }
    }

    /// The status that replaces the reply.
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.status.and_then(|status| StatusCode::from_u16(status.get()).ok())
    }

    /// Whether the request gets no reply.
    pub(super) fn loses_reply(&self) -> bool {
        self.end.is_some()
    }

    /// A time as the service's clock shows it.
    pub(super) fn skewed(&self, now: Timestamp) -> Timestamp {
        self.skew.map_or(now, |skew| now.shifted(skew))
    }

    /// Applies the effects on a reply that was made.
    pub(super) fn apply(&self, mut reply: Reply) -> Reply {
        // Others acted before the reply was made: `status`, `skewed`, and the token check of the profile.
        let Self { rule, latency, body_latency, end, headers, body, status, skew: _, tokens_lost: _ } = *self;
        if rule.is_none() {
            return reply;
        }
        reply.fault = rule;
        reply.delivery = Delivery {
            delay: latency.unwrap_or_default(),
            body_delay: body_latency.unwrap_or_default(),
            end: end.unwrap_or_default(),
        };
        match body {
            Some(BodyAlteration::Text(text)) => set_body(&mut reply, Bytes::from(text.clone())),
            Some(BodyAlteration::Damage(BodyDamage::Empty)) => set_body(&mut reply, Bytes::new()),
            Some(BodyAlteration::Damage(damage)) if reply.delivery.end == DeliveryEnd::Whole => {
                reply.delivery.end = match damage {
                    BodyDamage::Truncated => DeliveryEnd::Truncated,
                    BodyDamage::Stalled => DeliveryEnd::Stalled,
                    BodyDamage::Empty => DeliveryEnd::Whole,
                };
            }
            Some(BodyAlteration::Damage(_)) | None => {}
        }
        reply.change_headers(headers);
        if status.is_some_and(ReplyStatus::has_no_body) {
            reply.body = Bytes::new();
            reply.headers.retain(|(name, _)| name != CONTENT_LENGTH);
        }
        reply
    }
}

fn set_body(reply: &mut Reply, body: Bytes) {
    // Every reply has its length, or comes in chunks.
    let is_framing = |name: &HeaderName| name == CONTENT_LENGTH || name == TRANSFER_ENCODING;
    for header in reply.headers.iter_mut().filter(|(name, _)| is_framing(name)) {
        *header = (CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    reply.body = body;
}

/// The decision that a random number is for.
#[derive(Debug, Clone, Copy)]
enum RandomPurpose {
    Hit = 1,
    Latency = 2,
    BodyLatency = 3,
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
