//! The walk: which request is next, and when.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use hyper::Method;

use super::exchange::{CrawlRequest, CrawlStep, ExchangeOutcome};
use super::limit::TimeLimit;
use super::listing::{UNLISTED, encoded};
use super::pace::{Pace, Rate};
use crate::exit::{ExitStatus, Failure};
use crate::model::Timestamp;
use crate::transcribe::{Observations, SecretsPolicy};

pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;
/// The limit of all bodies together.
const MAX_TOTAL_BYTES: usize = 8 << 20;
/// Requests that are lost or told to come later are sent again.
const MAX_ATTEMPTS: u32 = 6;
/// Paths in a row that may stay without an answer.
const MAX_UNANSWERED: u32 = 3;
/// A service may forget tokens, but not each one.
const MAX_TOKENS: u32 = 16;
/// The pause before notices are requested again: their times have whole seconds.
const TIMED_NOTICE_PAUSE: Duration = Duration::from_secs(2);
/// The reason why a token may not come, though the service sends it.
const TOKEN_HINT: &str = "; from within a container the answer to a token request arrives only if \
                          http-put-response-hop-limit is 2 or more";
/// The longest lifetime that a token can have.
const TOKEN_TTL_SECONDS: &str = "21600";

#[derive(Debug)]
pub struct Crawl {
    pace: Pace,
    /// The task whose response is awaited, or that waits for its turn.
    pub(super) current: Option<CrawlTask>,
    pub(super) queue: VecDeque<CrawlTask>,
    pub(super) token: Option<String>,
    pub(super) observations: Observations,
    /// Paths that were in the queue at some time; directories end in a slash.
    pub(super) enqueued: BTreeSet<String>,
    pub(super) listing_lines: usize,
    bytes: usize,
    attempts: u32,
    pub(super) unanswered: u32,
    pub(super) token_requests: u32,
    /// Notices to be requested a second time.
    pub(super) timed_notices: Vec<String>,
    pub(super) open_listings_probed: bool,
    pub(super) limit: TimeLimit,
    pub(super) responses: usize,
    /// The reason why the current request is to be sent again.
    pub(super) problem: Option<String>,
}

/// A request to be sent. Paths are below the version, without slashes at their ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CrawlTask {
    Token,
    RootWithoutToken,
    Versions,
    MetaDataWithoutSlash,
    Directory(String),
    /// True if a listing has led to it.
    Leaf(String, bool),
    /// Without the token that others need.
    DirectoryWithoutToken(String),
    /// A notice for the second time, since its time may have moved.
    TimedNotice(String),
}

impl Crawl {
    pub fn new(rate: Rate, policy: SecretsPolicy) -> Self {
        use CrawlTask::{Directory, MetaDataWithoutSlash, RootWithoutToken, Token, Versions};
        Self {
            pace: Pace::new(rate),
            current: None,
            queue: [Token, RootWithoutToken, Versions, Directory(String::new()), MetaDataWithoutSlash].into(),
            token: None,
            observations: Observations::new("latest", policy),
            enqueued: BTreeSet::new(),
            listing_lines: 0,
            bytes: 0,
            attempts: 0,
            unanswered: 0,
            token_requests: 0,
            timed_notices: vec![],
            open_listings_probed: false,
            limit: TimeLimit::default(),
            responses: 0,
            problem: None,
        }
    }

    pub fn step(&mut self, now: Timestamp) -> CrawlStep {
        if self.limit.has_passed(now) {
            self.leave_unrequested();
            return CrawlStep::Done;
        }
        if self.current.is_none() && self.queue.is_empty() {
            self.enqueue_unlisted();
        }
        if self.current.is_none() && self.queue.is_empty() && !self.timed_notices.is_empty() {
            self.queue.extend(self.timed_notices.drain(..).map(CrawlTask::TimedNotice));
            self.pace.pause(TIMED_NOTICE_PAUSE, now);
        }
        let Some(task) = self.current.take().or_else(|| self.queue.pop_front()) else {
            return CrawlStep::Done;
        };
        let wait = self.pace.wait(now);
        let step = if wait.is_zero() {
            self.pace.request_sent(now);
            CrawlStep::Request(self.request(&task))
        } else {
            CrawlStep::Wait(wait.min(self.limit.left(now)))
        };
        self.current = Some(task);
        step
    }

    /// Takes the outcome of the last [`CrawlStep::Request`]. A failure ends the walk.
    pub fn handle_outcome(&mut self, outcome: ExchangeOutcome, now: Timestamp) -> Result<(), Failure> {
        let Some(task) = self.current.take() else { return Ok(()) };
        self.responses += usize::from(matches!(outcome, ExchangeOutcome::Response(_)));
        let answer = match outcome {
            ExchangeOutcome::Response(answer) if !matches!(answer.status, 429 | 500..=599) => answer,
            ExchangeOutcome::Response(answer) => {
                return self.retry(task, &format!("answers {}", answer.status), answer.retry_after, now);
            }
            // A service that was there may be restarting.
            ExchangeOutcome::Unreachable(why) if self.responses == 0 => {
                return Err(unreachable(&why));
            }
            ExchangeOutcome::TimedOut(why) if task == CrawlTask::Token => {
                return self.retry(task, &format!("{why}{TOKEN_HINT}"), None, now);
            }
            ExchangeOutcome::Failed(why)
            | ExchangeOutcome::TimedOut(why)
            | ExchangeOutcome::Unreachable(why) => return self.retry(task, &why, None, now),
            ExchangeOutcome::TooLarge => return self.skip_for_good(&task, &too_large()),
        };
        self.attempts = 0;
        self.problem = None;
        let guarded = !matches!(
            task,
            CrawlTask::Token | CrawlTask::RootWithoutToken | CrawlTask::DirectoryWithoutToken(_)
        );
        if answer.status == 401 && self.token.is_some() && guarded {
            return self.renew_token(task);
        }
        self.bytes += answer.body.len();
        if self.bytes > MAX_TOTAL_BYTES {
            return Err(unavailable(format!("answers more than {} MiB", MAX_TOTAL_BYTES >> 20)));
        }
        self.interpret(task, &answer)
    }

    pub fn finish(self) -> Observations {
        self.observations
    }

    fn request(&self, task: &CrawlTask) -> CrawlRequest {
        let below = |path: &str, end: &str| format!("/latest/{}{end}", encoded(path));
        let path = match task {
            CrawlTask::Token => {
                let headers = vec![("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL_SECONDS.to_owned())];
                return CrawlRequest { method: Method::PUT, path: "/latest/api/token".into(), headers };
            }
            CrawlTask::Versions => "/".to_owned(),
            CrawlTask::MetaDataWithoutSlash => "/latest/meta-data".to_owned(),
            CrawlTask::RootWithoutToken => "/latest/".to_owned(),
            CrawlTask::Directory(path) if path.is_empty() => "/latest/".to_owned(),
            CrawlTask::Directory(path) | CrawlTask::DirectoryWithoutToken(path) => below(path, "/"),
            CrawlTask::Leaf(path, _) | CrawlTask::TimedNotice(path) => below(path, ""),
        };
        let bare = matches!(task, CrawlTask::RootWithoutToken | CrawlTask::DirectoryWithoutToken(_));
        let token = self.token.clone().filter(|_| !bare);
        let headers = token.map(|token| ("x-aws-ec2-metadata-token", token)).into_iter().collect();
        CrawlRequest { method: Method::GET, path, headers }
    }

    /// Sends the request again later, or skips it.
    fn retry(
        &mut self,
        task: CrawlTask,
        why: &str,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.attempts += 1;
        self.problem = Some(format!("{} (attempt {} of {MAX_ATTEMPTS})", before_hint(why), self.attempts));
        if self.attempts < MAX_ATTEMPTS {
            self.pace.back_off(self.attempts, retry_after, now);
            self.current = Some(task);
            return Ok(());
        }
        let hint = &why[before_hint(why).len()..];
        self.skip_for_good(&task, &format!("{}, {MAX_ATTEMPTS} times in a row{hint}", before_hint(why)))
    }

    /// Skips a task that another attempt would not help; without a token there is no walk.
    fn skip_for_good(&mut self, task: &CrawlTask, why: &str) -> Result<(), Failure> {
        self.attempts = 0;
        self.problem = None;
        if *task == CrawlTask::Token {
            return Err(unavailable(format!("gives no token: {why}")));
        }
        self.skip(task, why)
    }

    pub(super) fn skip(&mut self, task: &CrawlTask, why: &str) -> Result<(), Failure> {
        let path = match task {
            CrawlTask::Directory(path) | CrawlTask::Leaf(path, _) => path.clone(),
            _ => String::new(),
        };
        self.unanswered += 1;
        if self.unanswered >= MAX_UNANSWERED || *task == CrawlTask::Directory(String::new()) {
            return Err(unavailable(format!("does not answer /latest/{path}: {why}")));
        }
        if !path.is_empty() {
            self.observations.add_unknown(&path);
            self.observations.add_note(format!("{path}: {why}"));
        }
        Ok(())
    }

    /// Gets a token in the place of one that the service has forgotten.
    fn renew_token(&mut self, task: CrawlTask) -> Result<(), Failure> {
        if self.token_requests >= MAX_TOKENS {
            return Err(unavailable(format!("refuses its own tokens, {MAX_TOKENS} of them")));
        }
        self.queue.push_front(task);
        self.queue.push_front(CrawlTask::Token);
        Ok(())
    }

    pub(super) fn enqueue_unlisted(&mut self) {
        for path in UNLISTED {
            if self.enqueued.insert(path.to_owned()) {
                self.queue.push_back(CrawlTask::Leaf(path.to_owned(), false));
            }
        }
    }
}

/// Nobody is there: the walk has not begun.
fn unreachable(why: &str) -> Failure {
    let accepted = "accepted: the address of a metadata service that runs";
    Failure::new(ExitStatus::Unavailable, format!("cannot be reached: {why}; {accepted}"))
}

fn too_large() -> String {
    format!("a response has more than {} MiB", MAX_BODY_BYTES >> 20)
}

/// A reason without the hint at its end.
fn before_hint(why: &str) -> &str {
    why.strip_suffix(TOKEN_HINT).unwrap_or(why)
}

/// The failure that ends the walk; `found` is a predicate of the service.
pub(super) fn unavailable(found: impl AsRef<str>) -> Failure {
    Failure::new(ExitStatus::Unavailable, format!("cannot be recorded: the service {}", found.as_ref()))
}
