//! Fault rules: which requests they affect, when, and how.

mod effect;
mod effect_key;

use std::time::Duration;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::client_matcher::ClientMatcher;
use super::glob::PathGlob;
use super::ids::FaultName;
use super::service::Service;
use super::time::Timestamp;

pub(crate) use effect::{
    BodyAlteration, BodyDamage, ConnectionFailure, FaultEffect, HeaderChange, Latency, ReplyAlteration,
    ReplyStatus, Throttle, ThrottleAction, TokenFault,
};
pub(crate) use effect_key::{EffectKey, EffectTable};

/// The limit on the number of fault rules of one scenario.
pub(crate) const MAX_FAULTS: usize = 256;

/// A fault rule.
///
/// A request matches if it meets all conditions. After the first `after` matching requests only `count` of them can be
/// affected, and each of these is with the given probability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The name; no other fault that is served has it.
    pub name: FaultName,
    /// The paths of matching requests.
    pub path: PathGlob,
    /// The methods of matching requests; all if empty.
    pub methods: Vec<Method>,
    /// The clients of matching requests; all if empty.
    pub clients: Vec<ClientMatcher>,
    /// The endpoint that matching requests are for; all endpoints unless set.
    pub endpoint: Option<FaultEndpoint>,
    /// The name of the instance that matching requests are for; all instances unless set.
    pub instance: Option<String>,
    /// The start of the fault.
    pub from: FaultStart,
    /// The duration of the fault, without its last instant; until the next load unless set.
    pub lasts: Option<Duration>,
    /// The number of matching requests before the first that can be affected.
    pub after: u32,
    /// The number of matching requests that can be affected then; all unless set.
    pub count: Option<u32>,
    /// The probability that one of them is affected.
    pub probability: Probability,
    /// The seed of the random choices: the same seed and order of requests affect the same requests.
    pub seed: u64,
    /// The effect on an affected request.
    pub effect: FaultEffect,
}

impl Fault {
    /// A fault that affects every request, from the scenario's load on.
    pub(crate) fn always(effect: FaultEffect) -> Self {
        Self {
            name: FaultName::in_file(1),
            path: PathGlob::everything(),
            methods: vec![],
            clients: vec![],
            endpoint: None,
            instance: None,
            from: FaultStart::AfterLoad(Duration::ZERO),
            lasts: None,
            after: 0,
            count: None,
            probability: Probability::ALWAYS,
            seed: 0,
            effect,
        }
    }

    /// Whether the matching request of this number, from 0, can be affected.
    pub(crate) fn counts(&self, ordinal: u64) -> bool {
        let after = u64::from(self.after);
        ordinal >= after && self.count.is_none_or(|count| ordinal - after < u64::from(count))
    }

    /// The time since it began, at an offset on the timeline and an instant, which belong together.
    pub(crate) fn since(&self, elapsed: Duration, now: Timestamp) -> Option<Duration> {
        match self.from {
            FaultStart::AfterLoad(offset) => elapsed.checked_sub(offset),
            FaultStart::At(instant) => (now >= instant).then(|| now.since(instant)),
        }
    }

    /// Whether the fault is active at an offset on the timeline and an instant, which belong together.
    pub(crate) fn is_on(&self, elapsed: Duration, now: Timestamp) -> bool {
        self.since(elapsed, now).is_some_and(|since| self.lasts.is_none_or(|lasts| since < lasts))
    }
}

/// The start of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStart {
    /// A duration after the scenario was loaded.
    AfterLoad(Duration),
    /// An instant.
    At(Timestamp),
}

/// The endpoint of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum FaultEndpoint {
    /// The Instance Metadata Service.
    Imds,
    /// Amazon ECS.
    Ecs,
    /// EKS Pod Identity.
    PodIdentity,
}

impl FaultEndpoint {
    /// The service at the endpoint.
    pub(crate) const fn service(self) -> Service {
        match self {
            Self::Imds => Service::Imds,
            Self::Ecs => Service::Ecs,
            Self::PodIdentity => Service::PodIdentity,
        }
    }
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Method {
    /// The method of ordinary requests.
    Get,
    /// Like GET, without the body.
    Head,
    /// The method of requests for a session token.
    Put,
    /// The method of requests for the allowed methods.
    Options,
    /// A method that no path allows.
    Post,
    /// A method that no path allows.
    Delete,
    /// A method that no path allows.
    Patch,
}

/// A probability, in steps of 2⁻⁵³.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probability(u64);

impl Probability {
    /// Certainty.
    pub(crate) const ALWAYS: Self = Self(Self::STEPS);
    /// Impossibility.
    pub(crate) const NEVER: Self = Self(0);
    const STEPS: u64 = 1 << 53;

    /// A probability from 0 to 1; `None` beyond.
    pub(crate) fn new(probability: f64) -> Option<Self> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a power of two, and a product between 0 and it"
        )]
        let steps = |probability: f64| (probability * Self::STEPS as f64) as u64;
        (0.0..=1.0).contains(&probability).then(|| Self(steps(probability)))
    }

    /// As people write it, to six digits after the point.
    pub(crate) fn rounded(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "it is rounded")]
        let probability = self.0 as f64 / Self::STEPS as f64;
        (probability * 1e6).round() / 1e6
    }

    /// Whether the event happens, for a uniformly distributed number of 64 bits.
    pub(crate) fn happens(self, draw: u64) -> bool {
        draw >> 11 < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: FaultStart, lasts: Option<Duration>) -> Fault {
        Fault { from, lasts, ..Fault::always(FaultEffect::Hang) }
    }

    #[test]
    fn a_window_has_its_first_moment_and_not_its_last() {
        let ms = Duration::from_millis;
        let start = Timestamp::from_secs(1_000);
        let cases = [
            (FaultStart::AfterLoad(ms(60_000)), Some(ms(30_000))),
            (FaultStart::At(start.plus(ms(60_000))), Some(ms(30_000))),
        ];
        for (from, lasts) in cases {
            let fault = window(from, lasts);
            for (elapsed, expected) in
                [(0, false), (59_999, false), (60_000, true), (89_999, true), (90_000, false)]
            {
                let found = fault.is_on(ms(elapsed), start.plus(ms(elapsed)));
                assert_eq!(found, expected, "{from:?} after {elapsed} ms");
            }
            assert!(window(from, None).is_on(ms(u64::MAX), Timestamp::from_millis(u64::MAX)));
        }
        assert!(window(FaultStart::AfterLoad(Duration::ZERO), None).is_on(Duration::ZERO, start));
    }

    #[test]
    fn probabilities_lie_between_never_and_always() {
        let p = |p: f64| Probability::new(p).expect("a probability");
        assert_eq!(p(1.0), Probability::ALWAYS);
        assert!(p(1.0).happens(u64::MAX) && !p(0.0).happens(0));
        assert!(p(0.5).happens(u64::MAX / 2) && !p(0.5).happens(u64::MAX / 2 + 1));
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Probability::new(wrong), None, "{wrong}");
        }
    }
}
