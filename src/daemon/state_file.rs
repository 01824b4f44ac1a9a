//! `state.json` in the runtime directory: what a restart or a crash must not lose, the scenario's clock and what was
//! ordered since it was loaded. systemd removes the directory when the service is stopped.
//!
//! The file belongs to one text of one scenario file. For another one it means nothing, and is dropped.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::load::LoadedScenario;
use super::private_file;
use crate::clock;
use crate::files::{put_aside, read_secret};
use crate::imds::{Fleet, FleetItem};
use crate::model::ClockReading;
use crate::model::timeline::ScenarioClock;

const VERSION: u32 = 1;
/// Four times what orders may have in all.
const MAX_BYTES: u64 = 64 << 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedState {
    version: u32,
    /// The file that a reload reads.
    #[serde(rename = "own")]
    pub(super) reload_file: Option<PathBuf>,
    /// Until then another one, `file`, is served.
    #[serde(rename = "used")]
    pub(super) overridden: bool,
    pub(super) file: Option<PathBuf>,
    /// The hash of its text.
    pub(super) digest: String,
    pub(super) clock: ScenarioClock,
    /// The boot in which it was saved. The id may be hidden from a service.
    #[serde(default)]
    boot_id: Option<String>,
    /// The events that were ordered, in the words of their orders.
    pub(super) events: Vec<Arc<Value>>,
    /// The faults that were ordered, in the words of their orders.
    pub(super) faults: Vec<Arc<Value>>,
}

impl SavedState {
    /// Whether the time since the boot tells how much time has passed since it was saved.
    pub(super) fn is_of_this_boot(&self, now: ClockReading) -> bool {
        self.boot_id == clock::boot_id() && self.clock.goes_on_at(now)
    }

    pub(super) fn new(
        reload_file: Option<&Path>,
        served: &LoadedScenario,
        overridden: bool,
        fleet: &Fleet,
    ) -> Self {
        Self {
            version: VERSION,
            reload_file: reload_file.map(Path::to_owned),
            overridden,
            file: served.file.clone(),
            digest: served.digest.clone(),
            clock: fleet.clock().clone(),
            boot_id: clock::boot_id(),
            events: fleet.events().iter().filter_map(FleetItem::order).cloned().collect(),
            faults: fleet.faults().iter().filter_map(FleetItem::order).cloned().collect(),
        }
    }
}

#[derive(Debug)]
pub(super) struct StateFile {
    /// Without one, nothing is saved.
    path: Option<PathBuf>,
    failed: bool,
}

impl StateFile {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, failed: false }
    }

    /// Saves the state, whole or not at all, for the service's user alone. It is there when this returns, unless the
    /// file system refuses it. The write has a thread of its own: a file system may take its time, requests may not.
    pub(super) async fn save(&mut self, state: SavedState) {
        let Some(path) = self.path.clone() else { return };
        let written = spawn_blocking(move || private_file::write(&path, &serde_json::to_vec(&state)?)).await;
        match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(()) => self.failed = false,
            // Once is enough: the next change fails for the same reason.
            Err(_) if self.failed => {}
            Err(error) => {
                self.failed = true;
                let path = self.path.as_deref().unwrap_or(Path::new("")).display();
                tracing::warn!(
                    "{path} cannot be written: {error}: a restart will lose the clock and the changes"
                );
            }
        }
    }

    /// The state that was saved, if there is one. `Err` says why it can't be used.
    pub(super) fn load(&self) -> Result<Option<SavedState>, String> {
        let Some(path) = &self.path else { return Ok(None) };
        let found = match read_secret(path, MAX_BYTES).map(|secret| secret.bytes) {
            Ok(text) => match serde_json::from_slice::<SavedState>(&text) {
                Ok(saved) if saved.version == VERSION => return Ok(Some(saved)),
                Ok(saved) => format!("has format version {}", saved.version),
                Err(error) => format!("is damaged: {error}"),
            },
            Err(error) if error.is_missing() && !path.is_symlink() => return Ok(None),
            Err(error) => error.to_string(),
        };
        // What cannot be renamed will not be written either, and that is said then.
        let aside = put_aside(path)
            .map_or_else(|_| String::new(), |aside| format!("; it is {} now", aside.display()));
        Err(format!("{} {found}{aside}", path.display()))
    }
}
