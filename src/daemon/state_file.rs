//! `state.json` in the runtime directory: what a restart or a crash must not lose, the scenario's clock and what was
//! changed since it was loaded. systemd removes the directory when the service is stopped.
//!
//! It belongs to one text of one scenario file. For another one it means nothing, and is dropped.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::load::LoadedScenario;
use super::system_clock;
use super::writer::{name, read};
use crate::config::Report;
use crate::model::fault::Fault;
use crate::model::timeline::ScenarioClock;
use crate::model::{Event, format_duration};
use crate::scenario::{OrderTime, event_from_json, fault_from_json};

/// The layout that this program writes.
const VERSION: u32 = 1;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedState {
    version: u32,
    /// The scenario that a reload reads.
    pub(super) own: Option<PathBuf>,
    /// Whether another one, `file`, is served until then.
    pub(super) used: bool,
    /// The scenario that is served.
    pub(super) file: Option<PathBuf>,
    /// The hash of its text.
    pub(super) digest: String,
    /// Its clock.
    pub(super) clock: ScenarioClock,
    /// The later events, as they were ordered.
    pub(super) events: Vec<Value>,
    /// The later faults, as they were ordered.
    pub(super) faults: Vec<Value>,
}

impl SavedState {
    /// What is to be kept of a scenario.
    pub(super) fn new(
        own: Option<&Path>,
        served: &LoadedScenario,
        used: bool,
        clock: &ScenarioClock,
    ) -> Self {
        Self {
            version: VERSION,
            own: own.map(Path::to_owned),
            used,
            file: served.file.clone(),
            digest: served.digest.clone(),
            clock: clock.clone(),
            events: vec![],
            faults: vec![],
        }
    }
}

/// Where it is kept.
#[derive(Debug)]
pub(super) struct StateFile {
    path: Option<PathBuf>,
    complained: bool,
}

impl StateFile {
    /// In this file; without one nothing is kept.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, complained: false }
    }

    /// Keeps it: whole or not at all, for the service's user alone.
    pub(super) fn keep(&mut self, kept: &SavedState) {
        let Some(path) = &self.path else { return };
        match write(path, kept) {
            Ok(()) => self.complained = false,
            // Once is enough: the next change fails for the same reason.
            Err(_) if self.complained => {}
            Err(error) => {
                self.complained = true;
                tracing::warn!(
                    "{} cannot be written: {error}: a restart will lose the clock and the changes",
                    path.display()
                );
            }
        }
    }

    /// What was kept, if there is something and it can be read.
    fn recall(&self) -> Option<SavedState> {
        let path = self.path.as_ref()?;
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => return dropped(format!("{} cannot be read: {error}", path.display())),
        };
        match serde_json::from_slice::<SavedState>(&text) {
            Ok(kept) if kept.version == VERSION => Some(kept),
            Ok(kept) => dropped(format!("{} has format version {}", path.display(), kept.version)),
            Err(error) => dropped(format!("{} is damaged: {error}", path.display())),
        }
    }
}

fn write(path: &Path, kept: &SavedState) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let new = path.with_extension(format!("json.{}", std::process::id()));
    let text = serde_json::to_vec(kept)?;
    let stored = || {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&text)?;
        fs::rename(&new, path)
    };
    stored().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

/// What the daemon starts with.
pub(super) struct InitialState {
    /// The scenario that a reload reads.
    pub(super) own: Option<PathBuf>,
    /// The one that is served.
    pub(super) served: LoadedScenario,
    /// Whether that is another one.
    pub(super) used: bool,
    /// Where it was left.
    pub(super) left: Option<Restored>,
}

/// Where a scenario was left: its clock, and what was ordered with the orders.
pub(super) struct Restored {
    pub(super) clock: ScenarioClock,
    pub(super) events: Vec<Event>,
    pub(super) event_orders: Vec<Value>,
    pub(super) faults: Vec<Fault>,
    pub(super) fault_orders: Vec<Value>,
}

impl InitialState {
    /// A scenario that nothing was kept of.
    pub(super) fn afresh(served: LoadedScenario) -> Self {
        Self { own: served.file.clone(), served, used: false, left: None }
    }

    /// The scenario `own`, or what was kept of it.
    pub(super) async fn new(own: Option<PathBuf>, keeper: &StateFile) -> Result<Self, Report> {
        let kept = keeper.recall().and_then(|kept| {
            let same = kept.own == own;
            if same { Some(kept) } else { dropped(format!("it is of {}", name(kept.own.as_deref()))) }
        });
        let used = match &kept {
            Some(kept) if kept.used => {
                read(kept.file.clone()).await.map_err(|report| _ = dropped::<()>(report.headline())).ok()
            }
            _ => None,
        };
        let (served, used) = match used {
            Some(served) => (served, true),
            None => (read(own.clone()).await?, false),
        };
        let left = kept.filter(|kept| kept.used == used).and_then(|kept| left(kept, &served));
        Ok(Self { own, served, used, left })
    }
}

/// The clock and the events that were kept of a scenario, if it is still the same.
fn left(kept: SavedState, served: &LoadedScenario) -> Option<Restored> {
    if kept.file != served.file || kept.digest != served.digest {
        return dropped(format!("{} has changed", name(served.file.as_deref())));
    }
    let now = system_clock::now();
    let moment = OrderTime { now, elapsed: kept.clock.elapsed(now), before: 0 };
    let mut events = Vec::new();
    for json in &kept.events {
        match event_from_json(json, &served.scenario, moment) {
            Ok(ordered) => events.push(ordered.event),
            Err(report) => return dropped(report.headline()),
        }
    }
    let mut faults = Vec::new();
    for json in &kept.faults {
        let others = served.scenario.faults.len() + faults.len();
        match fault_from_json(json, &served.scenario, others, moment) {
            Ok(ordered) => faults.push(ordered.fault),
            Err(report) => return dropped(report.headline()),
        }
    }
    let (elapsed, count) = (format_duration(moment.elapsed), events.len() + faults.len());
    tracing::info!(
        "resuming where the previous process stopped: the clock at {elapsed}, {count} changes since the load"
    );
    let SavedState { clock, events: event_orders, faults: fault_orders, .. } = kept;
    Some(Restored { clock, events, event_orders, faults, fault_orders })
}

#[expect(clippy::needless_pass_by_value, reason = "callers make the sentence for this")]
fn dropped<T>(why: String) -> Option<T> {
    tracing::warn!("the clock and the changes of the previous process are dropped: {why}");
    None
}
