//! Keys from a file or a process: a task that fetches them and posts the results. Requests never wait for it.
//!
//! | source | fetched again |
//! |---|---|
//! | file | when it changes, looked at once a second |
//! | process | five minutes before the keys expire; never if they do not say when they do |
//!
//! After a failure the next attempt comes soon, then less and less soon; keys that are still valid keep being
//! served. What a process prints to stderr is not logged: it might hold a secret.

use std::io;
use std::iter::successors;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::clock;
use crate::model::{CredentialSource, FetchFailure, Fetched, Keys};
use crate::scenario::{parse_credential_process, read_credential_file};
use crate::watch::FileStamp;

/// Keys are fetched again this long before they expire. Source: EC2 makes new credentials available five minutes
/// before the old ones expire.
const BEFORE_EXPIRY: Duration = Duration::from_mins(5);
/// Between two looks at a file.
const POLL: Duration = Duration::from_secs(1);
/// After the first failure; doubled after each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest time between two attempts.
const LAST_RETRY: Duration = Duration::from_mins(1);
/// The shortest time between two successful fetches.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// A credential process prints less than this.
const OUTPUT_BYTES: u64 = 64 * 1024;

/// The number of the fetcher, and its result.
pub(super) type Post = (u64, Fetched);

/// Starts the task for a source that needs one; `given` is what was fetched from it before.
pub(super) fn start(
    source: &CredentialSource,
    given: Fetched,
    number: u64,
    posts: mpsc::Sender<Post>,
) -> Option<JoinHandle<()>> {
    match source {
        CredentialSource::Generated | CredentialSource::Static(_) => None,
        CredentialSource::File(_) | CredentialSource::Process { .. } => {
            Some(tokio::spawn(keep_fetching(source.clone(), given, number, posts)))
        }
    }
}

/// Fetches as long as somebody reads the posts.
async fn keep_fetching(source: CredentialSource, mut given: Fetched, number: u64, posts: mpsc::Sender<Post>) {
    let mut pauses = pauses();
    loop {
        let stamp = file_stamp(&source).await;
        let fetched = fetch(&source).await;
        let now = clock::now();
        match &fetched {
            Ok(keys) => {
                tracing::info!("new credentials {}", expiry(keys));
                pauses = self::pauses();
                given = Fetched { keys: Some((keys.clone(), now)), failure: None };
            }
            Err(why) => {
                given.keys = given.keys.filter(|(keys, _)| keys.expiration.is_none_or(|until| until > now));
                let meanwhile =
                    if given.keys.is_some() { "the previous ones stay in use" } else { "there are none" };
                tracing::error!("no new credentials, {meanwhile}: {why}");
                given.failure = Some(FetchFailure { at: now, why: why.clone() });
            }
        }
        if posts.send((number, given.clone())).await.is_err() {
            return;
        }
        match &source {
            CredentialSource::File(_) => changed(&source, stamp).await,
            _ => match fetched {
                Ok(Keys { expiration: None, .. }) => return,
                Ok(Keys { expiration: Some(expiration), .. }) => {
                    sleep(expiration.since(now).saturating_sub(BEFORE_EXPIRY).max(MIN_INTERVAL)).await;
                }
                Err(_) => sleep(pauses.next().unwrap_or(LAST_RETRY)).await,
            },
        }
    }
}

/// The time before each further attempt, after one that failed.
fn pauses() -> impl Iterator<Item = Duration> + Send {
    successors(Some(FIRST_RETRY), |pause| Some(pause.saturating_mul(2).min(LAST_RETRY)))
}

fn expiry(keys: &Keys) -> String {
    keys.expiration.map_or_else(|| "that do not expire".into(), |until| format!("until {}", until.rfc3339()))
}

async fn fetch(source: &CredentialSource) -> Result<Keys, String> {
    match source {
        CredentialSource::File(path) => {
            let path = path.clone();
            let shown = path.display().to_string();
            let read = spawn_blocking(move || read_credential_file(&path)).await;
            read.unwrap_or_else(|_| Err(format!("{shown} cannot be read")))
        }
        CredentialSource::Process { command, timeout } => {
            let program = command.first().map_or("", String::as_str);
            let output = run(command, *timeout).await.map_err(|why| format!("{program} {why}"))?;
            parse_credential_process(&output).map_err(|found| format!("{program} printed {found}"))
        }
        CredentialSource::Generated | CredentialSource::Static(_) => {
            Err("this source needs no fetching".into())
        }
    }
}

// === Files ===

/// The file's stamp, taken on a thread of its own: a file system may take its time, requests may not.
async fn file_stamp(source: &CredentialSource) -> Option<FileStamp> {
    let CredentialSource::File(path) = source else { return None };
    let path = path.clone();
    spawn_blocking(move || FileStamp::of(&path)).await.ok()
}

/// Waits until the file is not what it was.
async fn changed(source: &CredentialSource, before: Option<FileStamp>) {
    while file_stamp(source).await == before {
        sleep(POLL).await;
    }
}

// === Processes ===

/// Runs a program without a shell and without stdin, and gives what it prints.
async fn run(command: &[String], limit: Duration) -> Result<Vec<u8>, String> {
    let (program, arguments) = command.split_first().ok_or("is missing: the command is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        // An AWS CLI among these would ask us for credentials, and wait for itself.
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // Nor this service's other endpoints.
        .env_remove("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        .env_remove("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()));
    let outcome = timeout(limit, finish(&mut child)).await;
    if matches!(outcome, Ok(Ok(_))) {
        group.0 = None;
    }
    match outcome {
        Err(_) => Err(format!("did not finish within {limit:?}; credentials.timeout allows more")),
        Ok(Err(error)) => Err(format!("cannot be read: {error}")),
        Ok(Ok((_, output))) if output.len() as u64 > OUTPUT_BYTES => Err("prints more than 64 KiB".into()),
        Ok(Ok((status, output))) if status.success() => Ok(output),
        Ok(Ok((status, _))) => {
            Err(format!("failed with {status}; run it by hand as the service's user to see why"))
        }
    }
}

async fn finish(child: &mut Child) -> io::Result<(ExitStatus, Vec<u8>)> {
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(OUTPUT_BYTES + 1).read_to_end(&mut output).await?;
    }
    Ok((child.wait().await?, output))
}

/// A program and its children, a shell script's too, which would keep the pipe open. They end with this value: with the
/// time that they have, or with the source that a reload takes away.
struct Group(Option<i32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself just now.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_is_run_without_a_shell_and_without_our_service() {
        let command = |arguments: &[&str]| arguments.iter().map(ToString::to_string).collect::<Vec<_>>();
        let printed = run(&command(&["/bin/echo", "$HOME;", "a b"]), Duration::from_secs(10)).await;
        assert_eq!(printed, Ok(b"$HOME; a b\n".to_vec()));
        let environment = run(&command(&["/usr/bin/env"]), Duration::from_secs(10)).await.expect("env runs");
        assert!(String::from_utf8_lossy(&environment).contains("AWS_EC2_METADATA_DISABLED=true\n"));
    }

    #[tokio::test]
    async fn a_process_may_print_64_kib() {
        for (bytes, fits) in [(65_535, true), (65_536, true), (65_537, false)] {
            let command = ["/usr/bin/head", "-c", &bytes.to_string(), "/dev/zero"].map(str::to_owned);
            let printed = run(&command, Duration::from_secs(10)).await.map(|output| output.len());
            assert_eq!(printed.ok(), fits.then_some(bytes), "{bytes} bytes");
        }
    }

    #[tokio::test]
    async fn a_file_is_not_read_again_before_it_changes() {
        let path = std::env::temp_dir().join(format!("mock-imds-keys-{}.json", std::process::id()));
        std::fs::write(&path, r#"{"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": "s"}"#).unwrap();
        let source = CredentialSource::File(path.clone());
        let (sender, mut posts) = mpsc::channel(1);
        let task = start(&source, Fetched::default(), 7, sender).expect("a file is watched");
        let (number, fetched) = posts.recv().await.expect("the task posts");
        assert_eq!((number, fetched.keys.is_some(), fetched.failure), (7, true, None));
        // So many looks at the file take longer than reading it would.
        for _ in 0..200 {
            file_stamp(&source).await.expect("there is a file");
        }
        assert!(posts.try_recv().is_err(), "the file has not changed");
        task.abort();
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said() {
        let why = |command: &'static [&'static str], limit| async move {
            let command: Vec<String> = command.iter().map(ToString::to_string).collect();
            run(&command, limit).await.expect_err("a failure")
        };
        let long = Duration::from_secs(10);
        assert!(why(&["/nonexistent"], long).await.starts_with("cannot be started"));
        assert!(why(&["/bin/false"], long).await.starts_with("failed with exit status: 1"));
        assert!(why(&["/bin/sh", "-c", "yes | head -c 100000"], long).await.contains("more than 64 KiB"));
        let slow = why(&["/bin/sh", "-c", "sleep 60 & sleep 60"], Duration::from_millis(50)).await;
        assert!(slow.starts_with("did not finish"), "{slow}");
    }

    #[tokio::test]
    async fn a_process_that_nobody_waits_for_any_more_ends_with_its_children() {
        let file = std::env::temp_dir().join(format!("mock-imds-children-{}", std::process::id()));
        let script = format!("sleep 300 & echo $! >'{0}.new'; mv '{0}.new' '{0}'; wait", file.display());
        let command = ["/bin/sh".to_owned(), "-c".to_owned(), script];
        let started = async {
            loop {
                if let Ok(pid) = std::fs::read_to_string(&file) {
                    return pid.trim().to_owned();
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        let child = tokio::select! {
            outcome = run(&command, Duration::from_mins(1)) => panic!("expected that it waits, found {outcome:?}"),
            child = started => child,
        };
        // Nobody may have collected it: a zombie has no command line.
        let running = || std::fs::read(format!("/proc/{child}/cmdline")).is_ok_and(|line| !line.is_empty());
        let ended = timeout(Duration::from_secs(10), async {
            while running() {
                sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(ended.await.is_ok(), "expected that process {child} ends, found it running");
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn attempts_come_less_and_less_often() {
        let seconds: Vec<u64> = pauses().take(8).map(|pause| pause.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
