//! The effects of a `[[fault]]`: reading and combining them.

use std::cmp::Reverse;
use std::time::Duration;

use super::response::{read_body, read_headers, read_status, warn_of_empty_body};
use crate::config::{Item, Section};
use crate::model::StringEnum as _;
use crate::model::fault::{
    ConnectionFailure, EffectKey, EffectTable, FaultEffect, Latency, ReplyAlteration, ReplyStatus, Throttle,
    ThrottleAction, TokenFault,
};

/// The largest error of a clock. Credentials last for hours.
const LONGEST_SKEW: Duration = Duration::from_hours(10 * 365 * 24);

/// The items of a fault's effects, as far as they are set.
pub(super) fn items<'a>(section: &Section<'a>) -> EffectTable<Item<'a>> {
    EffectTable::from_fn(|key| {
        let item = section.get(key.as_str())?;
        match key {
            // `reset = false` is the same as no such key.
            EffectKey::Reset | EffectKey::Hang => item.boolean().unwrap_or(true).then_some(item),
            EffectKey::Latency
            | EffectKey::BodyLatency
            | EffectKey::Status
            | EffectKey::Headers
            | EffectKey::Body
            | EffectKey::Tokens
            | EffectKey::ClockSkew
            | EffectKey::Connection
            | EffectKey::Throttle => Some(item),
        }
    })
}

/// Reads the effect of a fault. `None` without any, or with a throttle that is wrong.
pub(super) fn read(items: &EffectTable<Item<'_>>) -> Option<FaultEffect> {
    reject_combinations(items);
    // Every value is read before one of them decides, so that all errors are reported.
    let EffectTable {
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
    } = items;
    let limit = throttle.as_ref().map(read_throttle);
    let failure = connection.as_ref().map(Item::choice::<ConnectionFailure>);
    let alteration = ReplyAlteration {
        latency: latency.as_ref().and_then(read_latency),
        body_latency: body_latency.as_ref().and_then(read_latency),
        status: status.as_ref().and_then(read_status),
        headers: headers.as_ref().and_then(read_headers).unwrap_or_default(),
        body: body.as_ref().and_then(read_body),
        tokens: tokens.as_ref().and_then(Item::choice::<TokenFault>),
        clock_skew: clock_skew.as_ref().and_then(|item| item.signed_duration(LONGEST_SKEW)),
    };
    warn_of_empty_body([body.as_ref(), body_latency.as_ref()], alteration.status, alteration.body.as_ref());
    if let (Some(item), Some(limit)) = (throttle, &limit) {
        reject_headers_of_none(headers.as_ref(), item, limit.as_ref());
    }
    if let Some(failure) = failure {
        return failure.map(FaultEffect::Connection);
    }
    match (hang, reset, limit) {
        (Some(_), ..) => Some(FaultEffect::Hang),
        (_, Some(_), _) => Some(FaultEffect::Reset(alteration.latency)),
        (.., Some(limit)) => {
            limit.map(|limit| FaultEffect::Throttle(Throttle { headers: alteration.headers, ..limit }))
        }
        (None, None, None) => {
            items.clone().entries().next().is_some().then_some(FaultEffect::Answer(alteration))
        }
    }
}

/// Adds an error for each effect that another one excludes.
fn reject_combinations(items: &EffectTable<Item<'_>>) {
    let mut entries: Vec<_> = items.clone().entries().collect();
    // Of several reasons the one of the effect that excludes most comes first.
    entries.sort_by_key(|(key, _)| Reverse(key.excluded().count()));
    for (key, item) in &entries {
        for (other, excluded) in &entries {
            if let Some(reason) = key.excludes(*other) {
                reject_combination(excluded, item, reason);
            }
        }
    }
}

/// Adds an error for a key that cannot be combined with another one.
pub(super) fn reject_combination(item: &Item<'_>, other: &Item<'_>, reason: &str) {
    let key = |item: &Item<'_>| item.name().rsplit('.').next().unwrap_or_default().to_owned();
    item.error_at_key(
        format!("{} cannot be combined with {}", key(item), key(other)),
        format!("accepted: one of them, or a [[fault]] for each; {reason}"),
    );
}

/// Adds an error for headers of a response that is not sent.
fn reject_headers_of_none(headers: Option<&Item<'_>>, throttle: &Item<'_>, limit: Option<&Throttle>) {
    if let (Some(headers), Some(Throttle { then: ThrottleAction::Drop, .. })) = (headers, limit) {
        reject_combination(headers, throttle, "an excess request that is dropped gets no response");
    }
}

/// Reads `"200ms"`, or `{ min = "100ms", max = "2s" }`.
fn read_latency(item: &Item<'_>) -> Option<Latency> {
    let (min, max) = if item.kind() == "table" {
        let section = item.section()?;
        let name = item.name().rsplit('.').next().unwrap_or_default();
        let ends = ["min", "max"].map(|key| {
            let end = section.get(key);
            if end.is_none() {
                section.error(format!("{name} has no {key}"), "accepted: { min = \"100ms\", max = \"2s\" }");
            }
            end.and_then(|end| end.duration())
        });
        section.finish();
        let [Some(min), Some(max)] = ends else { return None };
        (min, max)
    } else {
        let fixed = item.duration()?;
        (fixed, fixed)
    };
    let latency = Latency::new(min, max);
    if latency.is_none() {
        let minutes = Latency::LONGEST.as_secs() / 60;
        item.error(
            match item.kind() {
                "string" => format!("{} is {:?}", item.name(), item.string().unwrap_or_default()),
                _ => format!("{} is from {min:?} to {max:?}", item.name()),
            },
            format!("accepted: at most \"{minutes}m\", and min not above max; hang = true never answers"),
        );
    }
    latency
}

/// Reads `{ per-second = 5, then = 429 }`.
fn read_throttle(item: &Item<'_>) -> Option<Throttle> {
    let section = item.section()?;
    let rate = section.get("per-second");
    let then = section.get("then");
    section.finish();
    if rate.is_none() {
        section.error("throttle has no per-second", "accepted: { per-second = 5, then = 429 }");
    }
    let per_second =
        rate.and_then(|item| item.integer(1..=Throttle::FASTEST)).and_then(|rate| rate.try_into().ok());
    let then = match then {
        None => ReplyStatus::new(429).map(ThrottleAction::Status),
        Some(item) if item.kind() == "integer" => match item.integer(0..=i64::MAX)? {
            status @ (429 | 503) => {
                status.try_into().ok().and_then(ReplyStatus::new).map(ThrottleAction::Status)
            }
            other => {
                item.error(format!("{} is {other}", item.name()), "accepted: 429, 503, \"drop\"");
                None
            }
        },
        Some(item) if item.kind() == "string" => match item.string()? {
            "drop" => Some(ThrottleAction::Drop),
            other => {
                item.error(format!("{} is {other:?}", item.name()), "accepted: 429, 503, \"drop\"");
                None
            }
        },
        Some(item) => item.mismatch("429, 503, \"drop\""),
    };
    Some(Throttle { per_second: per_second?, then: then?, headers: vec![] })
}
