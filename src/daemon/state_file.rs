//! `state.json` in the runtime directory: what a restart or a crash must not lose, the scenario's clock and what was
//! ordered since it was loaded. systemd removes the directory when the service is stopped.
//!
//! The file belongs to one text of one scenario file. For another one it means nothing, and is dropped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::load::LoadedScenario;
use super::origin::ScenarioOrigin;
use crate::clock;
use crate::exit::{ExitStatus, Failure};
use crate::files::{self, FileError, put_aside, read_secret};
use crate::imds::{Fleet, FleetItem};
use crate::model::ClockReading;
use crate::model::timeline::ScenarioClock;

const VERSION: u32 = 1;
/// Four times what orders may have in all.
const MAX_BYTES: u64 = 64 << 20;
/// The file system has so long for an attempt to read it.
const LOAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What keeps the file from being read passes meanwhile, or does not.
const LOAD_RETRIES: Retries = Retries { count: 20, pause: Duration::from_millis(100) };

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedState {
    version: u32,
    /// What a reload reads.
    #[serde(rename = "own", default)]
    pub(super) reload_origin: ScenarioOrigin,
    /// Until then another one, `file`, is served.
    #[serde(rename = "used")]
    pub(super) overridden: bool,
    #[serde(rename = "file", default)]
    pub(super) origin: ScenarioOrigin,
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
    /// The names of faults of the scenario that were removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) removed_faults: Vec<String>,
}

impl SavedState {
    /// Whether the time since the boot tells how much time has passed since it was saved.
    pub(super) fn is_of_this_boot(&self, now: ClockReading) -> bool {
        self.boot_id == clock::boot_id() && self.clock.goes_on_at(now)
    }

    pub(super) fn new(
        reload_origin: &ScenarioOrigin,
        served: &LoadedScenario,
        overridden: bool,
        fleet: &Fleet,
    ) -> Self {
        Self {
            version: VERSION,
            reload_origin: reload_origin.clone(),
            overridden,
            origin: served.origin.clone(),
            digest: served.digest.clone(),
            clock: fleet.clock().clone(),
            boot_id: clock::boot_id(),
            events: fleet.events().iter().filter_map(FleetItem::order).cloned().collect(),
            faults: fleet.faults().iter().filter_map(FleetItem::order).cloned().collect(),
            removed_faults: fleet.fault_list().removed().iter().map(ToString::to_string).collect(),
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
    pub(super) async fn save(&mut self, state: impl FnOnce() -> SavedState) {
        let Some(path) = self.path.clone() else { return };
        let state = state();
        let written = spawn_blocking(move || write(&path, &state)).await;
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

    /// The state that was saved, if there is one and it can be used. A file that cannot be read at present is waited
    /// for; then it is a failure: a server that began anew would write over it.
    pub(super) async fn load(&self) -> Result<Option<SavedState>, Failure> {
        match &self.path {
            Some(path) => load(path, LOAD_RETRIES, |path| Ok(read_secret(path, MAX_BYTES)?.bytes)).await,
            None => Ok(None),
        }
    }
}

#[derive(Clone, Copy)]
struct Retries {
    count: u32,
    pause: Duration,
}

async fn load(
    path: &Path,
    retries: Retries,
    read: fn(&Path) -> Result<Vec<u8>, FileError>,
) -> Result<Option<SavedState>, Failure> {
    let mut left = retries.count;
    loop {
        let file = path.to_owned();
        let attempt = timeout(LOAD_TIMEOUT, spawn_blocking(move || parse(&file, read(&file)))).await;
        let error = match attempt {
            Ok(Ok(Ok(saved))) => return Ok(saved),
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) | Err(_) => FileError::TooSlow(LOAD_TIMEOUT),
        };
        if left == 0 || matches!(error, FileError::TooSlow(_)) {
            let sentence = format!(
                "{} {error}: it holds the clock and the orders of the previous process, so it is not replaced; \
                 start again when it can be read, or remove it to begin anew",
                path.display()
            );
            return Err(Failure::new(ExitStatus::OsError, sentence));
        }
        left -= 1;
        sleep(retries.pause).await;
    }
}

/// `Err` is a reason that passes. What is no state gets another name.
fn parse(path: &Path, read: Result<Vec<u8>, FileError>) -> Result<Option<SavedState>, FileError> {
    let found = match read {
        Ok(text) => match serde_json::from_slice::<SavedState>(&text) {
            Ok(saved) if saved.version == VERSION => return Ok(Some(saved)),
            Ok(saved) => format!("has format version {}", saved.version),
            Err(error) => format!("is damaged: {error}"),
        },
        Err(error) if error.is_missing() && !path.is_symlink() => return Ok(None),
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => error.to_string(),
    };
    // What cannot be renamed will not be written either, and that is said then.
    let aside =
        put_aside(path).map_or_else(|_| String::new(), |aside| format!("; it is {} now", aside.display()));
    warn_of_dropped(&format!("{} {found}{aside}", path.display()));
    Ok(None)
}

fn write(path: &Path, state: &SavedState) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    files::replace(path, &serde_json::to_vec(state)?, 0o600)
}

pub(super) fn warn_of_dropped(why: &str) {
    tracing::warn!("the clock and the changes of the previous process are dropped: {why}");
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use nix::errno::Errno;

    use super::*;

    /// Of a kernel that has no descriptors left, for a while.
    #[tokio::test]
    async fn a_file_that_cannot_be_read_at_present_is_waited_for_and_kept() {
        static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!("mock-imds-state-{}.json", std::process::id()));
        fs::write(&path, "{").expect("writable");
        let retries = Retries { count: 3, pause: Duration::ZERO };
        let failure = load(&path, retries, |_| Err(Errno::ENFILE.into())).await.expect_err("for ever");
        assert_eq!(failure.status, ExitStatus::OsError, "{failure}");
        assert!(failure.message.contains("too many open files"), "{failure}");
        assert_eq!(fs::read_to_string(&path).expect("it is not renamed"), "{");

        let read = |path: &Path| match ATTEMPTS.fetch_add(1, Ordering::Relaxed) {
            0..3 => Err(Errno::ENOMEM.into()),
            _ => files::read(path, MAX_BYTES),
        };
        assert!(load(&path, retries, read).await.expect("it passes").is_none(), "it is damaged");
        let aside = path.with_extension("json.damaged");
        assert_eq!(fs::read_to_string(&aside).expect("it was renamed"), "{");
        fs::remove_file(aside).expect("ours");
    }

    /// A directory that goes away with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("mock-imds-state-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).expect("writable");
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn what_is_no_state_gets_another_name_and_nothing_is_waited_for() {
        let scratch = Scratch::new("odd");
        let path = scratch.0.join("state.json");
        let at_once = Retries { count: 0, pause: Duration::ZERO };
        let load = async || load(&path, at_once, |path| Ok(read_secret(path, MAX_BYTES)?.bytes)).await;
        assert_eq!(load().await.expect("there is none"), None);
        assert_eq!(fs::read_dir(&scratch.0).expect("ours").count(), 0);
        // A link to nothing is somebody's file, too.
        std::os::unix::fs::symlink("/nonexistent", &path).expect("writable");
        assert_eq!(load().await.expect("no state"), None);
        assert!(!path.is_symlink(), "expected that the link gets another name");
        fs::create_dir(&path).expect("writable");
        assert_eq!(load().await.expect("no state"), None);
        assert!(!path.exists(), "expected that the directory gets another name");
        fs::write(&path, "{}").expect("writable");
        assert_eq!(load().await.expect("no state"), None);
        assert!(!path.exists(), "expected that the damaged file gets another name");
    }

    /// Of another one, the wall clock alone tells how much time has passed.
    #[test]
    fn a_state_is_of_this_boot_if_id_and_clock_say_so() {
        let now = clock::read();
        let state = |boot_id, clock| SavedState {
            version: VERSION,
            reload_origin: ScenarioOrigin::BuiltIn,
            overridden: false,
            origin: ScenarioOrigin::BuiltIn,
            digest: String::new(),
            clock,
            boot_id,
            events: vec![],
            faults: vec![],
            removed_faults: vec![],
        };
        let (before, later) =
            (now.wall.before(Duration::from_secs(1)), now.wall.plus(Duration::from_secs(1)));
        let clock = |wall| ScenarioClock::starting(ClockReading { wall, ..now }, now.wall);
        let goes_on = clock(before);
        // Loaded later than it is now: it counts another boot's time.
        let ahead = {
            let ahead = ClockReading { wall: later, boottime: now.boottime.plus(Duration::from_secs(1)) };
            ScenarioClock::starting(ahead, now.wall)
        };
        let other = Some("00000000-0000-0000-0000-000000000000".to_owned());
        assert!(goes_on.goes_on_at(now) && !ahead.goes_on_at(now));
        for (boot_id, clock, expected) in [
            (clock::boot_id(), &goes_on, true),
            (clock::boot_id(), &ahead, false),
            (other.clone(), &goes_on, false),
            (other, &ahead, false),
        ] {
            let found = state(boot_id.clone(), clock.clone()).is_of_this_boot(now);
            assert_eq!(found, expected, "boot {boot_id:?}, loaded {}", clock.loaded.rfc3339_millis());
        }
    }
}
