//! Faults: what goes wrong with a request.
//!
//! Decided from the rules, the request, the time and the counters alone, so a run can be repeated: chance is a hash
//! of the rule's seed, its number and how many requests have matched it. All rules are judged, in their order, and
//! for each thing that can go wrong the first rule counts that has it go wrong.

use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::CONTENT_LENGTH;
use jiff::SignedDuration;

use super::answer::uses_token;
use super::reply::Reply;
use super::{Ingress, RequestHead, Visit};
use crate::model::fault::{
    BodyDamage, ErrorStatus, Fault, FaultEffect, Latency, ReplyAlteration, ThrottleAction,
};
use crate::model::timeline::ScenarioClock;
use crate::model::{StringEnum, Timestamp};

/// How a reply gets to the client, or does not. Carried out by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// How long it is held back.
    pub delay: Duration,
    /// How it ends.
    pub end: DeliveryEnd,
}

/// How a delivery ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeliveryEnd {
    /// The reply is sent.
    #[default]
    Whole,
    /// Half of its body is sent under its full length; then the connection closes.
    Truncated,
    /// Nothing is sent; the connection is reset.
    Reset,
    /// Nothing is sent until the client gives up.
    Silence,
}

/// What rules look at.
#[derive(Clone, Copy)]
pub(super) struct FaultInput<'a> {
    /// The request.
    pub(super) head: RequestHead<'a>,
    /// The decoded segments of its path.
    pub(super) path: Option<&'a [&'a str]>,
    /// Who asks.
    pub(super) visit: &'a Visit<'a>,
    /// The name of the instance that the client meets, unless it is the scenario's first.
    pub(super) instance: Option<&'a str>,
    /// The scenario's clock, by which a fault begins and ends.
    pub(super) clock: &'a ScenarioClock,
    /// The time.
    pub(super) now: Timestamp,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FaultEffects {
    /// The first rule that had something go wrong.
    rule: Option<usize>,
    latency: Option<Duration>,
    end: Option<DeliveryEnd>,
    status: Option<ErrorStatus>,
    damage: Option<BodyDamage>,
    /// Whether session tokens are unknown.
    pub(super) tokens_lost: bool,
    skew: Option<SignedDuration>,
}

/// Judges a request by all rules.
pub(super) fn decide(faults: &[Fault], asked: &FaultInput<'_>) -> FaultEffects {
    let mut verdict = FaultEffects::default();
    for (rule, fault) in faults.iter().enumerate().filter(|(_, fault)| matches(fault, asked)) {
        let ordinal = asked.visit.counters.next(rule);
        let draw = |what| draw(fault.seed, rule, ordinal, what);
        let counted = fault.count.is_none_or(|count| ordinal < u64::from(count));
        if counted && fault.probability.happens(draw(Draw::Hit)) {
            verdict.add(rule, &fault.effect, asked, draw(Draw::Latency));
        }
    }
    verdict
}

fn matches(fault: &Fault, asked: &FaultInput<'_>) -> bool {
    let FaultInput { head, visit, .. } = asked;
    let on_this_host = visit.ingress == Ingress::Host;
    let needs_token = matches!(&fault.effect, FaultEffect::Answer(ReplyAlteration { tokens: Some(_), .. }));
    fault.is_on(asked.clock.elapsed(asked.now), asked.clock.effective(asked.now))
        && (!needs_token || uses_token(*head))
        && (fault.methods.is_empty() || fault.methods.iter().any(|m| m.as_str() == head.method.as_str()))
        && (fault.clients.is_empty() || fault.clients.iter().any(|c| c.matches(visit.peer, on_this_host)))
        && (fault.instance.is_none() || fault.instance.as_deref() == asked.instance)
        && match asked.path {
            Some(path) => fault.path.matches(path),
            // It leads nowhere, and nowhere is a place that may fail.
            None => {
                fault.path.matches(&head.path.split('/').filter(|raw| !raw.is_empty()).collect::<Vec<_>>())
            }
        }
}

impl FaultEffects {
    fn add(&mut self, rule: usize, effect: &FaultEffect, asked: &FaultInput<'_>, draw: u64) {
        let late = |latency: &Latency| latency.draw(draw);
        match effect {
            FaultEffect::Answer(alteration) => {
                self.latency = self.latency.or_else(|| alteration.latency.as_ref().map(late));
                self.status = self.status.or(alteration.status);
                self.damage = self.damage.or(alteration.body);
                self.tokens_lost |= alteration.tokens.is_some();
                self.skew = self.skew.or(alteration.clock_skew);
            }
            FaultEffect::Reset(latency) => {
                self.latency = self.latency.or_else(|| latency.as_ref().map(late));
                self.end = self.end.or(Some(DeliveryEnd::Reset));
            }
            FaultEffect::Hang => self.end = self.end.or(Some(DeliveryEnd::Silence)),
            FaultEffect::Throttle(throttle) => {
                let Visit { peer, counters, .. } = asked.visit;
                if !counters.throttle(rule, *peer, throttle.per_second, asked.now) {
                    return;
                }
                match throttle.then {
                    ThrottleAction::Status(status) => self.status = self.status.or(Some(status)),
                    ThrottleAction::Drop => self.end = self.end.or(Some(DeliveryEnd::Silence)),
                }
            }
        }
        self.rule = self.rule.or(Some(rule));
    }

    /// The error that takes the answer's place.
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.status.and_then(|status| StatusCode::from_u16(status.get()).ok())
    }

    /// What the service's clock shows.
    pub(super) fn skewed(&self, now: Timestamp) -> Timestamp {
        self.skew.map_or(now, |skew| now.shifted(skew))
    }

    /// The reply as it is sent.
    pub(super) fn spoil(&self, mut reply: Reply) -> Reply {
        let Some(rule) = self.rule else { return reply };
        reply.fault = Some(rule);
        reply.delivery.delay = self.latency.unwrap_or_default();
        reply.delivery.end = self.end.unwrap_or_default();
        match self.damage {
            Some(BodyDamage::Empty) => {
                reply.body = Bytes::new();
                let length = reply.headers.iter_mut().find(|(name, _)| name == CONTENT_LENGTH);
                length.expect("every reply has its length").1 = 0.into();
            }
            Some(BodyDamage::Truncated) if reply.delivery.end == DeliveryEnd::Whole => {
                reply.delivery.end = DeliveryEnd::Truncated;
            }
            Some(BodyDamage::Truncated) | None => {}
        }
        reply
    }
}

/// What a draw decides.
#[derive(Debug, Clone, Copy)]
enum Draw {
    Hit = 1,
    Latency = 2,
}

/// 64 bits that follow from these alone, and look like chance.
fn draw(seed: u64, rule: usize, ordinal: u64, what: Draw) -> u64 {
    let parts = [rule as u64, what as u64, ordinal];
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
