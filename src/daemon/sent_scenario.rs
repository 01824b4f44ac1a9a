//! `used.json` in the runtime directory: the scenario that was sent with `use`, with its files, for a restart. systemd
//! removes the directory when the service is stopped. It may hold keys, and only the service's user can read it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::time::timeout;

use super::compute::compute;
use super::load::{LoadedScenario, loaded};
use super::origin::ScenarioOrigin;
use crate::clock;
use crate::config::{Cancellation, MAX_BYTES, Report, SourceText};
use crate::control::api::{CONTENT_BYTES, FileContent, ScenarioContent};
use crate::files::{self, read_secret};
use crate::scenario::{self, NamedFiles, SentFile, SentFiles};

/// The largest file that is read: what is sent, in base64, with room for escapes.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// The file system may take so long. Less than the watchdog of the packaged service.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The place of the scenario that was sent.
#[derive(Debug)]
pub(super) struct SentScenarioFile {
    /// Without one, nothing is kept.
    path: Option<PathBuf>,
    /// There is, or may be, something at the path.
    present: bool,
}

impl SentScenarioFile {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, present: true }
    }

    /// What was kept. `Err` is a sentence.
    pub(super) async fn load(&self) -> Result<LoadedScenario, String> {
        let Some(path) = self.path.clone() else { return Err("no sent scenario is kept".to_owned()) };
        let read = within_limit(move || {
            let content = read_secret(&path, MAX_FILE_BYTES).map_err(|error| error.to_string());
            let content = content.and_then(|secret| {
                serde_json::from_slice::<ScenarioContent>(&secret.bytes)
                    .map_err(|error| format!("is damaged: {error}"))
            });
            content.map_err(|why| format!("{} {why}", path.display()))
        });
        let content = read.await.unwrap_or_else(|| Err("it takes too long to be read".to_owned()))?;
        parse(content).await.map_err(|report| report.headline())
    }

    /// Keeps a scenario, whole or not at all.
    pub(super) async fn keep(&mut self, content: Arc<ScenarioContent>) {
        let Some(path) = self.path.clone() else { return };
        self.present = true;
        let shown = path.display().to_string();
        let written = within_limit(move || write(&path, &content)).await;
        if let Err(error) = written.unwrap_or_else(|| Err(ErrorKind::TimedOut.into())) {
            tracing::warn!(
                "{shown} cannot be written: {error}: a restart will not serve the scenario that was sent"
            );
            // The one before it would come back.
            self.remove().await;
        }
    }

    /// Removes what was kept, which is not served any more.
    pub(super) async fn remove(&mut self) {
        if let Some(path) = self.path.clone().filter(|_| self.present) {
            self.present = within_limit(move || fs::remove_file(path)).await.is_none();
        }
    }
}

async fn within_limit<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    timeout(TIMEOUT, compute(work)).await.ok()
}

fn write(path: &Path, content: &ScenarioContent) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    files::replace(path, &serde_json::to_vec(content)?, 0o600)
}

/// Reads a scenario that was sent. Nothing is read from the disk.
pub(super) async fn parse(content: impl Into<Arc<ScenarioContent>>) -> Result<LoadedScenario, Report> {
    let content = content.into();
    let cancellation = Cancellation::default();
    let _ended = cancellation.on_drop();
    compute(move || parse_now(&content, &cancellation)).await
}

fn parse_now(content: &ScenarioContent, cancellation: &Cancellation) -> Result<LoadedScenario, Report> {
    let ScenarioContent { path, text, files } = content;
    let name = path.display().to_string();
    let origin = ScenarioOrigin::Sent { sent: path.clone() };
    let sent = decoded(files).map_err(|file| {
        Report::whole(
            &name,
            format!("has a file {file:?} whose base64 is wrong"),
            "accepted: standard base64 with padding",
        )
    })?;
    let size = |file: &SentFile| match file {
        SentFile::Content(bytes) => bytes.len(),
        SentFile::Unread(_) => 0,
    };
    let bytes = text.len() + sent.values().map(size).sum::<usize>();
    if text.len() as u64 > MAX_BYTES {
        let found = format!("has {} bytes", text.len());
        return Err(Report::whole(
            name,
            found,
            "accepted: at most 1 MiB; put large values into files of their own",
        ));
    }
    if bytes > CONTENT_BYTES {
        let found = format!("has {bytes} bytes, with the files that it names");
        return Err(Report::whole(
            name,
            found,
            "accepted: at most 2 MiB together; the server can read larger ones itself, by their path",
        ));
    }
    let source = SourceText::new(name, text.strip_prefix('\u{feff}').unwrap_or(text));
    let files = NamedFiles::sent(origin.directory(), &sent);
    let (scenario, warnings) = scenario::read_unless_cancelled(&source, &files, clock::now(), cancellation)?;
    Ok(loaded(origin.clone(), Arc::new(scenario), warnings, &source.text))
}

/// The files with their bytes; `Err` is the name of one that has none.
fn decoded(files: &BTreeMap<String, FileContent>) -> Result<SentFiles, String> {
    let decode = |(name, file): (&String, &FileContent)| {
        let file = match file {
            FileContent::Text(text) => SentFile::Content(text.clone().into_bytes()),
            FileContent::Base64(text) => {
                SentFile::Content(BASE64_STANDARD.decode(text).map_err(|_| name.clone())?)
            }
            FileContent::Unread(why) => SentFile::Unread(why.clone()),
        };
        Ok((name.clone(), file))
    };
    files.iter().map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: String, files: &[(&str, FileContent)]) -> Result<LoadedScenario, String> {
        let files = files.iter().map(|(name, file)| ((*name).to_owned(), file.clone())).collect();
        let content = ScenarioContent { path: "/nowhere/mine.toml".into(), text, files };
        assert_eq!(content.check(), Ok(()));
        parse(content).await.map_err(|report| report.to_string())
    }

    fn naming(name: &str) -> String {
        format!("[metadata]\n\"meta-data/x\" = {{ file = \"{name}\" }}\n")
    }

    #[tokio::test]
    async fn only_what_was_sent_is_read() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for (name, files, expected) in [
            (here, &[][..], "was not sent with the scenario"),
            ("x", &[("y", FileContent::Text("y".into()))], "/nowhere/x was not sent with the scenario"),
            ("x", &[("x", FileContent::Base64("?".into()))], "has a file \"x\" whose base64 is wrong"),
            ("x", &[("x", FileContent::Unread("is a directory".into()))], "/nowhere/x is a directory"),
            (
                "x",
                &[("x", FileContent::Text("x".repeat((1 << 20) + 1)))],
                "/nowhere/x has more than 1048576 bytes",
            ),
        ] {
            let error = read(naming(name), files).await.expect_err(expected);
            assert!(
                error.starts_with("/nowhere/mine.toml:") && error.contains(expected),
                "{expected}: {error}"
            );
        }
        let text = FileContent::Text("sent".into());
        read(naming(here), &[(here, text)]).await.expect("a name is only a name");
    }

    #[tokio::test]
    async fn keys_that_were_sent_are_fixed_and_only_those_of_the_usual_instance() {
        let keys = r#"{"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": "hunter2"}"#;
        let files = |text: &str| [("k", FileContent::Text(text.to_owned()))];
        let usual = "[credentials]\nsource = \"file\"\nfile = \"k\"\n";
        let loaded = read(usual.to_owned(), &files(keys)).await.expect("good keys");
        assert!(matches!(loaded.credential_source(), Some(crate::model::CredentialSource::Static(_))));
        let error = read(usual.to_owned(), &files("{\"hunter2\": 1}")).await.expect_err("no keys");
        assert!(error.contains("/nowhere/k holds") && !error.contains("hunter2"), "{error}");
        let other = "[instances.web]\nclients = [\"10.0.0.0/8\"]\n[instances.web.credentials]\nsource = \"file\"\nfile = \"k\"\n";
        let error = read(other.to_owned(), &files(keys)).await.expect_err("as in a file");
        assert!(error.contains("a further instance cannot have credentials from a file"), "{error}");
    }

    #[tokio::test]
    async fn what_is_too_large_is_said_as_a_whole() {
        let error = read("#".repeat((1 << 20) + 1), &[]).await.expect_err("too large");
        assert!(error.contains("at most 1 MiB"), "{error}");
        let half = || FileContent::Text("x".repeat(1 << 20));
        let error = read("# two\n".to_owned(), &[("a", half()), ("b", half())]).await.expect_err("too large");
        assert!(error.contains("has 2097158 bytes, with the files that it names"), "{error}");
        // As much as there may be, to the byte.
        read("#".repeat(1 << 20), &[]).await.expect("1 MiB");
        let rest = FileContent::Text("x".repeat((1 << 20) - 6));
        read("# two\n".to_owned(), &[("a", half()), ("b", rest)]).await.expect("2 MiB together");
    }

    #[test]
    fn what_would_act_on_a_terminal_is_refused() {
        let content = |path: &str, why: &str| ScenarioContent {
            path: path.into(),
            text: String::new(),
            files: [("x".to_owned(), FileContent::Unread(why.to_owned()))].into(),
        };
        assert!(content("/a/\u{1b}[2J", "is gone").check().is_err());
        assert!(content("/a/b", "is gone\n").check().is_err());
        assert_eq!(content(&"a".repeat(4_096), "is gone").check(), Ok(()));
        assert!(content(&"a".repeat(4_097), "is gone").check().is_err());
    }
}
