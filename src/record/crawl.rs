//! What to ask next, and when.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use hyper::Method;

use super::ask::{Ask, Outcome, Step};
use super::pace::{Pace, Rate};
use super::walk::{UNLISTED, encoded};
use crate::exit::{Failure, Status};
use crate::model::Timestamp;
use crate::transcribe::{Keep, Seen};

/// The longest body that is read.
pub const BODY_BYTES: usize = 1 << 20;
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
    task: Option<Task>,
    pub(super) queue: VecDeque<Task>,
    pub(super) token: Option<String>,
    pub(super) seen: Seen,
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
pub(super) enum Task {
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
    pub fn new(rate: Rate, keep: Keep) -> Self {
        use Task::{Directory, Token, Versions, WithoutSlash, WithoutToken};
        Self {
            pace: Pace::new(rate),
            task: None,
            queue: [Token, WithoutToken, Versions, Directory(String::new()), WithoutSlash].into(),
            token: None,
            seen: Seen::new("latest", keep),
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
    pub fn step(&mut self, now: Timestamp) -> Step {
        if self.task.is_none() && self.queue.is_empty() {
            self.ask_for_unlisted();
        }
        if self.task.is_none() && self.queue.is_empty() && !self.twice.is_empty() {
            self.queue.extend(self.twice.drain(..).map(Task::Again));
            self.pace.pause(UNTIL_AGAIN, now);
        }
        let Some(task) = self.task.take().or_else(|| self.queue.pop_front()) else { return Step::Done };
        let wait = self.pace.wait(now);
        let step = if wait.is_zero() {
            self.pace.asked(now);
            Step::Ask(self.ask(&task))
        } else {
            Step::Wait(wait)
        };
        self.task = Some(task);
        step
    }

    /// What came of the last [`Step::Ask`]. A failure ends the walk.
    pub fn answered(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), Failure> {
        let Some(task) = self.task.take() else { return Ok(()) };
        let answer = match outcome {
            Outcome::Answer(answer) if !matches!(answer.status, 429 | 500..=599) => answer,
            Outcome::Answer(answer) => {
                return self.again(task, &format!("answers {}", answer.status), answer.retry_after, now);
            }
            Outcome::Lost(why) => return self.again(task, &why, None, now),
        };
        self.attempts = 0;
        let guarded = !matches!(task, Task::Token | Task::WithoutToken | Task::Unguarded(_));
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
    pub fn finish(self) -> Seen {
        self.seen
    }

    fn ask(&self, task: &Task) -> Ask {
        let below = |path: &str, end: &str| format!("/latest/{}{end}", encoded(path));
        let path = match task {
            Task::Token => {
                let headers = vec![("x-aws-ec2-metadata-token-ttl-seconds", TTL_SECONDS.to_owned())];
                return Ask { method: Method::PUT, path: "/latest/api/token".into(), headers };
            }
            Task::Versions => "/".to_owned(),
            Task::WithoutSlash => "/latest/meta-data".to_owned(),
            Task::WithoutToken => "/latest/".to_owned(),
            Task::Directory(path) if path.is_empty() => "/latest/".to_owned(),
            Task::Directory(path) | Task::Unguarded(path) => below(path, "/"),
            Task::Leaf(path, _) | Task::Again(path) => below(path, ""),
        };
        let bare = matches!(task, Task::WithoutToken | Task::Unguarded(_));
        let token = self.token.clone().filter(|_| !bare);
        let headers = token.map(|token| ("x-aws-ec2-metadata-token", token)).into_iter().collect();
        Ask { method: Method::GET, path, headers }
    }

    /// Asks once more, later, or gives up.
    fn again(
        &mut self,
        task: Task,
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
        if task == Task::Token {
            return Err(unavailable(format!(
                "gives no token: {why}; from within a container the answer to a token request arrives only if \
                 http-put-response-hop-limit is 2 or more"
            )));
        }
        self.give_up(&task, &why)
    }

    /// Goes on without an answer.
    pub(super) fn give_up(&mut self, task: &Task, why: &str) -> Result<(), Failure> {
        let path = match task {
            Task::Directory(path) | Task::Leaf(path, _) => path.clone(),
            _ => String::new(),
        };
        self.unanswered += 1;
        if self.unanswered >= UNANSWERED || *task == Task::Directory(String::new()) {
            return Err(unavailable(format!("does not answer /latest/{path}: {why}")));
        }
        if !path.is_empty() {
            self.seen.unknown(&path);
            self.seen.note(format!("{path}: {why}"));
        }
        Ok(())
    }

    /// The token is not known any more: another one.
    fn renew(&mut self, task: Task) -> Result<(), Failure> {
        if self.tokens >= TOKENS {
            return Err(unavailable(format!("refuses its own tokens, {TOKENS} of them")));
        }
        self.queue.push_front(task);
        self.queue.push_front(Task::Token);
        Ok(())
    }

    /// Once everything that is listed has been asked for.
    fn ask_for_unlisted(&mut self) {
        for path in UNLISTED {
            if self.known.insert(path.to_owned()) {
                self.queue.push_back(Task::Leaf(path.to_owned(), false));
            }
        }
    }
}

/// A failure that ends the walk, with what was found of the service.
pub(super) fn unavailable(found: impl AsRef<str>) -> Failure {
    Failure::new(Status::Unavailable, format!("cannot be recorded: the service {}", found.as_ref()))
}
