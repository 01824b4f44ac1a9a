//! What came of the requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::disturbances::Disturbances;

/// Unexpected ones that are told in full.
const TOLD: usize = 20;

/// What a request may end as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As the scenario says.
    Answered,
    /// As a fault of the scenario says.
    ByFault,
    /// In no way that the scenario says.
    Failed,
}

#[derive(Debug, Default, Clone)]
struct Counts {
    answered: u64,
    by_fault: u64,
    disturbed: u64,
    slowest: Duration,
}

/// Counts by kind of client.
#[derive(Default)]
pub struct Tally {
    counts: Mutex<BTreeMap<&'static str, Counts>>,
    disturbed_by: Mutex<BTreeMap<&'static str, u64>>,
    unexpected: Mutex<Vec<String>>,
}

impl Tally {
    /// Counts a request of a client, from its beginning until now. `found` is asked for if nothing explains a failure.
    pub fn count(
        &self,
        client: &'static str,
        from: Instant,
        ending: Ending,
        disturbances: &Disturbances,
        found: impl FnOnce() -> String,
    ) {
        let now = Instant::now();
        let mut all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = all.entry(client).or_default();
        match ending {
            Ending::Answered => {
                counts.answered += 1;
                if disturbances.between(from, now).is_none() {
                    counts.slowest = counts.slowest.max(now - from);
                }
            }
            Ending::ByFault => counts.by_fault += 1,
            Ending::Failed => match disturbances.between(from, now) {
                Some(what) => {
                    counts.disturbed += 1;
                    *self
                        .disturbed_by
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .entry(what)
                        .or_default() += 1;
                }
                None => self.unexpected(format!("{client}: {}", found())),
            },
        }
    }

    /// Something that must not be.
    pub fn unexpected(&self, what: String) {
        self.unexpected.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub fn unexpected_count(&self) -> usize {
        self.unexpected.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The table: a line for each kind of client, and the sum.
    pub fn table(&self) -> String {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = format!(
            "{:<22} {:>10} {:>9} {:>9} {:>9}\n",
            "client", "answered", "by fault", "disturbed", "slowest"
        );
        let mut row = |name: &str, counts: &Counts| {
            let Counts { answered, by_fault, disturbed, slowest } = counts;
            let slowest = format!("{} ms", slowest.as_millis());
            let _ = writeln!(table, "{name:<22} {answered:>10} {by_fault:>9} {disturbed:>9} {slowest:>9}");
        };
        for (name, counts) in &*counts {
            row(name, counts);
        }
        let sum = counts.values().fold(Counts::default(), |sum, counts| Counts {
            answered: sum.answered + counts.answered,
            by_fault: sum.by_fault + counts.by_fault,
            disturbed: sum.disturbed + counts.disturbed,
            slowest: sum.slowest.max(counts.slowest),
        });
        row("together", &sum);
        let disturbed_by = self.disturbed_by.lock().unwrap_or_else(PoisonError::into_inner);
        let by: Vec<String> = disturbed_by.iter().map(|(what, count)| format!("{count} by {what}")).collect();
        let _ =
            writeln!(table, "disturbed: {}", if by.is_empty() { "none".to_owned() } else { by.join(", ") });
        let unexpected = self.unexpected.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(table, "unexpected: {}", unexpected.len());
        for what in unexpected.iter().take(TOLD) {
            let _ = writeln!(table, "    {what}");
        }
        table
    }
}
