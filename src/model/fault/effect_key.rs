//! Effects by name, as scenario files, control orders and command lines list them.

use strum::{IntoStaticStr, VariantArray};

/// The name of an effect: a key of `[[fault]]`.
///
/// A new effect starts here. From a new variant on the compiler leads to [`EffectTable`], to the readers of files and
/// command lines, and over the new part of [`FaultEffect`](super::FaultEffect) to the places where it acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum EffectKey {
    /// A delay of the response.
    Latency,
    /// A delay of the body.
    BodyLatency,
    /// Another status.
    Status,
    /// Headers that are set or removed.
    Headers,
    /// A damaged or another body.
    Body,
    /// Session tokens that are no longer known.
    Tokens,
    /// A service clock that is wrong.
    ClockSkew,
    /// A reset connection.
    Reset,
    /// No response.
    Hang,
    /// A connection that is refused or lost.
    Connection,
    /// A limit on the rate of requests.
    Throttle,
}

impl EffectKey {
    /// The reason why this effect leaves no room for another one; `None` if both can affect one request.
    pub(crate) fn excludes(self, other: Self) -> Option<&'static str> {
        match self {
            Self::Hang => match other {
                Self::Latency | Self::Reset | Self::Throttle => {
                    Some("a request that hangs gets nothing else")
                }
                Self::BodyLatency
                | Self::Status
                | Self::Headers
                | Self::Body
                | Self::Tokens
                | Self::ClockSkew => Some("a request that hangs gets no response"),
                Self::Hang | Self::Connection => None,
            },
            Self::Connection => (other != Self::Connection)
                .then_some("a connection that is refused or lost brings no request"),
            Self::Reset => match other {
                Self::BodyLatency
                | Self::Status
                | Self::Headers
                | Self::Body
                | Self::Tokens
                | Self::ClockSkew
                | Self::Throttle => Some("a connection that is reset gets no response"),
                Self::Latency | Self::Reset | Self::Hang | Self::Connection => None,
            },
            Self::Throttle => match other {
                Self::Latency
                | Self::BodyLatency
                | Self::Status
                | Self::Body
                | Self::Tokens
                | Self::ClockSkew => Some("throttle sets the response to excess requests"),
                Self::Headers | Self::Reset | Self::Hang | Self::Connection | Self::Throttle => None,
            },
            Self::Tokens => (other == Self::Status).then_some("a lost token is answered with 401"),
            Self::Latency
            | Self::BodyLatency
            | Self::Status
            | Self::Headers
            | Self::Body
            | Self::ClockSkew => None,
        }
    }

    /// The names of the effects that this one excludes.
    pub(crate) fn excluded(self) -> impl Iterator<Item = &'static str> {
        Self::VARIANTS.iter().filter(move |other| self.excludes(**other).is_some()).map(Into::into)
    }

    /// The names of all effects.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::VARIANTS.iter().map(Into::into)
    }
}

/// An optional value for each effect.
#[derive(Debug, Clone)]
pub(crate) struct EffectTable<V> {
    /// The value for [`EffectKey::Latency`].
    pub latency: Option<V>,
    /// The value for [`EffectKey::BodyLatency`].
    pub body_latency: Option<V>,
    /// The value for [`EffectKey::Status`].
    pub status: Option<V>,
    /// The value for [`EffectKey::Headers`].
    pub headers: Option<V>,
    /// The value for [`EffectKey::Body`].
    pub body: Option<V>,
    /// The value for [`EffectKey::Tokens`].
    pub tokens: Option<V>,
    /// The value for [`EffectKey::ClockSkew`].
    pub clock_skew: Option<V>,
    /// The value for [`EffectKey::Reset`].
    pub reset: Option<V>,
    /// The value for [`EffectKey::Hang`].
    pub hang: Option<V>,
    /// The value for [`EffectKey::Connection`].
    pub connection: Option<V>,
    /// The value for [`EffectKey::Throttle`].
    pub throttle: Option<V>,
}

impl<V> EffectTable<V> {
    /// The table of the values that a function gives.
    pub(crate) fn from_fn(mut value: impl FnMut(EffectKey) -> Option<V>) -> Self {
        Self {
            latency: value(EffectKey::Latency),
            body_latency: value(EffectKey::BodyLatency),
            status: value(EffectKey::Status),
            headers: value(EffectKey::Headers),
            body: value(EffectKey::Body),
            tokens: value(EffectKey::Tokens),
            clock_skew: value(EffectKey::ClockSkew),
            reset: value(EffectKey::Reset),
            hang: value(EffectKey::Hang),
            connection: value(EffectKey::Connection),
            throttle: value(EffectKey::Throttle),
        }
    }

    /// The values that are set, with their effects.
    pub(crate) fn entries(self) -> impl Iterator<Item = (EffectKey, V)> {
        let Self {
            latency,
            body_latency,
            status,
            headers,
            body,
            tokens,
            clock_skew,
            reset,
            hang,
            connection,
            throttle,
        } = self;
        let entries = [
            (EffectKey::Latency, latency),
            (EffectKey::BodyLatency, body_latency),
            (EffectKey::Status, status),
            (EffectKey::Headers, headers),
            (EffectKey::Body, body),
            (EffectKey::Tokens, tokens),
            (EffectKey::ClockSkew, clock_skew),
            (EffectKey::Reset, reset),
            (EffectKey::Hang, hang),
            (EffectKey::Connection, connection),
            (EffectKey::Throttle, throttle),
        ];
        entries.into_iter().filter_map(|(key, value)| Some((key, value?)))
    }
}
