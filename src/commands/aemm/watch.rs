//! `-w`: values, paths and `imdsv2` follow the configuration file; everything else stays as it was at the start.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch::Sender;

use super::scenario;
use super::source::ConfigSource;
use crate::aemm::{self, AemmConfig, Placeholders};
use crate::watch::{FileStamp, FileWatch};

/// Watches in a thread of its own, which ends with the process. Does nothing without a file.
pub(super) fn start(source: ConfigSource, config: AemmConfig, scenarios: Sender<Arc<str>>) {
    let placeholders = Placeholders::of(&config.metadata);
    let follower = Follower { source, config_at_start: config, placeholders, scenarios };
    thread::spawn(move || follower.follow());
}

struct Follower {
    source: ConfigSource,
    config_at_start: AemmConfig,
    placeholders: Placeholders,
    scenarios: Sender<Arc<str>>,
}

impl Follower {
    fn follow(&self) {
        let Some((path, stamp)) = &self.source.file else { return };
        let mut known = stamp.clone();
        let mut watch = FileWatch::new([path.clone()]);
        loop {
            watch.arm();
            let now = FileStamp::of(path);
            if now != known {
                known = now;
                self.reload(path);
            }
            watch.wait();
        }
    }

    /// A missing file changes nothing; nor does an unreadable one, which is logged.
    fn reload(&self, path: &Path) {
        if !path.exists() {
            tracing::debug!("The configuration file {} is gone, and stays in force", path.display());
            return;
        }
        match self.compile_file() {
            Ok(scenario) => {
                tracing::debug!("The changed configuration file {} is taken over", path.display());
                self.scenarios.send_replace(scenario);
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

    fn compile_file(&self) -> Result<Arc<str>, String> {
        let settings = self.source.settings_now()?;
        let now = aemm::decode(&settings, self.config_at_start.mode)?;
        aemm::user_data(&now)?;
        let too_long = aemm::validate::lengths(&now);
        if !too_long.is_empty() {
            return Err(too_long.join("; "));
        }
        let scenario = scenario::compile(&self.placeholders, aemm::follow(&self.config_at_start, now));
        if self.config_at_start.file.save {
            self.source.save(&settings);
        }
        Ok(scenario)
    }
}
