//! The runtime directory: `lock`, `record.json` (what we added), `status.json` (what everybody may read), and a file for
//! each endpoint beside IMDS whose address is held.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::fstat;
use serde::de::DeserializeOwned;

use super::HostError;
use super::added_record::AddedRecord;
use super::settings::Endpoint;
use super::status::GuardianStatus;
use crate::files::{self, FileError, open_lock};

/// Unless systemd or the user sets another.
pub(crate) const DEFAULT_DIRECTORY: &str = "/run/mock-imds-net";
/// The socket of IMDS is always there.
const MARKED_ENDPOINTS: [Endpoint; 2] = [Endpoint::Ecs, Endpoint::PodIdentity];
/// Far more than the record or the status has.
const MAX_BYTES: u64 = 1 << 20;

/// The runtime directory, which need not exist.
#[derive(Debug, Clone)]
pub(crate) struct Runtime {
    directory: PathBuf,
}

/// The right to change the network; ends with the process.
#[derive(Debug)]
pub(crate) struct Lock(Flock<OwnedFd>);

impl Lock {
    /// The lock that this process' former image held: the same open file, so it is held still.
    pub(super) fn inherit(fd: OwnedFd) -> Option<Self> {
        Flock::lock(fd, FlockArg::LockExclusiveNonblock).ok().map(Self)
    }
}

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Runtime {
    /// The directory as it is; nothing is created.
    pub(crate) fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// The directory, created if it is missing; readable for everybody whatever the umask.
    pub(crate) fn create(directory: &Path) -> Result<Self, HostError> {
        let runtime = Self::at(directory);
        let create = || DirBuilder::new().mode(0o755).create(directory);
        let created = match (create(), directory.parent()) {
            // In a root with this program alone, such as an image, there is no /run.
            (Err(error), Some(above)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(above).and_then(|()| create())
            }
            (outcome, _) => outcome,
        };
        match created {
            Ok(()) => fs::set_permissions(directory, Permissions::from_mode(0o755)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(|source| HostError::File { path: directory.to_owned(), source })?;
        Ok(runtime)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Takes the lock; the error names its holder. `None` when there is no directory, so that nobody can hold it.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, HostError> {
        let path = self.path("lock");
        let failed = |source| HostError::File { path: path.clone(), source };
        loop {
            let file = match open_lock(&path, 0o600) {
                Ok(file) => file,
                Err(error) if error.is_missing() => return Ok(None),
                Err(FileError::Io(error)) => return Err(failed(error)),
                Err(found) => return Err(failed(io::Error::other(format!("it {found}; remove it")))),
            };
            let lock = match Flock::lock(OwnedFd::from(file), FlockArg::LockExclusiveNonblock) {
                Ok(lock) => lock,
                Err((_, Errno::EWOULDBLOCK)) => return Err(HostError::Busy(self.busy_message())),
                Err((_, errno)) => return Err(failed(errno.into())),
            };
            // Whoever held it may have removed the file while we opened it.
            if has_name(&*lock).map_err(|errno| failed(errno.into()))? {
                return Ok(Some(Lock(lock)));
            }
        }
    }

    fn busy_message(&self) -> String {
        let pid = self.status().and_then(|status| status.pid);
        let who =
            pid.map_or_else(|| "another process".to_owned(), |pid| format!("a guardian (process {pid})"));
        format!(
            "{who} holds the host's network; stop it first: systemctl stop mock-imds-net, \
             or end the \"mock-imds net hold\" that runs"
        )
    }

    pub(crate) fn record(&self) -> Option<AddedRecord> {
        self.read("record.json")
    }

    pub(crate) fn status(&self) -> Option<GuardianStatus> {
        self.read("status.json")
    }

    /// The status, unless who published it is gone.
    pub(crate) fn present_status(&self) -> Option<GuardianStatus> {
        self.status().filter(|status| !status.is_abandoned())
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.path(name);
        let text = files::read(&path, MAX_BYTES).ok()?;
        serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!("{} is not readable and is ignored: {error}", path.display()))
            .ok()
    }

    pub(crate) fn write_record(&self, record: &AddedRecord) -> Result<(), HostError> {
        self.write("record.json", &serde_json::to_string_pretty(record).expect("a record is plain data"))
    }

    pub(crate) fn write_status(&self, status: &GuardianStatus) -> Result<(), HostError> {
        self.mark_endpoints(status)?;
        self.write("status.json", &serde_json::to_string_pretty(status).expect("a status is plain data"))
    }

    /// The socket units of these endpoints have a condition on these files: systemd cannot read host.toml.
    fn mark_endpoints(&self, status: &GuardianStatus) -> Result<(), HostError> {
        for endpoint in MARKED_ENDPOINTS {
            if status.holds(endpoint) {
                self.write(endpoint.name(), "held")?;
                continue;
            }
            let path = self.path(endpoint.name());
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(HostError::File { path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A reader sees the old text or the new one; everybody may read it.
    fn write(&self, name: &str, text: &str) -> Result<(), HostError> {
        let path = self.path(name);
        let written = files::replace(&path, format!("{text}\n").as_bytes(), 0o644);
        written.map_err(|source| HostError::File { path, source })
    }

    /// Removes the files, and the directory unless systemd removes it.
    pub(crate) fn clear(&self) -> Vec<HostError> {
        let mut errors = Vec::new();
        let marks = MARKED_ENDPOINTS.map(Endpoint::name);
        for name in ["record.json", "status.json"].into_iter().chain(marks).chain(["lock"]) {
            let path = self.path(name);
            files::remove_staged(&path);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    errors.push(HostError::File { path, source });
                }
                _ => {}
            }
        }
        // Not ours to remove when systemd made it, or somebody put something into it.
        let _ = fs::remove_dir(&self.directory);
        errors
    }
}

/// Whether an open file is still in a directory.
fn has_name(file: impl AsFd) -> Result<bool, Errno> {
    Ok(fstat(file)?.st_nlink > 0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;
    use crate::host::status::NetMode;

    #[test]
    fn the_directory_is_created_where_nothing_is_above_it() {
        let root = std::env::temp_dir().join(format!("mock-imds-runtime-{}", std::process::id()));
        let directory = root.join("run/mock-imds-net");
        let created = Runtime::create(&directory).map(|_| directory.is_dir());
        let again = Runtime::create(&directory).map(|_| directory.is_dir());
        fs::write(root.join("file"), "").expect("writable");
        let below_a_file = Runtime::create(&root.join("file/mock-imds-net"));
        let _ = fs::remove_dir_all(&root);
        for created in [created, again] {
            assert!(
                matches!(created, Ok(true)),
                "expected {} to be created, found {created:?}",
                directory.display()
            );
        }
        assert!(matches!(below_a_file, Err(HostError::File { .. })), "found {below_a_file:?}");
    }

    fn with_runtime(name: &str, test: impl FnOnce(&Runtime)) {
        let directory = std::env::temp_dir().join(format!("mock-imds-{name}-{}", std::process::id()));
        test(&Runtime::create(&directory).expect("writable"));
        let _ = fs::remove_dir_all(&directory);
    }

    #[test]
    fn a_status_is_past_when_its_guardian_is_gone() {
        with_runtime("status", |runtime| {
            // No process has this number: it is more than there may be.
            for (pid, is_present) in
                [(Some(std::process::id()), true), (Some(0x7fff_ffff), false), (None, true)]
            {
                let status = GuardianStatus { pid, ..GuardianStatus::example(NetMode::Hold) };
                runtime.write_status(&status).expect("writable");
                assert_eq!(runtime.present_status().is_some(), is_present, "{pid:?}");
                assert_eq!(runtime.status().and_then(|status| status.pid), pid);
            }
        });
    }

    #[test]
    fn a_file_that_was_removed_is_no_lock() {
        with_runtime("unnamed", |runtime| {
            let path = runtime.path("lock");
            let file = fs::File::create(&path).expect("writable");
            assert_eq!(has_name(&file), Ok(true));
            fs::remove_file(&path).expect("ours");
            assert_eq!(has_name(&file), Ok(false), "another one may have its name");
        });
    }

    /// As guardians do that end while others start.
    #[test]
    fn one_at_a_time_has_the_lock_whoever_removes_it() {
        with_runtime("lock", |runtime| {
            let (holders, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let contend = || {
                for _ in 0..500 {
                    match runtime.lock() {
                        Ok(Some(lock)) => {
                            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "another one has it, too");
                            held.fetch_add(1, Ordering::Relaxed);
                            thread::yield_now();
                            holders.fetch_sub(1, Ordering::SeqCst);
                            // From here on another file has the name, and may have another holder.
                            let _ = fs::remove_file(runtime.path("lock"));
                            drop(lock);
                        }
                        Err(HostError::Busy(_)) => {}
                        other => panic!("expected the lock, or that another one has it; found {other:?}"),
                    }
                }
            };
            thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(contend))));
            assert!(held.into_inner() > 0);
        });
    }

    #[test]
    fn a_file_that_cannot_be_removed_is_told() {
        with_runtime("marks", |runtime| {
            let status = GuardianStatus::example(NetMode::Up);
            runtime.write_status(&status).expect("no mark is there, and none is wanted");
            assert!(runtime.clear().is_empty());
            // A directory is no file of ours.
            for name in ["ecs", "status.json"] {
                fs::create_dir_all(runtime.path(name)).expect("writable");
            }
            let marked = runtime.write_status(&status);
            assert!(
                matches!(&marked, Err(HostError::File { path, .. }) if path.ends_with("ecs")),
                "{marked:?}"
            );
            let left = runtime.clear();
            assert_eq!(left.len(), 2, "{left:?}");
        });
    }
}
