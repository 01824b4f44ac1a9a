//! The scenario file: written whole or not at all, and never over another one without `--force`.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::print::print_bytes;
use crate::cli::OutputArgs;
use crate::exit::{ExitStatus, Failure};
use crate::files::{io_error_text, rename_unless_taken};

/// Some names may be taken: a program that was killed leaves its file.
const MAX_SCRATCH_FILES: u32 = 64;

/// Fails if the file cannot be written, before the work is done that is to be in it.
pub(crate) fn check_writable(to: &OutputArgs) -> Result<(), Failure> {
    let Some(file) = &to.file else { return Ok(()) };
    let target = target(file, to.force)?;
    let directory = parent(&target);
    if !directory.is_dir() {
        return Err(refused(ExitStatus::Unavailable, file, &no_directory(directory)));
    }
    // What is left there until the end would stay if SIGINT ended the work.
    scratch(&target, b"", 0o600).and_then(fs::remove_file).map_err(|error| unwritable(file, &error))
}

/// Writes the text, readable for the owner alone if it is secret.
pub(crate) fn write(to: &OutputArgs, text: &str, secret: bool) -> Result<(), Failure> {
    let Some(file) = &to.file else { return print_bytes(text.as_bytes()) };
    let target = target(file, to.force)?;
    let mode = if secret { 0o600 } else { 0o644 };
    let new = scratch(&target, text.as_bytes(), mode).map_err(|error| unwritable(file, &error))?;
    let named = if to.force { fs::rename(&new, &target) } else { name(&new, &target, text.as_bytes(), mode) };
    named.map_err(|error| {
        let _ = fs::remove_file(&new);
        unwritable(file, &error)
    })
}

/// Fails if there is something already, or no place for a new file.
pub(crate) fn check_new(file: &Path) -> Result<(), Failure> {
    let cannot = |found: &str| Err(refused(ExitStatus::CantCreate, file, found));
    if file.symlink_metadata().is_ok() {
        return cannot("is there already, and stays as it is; edit it, or name another file");
    }
    if !parent(file).is_dir() {
        return cannot(&no_directory(parent(file)));
    }
    Ok(())
}

/// Writes a new file; whatever is there stays.
pub(crate) fn create(file: &Path, text: &str) -> Result<(), Failure> {
    check_new(file)?;
    let cannot = |found: &str| Err(refused(ExitStatus::CantCreate, file, found));
    let created = scratch(file, text.as_bytes(), 0o644)
        .and_then(|new| name(&new, file, text.as_bytes(), 0o644).inspect_err(|_| _ = fs::remove_file(&new)));
    match created {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => cannot("is there already"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(unwritable(file, &error)),
        Err(error) => cannot(&format!("cannot be written: {}", io_error_text(&error))),
        Ok(()) => Ok(()),
    }
}

/// The file that gets the text: the target of a link, if it may be replaced. Nothing but a file may be.
fn target(file: &Path, force: bool) -> Result<PathBuf, Failure> {
    let Ok(there) = file.symlink_metadata() else { return Ok(file.to_owned()) };
    let Ok(kind) = file.metadata().map(|target| target.file_type()) else {
        return Err(refused(ExitStatus::Usage, file, "is a dangling link; name a file"));
    };
    if kind.is_dir() {
        return Err(refused(ExitStatus::Usage, file, "is a directory; name a file in it"));
    }
    if !kind.is_file() {
        let found = "is a device, a pipe or a socket; leave -o out to write to standard output";
        return Err(refused(ExitStatus::Usage, file, found));
    }
    if !force {
        return Err(exists(file));
    }
    if there.is_symlink() {
        return file.canonicalize().map_err(|error| unwritable(file, &error));
    }
    Ok(file.to_owned())
}

/// A new file beside the target, so that the rename stays within one file system.
fn scratch(target: &Path, text: &[u8], mode: u32) -> io::Result<PathBuf> {
    let process = std::process::id();
    for attempt in 0..MAX_SCRATCH_FILES {
        let new = target.with_file_name(format!(".mock-imds-{process}-{attempt}"));
        match store(&new, text, mode) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            stored => return stored.map(|()| new),
        }
    }
    let found = format!("{MAX_SCRATCH_FILES} files .mock-imds-{process}-… are there already; remove them");
    Err(io::Error::other(found))
}

/// Makes a file with the whole text, or none.
fn store(new: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(new)?;
    file.write_all(text).and_then(|()| file.sync_all()).inspect_err(|_| _ = fs::remove_file(new))
}

/// Gives the new file its name, unless another one has it by now.
fn name(new: &Path, target: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    match rename_unless_taken(new, target) {
        // Some file systems have no such rename (NFS), some no links either (vfat).
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            store(target, text, mode).and_then(|()| fs::remove_file(new))
        }
        renamed => renamed,
    }
}

fn parent(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn no_directory(directory: &Path) -> String {
    let directory = directory.display();
    format!("cannot be written: there is no directory {directory}; `mkdir -p {directory}` makes it")
}

fn exists(file: &Path) -> Failure {
    refused(ExitStatus::Usage, file, "is there already; --force replaces it")
}

fn unwritable(file: &Path, error: &io::Error) -> Failure {
    let status = match error.kind() {
        ErrorKind::AlreadyExists => return exists(file),
        ErrorKind::PermissionDenied => ExitStatus::NoPermission,
        _ => ExitStatus::Unavailable,
    };
    refused(status, file, &format!("cannot be written: {}", io_error_text(error)))
}

fn refused(status: ExitStatus, file: &Path, found: &str) -> Failure {
    Failure::new(status, format!("{} {found}", file.display())).at(file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_left_is_neither_taken_nor_removed() {
        let directory = std::env::temp_dir().join(format!("mock-imds-output-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("it can be made");
        let target = directory.join("target");
        let left = directory.join(format!(".mock-imds-{}-0", std::process::id()));
        fs::write(&left, "theirs").expect("it can be written");
        let to = OutputArgs { file: Some(target.clone()), force: false };
        check_writable(&to).expect("it can be written");
        write(&to, "ours", false).expect("it can be written");
        let read = |path: &Path| fs::read_to_string(path).expect("it is there");
        assert_eq!((read(&left).as_str(), read(&target).as_str()), ("theirs", "ours"));
        // One that came meanwhile stays, however the file gets its name.
        let new = directory.join("new");
        store(&new, b"new", 0o600).expect("it can be written");
        let taken = name(&new, &target, b"new", 0o600).expect_err("the name is taken");
        assert_eq!((taken.kind(), read(&target).as_str()), (ErrorKind::AlreadyExists, "ours"));
        fs::remove_dir_all(&directory).expect("it is ours");
    }
}
