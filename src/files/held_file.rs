//! A file whose writer lives: it holds a lock on what it wrote, which the kernel takes away with the process.
//!
//! The lock is a write lock on the open file: nobody can have it who may not write the file, and whoever may read it can
//! ask whether it is held. fcntl(2), "Open file description locks".

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::write::StagedFile;

/// A file that is in its place as long as this lives. It is held for writing, so that its end is an event of inotify.
#[derive(Debug)]
pub(crate) struct HeldFile {
    path: PathBuf,
    _file: File,
}

impl HeldFile {
    /// Writes a file that everybody may read. Nobody sees it before it is held.
    pub(crate) fn place(path: &Path, content: &[u8]) -> io::Result<Self> {
        // Others may have a lock on what they can read.
        let staged = StagedFile::write(path, content, 0o600)?;
        let file = File::options().read(true).write(true).open(staged.temporary())?;
        fcntl(&file, FcntlArg::F_OFD_SETLK(&whole(libc::F_WRLCK)))?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        staged.place()?;
        Ok(Self { path: path.to_owned(), _file: file })
    }

    /// Leaves the file to the one that took its place.
    pub(crate) fn replaced(mut self) {
        self.path.clear();
    }
}

impl Drop for HeldFile {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// True while the writer of a [`HeldFile`] lives.
pub(crate) fn is_held(file: impl AsFd) -> io::Result<bool> {
    let mut lock = whole(libc::F_RDLCK);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(i32::from(lock.l_type) == libc::F_WRLCK)
}

fn whole(kind: i32) -> libc::flock {
    let narrow = |number: i32| libc::c_short::try_from(number).expect("constants of fcntl are small");
    libc::flock { l_type: narrow(kind), l_whence: narrow(libc::SEEK_SET), l_start: 0, l_len: 0, l_pid: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_held_until_its_writer_ends() {
        let path = std::env::temp_dir().join(format!("mock-imds-held-{}", std::process::id()));
        let held = |path: &Path| is_held(File::open(path).expect("it is there")).expect("it is asked");
        let first = HeldFile::place(&path, b"1").expect("writable");
        assert!(held(&path));
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o644, "found {mode:o}");
        let second = HeldFile::place(&path, b"2").expect("writable");
        first.replaced();
        assert!(held(&path), "by the second");
        assert_eq!(fs::read(&path).expect("it is there"), b"2");
        // As a killed process leaves it.
        second.replaced();
        assert!(!held(&path), "nobody has it");
        drop(HeldFile::place(&path, b"3").expect("writable"));
        assert!(!path.exists(), "the end removes it");
    }
}
