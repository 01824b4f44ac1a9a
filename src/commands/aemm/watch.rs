//! `-w`: values, paths and `imdsv2` follow the configuration file. The rest stays as it was at the start.
//!
//! Editors and Kubernetes replace a file instead of writing into it, so the directory is watched. What decides is how
//! the file looks through all symbolic links; once in a while it is looked at without being told.

use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tokio::sync::watch::Sender;

use super::scenario_with;
use super::source::Source;
use crate::aemm::{self, Config, Placeholders};

/// How long to wait to be told. File systems of other hosts tell nothing.
const LOOK: u16 = 1000;

/// How a file looks; `None`: there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sight(Option<[i64; 5]>);

impl Sight {
    /// Of a file, through links.
    pub(super) fn of(path: &Path) -> Self {
        let look = |file: fs::Metadata| {
            let [device, inode, size] = [file.dev(), file.ino(), file.size()].map(u64::cast_signed);
            [device, inode, size, file.mtime(), file.mtime_nsec()]
        };
        Self(fs::metadata(path).ok().map(look))
    }
}

/// Watches in a thread of its own, which ends with the process. Without a file there is nothing to watch.
pub(super) fn start(source: Source, config: Config, hand: Sender<Arc<str>>, save: bool) {
    let placeholders = Placeholders::of(&config.metadata);
    let follower = Follower { source, first: config, placeholders, hand, save };
    thread::spawn(move || follower.follow());
}

struct Follower {
    source: Source,
    first: Config,
    placeholders: Placeholders,
    hand: Sender<Arc<str>>,
    save: bool,
}

impl Follower {
    fn follow(&self) {
        let Some((path, first)) = &self.source.file else { return };
        let mut known = first.clone();
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Refused, the file is looked at once in a while all the same.
        let told = tell_of(directory).ok();
        loop {
            let now = Sight::of(path);
            if now != known {
                known = now;
                self.take_over(path);
            }
            wait(told.as_ref());
        }
    }

    /// A file that is gone changes nothing; one that cannot be read neither, but it is said.
    fn take_over(&self, path: &Path) {
        if !path.exists() {
            return;
        }
        match self.read_again() {
            Ok(scenario) => {
                tracing::info!("Reloaded configuration from file:  {}", path.display());
                self.hand.send_replace(scenario);
            }
            Err(why) => {
                tracing::warn!(
                    "Warning: The changed configuration file {} is not used: {}",
                    path.display(),
                    why.split_whitespace().collect::<Vec<_>>().join(" ")
                );
            }
        }
    }

    fn read_again(&self) -> Result<Arc<str>, String> {
        let settings = self.source.settings_now()?;
        let now = aemm::decode(&settings, self.first.mode)?;
        aemm::validate::user_data(&now)?;
        if self.save {
            self.source.save(&settings);
        }
        let config = Config {
            imdsv2: now.imdsv2,
            open_listings: now.open_listings,
            metadata: now.metadata,
            dynamic: now.dynamic,
            userdata: now.userdata,
            ..self.first.clone()
        };
        Ok(scenario_with(&self.placeholders, config))
    }
}

/// Has the kernel tell of files that are written or replaced in a directory.
fn tell_of(directory: &Path) -> nix::Result<Inotify> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let replaced = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CREATE;
    inotify.add_watch(directory, AddWatchFlags::IN_CLOSE_WRITE | replaced)?;
    Ok(inotify)
}

/// Until the kernel tells of something, or long enough.
fn wait(told: Option<&Inotify>) {
    let mut sources = Vec::from_iter(told.map(|told| PollFd::new(told.as_fd(), PollFlags::POLLIN)));
    let _ = poll(&mut sources, PollTimeout::from(LOOK));
    if let Some(told) = told {
        // What happened is seen by looking.
        let _ = told.read_events();
    }
}
