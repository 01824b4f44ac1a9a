//! `mock-imds import dump DIR|FILE`: a scenario from files that somebody made of a service's answers, of any shape.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::output;
use super::print::warn;
use super::progress::while_working;
use super::transcript::{self, TranscriptSource, secrets_policy};
use crate::cli::{ImportDumpArgs, InstanceListArgs, OutputArgs, SecretsArgs};
use crate::exit::{ExitStatus, Failure};
use crate::files::{self, FileError};
use crate::transcribe::shapes::{self, Certainty, Reading, Unread};
use crate::transcribe::{SecretsPolicy, dump};

const MAX_FILES: usize = 4096;
/// Directories inside each other; the deepest path of a service has seven.
const MAX_DEPTH: usize = 32;
/// The time for all files together.
const TIME_LIMIT: Duration = Duration::from_mins(1);
const MAX_BYTES: u64 = 8 << 20;

/// What a path turned out to be.
pub(super) enum ImportSource {
    Metadata(Box<Reading>),
    /// A configuration file of amazon-ec2-metadata-mock.
    AemmConfig,
}

pub(crate) fn exec(args: &ImportDumpArgs) -> Result<(), Failure> {
    output::check_writable(&args.output)?;
    match recognise(&args.path, &args.secrets, &args.list)? {
        ImportSource::Metadata(reading) => write(&args.path, *reading, "mock-imds import dump", &args.output),
        ImportSource::AemmConfig => Err(not_importable(
            &args.path,
            &format!(
                "it is a configuration file of amazon-ec2-metadata-mock; `mock-imds import aemm {}` converts it",
                args.path.display()
            ),
        )),
    }
}

/// Writes the scenario of what was read.
pub(super) fn write(path: &Path, reading: Reading, command: &str, to: &OutputArgs) -> Result<(), Failure> {
    let Reading { shape, certainty, evidence, observations } = reading;
    let recognised = format!("{shape}, {}: {evidence}", certainty.word());
    warn(&format!("{} is read as {recognised}", path.display()));
    let origin = TranscriptSource {
        line: format!("Written by `{command}` from {}. Read as {recognised}.", path.display()),
        subject: format!("{} cannot be imported", path.display()),
        accepted: "files that hold what the paths of a service answered",
        silent: ExitStatus::Config,
    };
    transcript::write(observations, &origin, to)
}

/// Finds out what a path is, within the time for all files together.
pub(super) fn recognise(
    path: &Path,
    secrets: &SecretsArgs,
    list: &InstanceListArgs,
) -> Result<ImportSource, Failure> {
    let policy = secrets_policy(secrets);
    let (source, instance) = (path.to_owned(), list.instance.clone());
    let files_read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&files_read);
    let read = move || match (source.is_dir(), instance) {
        (true, Some(_)) => Err(no_list(&source)),
        (true, None) => directory(&source, policy, &count),
        (false, instance) => file(&source, policy, instance.as_deref()),
    };
    let progress =
        || format!("reading {}: {} files so far", path.display(), files_read.load(Ordering::Relaxed));
    while_working(progress, || read_within(TIME_LIMIT, path, read))
}

/// Reads within a limit. A reader that takes longer is left behind, and ends with the process.
fn read_within<T: Send + 'static>(
    limit: Duration,
    path: &Path,
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    files::within(limit, read).unwrap_or_else(|| Err(unreadable(path, &FileError::TooSlow(limit))))
}

fn directory(root: &Path, policy: SecretsPolicy, count: &AtomicUsize) -> Result<ImportSource, Failure> {
    let mut files = dump::DumpFiles::new();
    let mut left = MAX_BYTES;
    gather(root, &mut Vec::new(), &mut files, &mut left, count)?;
    let observations = dump::read(&files, policy).map_err(|found| not_importable(root, found))?;
    Ok(ImportSource::Metadata(Box::new(Reading {
        shape: "a directory with one file for each path",
        certainty: Certainty::Certain,
        evidence: "the names of its files".to_owned(),
        observations,
    })))
}

/// Adds the regular files below a directory. Links are not followed: they may lead anywhere.
fn gather(
    directory: &Path,
    above: &mut Vec<String>,
    files: &mut dump::DumpFiles,
    left: &mut u64,
    count: &AtomicUsize,
) -> Result<(), Failure> {
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error.into()))? {
        let path = entry.map_err(|error| unreadable(directory, &error.into()))?.path();
        let kind = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, &error.into()))?.file_type();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            warn(&format!("{}: left out: its name is not UTF-8", path.display()));
            continue;
        };
        above.push(name);
        if kind.is_dir() {
            if above.len() > MAX_DEPTH {
                let found = "it is more than 32 directories deep; accepted: the dump of one service";
                return Err(not_importable(&path, found));
            }
            gather(&path, above, files, left, count)?;
        } else if kind.is_file() {
            let bytes = read(&path, left)?;
            files.insert(above.clone(), bytes);
            count.store(files.len(), Ordering::Relaxed);
            if files.len() > MAX_FILES {
                return Err(not_importable(
                    directory,
                    "there are more than 4096 files; accepted: the dump of one service",
                ));
            }
        } else {
            warn(&format!("{}: left out: neither a file nor a directory", path.display()));
        }
        above.pop();
    }
    Ok(())
}

/// Reads a file, unless more bytes than `left` are in it.
fn read(path: &Path, left: &mut u64) -> Result<Vec<u8>, Failure> {
    let bytes = files::read(path, *left).map_err(|error| match error {
        FileError::TooLarge(_) => {
            not_importable(path, "with it there are more than 8 MiB; accepted: the dump of one service")
        }
        error => unreadable(path, &error),
    })?;
    *left -= bytes.len() as u64;
    Ok(bytes)
}

fn file(path: &Path, policy: SecretsPolicy, instance: Option<&str>) -> Result<ImportSource, Failure> {
    let bytes = read(path, &mut MAX_BYTES.clone())?;
    match shapes::read_instance(&bytes, policy, instance) {
        Ok(reading) => Ok(ImportSource::Metadata(Box::new(reading))),
        Err(Unread::Aemm) => Ok(ImportSource::AemmConfig),
        Err(Unread::NoList) => Err(no_list(path)),
        Err(Unread::NoInstance(found)) => Err(not_importable(path, &found)),
        Err(Unread::Other(found)) => {
            Err(not_importable(path, &format!("{found}; accepted: {}", shapes::ACCEPTED)))
        }
    }
}

fn no_list(path: &Path) -> Failure {
    let found = format!(
        "--instance does not go with {}: it lists no instances; leave the option out",
        path.display()
    );
    Failure::new(ExitStatus::Usage, found)
}

fn unreadable(path: &Path, error: &FileError) -> Failure {
    let status =
        if error.is_permission_denied() { ExitStatus::NoPermission } else { ExitStatus::Unavailable };
    Failure::new(status, format!("{} {error}", path.display()))
}

pub(super) fn not_importable(path: &Path, found: &str) -> Failure {
    Failure::new(ExitStatus::Config, format!("{} cannot be imported: {found}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_cannot_be_read_in_time_is_refused() {
        let (_keep, never) = mpsc::channel::<()>();
        let limit = Duration::from_millis(5);
        let found = read_within(limit, Path::new("/mnt/dump"), move || Ok(never.recv().is_ok()));
        let failure = found.expect_err("nothing is ever read");
        assert_eq!(failure.status, ExitStatus::Unavailable);
        assert!(failure.message.starts_with("/mnt/dump does not end within 5ms"), "{failure}");
        assert_eq!(TIME_LIMIT, Duration::from_mins(1));
        let patient = read_within(TIME_LIMIT, Path::new("/mnt/dump"), || Ok(7));
        assert_eq!(patient.expect("it was read"), 7);
    }
}
