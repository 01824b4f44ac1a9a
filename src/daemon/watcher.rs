//! `serve --watch`: looks at the scenario again whenever something moved where it lives.
//!
//! What is watched is the file and every directory that decides which file its path means: its own, and those of the
//! symbolic links on the way. So it notices an editor that writes in place, one that renames, and a Kubernetes
//! `ConfigMap`, whose files are links through `..data`, a link that the kubelet replaces. Whether the scenario says
//! something else is the writer's to judge: files beside it may belong to it.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::control::Order;
use crate::exit::{Failure, Status};

/// Nothing has moved for so long: whoever writes has finished.
const QUIET: Duration = Duration::from_millis(100);
/// Where something always moves, so much later at most.
const LATEST: Duration = Duration::from_secs(1);
/// Symbolic links on one way; the kernel follows as many.
const LINKS: usize = 40;

/// The watch, before it runs.
pub(super) struct Watcher {
    paths: Vec<PathBuf>,
    queue: Arc<Inotify>,
    events: mpsc::Receiver<Result<Vec<InotifyEvent>, Errno>>,
    watched: HashMap<WatchDescriptor, PathBuf>,
    /// What cannot be watched, and was told.
    refused: HashSet<PathBuf>,
}

impl Watcher {
    /// A watch on these files, there or not.
    pub(super) fn open(paths: Vec<PathBuf>) -> Result<Self, Failure> {
        if paths.is_empty() {
            return Err(Failure::new(
                Status::Usage,
                "--watch has nothing to watch: no directory is known where a scenario could be; name one with \
                 --scenario FILE",
            ));
        }
        let refuse = |error: io::Error| {
            Failure::new(
                Status::OsError,
                format!(
                    "--watch: the kernel gives no inotify queue: {error}; \
                     raise the sysctl fs.inotify.max_user_instances, or leave --watch out and use `mock-imds reload`"
                ),
            )
        };
        let queue = Inotify::init(InitFlags::IN_CLOEXEC).map_err(|errno| refuse(errno.into()))?;
        let queue = Arc::new(queue);
        let (sender, events) = mpsc::channel(1);
        let reader = Arc::clone(&queue);
        // A thread, which ends with the process: it may wait for ever, and what is read comes by a channel.
        let thread = thread::Builder::new().name("watcher".to_owned());
        thread.spawn(move || read(&reader, &sender)).map_err(refuse)?;
        Ok(Self { paths, queue, events, watched: HashMap::new(), refused: HashSet::new() })
    }

    /// Orders a look now, as something may have moved since the scenario was read, and after each move.
    pub(super) async fn run(mut self, orders: mpsc::Sender<Order>) {
        loop {
            // First the watches, then the look: what moves in between is not missed.
            self.arm();
            if orders.send(Order::Look).await.is_err() {
                return;
            }
            if let Err(error) = self.settled_move().await {
                tracing::error!("the scenario's file is watched no more: {error}; use `mock-imds reload`");
                return;
            }
        }
    }

    /// Watches the ways as they are now. What was watched before and still is on one keeps its watch; what was
    /// removed, the kernel has dropped.
    fn arm(&mut self) {
        let events = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF;
        for path in self.paths.iter().flat_map(|path| way(path)) {
            match self.queue.add_watch(&path, events) {
                Ok(descriptor) => _ = self.watched.insert(descriptor, path),
                // It comes by its directory's watch.
                Err(Errno::ENOENT) => {}
                Err(error) if self.refused.insert(path.clone()) => {
                    tracing::warn!("{} cannot be watched: {error}; use `mock-imds reload`", path.display());
                }
                Err(_) => {}
            }
        }
    }

    /// Waits for a move and until there are no more.
    async fn settled_move(&mut self) -> io::Result<()> {
        self.moved().await?;
        let settle = async { while timeout(QUIET, self.moved()).await.is_ok_and(|moved| moved.is_ok()) {} };
        let _ = timeout(LATEST, settle).await;
        Ok(())
    }

    async fn moved(&mut self) -> io::Result<()> {
        while let Some(events) = self.events.recv().await {
            let (gone, told): (Vec<_>, Vec<_>) =
                events?.into_iter().partition(|event| event.mask.contains(AddWatchFlags::IN_IGNORED));
            for event in gone {
                self.watched.remove(&event.wd);
            }
            if told.iter().any(|event| self.is_whole(event)) {
                return Ok(());
            }
        }
        Err(io::ErrorKind::BrokenPipe.into())
    }

    /// Whether what the event tells of is complete: a file that was created is still to be written.
    fn is_whole(&self, event: &InotifyEvent) -> bool {
        if event.mask != AddWatchFlags::IN_CREATE {
            return true;
        }
        let entry = self.watched.get(&event.wd).zip(event.name.as_ref());
        let entry = entry.map(|(directory, name)| directory.join(name));
        entry.is_none_or(|entry| entry.symlink_metadata().is_ok_and(|entry| entry.is_symlink()))
    }
}

/// Passes on what the kernel tells.
fn read(queue: &Inotify, events: &mpsc::Sender<Result<Vec<InotifyEvent>, Errno>>) {
    loop {
        let read = queue.read_events();
        if matches!(read, Err(Errno::EINTR)) {
            continue;
        }
        let failed = read.is_err();
        if events.blocking_send(read).is_err() || failed {
            return;
        }
    }
}

/// The directories that decide which file an absolute path means, and that file; as far as they are there.
fn way(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut at = PathBuf::from("/");
    let mut rest = names(path);
    let mut links = 0;
    while let Some(name) = rest.pop() {
        if name == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&name);
        match fs::read_link(&next) {
            Ok(target) if links < LINKS => {
                links += 1;
                found.push(at.clone());
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                rest.extend(names(&target));
            }
            _ if rest.is_empty() || !next.exists() => {
                found.extend([at, next]);
                break;
            }
            _ => at = next,
        }
    }
    found
}

/// The names in a path, the last first.
fn names(path: &Path) -> Vec<OsString> {
    let named = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A directory as the kubelet makes one of a `ConfigMap`.
    fn config_map(name: &str) -> PathBuf {
        let root = std::env::temp_dir().canonicalize().unwrap();
        let root = root.join(format!("mock-imds-way-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("..1")).unwrap();
        fs::write(root.join("..1/s.toml"), "").unwrap();
        symlink("..1", root.join("..data")).unwrap();
        symlink("..data/s.toml", root.join("s.toml")).unwrap();
        root
    }

    #[test]
    fn a_way_leads_through_each_link_to_the_file() {
        let root = config_map("links");
        let expected = [&root, &root, &root.join("..1"), &root.join("..1/s.toml")];
        assert_eq!(way(&root.join("s.toml")).iter().collect::<Vec<_>>(), expected);
        let absolute = root.join("absolute");
        symlink(root.join("..data/../s.toml"), &absolute).unwrap();
        assert_eq!(way(&absolute).last(), Some(&root.join("..1/s.toml")));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_way_ends_where_something_is_missing_or_goes_in_circles() {
        let root = config_map("ends");
        assert_eq!(way(&root.join("none/s.toml")), [root.clone(), root.join("none")]);
        symlink("circle", root.join("circle")).unwrap();
        assert!(way(&root.join("circle")).len() <= LINKS + 2);
        fs::remove_dir_all(root).unwrap();
    }
}
