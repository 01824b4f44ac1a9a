//! Orders that have something go wrong, and faults in words.

use std::time::Duration;

use serde_json::Value;

use super::system_clock;
use super::writer::Writer;
use crate::config::Report;
use crate::control::OrderSource;
use crate::control::api::{AcceptedFault, ClearedFaults, FaultStatus, Rejected};
use crate::imds::{Fleet, FleetChange};
use crate::model::fault::{
    BodyDamage, Fault, FaultEffect, FaultStart, Latency, Probability, ReplyAlteration, ThrottleAction,
};
use crate::model::{ClientMatcher, PathGlob, StringEnum, Timestamp, format_duration};
use crate::scenario::{LiveFault, OrderTime, fault_from_json};

impl Writer {
    /// Has something go wrong, now or later. What is rejected changes nothing.
    pub(super) fn fault(&mut self, by: OrderSource, json: &Value) -> Result<AcceptedFault, Rejected> {
        let now = system_clock::now();
        let fleet = self.world.fleet.load_full();
        let moment = OrderTime { now, elapsed: fleet.clock().elapsed(now), before: self.faults.len() };
        let number = fleet.faults().len();
        let ordered = self
            .room("the fault", json)
            .and_then(|()| fault_from_json(json, fleet.scenario(), number, moment));
        let LiveFault { fault, json, warnings } = match ordered {
            Ok(ordered) => ordered,
            Err(report) => {
                tracing::info!("a fault of {by} is rejected: {}", report.headline());
                return Err(Rejected::new(&report, self.facts.borrow().scenario.clone()));
            }
        };
        // Another one may have had its number.
        self.world.restart_counters_from(number);
        self.apply(FleetChange::Fault(Box::new(fault.clone())));
        self.faults.push(json.clone());
        self.settle();
        let told = told(&self.world.fleet.load(), &fault, now);
        let message = format!("{}; {}", told.what, told.when);
        tracing::info!("{by}: fault {number}: {message}");
        Ok(AcceptedFault {
            number,
            on: told.on,
            message,
            fault: json,
            report: warnings.to_string(),
            problems: warnings.problems.iter().map(Into::into).collect(),
        })
    }

    /// Drops what was ordered.
    pub(super) fn clear_faults(&mut self, by: OrderSource) -> ClearedFaults {
        let cleared = std::mem::take(&mut self.faults).len();
        self.apply(FleetChange::ClearFaults);
        self.settle();
        let message = match cleared {
            0 => "there is no injected fault".to_owned(),
            1 => "1 fault removed".to_owned(),
            count => format!("{count} faults removed"),
        };
        tracing::info!("{by}: {message}");
        ClearedFaults { cleared, message }
    }
}

/// Reads faults that were ordered for another scenario. Those that it rejects are lost.
pub(super) fn again(
    orders: Vec<Value>,
    fleet: &Fleet,
    moment: OrderTime,
) -> (Vec<Fault>, Vec<Value>, Vec<Report>) {
    let (mut faults, mut kept, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for order in orders {
        let others = fleet.faults().len() + faults.len();
        match fault_from_json(&order, fleet.scenario(), others, moment) {
            Ok(ordered) => {
                faults.push(ordered.fault);
                kept.push(order);
            }
            Err(report) => lost.push(report),
        }
    }
    (faults, kept, lost)
}

// === In words ===

/// A fault as the status tells it.
pub(super) fn told(fleet: &Fleet, fault: &Fault, now: Timestamp) -> FaultStatus {
    let clock = fleet.clock();
    let on = fault.is_on(clock.elapsed(now), clock.effective(now));
    FaultStatus {
        what: format!("{}{}", what(&fault.effect), whom(fault)),
        when: when(fault),
        on,
        fault: None,
    }
}

fn what(effect: &FaultEffect) -> String {
    match effect {
        FaultEffect::Answer(alteration) => altered(alteration),
        FaultEffect::Reset(None) => "reset".to_owned(),
        FaultEffect::Reset(Some(latency)) => format!("reset, {}", late(*latency)),
        FaultEffect::Hang => "no answer".to_owned(),
        FaultEffect::Throttle(throttle) => {
            let then = match throttle.then {
                ThrottleAction::Status(status) => status.get().to_string(),
                ThrottleAction::Drop => "no answer".to_owned(),
            };
            format!("{then} beyond {} requests a second", throttle.per_second)
        }
    }
}

fn altered(alteration: &ReplyAlteration) -> String {
    let ReplyAlteration { latency, status, body, tokens, clock_skew } = alteration;
    let body = body.map(|damage| match damage {
        BodyDamage::Empty => "an empty body".to_owned(),
        BodyDamage::Truncated => "a truncated body".to_owned(),
    });
    let skew = clock_skew.map(|skew| {
        let way = if skew.is_negative() { "behind" } else { "ahead" };
        format!("a clock {} {way}", format_duration(skew.unsigned_abs()))
    });
    let parts = [
        status.map(|status| status.get().to_string()),
        body,
        latency.map(late),
        tokens.map(|_| "session tokens rejected".to_owned()),
        skew,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn late(latency: Latency) -> String {
    let (min, max) = (latency.draw(0), latency.draw(u64::MAX));
    if latency.varies() {
        format!("{} to {} late", format_duration(min), format_duration(max))
    } else {
        format!("{} late", format_duration(min))
    }
}

fn whom(fault: &Fault) -> String {
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
        fault.instance.as_ref().map(|name| format!(" of {name}")),
        fault.count.map(|count| format!(", count {count}")),
        (fault.probability != Probability::ALWAYS).then(|| ", by chance".to_owned()),
    ];
    parts.into_iter().flatten().collect()
}

fn when(fault: &Fault) -> String {
    let lasts = fault.lasts.map(|lasts| format!(" for {}", format_duration(lasts)));
    let from = match fault.from {
        FaultStart::AfterLoad(Duration::ZERO) if lasts.is_none() => return "until it is cleared".to_owned(),
        FaultStart::AfterLoad(place) => format_duration(place),
        FaultStart::At(instant) => instant.rfc3339(),
    };
    format!("from {from} on{}", lasts.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_in_words() {
        let moment = OrderTime { now: Timestamp::from_secs(1), elapsed: Duration::from_secs(5), before: 0 };
        let told = |json: Value| {
            let scenario = crate::model::Scenario::default();
            let fault = fault_from_json(&json, &scenario, 0, moment).expect("it is accepted").fault;
            format!("{}{}; {}", what(&fault.effect), whom(&fault), when(&fault))
        };
        for (json, expected) in [
            (serde_json::json!({"hang": true}), "no answer; until it is cleared"),
            (
                serde_json::json!({"status": 503, "path": "meta-data/iam/**", "probability": 0.3, "for": "1m"}),
                "503 at meta-data/iam/**, by chance; from 5s on for 1m",
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
        ] {
            assert_eq!(told(json), expected);
        }
    }
}
