//! How far a walk is, in a line.

use super::crawl::{Crawl, CrawlTask};

impl Crawl {
    /// "61 responses, 24 paths to go, now /latest/meta-data/mac".
    pub(crate) fn progress(&self) -> String {
        let to_go = self.queue.len() + usize::from(self.current.is_some());
        let now = self.current.as_ref().map(|task| match task {
            CrawlTask::Token => "a token".to_owned(),
            CrawlTask::Directory(path) | CrawlTask::DirectoryWithoutToken(path) if path.is_empty() => {
                "/latest/".to_owned()
            }
            CrawlTask::Directory(path) | CrawlTask::DirectoryWithoutToken(path) => format!("/latest/{path}/"),
            CrawlTask::Leaf(path, _) | CrawlTask::TimedNotice(path) => format!("/latest/{path}"),
            CrawlTask::RootWithoutToken | CrawlTask::Versions | CrawlTask::MetaDataWithoutSlash => "/".into(),
        });
        let now = now.map(|now| format!(", now {}", now.escape_default()));
        let problem = self.problem.as_ref().map(|problem| format!(": {problem}"));
        let responses = self.responses;
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        format!(
            "{responses} response{}, {to_go} path{} to go{}{}",
            plural(responses),
            plural(to_go),
            now.unwrap_or_default(),
            problem.unwrap_or_default()
        )
    }
}
