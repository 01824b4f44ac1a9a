//! Files with tokens of service accounts: written when somebody asks for the environment of a pod, renewed when four
//! fifths of a token's life are over, as the kubelet does, and removed at the end; those of a unit by its manager. Those of
//! a pod that the scenario has no more are removed when they would be renewed.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::future::pending;
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
use crate::model::ServiceAccount;
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

/// Removes a file with its own directory.
fn remove_file(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = path.parent().map(fs::remove_dir);
}

/// The next renewal of a file.
struct Renewal {
    due: Instant,
    instance: Option<String>,
}

/// A renewal that fails is tried again after this.
const RETRY: Duration = Duration::from_secs(30);

/// The directory of an instance's token. Its name tells apart instances whose pods have the same service account.
fn directory_name(instance: Option<&str>, account: &ServiceAccount) -> String {
    let of_instance = instance.map(|name| format!("@{name}")).unwrap_or_default();
    format!("{}.{}{of_instance}", account.namespace, account.name)
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

    /// Renews the files that a server before this one has left, because programs go on to read them, and removes those
    /// that no pod has any more.
    fn renew_found(&self) {
        let Some(directory) = &self.directory else { return };
        let found: Vec<OsString> =
            fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
        let fleet = self.service.fleet.load();
        let accounts = fleet.pod_accounts();
        for name in found {
            let path = directory.join(&name).join(FILE);
            let is_theirs = |(instance, account): &&(Option<&str>, ServiceAccount)| {
                *name == *directory_name(*instance, account)
            };
            match accounts.iter().find(is_theirs) {
                Some((instance, _)) => self.renew_file(&path, *instance),
                None => self.withdraw(&path, "no instance has a pod with this service account"),
            }
        }
    }

    /// Writes a token for the pod of an instance. `Err` is a sentence.
    pub(super) fn issue(&self, instance: Option<&str>) -> Result<TokenFile, String> {
        let directory = self.directory.as_ref().ok_or("the server has no directory for files")?;
        let token = self.new_token(instance)?;
        // A directory of its own, so that a container can have it as a volume and sees a file that replaced another one.
        let path = directory.join(directory_name(instance, &token.account)).join(FILE);
        self.write(&path, &token)?;
        let expires = token.expires;
        self.schedule(path.clone(), instance, token.renewed_after());
        self.changed.notify_one();
        Ok(TokenFile { path, expires })
    }

    fn new_token(&self, instance: Option<&str>) -> Result<PodToken, String> {
        let now = self.service.read_clocks().wall;
        self.service.fleet.load().issue_pod_token(&self.service.authority, instance, now)
    }

    fn write(&self, path: &Path, token: &PodToken) -> Result<(), String> {
        let own = path.parent().into_iter();
        let mut directories = self.directory.as_deref().into_iter().chain(own);
        // SDKs refuse one with a newline at its end.
        let written = directories
            .try_for_each(readable)
            .and_then(|()| files::replace(path, token.token.as_bytes(), MODE));
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    fn schedule(&self, path: PathBuf, instance: Option<&str>, after: Duration) {
        let due = Instant::now() + after;
        self.renewals().insert(path, Renewal { due, instance: instance.map(str::to_owned) });
    }

    /// Renews a file that was given to somebody. What the scenario has no pod for any more is removed; what cannot be
    /// written is tried again.
    fn renew_file(&self, path: &Path, instance: Option<&str>) {
        let token = match self.new_token(instance) {
            Ok(token) => token,
            Err(why) => return self.withdraw(path, &why),
        };
        let name = directory_name(instance, &token.account);
        if path.parent().and_then(Path::file_name) != Some(OsStr::new(&name)) {
            return self.withdraw(path, &format!("the pod has the service account {} now", token.account));
        }
        let after = match self.write(path, &token) {
            Ok(()) => token.renewed_after(),
            Err(why) => {
                tracing::warn!(
                    "the token in {} is not renewed: {why}; it is tried again in {} seconds",
                    path.display(),
                    RETRY.as_secs()
                );
                RETRY
            }
        };
        self.schedule(path.to_owned(), instance, after);
    }

    /// Removes a file that is renewed no more: a token that silently expires is found by nobody.
    fn withdraw(&self, path: &Path, why: &str) {
        tracing::warn!(
            "the token in {} is removed: {why}; `mock-imds env pod-identity` writes another one",
            path.display()
        );
        self.renewals().remove(path);
        remove_file(path);
    }

    /// Renews the files until the server stops.
    pub(super) async fn renew(self: Arc<Self>) {
        loop {
            let next = self.renewals().values().map(|renewal| renewal.due).min();
            let due = async {
                match next {
                    Some(next) => sleep_until(next).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = self.changed.notified() => continue,
                () = due => {}
            }
            let tokens = Arc::clone(&self);
            let now = Instant::now();
            let _ = spawn_blocking(move || tokens.renew_due(now)).await;
        }
    }

    fn renew_due(&self, now: Instant) {
        let due: Vec<(PathBuf, Option<String>)> = self
            .renewals()
            .iter()
            .filter(|(_, renewal)| renewal.due <= now)
            .map(|(path, renewal)| (path.clone(), renewal.instance.clone()))
            .collect();
        for (path, instance) in due {
            self.renew_file(&path, instance.as_deref());
        }
    }

    /// Removes the files.
    pub(super) fn remove(&self) {
        if self.are_kept {
            return;
        }
        let renewals = std::mem::take(&mut *self.renewals());
        for path in renewals.keys() {
            remove_file(path);
        }
        if let Some(directory) = self.directory.as_ref().filter(|_| !renewals.is_empty()) {
            let _ = fs::remove_dir(directory);
        }
    }

    fn renewals(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Renewal>> {
        self.renewals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
