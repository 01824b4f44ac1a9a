//! Writing: a file is there whole or not at all, whoever reads it and whatever ends the process or the machine.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::put_aside::put_aside;

/// At the end of the name that a file has before it is in its place.
const SUFFIX: &str = ".new";

/// A file that is whole and on the disk, beside its place. It is removed unless it gets there.
#[derive(Debug)]
pub(crate) struct StagedFile {
    temporary: PathBuf,
    path: PathBuf,
    placed: bool,
}

impl StagedFile {
    /// Under a name that no other write has, of this process or another one.
    pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = path.file_name().unwrap_or_default().display();
        let temporary = path.with_file_name(format!(".{name}.{}-{number}{SUFFIX}", std::process::id()));
        Self::write_as(temporary, path, content, mode)
    }

    /// Under this name, for a caller that has to find it again after a crash. No two may do this at one time.
    pub(crate) fn write_as(temporary: PathBuf, path: &Path, content: &[u8], mode: u32) -> io::Result<Self> {
        // What is there is of a process that was killed, and had our number.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() == ErrorKind::IsADirectory => {
                put_aside(&temporary)?;
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options().write(true).create_new(true).mode(mode).open(&temporary)?;
        let staged = Self { temporary, path: path.to_owned(), placed: false };
        // Whatever the umask says.
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(content)?;
        file.sync_all()?;
        Ok(staged)
    }

    /// Its path until then.
    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Moves it to its place. What was there is no more.
    pub(crate) fn place(mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
        self.placed = true;
        // Of a directory that we may not read the kernel decides when it is on the disk; the file is in its place.
        let Ok(directory) = File::open(directory_of(&self.path)) else { return Ok(()) };
        unless_unsupported(directory.sync_all())
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What came of the sync of a directory: not every file system can do that.
fn unless_unsupported(synced: io::Result<()>) -> io::Result<()> {
    match synced {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.placed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a file, and takes the place of the one that was there.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    StagedFile::write(path, content, mode)?.place()
}

/// Removes what processes that were killed left of a file. Nobody may write it meanwhile.
pub(crate) fn remove_staged(path: &Path) {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return };
    let prefix = format!(".{}.", name.display());
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_staged = |name: &str| name.starts_with(&prefix) && name.ends_with(SUFFIX);
        if name.to_str().is_some_and(is_staged) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("mock-imds-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("writable");
        directory
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).expect("it is there").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_whole_and_has_its_mode_whoever_writes_it() {
        let directory = directory("write");
        let path = directory.join("a.json");
        replace(&path, b"before", 0o644).expect("writable");
        // At one time, each under a name of its own.
        thread::scope(|scope| {
            for number in 0..8_u8 {
                let path = &path;
                scope.spawn(move || replace(path, &vec![number; 10_000], 0o600).expect("writable"));
            }
        });
        let content = fs::read(&path).expect("it is there");
        assert!(content.len() == 10_000 && content.iter().all(|byte| *byte == content[0]), "of one writer");
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "found {mode:o}");
        assert_eq!(names(&directory), ["a.json"], "nothing else is left");
        fs::remove_dir_all(&directory).expect("ours");
    }

    #[test]
    fn what_fails_leaves_the_file_as_it_was() {
        let directory = directory("write-fails");
        let path = directory.join("a.json");
        // A directory cannot be replaced by a file.
        fs::create_dir(&path).expect("writable");
        replace(&path, b"x", 0o600).expect_err("it is a directory");
        assert_eq!(names(&directory), ["a.json"], "nothing else is left");
        fs::remove_dir(&path).expect("empty");
        replace(&path, b"before", 0o600).expect("writable");
        drop(StagedFile::write(&path, b"after", 0o600).expect("writable"));
        assert_eq!(fs::read(&path).expect("it is there"), b"before");
        assert_eq!(names(&directory), ["a.json"], "nothing else is left");
        fs::remove_dir_all(&directory).expect("ours");
    }

    #[test]
    fn the_directory_of_a_file_is_synced_if_it_can_be() {
        for (path, expected) in [("/var/a", "/var"), ("/a", "/"), ("b/a", "b"), ("./a", "."), ("a", ".")] {
            assert_eq!(directory_of(Path::new(path)), Path::new(expected), "{path}");
        }
        let synced = |error: Option<ErrorKind>| {
            unless_unsupported(error.map_or(Ok(()), |kind| Err(kind.into()))).map_err(|error| error.kind())
        };
        assert_eq!((synced(None), synced(Some(ErrorKind::InvalidInput))), (Ok(()), Ok(())));
        let full = ErrorKind::StorageFull;
        assert_eq!(synced(Some(full)), Err(full), "the file may not be on the disk");
    }

    #[test]
    fn a_directory_that_is_missing_is_an_error() {
        let path = std::env::temp_dir().join("mock-imds-none").join("a");
        let staged = StagedFile::write_as(path.with_extension("new"), &path, b"1", 0o644);
        assert_eq!(staged.expect_err("there is no such directory").kind(), ErrorKind::NotFound);
        let file = std::env::current_exe().expect("this program");
        let inside = StagedFile::write_as(file.join("a.new"), &file.join("a"), b"1", 0o644);
        assert_eq!(inside.expect_err("it is no directory").kind(), ErrorKind::NotADirectory);
    }

    /// As in a sticky directory: the error is that of the removal, not that a file is there.
    #[test]
    fn what_another_user_left_is_an_error_that_says_so() {
        const NOBODY: u32 = 65_534;
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let directory = directory("write-others");
        fs::set_permissions(&directory, Permissions::from_mode(0o1777)).expect("ours");
        let (path, temporary) = (directory.join("a"), directory.join(".a.new"));
        // Written here, where everything may be opened: the switches of `scripts/mutants` are read once.
        replace(&temporary, b"of root", 0o644).expect("writable");
        let staged = thread::scope(|scope| {
            let as_nobody = || {
                // The kernel knows the user of files by thread.
                nix::unistd::setfsuid(nix::unistd::Uid::from_raw(NOBODY));
                StagedFile::write_as(temporary.clone(), &path, b"1", 0o644)
            };
            scope.spawn(as_nobody).join().expect("it does not panic")
        });
        let error = staged.expect_err("it is another user's");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert_eq!(fs::read_to_string(&temporary).expect("it stays"), "of root");
        fs::remove_dir_all(&directory).expect("ours");
    }

    #[test]
    fn what_a_killed_process_left_is_in_nobodys_way() {
        let directory = directory("write-stale");
        let (path, temporary) = (directory.join("a"), directory.join(".a.new"));
        for leave in [|at: &Path| fs::create_dir(at), |at: &Path| fs::write(at, "half")] {
            leave(&temporary).expect("writable");
            StagedFile::write_as(temporary.clone(), &path, b"1", 0o644)
                .expect("writable")
                .place()
                .expect("free");
            assert_eq!(fs::read(&path).expect("it is there"), b"1");
        }
        fs::remove_dir(directory.join(".a.new.damaged")).expect("it was put aside");
        let others = [".a.7-0", ".b.7-0.new", "a.new"];
        for name in [".a.7-0.new"].iter().chain(&others) {
            fs::write(directory.join(name), "half").expect("writable");
        }
        remove_staged(&path);
        let mut left = names(&directory);
        left.sort();
        assert_eq!(left, [".a.7-0", ".b.7-0.new", "a", "a.new"], "only what was staged for this file goes");
        fs::remove_dir_all(&directory).expect("ours");
    }
}
