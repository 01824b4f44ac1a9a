//! Lock files: opened through no link, and nobody else's.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::error::{FileError, check_regular};
use super::walk::is_trusted;

/// Opens a lock file for reading and writing, and makes it if there is none. Its content stays.
///
/// What another user put there is refused: through a link, or by another name, what is written to the lock would get
/// into a file of somebody's choice; and whoever holds a lock keeps others waiting.
pub(crate) fn open_lock(path: &Path, mode: u32) -> Result<File, FileError> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(mode).custom_flags(flags.bits());
    let file = options.open(path).map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ELOOP) => FileError::Link,
        Some(Errno::ENXIO) => FileError::Special("a socket"),
        _ if error.kind() == ErrorKind::IsADirectory => FileError::Directory,
        _ => FileError::Io(error),
    })?;
    let metadata = file.metadata()?;
    check_regular(&metadata)?;
    if !is_trusted(metadata.uid()) {
        return Err(FileError::ForeignOwner(metadata.uid()));
    }
    // The last holder may have removed it just now: then it has none.
    if metadata.nlink() > 1 { Err(FileError::SeveralNames) } else { Ok(file) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{chown, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    type Make = fn(&Path);

    #[test]
    fn only_a_regular_file_of_ours_is_a_lock() {
        let root = std::env::temp_dir().join(format!("mock-imds-lock-{}", std::process::id()));
        fs::create_dir_all(&root).expect("writable");
        let victim = root.join("victim");
        fs::write(&victim, "precious").expect("writable");
        let lock = root.join("lock");
        let _listener = UnixListener::bind(root.join("socket")).expect("writable");
        let kinds: [(&str, Make); 5] = [
            ("Link", |lock| symlink("victim", lock).expect("writable")),
            ("SeveralNames", |lock| fs::hard_link(lock.with_file_name("victim"), lock).expect("writable")),
            ("Directory", |lock| fs::create_dir(lock).expect("writable")),
            ("Special(\"a pipe\")", |lock| {
                nix::unistd::mkfifo(lock, nix::sys::stat::Mode::S_IRWXU).expect("writable");
            }),
            ("Special(\"a socket\")", |lock| {
                fs::rename(lock.with_file_name("socket"), lock).expect("writable");
            }),
        ];
        for (expected, make) in kinds {
            make(&lock);
            let found = open_lock(&lock, 0o600).expect_err("it is refused");
            assert_eq!(format!("{found:?}"), expected, "{found}");
            let _ = fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock));
        }
        assert_eq!(fs::read_to_string(&victim).expect("there"), "precious");
        fs::write(&lock, "7\n").expect("writable");
        open_lock(&lock, 0o600).expect("a lock of an owner that is gone");
        assert_eq!(fs::read_to_string(&lock).expect("there"), "7\n");
        if nix::unistd::geteuid().is_root() {
            chown(&lock, Some(65_534), None).expect("root may");
            let found = open_lock(&lock, 0o600).expect_err("it is another user's");
            assert_eq!(found.to_string(), "belongs to user 65534");
        }
        fs::remove_dir_all(root).expect("ours");
    }
}
