//! The effects and conditions of a fault, as `mock-imds fault` and `fault set` take them.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::parsers::{duration_text, instant, number, signed_duration, variant_of};
use crate::config::parse_duration;
use crate::model::fault::{self, EffectKey, EffectTable, HeaderChange, Latency, Probability, Throttle};
use crate::model::{ClientMatcher, PathGlob};

/// Conditions on a request: where connections fail there is none.
const OF_REQUESTS: [&str; 7] = ["path", "method", "instance", "after-n", "count", "probability", "seed"];

/// What a fault does, to which requests, and when.
#[derive(Debug, Args)]
pub(crate) struct FaultFlags {
    /// Delay the response: a duration, or MIN..MAX for a random one, such as 100ms..2s
    #[arg(long, value_name = "DURATION", value_parser = duration_range)]
    pub latency: Option<String>,
    /// Delay the body alone: the head is sent before it
    #[arg(id = "body-latency", long, value_name = "DURATION", value_parser = duration_range)]
    pub body_latency: Option<String>,
    /// Respond with this status, 200 to 599
    #[arg(long, value_name = "N", value_parser = number::<u16>(200..=599))]
    pub status: Option<u16>,
    /// Set a header of the response, or remove it, if there is no value after the colon; repeatable, for one header too
    #[arg(id = "headers", long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<String>,
    /// Damage the body
    #[arg(long, value_name = "DAMAGE", value_parser = variant_of::<fault::BodyDamage>())]
    pub body: Option<String>,
    /// Send this body instead
    #[arg(
        id = "body-text",
        long,
        value_name = "TEXT",
        conflicts_with_all = ["body", "reset", "hang", "connection", "throttle"],
    )]
    pub body_text: Option<String>,
    /// Reject every session token
    #[arg(id = "tokens", long = "tokens-lost", conflicts_with_all = EffectKey::Tokens.excluded())]
    pub tokens_lost: bool,
    /// Put the service's clock ahead, or with a minus sign behind
    #[arg(
        id = "clock-skew",
        long,
        value_name = "DURATION",
        value_parser = signed_duration,
        allow_hyphen_values = true,
    )]
    pub clock_skew: Option<String>,
    /// Reset the connection
    #[arg(long, conflicts_with_all = EffectKey::Reset.excluded())]
    pub reset: bool,
    /// Never respond
    #[arg(long, conflicts_with_all = EffectKey::Hang.excluded())]
    pub hang: bool,
    /// Refuse connections, or lose their packets: by the guardian of the host's network
    #[arg(
        long,
        value_name = "FAILURE",
        value_parser = variant_of::<fault::ConnectionFailure>(),
        conflicts_with_all = EffectKey::Connection.excluded().chain(OF_REQUESTS),
    )]
    pub connection: Option<String>,
    /// Reject more than N requests a second from one client
    #[arg(
        long,
        value_name = "N",
        value_parser = number::<u32>(1..=Throttle::FASTEST),
        conflicts_with_all = EffectKey::Throttle.excluded().chain(["count", "probability", "seed"]),
    )]
    pub throttle: Option<u32>,
    /// How --throttle rejects a request: a status, or no response [default: 429]
    #[arg(long, value_name = "THEN", value_parser = ["429", "503", "drop"], requires = "throttle")]
    pub then: Option<String>,
    /// Only requests for this path: * matches within a segment, ** any number of segments
    #[arg(long, value_name = "GLOB", value_parser = parsed::<PathGlob>)]
    pub path: Option<String>,
    /// Only requests with this method; repeatable
    #[arg(long, value_name = "METHOD", value_parser = variant_of::<fault::Method>())]
    pub method: Vec<String>,
    /// Only requests from this client: an address, a network, or "host" for processes of this host; repeatable
    #[arg(long, value_name = "ADDR", value_parser = parsed::<ClientMatcher>)]
    pub client: Vec<String>,
    /// Not the first N requests that match
    #[arg(id = "after-n", long, value_name = "N", value_parser = number::<u32>(0..), conflicts_with = "throttle")]
    pub after_n: Option<u32>,
    /// Only the first N requests that match, after those of --after-n
    #[arg(long, value_name = "N", value_parser = number::<u32>(1..))]
    pub count: Option<u32>,
    /// Probability that a matching request is affected, from 0 to 1
    #[arg(long, value_name = "P", value_parser = probability)]
    pub probability: Option<f64>,
    /// Seed of the random choices
    #[arg(long, value_name = "N", value_parser = number::<u64>(0..=i64::MAX))]
    pub seed: Option<u64>,
    /// How long the fault lasts [default: until the next load]
    #[arg(long = "for", value_name = "DURATION", value_parser = positive_duration)]
    pub lasts: Option<String>,
    /// Delay, on the scenario's clock [default: now]
    #[arg(long = "in", value_name = "DURATION", value_parser = duration_text, conflicts_with = "at")]
    pub within: Option<String>,
    /// Time at which it starts, in RFC 3339
    #[arg(long, value_name = "TIMESTAMP", value_parser = instant)]
    pub at: Option<String>,
    /// Only requests to this endpoint
    #[arg(long, value_name = "ENDPOINT", value_parser = variant_of::<fault::FaultEndpoint>())]
    pub endpoint: Option<String>,
    /// Only requests to the instance of this name
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
}

impl FaultFlags {
    /// The name of a header that is set and removed.
    pub(crate) fn contradictory_header(&self) -> Option<String> {
        let removed =
            self.headers.iter().map(|text| header_entry(text)).filter(|(_, value)| value.is_boolean());
        let mut removed = removed.map(|(name, _)| name);
        let times = |name: &String| {
            let all = self.headers.iter().map(|text| header_entry(text).0);
            all.filter(|other| other.eq_ignore_ascii_case(name)).count()
        };
        removed.find(|name| times(name) > 1)
    }

    /// The headers of the order: those that are given more than once have a list of values.
    fn header_table(&self) -> serde_json::Map<String, Value> {
        let mut table = serde_json::Map::new();
        for (name, value) in self.headers.iter().map(|text| header_entry(text)) {
            let known = table.keys().find(|known| known.eq_ignore_ascii_case(&name)).cloned();
            match known.and_then(|known| table.get_mut(&known)) {
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = json!([first.clone(), value]),
                None => {
                    table.insert(name, value);
                }
            }
        }
        table
    }

    /// The effects of the order, as a control order has them.
    pub(crate) fn effects(&self) -> EffectTable<Value> {
        let latency = |latency: &String| match latency.split_once("..") {
            Some((min, max)) => json!({ "min": min, "max": max }),
            None => json!(latency),
        };
        let text = self.body_text.as_ref().map(|text| json!({ "text": text }));
        let then =
            self.then.as_ref().map(|then| then.parse::<u16>().map_or_else(|_| json!(then), Value::from));
        let throttle = self.throttle.map(|per_second| match then {
            Some(then) => json!({ "per-second": per_second, "then": then }),
            None => json!({ "per-second": per_second }),
        });
        EffectTable {
            latency: self.latency.as_ref().map(latency),
            body_latency: self.body_latency.as_ref().map(latency),
            status: self.status.map(Value::from),
            headers: (!self.headers.is_empty()).then(|| self.header_table().into()),
            body: self.body.as_ref().map(|body| json!(body)).or(text),
            tokens: self.tokens_lost.then(|| json!("lost")),
            clock_skew: self.clock_skew.as_ref().map(|skew| json!(skew)),
            reset: self.reset.then_some(Value::Bool(true)),
            hang: self.hang.then_some(Value::Bool(true)),
            connection: self.connection.as_ref().map(|failure| json!(failure)),
            throttle,
        }
    }
}

/// `NAME: VALUE` as an entry of an order's `headers`: `false` where there is no value.
fn header_entry(text: &str) -> (String, Value) {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    let value = value.trim();
    (name.trim().to_owned(), if value.is_empty() { Value::Bool(false) } else { json!(value) })
}

fn header(text: &str) -> Result<String, String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE, such as \"Retry-After: 1\"")?;
    HeaderChange::parse_name(name.trim()).map_err(|accepted| format!("expected {accepted}"))?;
    HeaderChange::parse_value(value.trim()).map_err(|accepted| format!("expected {accepted}"))?;
    Ok(text.to_owned())
}

fn duration_range(text: &str) -> Result<String, String> {
    text.split("..").try_for_each(|end| duration_text(end).map(|_| ()))?;
    let ends: Option<Vec<Duration>> = text.split("..").map(parse_duration).collect();
    let (min, max) = match ends.as_deref() {
        Some(&[fixed]) => (fixed, fixed),
        Some(&[min, max]) => (min, max),
        _ => return Err("expected a duration, or MIN..MAX".to_owned()),
    };
    let minutes = Latency::LONGEST.as_secs() / 60;
    Latency::new(min, max)
        .map(|_| text.to_owned())
        .ok_or_else(|| format!("expected at most {minutes}m, or MIN..MAX with MIN not above MAX"))
}

fn positive_duration(text: &str) -> Result<String, String> {
    duration_text(text).and_then(|duration| match parse_duration(&duration) {
        Some(Duration::ZERO) => Err("expected a duration above 0".to_owned()),
        _ => Ok(duration),
    })
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| Probability::new(*number).is_some());
    number.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// A text that the server can parse too.
fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<String, String> {
    text.parse::<T>().map(|_| text.to_owned()).map_err(|expected| format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use strum::VariantArray as _;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fault: FaultFlags,
    }

    fn flags(key: EffectKey) -> &'static [&'static str] {
        match key {
            EffectKey::Latency => &["--latency", "1s"],
            EffectKey::BodyLatency => &["--body-latency", "100ms..1s"],
            EffectKey::Status => &["--status", "503"],
            EffectKey::Headers => &["--header", "Retry-After: 1", "--header", "Server:"],
            EffectKey::Body => &["--body", "empty"],
            EffectKey::Tokens => &["--tokens-lost"],
            EffectKey::ClockSkew => &["--clock-skew", "-5m"],
            EffectKey::Reset => &["--reset"],
            EffectKey::Hang => &["--hang"],
            EffectKey::Connection => &["--connection", "refused"],
            EffectKey::Throttle => &["--throttle", "5"],
        }
    }

    #[test]
    fn every_effect_has_a_flag_that_sets_this_effect_alone() {
        for key in EffectKey::VARIANTS {
            let line =
                Line::try_parse_from(["fault"].iter().chain(flags(*key))).expect("an effect is enough");
            let set: Vec<_> = line.fault.effects().entries().map(|(key, _)| key).collect();
            assert_eq!(set, [*key]);
        }
    }

    #[test]
    fn headers_and_another_body_are_parts_of_an_order() {
        let line = ["fault", "--header", "Retry-After: 1", "--header", "server:", "--body-text", "{}"];
        let table = Line::try_parse_from(line).expect("they fit").fault.effects();
        assert_eq!(table.headers, Some(json!({ "Retry-After": "1", "server": false })));
        assert_eq!(table.body, Some(json!({ "text": "{}" })));
        let twice = ["fault", "--header", "A: 1", "--header", "B: 1", "--header", "a: 2", "--header", "A: 3"];
        let twice = Line::try_parse_from(twice).expect("each is one").fault;
        assert_eq!(twice.contradictory_header(), None);
        assert_eq!(twice.effects().headers, Some(json!({ "A": ["1", "2", "3"], "B": "1" })));
        let both = ["fault", "--header", "A: 1", "--header", "a:"];
        let both = Line::try_parse_from(both).expect("each is one").fault;
        assert_eq!(both.contradictory_header().as_deref(), Some("a"));
        for wrong in ["Retry-After", "Content-Length: 3", "a b: c", "X: \u{1}"] {
            assert!(Line::try_parse_from(["fault", "--header", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn flags_exclude_each_other_as_the_effects_do() {
        for one in EffectKey::VARIANTS {
            for other in EffectKey::VARIANTS.iter().filter(|other| *other != one) {
                let line = ["fault"].iter().chain(flags(*one)).chain(flags(*other));
                let excluded = one.excludes(*other).or(other.excludes(*one)).is_some();
                assert_eq!(Line::try_parse_from(line).is_err(), excluded, "{one:?} with {other:?}");
            }
        }
    }
}
