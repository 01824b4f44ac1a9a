//! Doors for `tests/fuzz` to what reads the bytes of others and is private otherwise. The program uses none of them.
//!
//! Each checks what must hold for any input, and panics if it does not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aemm::{self, AemmMode, AemmSettings, CompiledConfig, Placeholders};
use crate::config::{Report, SourceText};
use crate::control::ClockMovement;
use crate::control::api::{ClearOrder, ClockOrder, ReloadOrder, UseOrder};
use crate::host::address;
use crate::host::netlink::replies;
use crate::identity::KeyRing;
use crate::imds::{Fleet, FleetChange, FleetItem};
use crate::model::fault::Fault;
use crate::model::{Event, Timestamp};
use crate::scenario::{self, CheckedOrder, LiveItem, OrderTime, read_order};

const LOADED: Timestamp = Timestamp::from_secs(1_768_478_400);
const SINCE: Duration = Duration::from_secs(90);
/// In milliseconds: somebody has set the wall clock.
const WALL_AHEAD: i64 = 3_600_000;

/// Reads the datagrams of a netlink socket as the guardian and `doctor` do.
pub fn netlink_datagram(bytes: &[u8]) {
    for reply in replies(bytes) {
        let _ = reply.acknowledgement();
        if address::read(&reply).is_some() {
            // Whoever has the address reads the prefix behind it.
            assert!(reply.payload.len() > 1, "an address without the fixed part: {reply:?}");
        }
        for skip in [0, 4, 8, 16] {
            for (kind, _) in reply.attributes(skip) {
                let _ = (reply.text(skip, kind), reply.nested_text(skip, kind, 1));
            }
        }
    }
}

/// Judges the bytes of an answer as if a service had sent them to each check. What is said of them is short.
pub fn conformance_answer(bytes: &[u8]) {
    for finding in crate::conform::findings_of(bytes) {
        assert!(finding.len() < 4096, "a finding of {} bytes: {finding:.200}", finding.len());
    }
}

/// Compiles a configuration file of amazon-ec2-metadata-mock. What is not refused must be a valid scenario.
pub fn aemm_file(extension: &str, text: &str) -> Result<String, String> {
    let file = aemm::file::parse(extension, text)?;
    let settings = AemmSettings::defaults().with_file(file);
    let mut config = aemm::decode(&settings, AemmMode::All)?;
    let problems = aemm::validate::problems(&config);
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    aemm::user_data(&config)?;
    Placeholders::of(&config.metadata).fill(&mut config.metadata);
    let CompiledConfig { toml, .. } = aemm::compile(&config);
    if let Err(report) = scenario::read(&SourceText::new("the scenario", toml.as_str()), Path::new("")) {
        panic!("expected an accepted scenario, found:\n{report}\nof:\n{toml}");
    }
    Ok(toml)
}

/// A service that takes orders.
#[derive(Debug)]
pub struct Orders {
    fleet: Fleet,
}

impl Orders {
    /// Panics unless the scenario is valid.
    pub fn new(scenario: &str, keys: &Arc<KeyRing>) -> Self {
        match scenario::read(&SourceText::new("the scenario", scenario), Path::new("")) {
            Ok((scenario, _)) => Self { fleet: Fleet::compile(scenario, keys, LOADED, LOADED) },
            Err(report) => panic!("{report}"),
        }
    }

    /// Reads the body of an order at the control socket and foresees what it does; `false` if it is refused.
    pub fn read(&self, route: u8, body: &[u8]) -> bool {
        match route {
            b'e' => self.live::<Event>(body, |item, now| FleetChange::Event(Box::new(item), now)),
            b'f' => self.live::<Fault>(body, |item, _| FleetChange::Fault(Box::new(item))),
            b'c' => json::<ClockOrder>(body)
                .is_some_and(|order| order.seek.is_none_or(|to| to.parse::<ClockMovement>().is_ok())),
            b'k' => json::<ClearOrder>(body).is_some(),
            b'u' => json::<UseOrder>(body).is_some(),
            _ => json::<ReloadOrder>(body).is_some(),
        }
    }

    fn live<T: LiveItem + PartialEq + std::fmt::Debug>(
        &self,
        body: &[u8],
        change: impl FnOnce(FleetItem<T>, Timestamp) -> FleetChange,
    ) -> bool {
        let Some(words) = json::<Value>(body) else { return false };
        let now = LOADED.plus(SINCE);
        let time =
            OrderTime { now, elapsed: SINCE, before: self.fleet.events().len(), wall_ahead: WALL_AHEAD };
        let checked = match read_order::<T>(&words, self.fleet.scenario(), time) {
            Ok(checked) => checked,
            Err(report) => return rejected(&report),
        };
        let CheckedOrder { item, order, warnings } = checked;
        let _ = warnings.to_string();
        let later = OrderTime { now: now.plus(SINCE), elapsed: SINCE * 2, wall_ahead: 0, ..time };
        let again = read_order::<T>(&order, self.fleet.scenario(), later).map(|checked| checked.item);
        assert_eq!(again.as_ref(), Ok(&item), "the order as it is kept: {order}");
        let index = self.fleet.events().len();
        let fleet = self.fleet.apply(change(FleetItem::ordered(item, Arc::new(order)), now));
        let _ = (fleet.preview(index, now), fleet.answers("latest", now));
        true
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

fn rejected(report: &Report) -> bool {
    assert!(!report.to_string().is_empty(), "a rejection without a word");
    false
}
