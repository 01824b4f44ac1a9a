//! Files with tokens of service accounts: written when somebody asks for the environment of a pod, renewed when four
//! fifths of a token's life are over, as the kubelet does, and removed at the end.

use std::collections::BTreeMap;
use std::fs;
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

/// The files of one server.
pub(super) struct PodTokens {
    service: Arc<ServiceState>,
    directory: Option<PathBuf>,
    renewals: Mutex<BTreeMap<PathBuf, Renewal>>,
    changed: Notify,
}

/// The next renewal of a file.
struct Renewal {
    due: Instant,
    instance: Option<String>,
}

impl PodTokens {
    /// `socket` is the control socket.
    pub(super) fn new(service: Arc<ServiceState>, socket: Option<&Path>) -> Self {
        let directory = socket.and_then(Path::parent).map(|directory| directory.join(DIRECTORY));
        Self { service, directory, renewals: Mutex::default(), changed: Notify::new() }
    }

    /// Writes a token for the pod of an instance. `Err` is a sentence.
    pub(super) fn issue(&self, instance: Option<&str>) -> Result<TokenFile, String> {
        let directory = self.directory.as_ref().ok_or("the server has no directory for files")?;
        let fleet = self.service.fleet.load();
        let now = self.service.read_clocks().wall;
        let PodToken { account, token, issued, expires } =
            fleet.issue_pod_token(&self.service.authority, instance, now)?;
        // A directory of its own, so that a container can have it as a volume and sees a file that replaced another one.
        let directory = directory.join(format!("{}.{}", account.namespace, account.name));
        let path = directory.join(FILE);
        // SDKs refuse one with a newline at its end.
        let written =
            fs::create_dir_all(&directory).and_then(|()| files::replace(&path, token.as_bytes(), MODE));
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
