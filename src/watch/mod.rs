//! Tells that a file moved: was written, replaced, came or went.
//!
//! What is watched is the file and every directory that decides which file its path means: its own, and those of the
//! symbolic links on the way. So it notices an editor that writes in place, one that renames, and a Kubernetes
//! `ConfigMap`, whose files are links through `..data`, a link that the kubelet replaces. File systems whose files change
//! on other hosts (NFS, the folders that Vagrant shares) tell the kernel nothing: how the file looks is compared, too.

mod watched_paths;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{self, Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

use watched_paths::watched_paths;

/// Nothing has moved for so long: whoever writes has finished.
const QUIET: Duration = Duration::from_millis(100);
/// Where something always moves, so much later at most.
const LATEST: Duration = Duration::from_secs(1);
/// How often a file is looked at without being told.
const LOOK: Duration = Duration::from_secs(1);

/// How a file looks, through links; `None`: there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileStamp(Option<[i64; 5]>);

impl FileStamp {
    /// Of the file at this path, now.
    pub(crate) fn of(path: &Path) -> Self {
        let look = |file: fs::Metadata| {
            let [device, inode, size] = [file.dev(), file.ino(), file.size()].map(u64::cast_signed);
            [device, inode, size, file.mtime(), file.mtime_nsec()]
        };
        Self(fs::metadata(path).ok().map(look))
    }
}

#[expect(clippy::disallowed_methods, reason = "waiting is all that it does")]
fn now() -> Instant {
    Instant::now()
}

/// A watch on files, there or not. It blocks, and belongs into a thread of its own.
#[derive(Debug)]
pub(crate) struct FileWatch {
    paths: Vec<PathBuf>,
    /// How they looked when the watch was armed.
    seen: Vec<FileStamp>,
    queue: Option<Inotify>,
    watched: HashMap<WatchDescriptor, PathBuf>,
    /// What cannot be watched, and was told.
    refused: HashSet<PathBuf>,
}

impl FileWatch {
    /// A watch on these files, not armed yet. Without a queue of the kernel's, it lives by looking.
    pub(crate) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let queue = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK);
        let queue = queue.inspect_err(|error| {
            tracing::warn!(
                "cannot watch files with inotify: {error}; polling them once a second instead \
                 (the sysctl fs.inotify.max_user_instances raises the limit)"
            );
        });
        let absolute = |path: PathBuf| path::absolute(&path).unwrap_or(path);
        Self {
            paths: paths.into_iter().map(absolute).collect(),
            seen: Vec::new(),
            queue: queue.ok(),
            watched: HashMap::new(),
            refused: HashSet::new(),
        }
    }

    /// Watches the ways as they are now. What was watched before and still is on one keeps its watch; what was
    /// removed, the kernel has dropped. Whoever reads the files between this and [`Self::wait`] misses nothing.
    pub(crate) fn arm(&mut self) {
        self.seen = self.look();
        let Some(queue) = &self.queue else { return };
        let events = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF;
        for path in self.paths.iter().flat_map(|path| watched_paths(path)) {
            match queue.add_watch(&path, events) {
                Ok(descriptor) => _ = self.watched.insert(descriptor, path),
                // It comes by its directory's watch.
                Err(Errno::ENOENT) => {}
                Err(error) if self.refused.insert(path.clone()) => {
                    tracing::warn!("cannot watch {}: {error}; polling it instead", path.display());
                }
                Err(_) => {}
            }
        }
    }

    /// Waits for a move since [`Self::arm`], and until there are no more.
    pub(crate) fn wait(&mut self) {
        while !self.moved_within(LOOK) && self.look() == self.seen {}
        let latest = now() + LATEST;
        while self.moved_within(QUIET) && now() < latest {}
    }

    fn look(&self) -> Vec<FileStamp> {
        self.paths.iter().map(|path| FileStamp::of(path)).collect()
    }

    /// Whether the kernel tells of something within this time.
    fn moved_within(&mut self, time: Duration) -> bool {
        let until = now() + time;
        loop {
            let left = until.saturating_duration_since(now());
            let mut sources = Vec::from_iter(
                self.queue.as_ref().map(|queue| PollFd::new(queue.as_fd(), PollFlags::POLLIN)),
            );
            // Rounded up: not the last millisecond in circles.
            let rest = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::ZERO);
            let _ = poll(&mut sources, rest);
            if self.told() {
                return true;
            }
            if now() >= until {
                return false;
            }
        }
    }

    /// Whether the kernel has told of something that is complete.
    fn told(&mut self) -> bool {
        let events = self.queue.as_ref().and_then(|queue| queue.read_events().ok()).unwrap_or_default();
        let (gone, told): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.mask.contains(AddWatchFlags::IN_IGNORED));
        for event in gone {
            self.watched.remove(&event.wd);
        }
        told.iter().any(|event| self.is_whole(event))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("mock-imds-watch-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("s.toml"), "").unwrap();
        directory.join("s.toml")
    }

    /// As on a file system that tells nothing.
    #[test]
    fn without_a_word_of_the_kernel_a_look_finds_it() {
        let file = file("silent");
        let mut watch = FileWatch { queue: None, ..FileWatch::new([file.clone()]) };
        watch.arm();
        let before = watch.look();
        fs::write(&file, "more").unwrap();
        watch.wait();
        assert_ne!(watch.look(), before);
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }

    #[test]
    fn the_kernel_tells_of_a_replaced_file_but_not_of_one_to_be_written() {
        let file = file("told");
        let mut watch = FileWatch::new([file.clone()]);
        watch.arm();
        let other = fs::File::create(file.with_extension("new")).unwrap();
        assert!(!watch.moved_within(Duration::ZERO), "expected silence about a file that is still empty");
        fs::rename(file.with_extension("new"), &file).unwrap();
        assert!(watch.moved_within(Duration::ZERO), "expected a word about the replaced file");
        drop(other);
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }
}
