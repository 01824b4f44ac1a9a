//! The fetcher of the credential source that the served scenario names.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::credential_fetcher::{self, Post};
use crate::model::{CredentialSource, Fetched};

pub(super) struct CurrentFetcher {
    source: Option<CredentialSource>,
    task: Option<JoinHandle<()>>,
    /// The number of the task, which its posts have.
    number: u64,
    sender: mpsc::Sender<Post>,
    posts: mpsc::Receiver<Post>,
}

impl CurrentFetcher {
    pub(super) fn new() -> Self {
        let (sender, posts) = mpsc::channel(1);
        Self { source: None, task: None, number: 0, sender, posts }
    }

    /// Fetches from this source from now on. The fetcher of another one ends, and what it still posts is stale.
    pub(super) fn switch_to(&mut self, source: Option<&CredentialSource>) {
        if self.source.as_ref() == source {
            return;
        }
        self.stop();
        self.number += 1;
        self.source = source.cloned();
        self.task =
            source.and_then(|source| credential_fetcher::start(source, self.number, self.sender.clone()));
    }

    /// Fetches again: keys may have expired by the new time.
    pub(super) fn wall_clock_set(&mut self) {
        let source = self.source.take();
        self.switch_to(source.as_ref());
    }

    /// The next result of the present source.
    pub(super) async fn next(&mut self) -> Option<Fetched> {
        loop {
            let (number, fetched) = self.posts.recv().await?;
            if number == self.number {
                return Some(fetched);
            }
        }
    }

    fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for CurrentFetcher {
    fn drop(&mut self) {
        self.stop();
    }
}
