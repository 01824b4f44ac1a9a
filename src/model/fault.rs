//! Faults: what goes wrong on purpose, for which requests, and when.

use std::time::Duration;

use jiff::SignedDuration;

use super::client_matcher::ClientMatcher;
use super::glob::PathGlob;
use super::time::Timestamp;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Faults of one scenario, at most.
pub(crate) const MAX_FAULTS: usize = 256;

/// Something that goes wrong.
///
/// A request matches if it fits everything that is said of requests here. Of the matching ones only the first
/// `count` are hit, and of those each with its probability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The paths.
    pub path: PathGlob,
    /// The methods; all if empty.
    pub methods: Vec<Method>,
    /// The clients; all if empty.
    pub clients: Vec<ClientMatcher>,
    /// The instance that the client meets; all unless said.
    pub instance: Option<String>,
    /// When it begins.
    pub from: FaultStart,
    /// How long it lasts; until the next scenario unless said. The end is no part of it.
    pub lasts: Option<Duration>,
    /// How many of the matching requests it can hit.
    pub count: Option<u32>,
    /// How likely it hits one of these.
    pub probability: Probability,
    /// What chance follows from: the same seed and the same order of requests, the same hits.
    pub seed: u64,
    /// What goes wrong.
    pub effect: FaultEffect,
}

impl Fault {
    /// A fault for every request, from the scenario's load on.
    pub(crate) fn always(effect: FaultEffect) -> Self {
        Self {
            path: PathGlob::everything(),
            methods: vec![],
            clients: vec![],
            instance: None,
            from: FaultStart::AfterLoad(Duration::ZERO),
            lasts: None,
            count: None,
            probability: Probability::ALWAYS,
            seed: 0,
            effect,
        }
    }

    /// Whether it is on, so long after the scenario was loaded and at this instant.
    pub(crate) fn is_on(&self, elapsed: Duration, now: Timestamp) -> bool {
        let since = match self.from {
            FaultStart::AfterLoad(offset) => elapsed.checked_sub(offset),
            FaultStart::At(instant) => (now >= instant).then(|| now.since(instant)),
        };
        since.is_some_and(|since| self.lasts.is_none_or(|lasts| since < lasts))
    }
}

/// When a fault begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStart {
    /// So long after the scenario was loaded.
    AfterLoad(Duration),
    /// At an instant.
    At(Timestamp),
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the headers.
    Head,
    /// Asks for a token.
    Put,
    /// Asks what is allowed.
    Options,
    /// Not allowed anywhere.
    Post,
    /// Not allowed anywhere.
    Delete,
    /// Not allowed anywhere.
    Patch,
}

/// How likely something is, in steps of 2⁻⁵³.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probability(u64);

impl Probability {
    /// Certain.
    pub(crate) const ALWAYS: Self = Self(Self::STEPS);
    const STEPS: u64 = 1 << 53;

    /// From 0 to 1; `None` beyond.
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

    /// Whether it happens, for a number that may be any of 64 bits with equal chance.
    pub(crate) fn happens(self, draw: u64) -> bool {
        draw >> 11 < self.0
    }
}

/// What goes wrong. What cannot happen to one request at once cannot be said at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultEffect {
    /// The answer is late, or another one.
    Answer(ReplyAlteration),
    /// No answer: the connection is reset, after a while if said.
    Reset(Option<Latency>),
    /// No answer at all: silence until the client gives up.
    Hang,
    /// A client that asks too often is refused.
    Throttle(Throttle),
}

/// What becomes of an answer. Each part is independent of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplyAlteration {
    /// It is late.
    pub latency: Option<Latency>,
    /// It is an error, whatever was asked.
    pub status: Option<ErrorStatus>,
    /// Its body is damaged.
    pub body: Option<BodyDamage>,
    /// Session tokens are no longer known.
    pub tokens: Option<TokenFault>,
    /// How far the service's clock is ahead; behind if negative.
    pub clock_skew: Option<SignedDuration>,
}

/// How late an answer is: equally likely any time from `min` to `max`, both included, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    min: Duration,
    spread: Duration,
}

impl Latency {
    /// What an answer may be late at most. A connection lives a little longer.
    pub(crate) const LONGEST: Duration = Duration::from_mins(4);

    /// From `min` to `max`; `None` unless in this order and at most [`Self::LONGEST`].
    pub(crate) fn new(min: Duration, max: Duration) -> Option<Self> {
        let spread = max.checked_sub(min)?;
        (max <= Self::LONGEST).then_some(Self { min, spread })
    }

    /// Whether it is left to chance.
    pub(crate) fn varies(&self) -> bool {
        !self.spread.is_zero()
    }

    /// How late, for a number that may be any of 64 bits with equal chance.
    pub(crate) fn draw(&self, draw: u64) -> Duration {
        let span = u64::try_from(self.spread.as_micros()).unwrap_or(u64::MAX);
        // The high half of a product spreads 64 bits over the span without a division's bias.
        let part = (u128::from(draw) * (u128::from(span) + 1)) >> 64;
        self.min + Duration::from_micros(u64::try_from(part).unwrap_or(span))
    }
}

/// A status of an error, 400 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorStatus(u16);

impl ErrorStatus {
    /// The statuses that are errors.
    pub(crate) const RANGE: std::ops::RangeInclusive<u16> = 400..=599;

    /// `None` if it is no error's.
    pub(crate) fn new(status: u16) -> Option<Self> {
        Self::RANGE.contains(&status).then_some(Self(status))
    }

    /// The number.
    pub(crate) fn get(self) -> u16 {
        self.0
    }
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum BodyDamage {
    /// It is empty, and the length says so.
    Empty,
    /// Half of what the length says comes; then the connection closes.
    Truncated,
}

/// What is wrong with session tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum TokenFault {
    /// None is known any more: 401.
    Lost,
}

/// How often a client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Requests of one client in a second: so many at once, and then at this rate.
    pub per_second: u32,
    /// What the others get.
    pub then: ThrottleAction,
}

impl Throttle {
    /// The highest rate: beyond this nobody is throttled anyway.
    pub const FASTEST: i64 = 10_000;
}

/// What requests get that are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleAction {
    /// An error.
    Status(ErrorStatus),
    /// Silence, as if the packets were dropped.
    Drop,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_latency_lies_between_its_ends(min in 0_u64..240_000, more in 0_u64..240_000, draw: u64) {
            let (min, max) = (Duration::from_millis(min), Duration::from_millis((min + more).min(240_000)));
            let latency = Latency::new(min, max).expect("in order");
            prop_assert!((min..=max).contains(&latency.draw(draw)));
            prop_assert_eq!(latency.draw(0), min);
            prop_assert_eq!(latency.draw(u64::MAX), max);
        }
    }
}
