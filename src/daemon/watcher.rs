//! `serve --watch`: looks at the scenario again whenever something moved where it lives. Whether the scenario says
//! something else is the writer's to judge: files beside it may belong to it.

use std::path::PathBuf;
use std::thread;

use tokio::sync::mpsc;

use crate::control::Order;
use crate::exit::{ExitStatus, Failure};
use crate::watch::FileWatch;

/// The watch, which may have told of something already.
pub(super) struct Watcher(mpsc::Receiver<()>);

impl Watcher {
    /// A watch on these files, there or not.
    pub(super) fn open(paths: Vec<PathBuf>) -> Result<Self, Failure> {
        if paths.is_empty() {
            return Err(Failure::new(
                ExitStatus::Usage,
                "--watch has nothing to watch: no directory is known where a scenario could be; name one with \
                 --scenario FILE",
            ));
        }
        let (teller, moves) = mpsc::channel(1);
        // It ends with the process, as it may wait for ever.
        let thread = thread::Builder::new().name("watcher".to_owned()).spawn(move || {
            let mut watch = FileWatch::new(paths);
            loop {
                watch.arm();
                if teller.blocking_send(()).is_err() {
                    return;
                }
                watch.wait();
            }
        });
        thread.map_err(|error| {
            Failure::new(ExitStatus::OsError, format!("--watch: cannot start a thread: {error}"))
        })?;
        Ok(Self(moves))
    }

    /// Orders a look now, as something may have moved since the scenario was read, and after each move.
    pub(super) async fn run(mut self, orders: mpsc::Sender<Order>) {
        while self.0.recv().await.is_some() {
            if orders.send(Order::Look).await.is_err() {
                return;
            }
        }
    }
}
