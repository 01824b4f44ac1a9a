//! Waits until a file changes: is written, replaced, created or removed.
//!
//! Watched are the file and every directory that decides which file its path means: its own, and those of the symbolic
//! links on the way. So an editor that writes in place is noticed, one that renames, and a Kubernetes `ConfigMap`, whose
//! files are links through `..data`, a link that the kubelet replaces. On file systems whose files change on other hosts
//! (NFS, the folders that Vagrant shares) the kernel notices nothing: the file's metadata is polled, too.
//!
//! Not with the `notify` crate: it watches the path that it is given, not the links on the way, so the watch of a file
//! ends with the first swap of `..data`; and a watcher of it either uses inotify or polls, while both are needed here.
//! The links would have to be followed here anyway, and other systems and whole trees are of no use.

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

/// The time without an event after which a change counts as complete.
const SETTLED: Duration = Duration::from_millis(100);
/// The longest wait for a change to be complete, where events never cease.
const SETTLE_LIMIT: Duration = Duration::from_secs(1);
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The identity, size and time of a file, through links; `None` if there is none. A changed file has another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileStamp(Option<[i64; 5]>);

impl FileStamp {
    pub(crate) fn of(path: &Path) -> Self {
        let stamp = |file: fs::Metadata| {
            let [device, inode, size] = [file.dev(), file.ino(), file.size()].map(u64::cast_signed);
            [device, inode, size, file.mtime(), file.mtime_nsec()]
        };
        Self(fs::metadata(path).ok().map(stamp))
    }
}

#[expect(clippy::disallowed_methods, reason = "for the length of a wait only")]
fn now() -> Instant {
    Instant::now()
}

/// A watch on files, which need not exist. It blocks, so it needs a thread of its own.
#[derive(Debug)]
pub(crate) struct FileWatch {
    paths: Vec<PathBuf>,
    /// The stamps at the time when the watch was armed.
    stamps: Vec<FileStamp>,
    inotify: Option<Inotify>,
    watched: HashMap<WatchDescriptor, PathBuf>,
    /// The paths that cannot be watched, each logged once.
    refused: HashSet<PathBuf>,
}

impl FileWatch {
    /// A watch on these files, not armed yet. Without inotify it polls.
    pub(crate) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK);
        let inotify = inotify.inspect_err(|error| {
            tracing::warn!(
                "cannot watch files with inotify: {error}; polling them once a second instead \
                 (the sysctl fs.inotify.max_user_instances raises the limit)"
            );
        });
        let absolute = |path: PathBuf| path::absolute(&path).unwrap_or(path);
        Self {
            paths: paths.into_iter().map(absolute).collect(),
            stamps: Vec::new(),
            inotify: inotify.ok(),
            watched: HashMap::new(),
            refused: HashSet::new(),
        }
    }

    /// Watches the directories and files that the paths lead through now. Those that were watched before keep their
    /// watch, and the kernel has dropped the watches of removed ones. A caller that reads the files between this and
    /// [`Self::wait`] misses no change.
    pub(crate) fn arm(&mut self) {
        self.stamps = self.current_stamps();
        let Some(inotify) = &self.inotify else { return };
        let events = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF;
        for path in self.paths.iter().flat_map(|path| watched_paths(path)) {
            match inotify.add_watch(&path, events) {
                Ok(descriptor) => _ = self.watched.insert(descriptor, path),
                // Its directory is watched too, so its creation is an event.
                Err(Errno::ENOENT) => {}
                Err(error) if self.refused.insert(path.clone()) => {
                    tracing::warn!("cannot watch {}: {error}; polling it instead", path.display());
                }
                Err(_) => {}
            }
        }
    }

    /// Waits for a change since [`Self::arm`], and until it is complete.
    pub(crate) fn wait(&mut self) {
        while !self.changes_within(POLL_INTERVAL) && self.current_stamps() == self.stamps {}
        let latest = now() + SETTLE_LIMIT;
        while self.changes_within(SETTLED) && now() < latest {}
    }

    fn current_stamps(&self) -> Vec<FileStamp> {
        self.paths.iter().map(|path| FileStamp::of(path)).collect()
    }

    /// Waits so long for an event of a complete change.
    fn changes_within(&mut self, time: Duration) -> bool {
        let until = now() + time;
        loop {
            let remaining = until.saturating_duration_since(now());
            let mut sources = Vec::from_iter(
                self.inotify.as_ref().map(|inotify| PollFd::new(inotify.as_fd(), PollFlags::POLLIN)),
            );
            // Rounded up: the last millisecond must not be a busy loop.
            let timeout =
                PollTimeout::try_from(remaining + Duration::from_millis(1)).unwrap_or(PollTimeout::ZERO);
            let _ = poll(&mut sources, timeout);
            if self.read_events() {
                return true;
            }
            if now() >= until {
                return false;
            }
        }
    }

    /// Reads the events there are; `true` if one is of a complete change.
    fn read_events(&mut self) -> bool {
        let events = self.inotify.as_ref().and_then(|inotify| inotify.read_events().ok()).unwrap_or_default();
        let (dropped, changes): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.mask.contains(AddWatchFlags::IN_IGNORED));
        for event in dropped {
            self.watched.remove(&event.wd);
        }
        changes.iter().any(|event| self.is_complete(event))
    }

    /// `false` for the creation of a file, which is still to be written.
    fn is_complete(&self, event: &InotifyEvent) -> bool {
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

    /// As on a file system without events.
    #[test]
    fn a_change_without_an_event_is_found_by_polling() {
        let file = file("silent");
        let mut watch = FileWatch { inotify: None, ..FileWatch::new([file.clone()]) };
        watch.arm();
        let before = watch.current_stamps();
        fs::write(&file, "more").unwrap();
        watch.wait();
        assert_ne!(watch.current_stamps(), before);
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }

    #[test]
    fn nothing_but_a_change_ends_the_wait() {
        let file = file("unchanged");
        let mut watch = FileWatch::new([file.clone()]);
        watch.arm();
        let (end, ended) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            watch.wait();
            end.send(()).expect("the test listens");
        });
        // Longer than the metadata is polled.
        let early = ended.recv_timeout(POLL_INTERVAL + 5 * SETTLED);
        fs::write(&file, "more").unwrap();
        waiting.join().expect("no panic");
        assert!(early.is_err(), "expected the wait to last until the file is written");
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }

    #[test]
    fn without_a_change_the_whole_time_is_waited_for() {
        let file = file("quiet");
        let mut watch = FileWatch::new([file.clone()]);
        watch.arm();
        let (begin, time) = (now(), Duration::from_millis(30));
        assert!(!watch.changes_within(time), "nothing has changed");
        let waited = now() - begin;
        assert!(waited >= time, "expected a wait of {time:?}, found {waited:?}");
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }

    /// Each of the kernel's events that tell a change, by itself.
    #[test]
    fn each_way_to_change_a_file_is_noticed() {
        type Change = (&'static str, fn(&Path));
        let changes: [Change; 7] = [
            ("written", |file| fs::write(file, "more").unwrap()),
            ("removed", |file| fs::remove_file(file).unwrap()),
            ("moved away", |file| fs::rename(file, file.with_extension("old")).unwrap()),
            ("replaced", |file| fs::rename(file.with_extension("new"), file).unwrap()),
            ("its directory moved", |file| {
                let directory = file.parent().unwrap();
                fs::rename(directory, directory.with_extension("moved")).unwrap();
            }),
            ("its directory removed", |file| fs::remove_dir_all(file.parent().unwrap()).unwrap()),
            ("a link made", |file| std::os::unix::fs::symlink("x", file.with_extension("link")).unwrap()),
        ];
        for (name, change) in changes {
            let file = file(&name.replace(' ', "-"));
            fs::write(file.with_extension("new"), "").unwrap();
            let mut watch = FileWatch::new([file.clone()]);
            watch.arm();
            assert!(!watch.changes_within(Duration::ZERO), "before it is {name}");
            change(&file);
            assert!(watch.changes_within(Duration::ZERO), "expected a change by a file that is {name}");
            assert!(!watch.changes_within(Duration::ZERO), "after it was {name}");
            let directory = file.parent().unwrap();
            let _ = fs::remove_dir_all(directory);
            let _ = fs::remove_dir_all(directory.with_extension("moved"));
        }
    }

    #[test]
    fn a_change_that_comes_later_is_waited_for() {
        let (file, other) = (file("late"), file("other"));
        let mut watch = FileWatch::new([file.clone()]);
        watch.arm();
        let changed = std::thread::scope(|scope| {
            scope.spawn(|| {
                // Work that takes longer than the begin of the wait.
                for number in 0..500 {
                    fs::write(&other, number.to_string()).unwrap();
                }
                fs::write(&file, "more").unwrap();
            });
            watch.changes_within(Duration::from_secs(30))
        });
        assert!(changed, "expected the change that came meanwhile");
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
        fs::remove_dir_all(other.parent().unwrap()).unwrap();
    }

    /// The directory alone is watched then: no event of another file in it is one of this one.
    #[test]
    fn a_file_that_is_not_there_is_noticed_when_it_is_whole() {
        let file = file("later");
        fs::remove_file(&file).unwrap();
        let mut watch = FileWatch::new([file.clone()]);
        watch.arm();
        let created = fs::File::create(&file).unwrap();
        assert!(!watch.changes_within(Duration::ZERO), "it is still to be written");
        drop(created);
        assert!(watch.changes_within(Duration::ZERO), "it is closed");
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_replaced_file_is_a_change_and_one_to_be_written_is_not() {
        let file = file("events");
        let mut watch = FileWatch::new([file.clone()]);
        watch.arm();
        let other = fs::File::create(file.with_extension("new")).unwrap();
        assert!(!watch.changes_within(Duration::ZERO), "expected no change while the new file is empty");
        fs::rename(file.with_extension("new"), &file).unwrap();
        assert!(watch.changes_within(Duration::ZERO), "expected a change by the replaced file");
        drop(other);
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }
}
