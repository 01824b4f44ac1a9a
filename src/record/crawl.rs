//! What to ask next, and when.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use hyper::Method;

use super::exchange::{CrawlRequest, CrawlStep, ExchangeOutcome};
use super::listing::{UNLISTED, encoded};
use super::pace::{Pace, Rate};
use crate::exit::{ExitStatus, Failure};
use crate::model::Timestamp;
use crate::transcribe::{Observations, SecretsPolicy};

/// The longest body that is read.
pub(crate) const BODY_BYTES: usize = 1 << 20;
/// How much is kept in all.
const ALL_BYTES: usize = 8 << 20;
/// How often a question is asked that gets no answer, or one that says later.
const ATTEMPTS: u32 = 6;
/// How many questions in a row may stay without one.
const UNANSWERED: u32 = 3;
/// How many tokens are asked for: a service may forget some.
const TOKENS: u32 = 16;
/// How long until a notice is asked for again: its time has whole seconds.
const UNTIL_AGAIN: Duration = Duration::from_secs(2);
/// How long the token lives: the longest time that there is.
const TTL_SECONDS: &str = "21600";

/// A walk through a service.
#[derive(Debug)]
pub struct Crawl {
    pace: Pace,
    /// What is asked, until it is answered.
    task: Option<CrawlTask>,
    pub(super) queue: VecDeque<CrawlTask>,
    pub(super) token: Option<String>,
    pub(super) seen: Observations,
    /// Paths that are asked for or will be.
    pub(super) known: BTreeSet<String>,
    /// Lines of listings that were read.
    pub(super) lines: usize,
    bytes: usize,
    attempts: u32,
    pub(super) unanswered: u32,
    /// Tokens that were asked for.
    pub(super) tokens: u32,
    /// Notices that are asked for a second time.
    pub(super) twice: Vec<String>,
    /// Whether a directory was asked for without a token.
    pub(super) tried: bool,
}

/// A question. Paths are below the version, without slashes at their ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CrawlTask {
    Token,
    WithoutToken,
    Versions,
    WithoutSlash,
    Directory(String),
    /// Whether it is listed.
    Leaf(String, bool),
    /// A directory without the token that others need.
    Unguarded(String),
    /// A notice, which may tell another time now.
    Again(String),
}

impl Crawl {
    /// Nothing asked yet.
    pub fn new(rate: Rate, keep: SecretsPolicy) -> Self {
        use CrawlTask::{Directory, Token, Versions, WithoutSlash, WithoutToken};
        Self {
            pace: Pace::new(rate),
            task: None,
            queue: [Token, WithoutToken, Versions, Directory(String::new()), WithoutSlash].into(),
            token: None,
            seen: Observations::new("latest", keep),
            known: BTreeSet::new(),
            lines: 0,
            bytes: 0,
            attempts: 0,
            unanswered: 0,
            tokens: 0,
            twice: vec![],
            tried: false,
        }
    }

    /// What to do at this time.
    pub fn step(&mut self, now: Timestamp) -> CrawlStep {
        if self.task.is_none() && self.queue.is_empty() {
            self.ask_for_unlisted();
        }
        if self.task.is_none() && self.queue.is_empty() && !self.twice.is_empty() {
            self.queue.extend(self.twice.drain(..).map(CrawlTask::Again));
            self.pace.pause(UNTIL_AGAIN, now);
        }
        let Some(task) = self.task.take().or_else(|| self.queue.pop_front()) else { return CrawlStep::Done };
        let wait = self.pace.wait(now);
        let step = if wait.is_zero() {
            self.pace.asked(now);
            CrawlStep::Ask(self.ask(&task))
        } else {
            CrawlStep::Wait(wait)
        };
        self.task = Some(task);
        step
    }

    /// What came of the last [`CrawlStep::Ask`]. A failure ends the walk.
    pub fn answered(&mut self, outcome: ExchangeOutcome, now: Timestamp) -> Result<(), Failure> {
        let Some(task) = self.task.take() else { return Ok(()) };
        let answer = match outcome {
            ExchangeOutcome::Answer(answer) if !matches!(answer.status, 429 | 500..=599) => answer,
            ExchangeOutcome::Answer(answer) => {
                return self.again(task, &format!("answers {}", answer.status), answer.retry_after, now);
            }
            ExchangeOutcome::Lost(why) => return self.again(task, &why, None, now),
        };
        self.attempts = 0;
        let guarded = !matches!(task, CrawlTask::Token | CrawlTask::WithoutToken | CrawlTask::Unguarded(_));
        if answer.status == 401 && self.token.is_some() && guarded {
            return self.renew(task);
        }
        self.bytes += answer.body.len();
        if self.bytes > ALL_BYTES {
            return Err(unavailable(format!("answers more than {} MiB", ALL_BYTES >> 20)));
        }
        self.judge(task, &answer)
    }

    /// Everything that was answered.
    pub fn finish(self) -> Observations {
        self.seen
    }

    fn ask(&self, task: &CrawlTask) -> CrawlRequest {
        let below = |path: &str, end: &str| format!("/latest/{}{end}", encoded(path));
        let path = match task {
            CrawlTask::Token => {
                let headers = vec![("x-aws-ec2-metadata-token-ttl-seconds", TTL_SECONDS.to_owned())];
                return CrawlRequest { method: Method::PUT, path: "/latest/api/token".into(), headers };
            }
            CrawlTask::Versions => "/".to_owned(),
            CrawlTask::WithoutSlash => "/latest/meta-data".to_owned(),
            CrawlTask::WithoutToken => "/latest/".to_owned(),
            CrawlTask::Directory(path) if path.is_empty() => "/latest/".to_owned(),
            CrawlTask::Directory(path) | CrawlTask::Unguarded(path) => below(path, "/"),
            CrawlTask::Leaf(path, _) | CrawlTask::Again(path) => below(path, ""),
        };
        let bare = matches!(task, CrawlTask::WithoutToken | CrawlTask::Unguarded(_));
        let token = self.token.clone().filter(|_| !bare);
        let headers = token.map(|token| ("x-aws-ec2-metadata-token", token)).into_iter().collect();
        CrawlRequest { method: Method::GET, path, headers }
    }

    /// Asks once more, later, or gives up.
    fn again(
        &mut self,
        task: CrawlTask,
        why: &str,
        said: Option<Duration>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.attempts += 1;
        if self.attempts < ATTEMPTS {
            self.pace.back_off(self.attempts, said, now);
            self.task = Some(task);
            return Ok(());
        }
        self.attempts = 0;
        let why = format!("{why}, {ATTEMPTS} times in a row");
        if task == CrawlTask::Token {
            return Err(unavailable(format!(
                "gives no token: {why}; from within a container the answer to a token request arrives only if \
                 http-put-response-hop-limit is 2 or more"
            )));
        }
        self.give_up(&task, &why)
    }

    /// Goes on without an answer.
    pub(super) fn give_up(&mut self, task: &CrawlTask, why: &str) -> Result<(), Failure> {
        let path = match task {
            CrawlTask::Directory(path) | CrawlTask::Leaf(path, _) => path.clone(),
            _ => String::new(),
        };
        self.unanswered += 1;
        if self.unanswered >= UNANSWERED || *task == CrawlTask::Directory(String::new()) {
            return Err(unavailable(format!("does not answer /latest/{path}: {why}")));
        }
        if !path.is_empty() {
            self.seen.unknown(&path);
            self.seen.note(format!("{path}: {why}"));
        }
        Ok(())
    }

    /// The token is not known any more: another one.
    fn renew(&mut self, task: CrawlTask) -> Result<(), Failure> {
        if self.tokens >= TOKENS {
            return Err(unavailable(format!("refuses its own tokens, {TOKENS} of them")));
        }
        self.queue.push_front(task);
        self.queue.push_front(CrawlTask::Token);
        Ok(())
    }

    /// Once everything that is listed has been asked for.
    fn ask_for_unlisted(&mut self) {
        for path in UNLISTED {
            if self.known.insert(path.to_owned()) {
                self.queue.push_back(CrawlTask::Leaf(path.to_owned(), false));
            }
        }
    }
}

/// A failure that ends the walk, with what was found of the service.
pub(super) fn unavailable(found: impl AsRef<str>) -> Failure {
    Failure::new(ExitStatus::Unavailable, format!("cannot be recorded: the service {}", found.as_ref()))
}
