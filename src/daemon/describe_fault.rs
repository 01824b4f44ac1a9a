//! Faults in words.

use std::time::Duration;

use super::redact;
use crate::control::api::{FaultOrigin, FaultStatus};
use crate::imds::Fleet;
use crate::model::fault::{
    BodyAlteration, BodyDamage, ConnectionFailure, Fault, FaultEffect, FaultStart, HeaderChange, Latency,
    Probability, ReplyAlteration, ThrottleAction,
};
use crate::model::{ClientMatcher, PathGlob, StringEnum, Timestamp, format_duration};

/// What began less time ago begins now.
const JUST_NOW: Duration = Duration::from_secs(1);

/// The fault of this index, which so many requests have matched.
pub(super) fn status(fleet: &Fleet, index: usize, matched: u64, now: Timestamp) -> FaultStatus {
    let fault = &fleet.faults()[index];
    let clock = fleet.clock();
    let (elapsed, effective) = (clock.elapsed(now), clock.effective(now));
    let origin = match fault.order() {
        None => FaultOrigin::Scenario,
        Some(_) if fleet.fault_list().is_of_file(&fault.name) => FaultOrigin::Changed,
        Some(_) => FaultOrigin::Ordered,
    };
    let left = fault.since(elapsed, effective).and_then(|since| fault.lasts?.checked_sub(since));
    let on = fault.is_on(elapsed, effective);
    let begins = match fault.from {
        FaultStart::AfterLoad(Duration::ZERO) => None,
        // A clock that stands still never comes to what is to come.
        FaultStart::AfterLoad(_) if clock.paused.is_some() && !on => None,
        FaultStart::AfterLoad(offset) => Some(clock.epoch.plus(offset)),
        FaultStart::At(instant) => Some(instant),
    };
    let start = begins.unwrap_or(clock.epoch);
    let ends = fault.lasts.filter(|_| clock.paused.is_none()).map(|lasts| start.plus(lasts));
    FaultStatus {
        name: fault.name.to_string(),
        origin,
        matched,
        left: left.filter(|left| !left.is_zero()).map(|left| format_duration(whole_seconds(left))),
        what: format!("{}{}", effect(&fault.effect), matched_requests(fault)),
        when: when(fault, fault.order().is_some(), fault.since(elapsed, effective)),
        on,
        hits: 0,
        begins: begins.map(|at| clock.date(at)),
        ends: ends.map(|at| clock.date(at)),
        fault: fault.order().map(|order| redact::fault(order)),
    }
}

fn effect(effect: &FaultEffect) -> String {
    match effect {
        FaultEffect::Answer(alteration) => alteration_words(alteration),
        FaultEffect::Reset(None) => "reset".to_owned(),
        FaultEffect::Reset(Some(latency)) => format!("reset, {}", latency_words(*latency)),
        FaultEffect::Hang => "no answer".to_owned(),
        FaultEffect::Connection(ConnectionFailure::Refused) => "connections refused".to_owned(),
        FaultEffect::Connection(ConnectionFailure::Lost) => "connections lost".to_owned(),
        FaultEffect::Throttle(throttle) => {
            let then = match throttle.then {
                ThrottleAction::Status(status) => status.get().to_string(),
                ThrottleAction::Drop => "no answer".to_owned(),
            };
            let requests = if throttle.per_second == 1 { "request" } else { "requests" };
            let limit = format!("{then} beyond {} {requests} a second", throttle.per_second);
            [Some(limit), header_words(&throttle.headers)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ")
        }
    }
}

fn alteration_words(alteration: &ReplyAlteration) -> String {
    let ReplyAlteration { latency, body_latency, status, headers, body, tokens, clock_skew } = alteration;
    let body = body.as_ref().map(|body| match body {
        BodyAlteration::Damage(BodyDamage::Empty) => "an empty body".to_owned(),
        BodyAlteration::Damage(BodyDamage::Truncated) => "a truncated body".to_owned(),
        BodyAlteration::Damage(BodyDamage::Stalled) => "a body that never comes".to_owned(),
        BodyAlteration::Text(text) => format!("another body of {} bytes", text.len()),
    });
    let skew = clock_skew.map(|skew| {
        let way = if skew.is_negative() { "behind" } else { "ahead" };
        format!("a clock {} {way}", format_duration(skew.unsigned_abs()))
    });
    let parts = [
        status.map(|status| status.get().to_string()),
        header_words(headers),
        body,
        latency.map(latency_words),
        body_latency.map(|latency| format!("the body {}", latency_words(latency))),
        tokens.map(|_| "session tokens rejected".to_owned()),
        skew,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn header_words(headers: &[HeaderChange]) -> Option<String> {
    let names = |set: bool| {
        let names = headers.iter().filter(|header| header.value.is_some() == set);
        let mut names: Vec<&str> = names.map(|header| header.name.as_str()).collect();
        names.dedup();
        names.join(", ")
    };
    let (with, without) = (names(true), names(false));
    let parts = [(with, "with"), (without, "without")];
    let parts = parts.iter().filter(|(names, _)| !names.is_empty());
    let words: Vec<_> = parts.map(|(names, word)| format!("{word} {names}")).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn latency_words(latency: Latency) -> String {
    let (min, max) = (latency.draw(0), latency.draw(u64::MAX));
    if latency.varies() {
        format!("{} to {} late", format_duration(min), format_duration(max))
    } else {
        format!("{} late", format_duration(min))
    }
}

fn matched_requests(fault: &Fault) -> String {
    let methods: Vec<&str> = fault.methods.iter().map(|method| method.as_str()).collect();
    let clients: Vec<String> = fault
        .clients
        .iter()
        .map(|client| match client {
            ClientMatcher::Host => "host".to_owned(),
            ClientMatcher::Network(network) => network.to_string(),
        })
        .collect();
    let parts = [
        (!methods.is_empty()).then(|| format!(" for {}", methods.join(", "))),
        (fault.path != PathGlob::everything()).then(|| format!(" at {}", fault.path)),
        (!clients.is_empty()).then(|| format!(" to {}", clients.join(", "))),
        fault.endpoint.map(|endpoint| format!(" by {}", endpoint.as_str())),
        fault.instance.as_ref().map(|name| format!(" of {name}")),
        (fault.after > 0).then(|| format!(", after {}", fault.after)),
        fault.count.map(|count| format!(", count {count}")),
        (fault.probability != Probability::ALWAYS)
            .then(|| format!(", probability {}", fault.probability.rounded())),
    ];
    parts.into_iter().flatten().collect()
}

/// Rounded up: what ends has not ended.
fn whole_seconds(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs() + u64::from(span.subsec_nanos() > 0))
}

/// `since`: the time that has passed since it began.
fn when(fault: &Fault, ordered: bool, since: Option<Duration>) -> String {
    if let (Some(since), Some(lasts)) = (since, fault.lasts)
        && since < lasts
    {
        let lasting = format_duration(lasts);
        return if ordered && since < JUST_NOW {
            format!("now, for {lasting}")
        } else {
            format!("for {lasting}, {} left", format_duration(whole_seconds(lasts.saturating_sub(since))))
        };
    }
    let lasts = fault.lasts.map(|lasts| format!(" for {}", format_duration(lasts)));
    let over = if since.is_some() && lasts.is_some() { ", over" } else { "" };
    let from = match fault.from {
        FaultStart::AfterLoad(Duration::ZERO) if lasts.is_none() => {
            // `clear` takes back what was ordered, and nothing of the file.
            let end = if ordered { "until it is cleared" } else { "as long as the file has it" };
            return end.to_owned();
        }
        FaultStart::AfterLoad(place) => format_duration(place),
        FaultStart::At(instant) => instant.rfc3339(),
    };
    format!("from {from} on{}{over}", lasts.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::scenario::{OrderTime, read_order};

    #[test]
    fn a_fault_is_told_in_words() {
        let time = OrderTime {
            now: Timestamp::from_secs(1),
            elapsed: Duration::from_secs(5),
            before: 0,
            wall_ahead: 0,
        };
        let words = |json: Value| {
            let scenario = crate::model::Scenario::default();
            let fault: Fault = read_order(&json, &scenario, time).expect("it is accepted").item;
            let since = fault.since(time.elapsed, time.now);
            format!("{}{}; {}", effect(&fault.effect), matched_requests(&fault), when(&fault, true, since))
        };
        for (json, expected) in [
            (serde_json::json!({"hang": true}), "no answer; until it is cleared"),
            (
                serde_json::json!({"connection": "refused", "clients": ["host"], "for": "1m"}),
                "connections refused to host; now, for 1m",
            ),
            (serde_json::json!({"connection": "lost"}), "connections lost; until it is cleared"),
            (
                serde_json::json!({"status": 503, "path": "meta-data/iam/**", "probability": 0.3, "for": "1m"}),
                "503 at meta-data/iam/**, probability 0.3; now, for 1m",
            ),
            (
                serde_json::json!({"latency": {"min": "100ms", "max": "2s"}, "methods": ["PUT"], "clients": ["host"], "count": 3}),
                "100ms to 2s late for PUT to host, count 3; until it is cleared",
            ),
            (
                serde_json::json!({"throttle": {"per-second": 5, "then": "drop"}, "in": "30s"}),
                "no answer beyond 5 requests a second; from 35s on",
            ),
            (
                serde_json::json!({"tokens": "lost", "clock-skew": "-5m", "body": "empty"}),
                "an empty body, session tokens rejected, a clock 5m behind; until it is cleared",
            ),
            (
                serde_json::json!({"status": 503, "headers": {"Retry-After": "1", "Server": false}, "body": {"text": "busy"}, "after-n": 2}),
                "503, with retry-after, without server, another body of 4 bytes, after 2; until it is cleared",
            ),
            (
                serde_json::json!({"body": "stalled", "body-latency": "1s"}),
                "a body that never comes, the body 1s late; until it is cleared",
            ),
            (
                serde_json::json!({"throttle": {"per-second": 1}, "headers": {"Retry-After": "1"}}),
                "429 beyond 1 request a second, with retry-after; until it is cleared",
            ),
        ] {
            assert_eq!(words(json), expected);
        }
    }
}
