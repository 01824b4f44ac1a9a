//! `-w`: values, paths and `imdsv2` follow the configuration file. The rest stays as it was at the start.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch::Sender;

use super::scenario_with;
use super::source::ConfigSource;
use crate::aemm::{self, AemmConfig, Placeholders};
use crate::watch::{FileStamp, FileWatch};

/// Watches in a thread of its own, which ends with the process. Without a file there is nothing to watch.
pub(super) fn start(source: ConfigSource, config: AemmConfig, hand: Sender<Arc<str>>) {
    let placeholders = Placeholders::of(&config.metadata);
    let follower = Follower { source, first: config, placeholders, hand };
    thread::spawn(move || follower.follow());
}

struct Follower {
    source: ConfigSource,
    first: AemmConfig,
    placeholders: Placeholders,
    hand: Sender<Arc<str>>,
}

impl Follower {
    fn follow(&self) {
        let Some((path, first)) = &self.source.file else { return };
        let mut known = first.clone();
        let mut watch = FileWatch::new([path.clone()]);
        loop {
            watch.arm();
            let now = FileStamp::of(path);
            if now != known {
                known = now;
                self.take_over(path);
            }
            watch.wait();
        }
    }

    /// A file that is gone changes nothing; one that cannot be read neither, but it is said.
    fn take_over(&self, path: &Path) {
        if !path.exists() {
            tracing::debug!("The configuration file {} is gone, and stays in force", path.display());
            return;
        }
        match self.read_again() {
            Ok(scenario) => {
                tracing::debug!("The changed configuration file {} is taken over", path.display());
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
        aemm::user_data(&now)?;
        let too_long = aemm::validate::lengths(&now);
        if !too_long.is_empty() {
            return Err(too_long.join("; "));
        }
        let scenario = scenario_with(&self.placeholders, aemm::follow(&self.first, now));
        if self.first.file.save {
            self.source.save(&settings);
        }
        Ok(scenario)
    }
}
