//! A fault that somebody orders while the server runs: JSON in the words of `[[fault]]`, and `in`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::fault;
use super::live::{OrderTime, as_toml, whole};
use crate::config::{Report, parse};
use crate::model::fault::{Fault, FaultStart, MAX_FAULTS};
use crate::model::{Scenario, format_duration};

/// A fault that can go wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LiveFault {
    /// The fault.
    pub fault: Fault,
    /// The same in JSON, without anything that depends on when it was ordered: read again, it is the same fault.
    pub json: Value,
    /// What the operator should know.
    pub warnings: Report,
}

/// Reads a fault; `others` there are already. Unless it says from when, it is on whatever the clock shows, and one
/// that lasts for a time begins now.
pub(crate) fn fault_from_json(
    json: &Value,
    scenario: &Scenario,
    others: usize,
    moment: OrderTime,
) -> Result<LiveFault, Report> {
    const NAME: &str = "the fault";
    if others >= MAX_FAULTS {
        let found = format!("too many faults: this would be number {}", others + 1);
        let help = format!("accepted: {MAX_FAULTS}; `mock-imds fault --clear` drops those that were ordered");
        return Err(whole(NAME, &found, &help));
    }
    let (said, source) = as_toml(NAME, json)?;
    let (fault, warnings) = parse(&source, |root| {
        let (within, from) = (root.get("in"), root.get("from"));
        let lasts = root.get("for").is_some();
        let mut fault = fault::read(root, scenario)?;
        match (within, from) {
            (Some(item), Some(_)) => item.error("both in and from are set", "accepted: one of them"),
            (Some(item), None) => {
                fault.from =
                    FaultStart::AfterLoad(whole_millis(moment.elapsed.saturating_add(item.duration()?)));
            }
            (None, None) if lasts => fault.from = FaultStart::AfterLoad(whole_millis(moment.elapsed)),
            (None, _) => {}
        }
        Some(fault)
    })?;
    // Without an error there is a fault.
    let fault = fault.ok_or_else(|| warnings.clone())?;
    let json = settled(said, fault.from);
    Ok(LiveFault { fault, json, warnings })
}

/// The words of the fault, with its beginning said.
fn settled(said: &Map<String, Value>, from: FaultStart) -> Value {
    let mut settled = said.clone();
    settled.remove("in");
    let from = match from {
        FaultStart::AfterLoad(place) => format_duration(place),
        FaultStart::At(instant) => instant.rfc3339_millis(),
    };
    settled.insert("from".into(), json!(from));
    Value::Object(settled)
}

/// As the clock counts.
fn whole_millis(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn order_at(json: &Value, elapsed: u64) -> Result<LiveFault, Report> {
        let moment = OrderTime {
            now: Timestamp::from_secs(1_000_000),
            elapsed: Duration::from_millis(elapsed),
            before: 0,
        };
        fault_from_json(json, &Scenario::default(), 0, moment)
    }

    #[test]
    fn a_fault_begins_when_it_says_or_at_once() {
        let from = |json: Value| order_at(&json, 90_250).expect("it is accepted").fault.from;
        assert_eq!(from(json!({"hang": true})), FaultStart::AfterLoad(Duration::ZERO));
        assert_eq!(
            from(json!({"hang": true, "for": "1m"})),
            FaultStart::AfterLoad(Duration::from_millis(90_250))
        );
        assert_eq!(
            from(json!({"hang": true, "in": "30s"})),
            FaultStart::AfterLoad(Duration::from_millis(120_250))
        );
        assert_eq!(
            from(json!({"hang": true, "from": "30s"})),
            FaultStart::AfterLoad(Duration::from_secs(30))
        );
    }

    #[test]
    fn what_is_kept_is_the_same_fault_whenever_it_is_read() {
        for json in [
            json!({"hang": true}),
            json!({"status": 503, "path": "meta-data/iam/**", "probability": 0.3, "seed": 7, "for": "1m"}),
            json!({"latency": {"min": "100ms", "max": "2s"}, "in": "30s", "count": 3}),
            json!({"throttle": {"per-second": 5, "then": "drop"}, "from": "2030-01-01T00:00:00Z"}),
        ] {
            let first = order_at(&json, 90_250).expect("it is accepted");
            let again = order_at(&first.json, 500_000).expect("it was accepted once");
            assert_eq!((&again.fault, &again.json), (&first.fault, &first.json), "of {json}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_of_the_fault_in_toml() {
        for (json, expected) in [
            (json!([]), "the fault: error: is no object"),
            (json!({}), "the fault does nothing"),
            (
                json!({"status": 200}),
                "the fault:1:10: error: status is 200, out of range\n  1 | status = 200\n",
            ),
            (json!({"hang": true, "in": "1s", "from": "1s"}), "both in and from"),
            (json!({"hang": true, "in": "soon"}), "in is \"soon\""),
            (json!({"hang": true, "instance": "x"}), "there is no instance \"x\""),
        ] {
            let report = order_at(&json, 0).expect_err("it is wrong").to_string();
            assert!(report.contains(expected), "expected {expected:?} of {json}, found:\n{report}");
        }
        let moment = OrderTime { now: Timestamp::from_secs(1), elapsed: Duration::ZERO, before: 0 };
        let full = fault_from_json(&json!({"hang": true}), &Scenario::default(), MAX_FAULTS, moment);
        assert!(full.expect_err("there are enough").to_string().contains("accepted: 256"));
    }
}
