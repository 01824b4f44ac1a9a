//! Effects of faults on a request.

use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use jiff::SignedDuration;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// The effect of a fault on one request. Effects that exclude each other are variants, the others are fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultEffect {
    /// A response that is late, or altered.
    Answer(ReplyAlteration),
    /// No response: the connection is reset, after a delay if there is one.
    Reset(Option<Latency>),
    /// No response and no reset, until the client gives up.
    Hang,
    /// No connection.
    Connection(ConnectionFailure),
    /// A limit on the rate of each client's requests.
    Throttle(Throttle),
}

impl FaultEffect {
    /// Whether the effect depends on a random choice.
    pub(crate) fn is_random(&self) -> bool {
        let latencies = match self {
            Self::Answer(ReplyAlteration {
                latency,
                body_latency,
                status: _,
                headers: _,
                body: _,
                tokens: _,
                clock_skew: _,
            }) => [*latency, *body_latency],
            Self::Reset(latency) => [*latency, None],
            Self::Hang | Self::Connection(_) | Self::Throttle(_) => return false,
        };
        latencies.iter().flatten().any(Latency::varies)
    }

    /// Whether the effect is one on session tokens, so that requests without a token are not affected.
    pub(crate) fn is_on_tokens(&self) -> bool {
        match self {
            Self::Answer(ReplyAlteration {
                tokens,
                latency: _,
                body_latency: _,
                status: _,
                headers: _,
                body: _,
                clock_skew: _,
            }) => tokens.is_some(),
            Self::Reset(_) | Self::Hang | Self::Connection(_) | Self::Throttle(_) => false,
        }
    }

    /// The failure of connections, if it is one of them: then no request is affected.
    pub(crate) fn connection(&self) -> Option<ConnectionFailure> {
        match self {
            Self::Connection(failure) => Some(*failure),
            Self::Answer(_) | Self::Reset(_) | Self::Hang | Self::Throttle(_) => None,
        }
    }
}

/// The alteration of a response. The parts are independent of each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplyAlteration {
    /// The delay of the response.
    pub latency: Option<Latency>,
    /// The delay of the body: the head is sent before it.
    pub body_latency: Option<Latency>,
    /// The status that replaces the response.
    pub status: Option<ReplyStatus>,
    /// Headers that the response has, or has no more.
    pub headers: Vec<HeaderChange>,
    /// The damage of the body, or another one.
    pub body: Option<BodyAlteration>,
    /// The failure of session tokens.
    pub tokens: Option<TokenFault>,
    /// The offset of the service's clock: ahead if positive, behind if negative.
    pub clock_skew: Option<SignedDuration>,
}

/// The delay of a response: uniformly distributed from `min` to `max`, both included, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    min: Duration,
    spread: Duration,
}

impl Latency {
    /// The longest delay. A connection lives a little longer.
    pub(crate) const LONGEST: Duration = Duration::from_mins(4);

    /// A delay from `min` to `max`; `None` unless they are in order and at most [`Self::LONGEST`].
    pub(crate) fn new(min: Duration, max: Duration) -> Option<Self> {
        let spread = max.checked_sub(min)?;
        (max <= Self::LONGEST).then_some(Self { min, spread })
    }

    /// Whether the delay is random.
    pub(crate) fn varies(&self) -> bool {
        !self.spread.is_zero()
    }

    /// The delay for a uniformly distributed number of 64 bits.
    pub(crate) fn draw(&self, draw: u64) -> Duration {
        let span = u64::try_from(self.spread.as_micros()).unwrap_or(u64::MAX);
        // The high half of a product spreads 64 bits over the span without a division's bias.
        let part = (u128::from(draw) * (u128::from(span) + 1)) >> 64;
        self.min + Duration::from_micros(u64::try_from(part).unwrap_or(span))
    }
}

/// An HTTP status that ends a request, 200 to 599: those below announce another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyStatus(u16);

impl ReplyStatus {
    /// The range of such statuses.
    pub(crate) const RANGE: std::ops::RangeInclusive<u16> = 200..=599;

    /// A status; `None` outside of the range.
    pub(crate) fn new(status: u16) -> Option<Self> {
        Self::RANGE.contains(&status).then_some(Self(status))
    }

    /// The status as a number.
    pub(crate) fn get(self) -> u16 {
        self.0
    }

    /// Whether HTTP has no body with it.
    pub(crate) fn has_no_body(self) -> bool {
        matches!(self.0, 204 | 304)
    }
}

/// A header of a response that a fault sets or removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderChange {
    /// The name.
    pub name: HeaderName,
    /// The value; `None` removes the header.
    pub value: Option<HeaderValue>,
}

impl HeaderChange {
    /// Those that tell where a response ends: another one would be found in it.
    const OF_FRAMING: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

    /// A name that a fault may set; else what is accepted.
    pub(crate) fn parse_name(text: &str) -> Result<HeaderName, &'static str> {
        let name = HeaderName::from_bytes(text.as_bytes());
        name.ok().filter(|name| !Self::OF_FRAMING.contains(name)).ok_or(
            "the name of a header, such as Retry-After; not Connection, Content-Length or Transfer-Encoding, \
             which tell where the response ends",
        )
    }

    /// A value; else what is accepted.
    pub(crate) fn parse_value(text: &str) -> Result<HeaderValue, &'static str> {
        HeaderValue::from_str(text).ok().filter(|_| text.is_ascii()).ok_or("a line of ASCII")
    }
}

/// What happens to a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyAlteration {
    /// It is damaged.
    Damage(BodyDamage),
    /// This text is there instead.
    Text(String),
}

/// The damage of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum BodyDamage {
    /// An empty body with a matching `Content-Length`.
    Empty,
    /// Half of the body under the full `Content-Length`; then the connection is closed.
    Truncated,
    /// Nothing of the body under the full `Content-Length`; the connection stays open.
    Stalled,
}

/// A failure of session tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum TokenFault {
    /// No token is known any more: requests with a token get 401.
    Lost,
}

/// How a connection fails before it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ConnectionFailure {
    /// It is refused at once, as where nobody listens.
    Refused,
    /// Its packets are dropped, as where nothing answers.
    Lost,
}

/// A limit on the rate of each client's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttle {
    /// Requests of one client per second, and the size of a burst.
    pub per_second: u32,
    /// The response to requests beyond the limit.
    pub then: ThrottleAction,
    /// Headers of that response.
    pub headers: Vec<HeaderChange>,
}

impl Throttle {
    /// The highest limit: no client exceeds it anyway.
    pub const FASTEST: i64 = 10_000;
}

/// The response to requests beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleAction {
    /// An error status.
    Status(ReplyStatus),
    /// No response, as if the packets were dropped.
    Drop,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
