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
        self.source = source.cloned();
        self.restart(Fetched::default());
    }

    fn restart(&mut self, fetched: Fetched) {
        self.stop();
        self.number += 1;
        let (number, sender) = (self.number, self.sender.clone());
        self.task = self
            .source
            .as_ref()
            .and_then(|source| credential_fetcher::start(source, fetched, number, sender));
    }

    /// Fetches again: keys may have expired by the new time. Until that succeeds, what was fetched stays as long as it is valid.
    pub(super) fn wall_clock_set(&mut self, fetched: Option<Fetched>) {
        self.restart(fetched.unwrap_or_default());
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::yield_now;
    use tokio::time::timeout;

    use super::*;
    use crate::model::{Keys, Secret, Timestamp};

    fn missing(name: &str) -> CredentialSource {
        CredentialSource::File(format!("/nonexistent/{name}").into())
    }

    #[tokio::test]
    async fn what_another_source_has_posted_is_stale() {
        let mut fetcher = CurrentFetcher::new();
        for name in ["first", "second", "third"] {
            fetcher.switch_to(Some(&missing(name)));
            while fetcher.posts.is_empty() {
                yield_now().await;
            }
        }
        let found = fetcher.next().await.and_then(|fetched| fetched.failure).expect("a failure");
        assert!(found.why.contains("/nonexistent/third"), "{found:?}");
    }

    #[tokio::test]
    async fn the_task_ends_with_its_source() {
        let ends: [fn(CurrentFetcher) -> Option<CurrentFetcher>; 2] = [
            |mut fetcher| {
                fetcher.switch_to(None);
                Some(fetcher)
            },
            |_| None,
        ];
        for end in ends {
            let mut fetcher = CurrentFetcher::new();
            fetcher.switch_to(Some(&missing("first")));
            let task = fetcher.task.as_ref().expect("a file is watched").abort_handle();
            // Until it waits for the file.
            fetcher.next().await.expect("the task posts");
            assert!(!task.is_finished());
            let _fetcher = end(fetcher);
            let ended = timeout(Duration::from_secs(30), async {
                while !task.is_finished() {
                    yield_now().await;
                }
            });
            assert!(ended.await.is_ok(), "expected that it ends, found it running");
        }
    }

    #[tokio::test]
    async fn a_step_of_the_clock_keeps_keys_that_are_valid_when_the_source_fails() {
        let nowhere = CredentialSource::File("/nonexistent/credentials.json".into());
        let keys = |expiration| Keys {
            access_key_id: "ASIA".into(),
            secret_access_key: Secret::new("secret"),
            token: Secret::new("token"),
            expiration,
        };
        let mut fetcher = CurrentFetcher::new();
        fetcher.switch_to(Some(&nowhere));
        for (expiration, stay) in [(None, true), (Some(Timestamp::from_secs(1)), false)] {
            let before = Fetched { keys: Some((keys(expiration), Timestamp::from_secs(0))), failure: None };
            fetcher.wall_clock_set(Some(before));
            let found = fetcher.next().await.expect("the task posts");
            assert!(found.failure.is_some(), "{found:?}");
            assert_eq!(found.keys.is_some(), stay, "keys that expire at {expiration:?}: {found:?}");
        }
    }
}
