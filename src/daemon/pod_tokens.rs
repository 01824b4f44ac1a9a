//! Files with tokens of service accounts: written when somebody asks for the environment of a pod, renewed when four
//! fifths of a token's life are over, as the kubelet does, and removed at the end; those of a unit by its manager.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::control::api::TokenFile;
use crate::files;
use crate::imds::PodToken;
use crate::server::ServiceState;

/// Beside the control socket.
const DIRECTORY: &str = "pod-identity";
/// Its name in pods of EKS.
const FILE: &str = "eks-pod-identity-token";
/// Programs of all users read it.
const MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;

/// The files of one server.
pub(super) struct PodTokens {
    service: Arc<ServiceState>,
    directory: Option<PathBuf>,
    /// The service manager removes them when the service has stopped, and keeps them for one that starts again.
    are_kept: bool,
    renewals: Mutex<BTreeMap<PathBuf, Renewal>>,
    changed: Notify,
}

/// Makes a directory that programs of all users may look into, whatever the umask says: the unit's is strict.
fn readable(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE))
}

/// The next renewal of a file.
struct Renewal {
    due: Instant,
    instance: Option<String>,
}

impl PodTokens {
    /// `socket` is the control socket.
    pub(super) fn new(service: Arc<ServiceState>, socket: Option<&Path>, are_kept: bool) -> Self {
        let directory = socket.and_then(Path::parent).map(|directory| directory.join(DIRECTORY));
        let (renewals, changed) = (Mutex::default(), Notify::new());
        let tokens = Self { service, directory, are_kept, renewals, changed };
        if are_kept {
            tokens.renew_found();
        }
        tokens
    }

    /// Renews the files that a server before this one has left: programs go on to read them.
    fn renew_found(&self) {
        let found = self.directory.as_ref().and_then(|directory| fs::read_dir(directory).ok());
        let found: Vec<_> = found.into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
        let fleet = self.service.fleet.load();
        let accounts = fleet.pod_accounts().into_iter();
        for (instance, account) in accounts.filter(|_| !found.is_empty()) {
            let name = format!("{}.{}", account.namespace, account.name);
            if found.iter().any(|found| *found == *name)
                && let Err(why) = self.issue(instance)
            {
                tracing::warn!("the token of {account} is not renewed: {why}");
            }
        }
    }

    /// Writes a token for the pod of an instance. `Err` is a sentence.
    pub(super) fn issue(&self, instance: Option<&str>) -> Result<TokenFile, String> {
        let directory = self.directory.as_ref().ok_or("the server has no directory for files")?;
        let fleet = self.service.fleet.load();
        let now = self.service.read_clocks().wall;
        let PodToken { account, token, issued, expires } =
            fleet.issue_pod_token(&self.service.authority, instance, now)?;
        // A directory of its own, so that a container can have it as a volume and sees a file that replaced another one.
        let own = directory.join(format!("{}.{}", account.namespace, account.name));
        let path = own.join(FILE);
        // SDKs refuse one with a newline at its end.
        let written = readable(directory)
            .and_then(|()| readable(&own))
            .and_then(|()| files::replace(&path, token.as_bytes(), MODE));
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        let due = Instant::now() + expires.since(issued) * 4 / 5;
        self.renewals().insert(path.clone(), Renewal { due, instance: instance.map(str::to_owned) });
        self.changed.notify_one();
        Ok(TokenFile { path, expires })
    }

    /// Renews the files until the server stops.
    pub(super) async fn renew(self: Arc<Self>) {
        /// When there is none.
        const LATER: Duration = Duration::from_hours(24);
        loop {
            let next = self.renewals().values().map(|renewal| renewal.due).min();
            let next = next.unwrap_or_else(|| Instant::now() + LATER);
            tokio::select! {
                () = self.changed.notified() => continue,
                () = sleep_until(next) => {}
            }
            let now = Instant::now();
            let due: Vec<(PathBuf, Option<String>)> = self
                .renewals()
                .iter()
                .filter(|(_, renewal)| renewal.due <= now)
                .map(|(path, renewal)| (path.clone(), renewal.instance.clone()))
                .collect();
            for (path, instance) in due {
                self.renewals().remove(&path);
                let tokens = Arc::clone(&self);
                let renewed = spawn_blocking(move || tokens.issue(instance.as_deref())).await;
                if let Ok(Err(why)) = renewed {
                    tracing::warn!("the token in {} is not renewed: {why}", path.display());
                }
            }
        }
    }

    /// Removes the files.
    pub(super) fn remove(&self) {
        if self.are_kept {
            return;
        }
        let renewals = std::mem::take(&mut *self.renewals());
        for path in renewals.keys() {
            let _ = fs::remove_file(path);
            let _ = path.parent().map(fs::remove_dir);
        }
        if let Some(directory) = self.directory.as_ref().filter(|_| !renewals.is_empty()) {
            let _ = fs::remove_dir(directory);
        }
    }

    fn renewals(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Renewal>> {
        self.renewals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
