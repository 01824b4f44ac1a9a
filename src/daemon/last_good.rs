//! `last-good.json` in the state directory: the last scenario that was read without a mistake, with the files whose
//! content it serves. With `--fallback last-good` a start serves it in the place of a rejected one.
//!
//! Credential files and programs are not in it: what they give changes, so it is fetched from its place as ever.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::time::timeout;
use toml::{Table, Value};

use super::compute::compute;
use super::load::{self, LoadedScenario, parse_with};
use super::origin::ScenarioOrigin;
use crate::config::{Cancellation, Report};
use crate::control::api::{FallbackScenario, FallbackStatus};
use crate::files::{self, FileError, StagedFile, put_aside, read_secret};
use crate::scenario::VALUE_LIMIT;

const VERSION: u32 = 1;
/// The file has less: a scenario and the values of its files.
const MAX_BYTES: u64 = 64 << 20;
/// The file system may take so long. Less than the watchdog of the packaged service.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LastGood {
    version: u32,
    /// The file that the text was read from.
    #[serde(default)]
    file: ScenarioOrigin,
    text: String,
    /// The files that the text names for values, by the names in the text, in base64.
    files: BTreeMap<String, String>,
}

/// The place of the last good scenario.
#[derive(Debug, Clone)]
pub(super) struct LastGoodFile {
    path: PathBuf,
    /// The hash of its content, as far as this process knows it.
    digest: Option<Digest>,
    /// Held by whoever writes the file, for as long as that takes: nothing older gets there later.
    writing: Arc<Mutex<()>>,
    limit: Duration,
}

type Digest = [u8; 32];

impl LastGoodFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, digest: None, writing: Arc::default(), limit: TIMEOUT }
    }

    /// The last good scenario; `None` if there has been none. `Err` says why it cannot be used.
    pub(super) async fn read(&self) -> Result<Option<LoadedScenario>, String> {
        let path = self.path.clone();
        let read =
            within_limit(self.limit, async {}, move |(), cancellation| read(&path, cancellation)).await;
        let outcome = read.unwrap_or_else(|| Err("takes too long to be read".to_owned()));
        outcome.map_err(|why| format!("{} {why}", self.path.display()))
    }

    /// Keeps a scenario that was read without a mistake, unless it is there already.
    pub(super) async fn keep(&mut self, loaded: LoadedScenario) {
        // What is there after a failure is not known.
        let (path, digest) = (self.path.clone(), self.digest.take());
        let turn = Arc::clone(&self.writing).lock_owned();
        let kept = within_limit(self.limit, turn, move |turn, cancellation| {
            let _turn = turn;
            keep(&path, digest, &loaded, cancellation)
        })
        .await;
        match kept.unwrap_or_else(|| Err("it takes too long".to_owned())) {
            Ok(digest) => self.digest = Some(digest),
            Err(why) => tracing::warn!(
                "{} does not hold the present scenario, so a start with a broken one falls back to an earlier one: {why}",
                self.path.display()
            ),
        }
    }
}

/// What is served in the place of a file that is rejected.
#[derive(Debug, Clone)]
pub(super) struct Fallback {
    pub(super) report: Report,
    /// The last good scenario; else the built-in one.
    pub(super) is_last_good: bool,
}

/// Reads a scenario. In the place of a rejected one comes the last good one, else the built-in one.
pub(super) async fn read_or_fall_back(
    origin: ScenarioOrigin,
    last_good: &LastGoodFile,
) -> Result<(LoadedScenario, Option<Fallback>), Report> {
    let report = match load::read(origin).await {
        Ok(loaded) => return Ok((loaded, None)),
        Err(report) => report,
    };
    let kept = last_good.read().await.unwrap_or_else(|why| {
        tracing::warn!("{why}");
        None
    });
    let is_last_good = kept.is_some();
    let served = match kept {
        Some(kept) => kept,
        None => load::read(ScenarioOrigin::BuiltIn).await?,
    };
    Ok((served, Some(Fallback { report, is_last_good })))
}

impl Fallback {
    pub(super) fn status(&self) -> FallbackStatus {
        let serving = if self.is_last_good { FallbackScenario::LastGood } else { FallbackScenario::BuiltIn };
        let Report { file, .. } = &self.report;
        FallbackStatus {
            serving,
            file: file.clone(),
            message: self.report.headline(),
            report: self.report.to_string(),
        }
    }
}

/// Waits for `turn`, then works on a thread of its own; `None` if that takes too long. What is left of it then is
/// cancelled.
async fn within_limit<A: Send + 'static, T: Send + 'static>(
    limit: Duration,
    turn: impl Future<Output = A>,
    work: impl FnOnce(A, &Cancellation) -> T + Send + 'static,
) -> Option<T> {
    let cancellation = Cancellation::default();
    let _ended = cancellation.on_drop();
    let done = async {
        let turn = turn.await;
        compute(move || work(turn, &cancellation)).await
    };
    timeout(limit, done).await.ok()
}

fn read(path: &Path, cancellation: &Cancellation) -> Result<Option<LoadedScenario>, String> {
    parse(path, read_secret(path, MAX_BYTES).map(|secret| secret.bytes), cancellation)
}

fn parse(
    path: &Path,
    content: Result<Vec<u8>, FileError>,
    cancellation: &Cancellation,
) -> Result<Option<LoadedScenario>, String> {
    let found = match content {
        Ok(content) => match serde_json::from_slice::<LastGood>(&content) {
            Ok(kept) if kept.version == VERSION => {
                return kept
                    .load(cancellation)
                    .map(Some)
                    .map_err(|report| format!("is rejected: {}", report.headline()));
            }
            Ok(kept) => format!("has format version {}", kept.version),
            Err(error) => format!("is damaged: {error}"),
        },
        Err(error) if error.is_missing() && !path.is_symlink() => return Ok(None),
        Err(error) if error.is_transient() => return Err(error.to_string()),
        Err(error) => error.to_string(),
    };
    // What cannot be renamed will not be written either, and that is said then.
    let aside =
        put_aside(path).map_or_else(|_| String::new(), |aside| format!("; it is {} now", aside.display()));
    Err(format!("{found}{aside}"))
}

fn keep(
    path: &Path,
    before: Option<Digest>,
    loaded: &LoadedScenario,
    cancellation: &Cancellation,
) -> Result<Digest, String> {
    let content =
        serde_json::to_vec(&LastGood::new(loaded, cancellation)?).map_err(|error| error.to_string())?;
    let digest: Digest = Sha256::digest(&content).into();
    let on_disk = || Some(Sha256::digest(read_secret(path, MAX_BYTES).ok()?.bytes).into());
    if before.or_else(on_disk) == Some(digest) {
        return Ok(digest);
    }
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let staged = StagedFile::write(path, &content, 0o600)?;
        // Nobody knows of a file that gets there now.
        if cancellation.is_cancelled() { Err(ErrorKind::TimedOut.into()) } else { staged.place() }
    });
    written.map(|()| digest).map_err(|error| format!("it cannot be written: {error}"))
}

impl LastGood {
    /// A scenario with the files that it names. `Err` if it would not be the same when it is read again.
    fn new(loaded: &LoadedScenario, cancellation: &Cancellation) -> Result<Self, String> {
        let base = loaded.origin.directory();
        let mut files = BTreeMap::new();
        let mut table: Table = loaded.text.parse().map_err(|_| "its text is no TOML".to_owned())?;
        with_contents(&mut table, &mut |name| {
            let content = files::read(&base.join(name), VALUE_LIMIT as u64).ok()?;
            let content = BASE64_STANDARD.encode(content);
            files.insert(name.to_owned(), content.clone());
            Some(content)
        });
        let last_good =
            Self { version: VERSION, file: loaded.origin.clone(), text: loaded.text.to_string(), files };
        match last_good.load(cancellation) {
            Ok(again) if again.scenario == loaded.scenario => Ok(last_good),
            Ok(_) => Err("a file that it names has changed since it was read".to_owned()),
            Err(report) => Err(report.headline()),
        }
    }

    fn load(&self, cancellation: &Cancellation) -> Result<LoadedScenario, Report> {
        let text = if self.files.is_empty() {
            self.text.clone()
        } else {
            let mut table: Table = self.text.parse().unwrap_or_default();
            with_contents(&mut table, &mut |name| self.files.get(name).cloned());
            table.to_string()
        };
        parse_with(&self.file, &self.text, text, cancellation)
    }
}

/// Puts the contents of files, in base64, in the place of `{ file = NAME }`.
fn with_contents(table: &mut Table, content: &mut impl FnMut(&str) -> Option<String>) {
    if let Some(content) = table.get("file").and_then(Value::as_str).and_then(&mut *content) {
        table.remove("file");
        table.insert("base64".to_owned(), Value::String(content));
    }
    for (key, value) in table.iter_mut() {
        // A credential file is none that the text has a value from, and tags have any name.
        if key != "credentials" && key != "tags" {
            with_contents_in(value, content);
        }
    }
}

fn with_contents_in(value: &mut Value, content: &mut impl FnMut(&str) -> Option<String>) {
    match value {
        Value::Table(table) => with_contents(table, content),
        Value::Array(items) => items.iter_mut().for_each(|item| with_contents_in(item, content)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    const TEXT: &str = r#"
        [instance]
        user-data = { file = "user-data.txt" }
        tags = { file = "user-data.txt" }
        [credentials]
        source = "file"
        file = "keys.json"
        [metadata]
        "meta-data/x" = { file = "sub/x", content-type = "text/x" }
        [instances.web]
        clients = ["10.0.0.0/8"]
        user-data = { file = "user-data.txt" }
        [[event]]
        at = "1m"
        set = { "meta-data/y" = { file = "sub/x" } }
        facts = { user-data = { file = "user-data.txt" } }
    "#;

    #[tokio::test]
    async fn a_scenario_is_the_same_without_the_files_that_it_names() {
        let directory = std::env::temp_dir().join(format!("mock-imds-last-good-{}", std::process::id()));
        fs::create_dir_all(directory.join("sub")).unwrap();
        let file = directory.join("s.toml");
        for (name, content) in
            [("s.toml", TEXT), ("user-data.txt", "#!/bin/sh"), ("sub/x", "\u{0}binary"), ("keys.json", "{}")]
        {
            fs::write(directory.join(name), content).unwrap();
        }
        let loaded = load::read(ScenarioOrigin::File(file.clone())).await.expect("a good scenario");
        let mut last_good = LastGoodFile::new(directory.join("state/last-good.json"));
        assert!(last_good.read().await.expect("there is none").is_none());
        last_good.keep(loaded.clone()).await;

        for gone in ["s.toml", "user-data.txt", "sub/x"] {
            fs::remove_file(directory.join(gone)).unwrap();
        }
        let again = last_good.read().await.expect("it was kept").expect("it was kept");
        assert_eq!(again.scenario, loaded.scenario);
        assert!(
            again.same(&loaded) && again.origin == ScenarioOrigin::File(file),
            "it stands for the same text"
        );
        assert_eq!(again.changed_since(&loaded), Vec::<String>::new());

        // What has changed since it was read is not what is served, and an earlier one stays.
        last_good.keep(loaded.clone()).await;
        assert!(last_good.read().await.expect("still there").expect("still there").same(&loaded));
        for (content, why) in [("{", "is damaged"), (r#"{"version":7,"text":"","files":{}}"#, "version 7")] {
            fs::write(&last_good.path, content).unwrap();
            let error = last_good.read().await.expect_err("it is damaged");
            assert!(error.contains(why), "{error}");
        }
        fs::remove_dir_all(&directory).unwrap();
    }

    #[tokio::test]
    async fn what_passes_leaves_the_file_alone() {
        let path = std::env::temp_dir().join(format!("mock-imds-last-good-{}.json", std::process::id()));
        fs::write(&path, "{").unwrap();
        let parse = |errno: Errno| parse(&path, Err(errno.into()), &Cancellation::default());
        let error = parse(Errno::EMFILE).expect_err("it cannot be read");
        assert!(error.contains("too many open files") && path.exists(), "{error}");
        let error = parse(Errno::EACCES).expect_err("it cannot be read");
        assert!(error.contains("; it is ") && !path.exists(), "{error}");
        fs::remove_file(path.with_extension("json.damaged")).unwrap();
    }

    /// The file system takes its time for one of two scenarios.
    #[tokio::test]
    async fn a_late_write_does_not_replace_a_newer_one() {
        let directory = std::env::temp_dir().join(format!("mock-imds-late-{}", std::process::id()));
        let mut last_good = LastGoodFile::new(directory.join("last-good.json"));
        let loaded = load::read(ScenarioOrigin::BuiltIn).await.expect("the built-in scenario");
        last_good.keep(loaded.clone()).await;
        assert!(last_good.digest.is_some() && last_good.path.exists());

        let late = Arc::clone(&last_good.writing).lock_owned().await;
        last_good.limit = Duration::from_millis(10);
        last_good.keep(loaded.clone()).await;
        last_good.limit = TIMEOUT;
        assert_eq!(last_good.digest, None, "nobody knows what is there after a failure");
        fs::remove_file(&last_good.path).unwrap();
        let cancelled = Cancellation::default();
        cancelled.cancel();
        keep(&last_good.path, None, &loaded, &cancelled).expect_err("nobody waits for it any more");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "neither a file nor a part of one");
        drop(late);
        last_good.keep(loaded).await;
        assert!(last_good.digest.is_some() && last_good.path.exists(), "the next one is written");
        fs::remove_dir_all(&directory).unwrap();
    }
}
