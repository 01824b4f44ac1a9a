//! A file that is written whole or not at all, and never over another one unless that is asked for.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::cli::Output;
use crate::config::plain;
use crate::exit::{Failure, Status};

/// Whether the file can be written, before the work is done that is to be in it.
pub fn ready(to: &Output) -> Result<(), Failure> {
    let Some(file) = &to.file else { return Ok(()) };
    if file.is_dir() {
        return Err(refused(Status::Usage, file, "is a directory; name a file in it"));
    }
    if file.symlink_metadata().is_ok() && !to.force {
        return Err(exists(file));
    }
    let directory = parent(file);
    if directory.is_dir() {
        return Ok(());
    }
    Err(refused(
        Status::Unavailable,
        file,
        &format!("cannot be written: there is no directory {}", directory.display()),
    ))
}

/// Writes the text; for its owner alone if it is secret.
pub fn write(to: &Output, text: &str, secret: bool) -> Result<(), Failure> {
    let Some(file) = &to.file else {
        // A reader that has gone (`| head`) is no failure.
        let _ = io::stdout().write_all(text.as_bytes());
        return Ok(());
    };
    let new = scratch(file);
    let stored = store(&new, text, if secret { 0o600 } else { 0o644 })
        .and_then(|()| if to.force { fs::rename(&new, file) } else { put(&new, file) });
    stored.map_err(|error| {
        let _ = fs::remove_file(&new);
        match error.kind() {
            ErrorKind::AlreadyExists => exists(file),
            ErrorKind::PermissionDenied => {
                refused(Status::NoPermission, file, &format!("cannot be written: {}", plain(&error)))
            }
            _ => refused(Status::Unavailable, file, &format!("cannot be written: {}", plain(&error))),
        }
    })
}

fn store(new: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Gives a file its name, unless another one has it: a rename would replace that one, a link fails.
fn put(new: &Path, file: &Path) -> io::Result<()> {
    fs::hard_link(new, file)?;
    fs::remove_file(new)
}

/// Beside the file, so that the rename stays within one file system.
fn scratch(file: &Path) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    file.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn parent(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn exists(file: &Path) -> Failure {
    refused(Status::Usage, file, "is there already; --force replaces it")
}

fn refused(status: Status, file: &Path, found: &str) -> Failure {
    Failure::new(status, format!("{} {found}", file.display()))
}
