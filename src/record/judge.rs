//! What an answer means.

use super::ask::Answer;
use super::crawl::{Crawl, Task, unavailable};
use super::walk::{Entry, entry};
use crate::exit::Failure;
use crate::imds::SERVED_VERSIONS;
use crate::model::{DirectoryWithoutSlash, HttpTokens, Profile, UserDataListed};

/// How many paths are asked for.
const PATHS: usize = 4096;
/// How deep listings lead.
const DEPTH: usize = 16;

impl Crawl {
    pub(super) fn judge(&mut self, task: Task, answer: &Answer) -> Result<(), Failure> {
        match task {
            Task::Token => return self.token(answer),
            Task::WithoutToken => {
                self.seen.manner.http_tokens = match answer.status {
                    200 => Some(HttpTokens::Optional),
                    401 => Some(HttpTokens::Required),
                    _ => None,
                };
            }
            Task::Versions => {
                let text = String::from_utf8_lossy(&answer.body);
                let dated =
                    || text.lines().filter(|version| *version != "latest").map(str::to_owned).collect();
                let other = answer.status == 200 && !text.lines().eq(SERVED_VERSIONS);
                self.seen.manner.http.versions = other.then(dated);
            }
            Task::WithoutSlash => {
                if matches!(answer.status, 301 | 302 | 307 | 308) {
                    self.seen.manner.http.directory_without_slash = DirectoryWithoutSlash::Redirect;
                }
            }
            Task::Directory(path) => return self.directory(path, answer),
            Task::Leaf(path, listed) => return self.leaf(path, listed, answer),
        }
        Ok(())
    }

    fn token(&mut self, answer: &Answer) -> Result<(), Failure> {
        self.tokens += 1;
        let graphic = !answer.body.is_empty() && answer.body.iter().all(u8::is_ascii_graphic);
        match (answer.status, std::str::from_utf8(&answer.body)) {
            (200, Ok(token)) if graphic => self.token = Some(token.to_owned()),
            (status @ (403..=405), _) => {
                self.token = None;
                self.seen.note(format!(
                    "tokens: the service gives none (PUT /latest/api/token answers {status}), so it was asked without, as \
                     in IMDSv1; this scenario's service gives them"
                ));
            }
            (status, _) => {
                return Err(unavailable(format!("answers {status} to PUT /latest/api/token, and no token")));
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: String, answer: &Answer) -> Result<(), Failure> {
        let root = path.is_empty();
        match answer.status {
            200 => {}
            403 if root => {
                return Err(unavailable(
                    "answers 403: its endpoint is disabled; enable it (HttpEndpoint in EC2's metadata options), then record",
                ));
            }
            401 if root => return Err(unavailable("wants a token and gives none")),
            404 if root => {
                self.seen.note("the listing of /latest/: 404");
                return self.follow("", "dynamic\nmeta-data");
            }
            404 => {
                self.seen.note(format!("{path}/: listed, and answers 404"));
                return Ok(());
            }
            other => return self.give_up(&Task::Directory(path), &format!("answers {other}")),
        }
        self.unanswered = 0;
        if root {
            let http = &mut self.seen.manner.http;
            http.profile = if answer.legacy { Profile::Legacy } else { Profile::Modern };
            http.keep_alive = !answer.legacy && !answer.closes;
        }
        match std::str::from_utf8(&answer.body) {
            Ok(listing) => self.follow(&path, listing),
            Err(_) => self.give_up(&Task::Directory(path), "the listing is no text"),
        }
    }

    fn follow(&mut self, path: &str, listing: &str) -> Result<(), Failure> {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        // In front of what waits, in the listing's order, so that the walk goes down before it goes on.
        for line in listing.lines().rev().filter(|line| !line.is_empty()) {
            let task = match entry(path, line) {
                Entry::Directory(name) => Task::Directory(below(&name)),
                Entry::Leaf(name) => Task::Leaf(below(&name), true),
                Entry::Key(number, name) => {
                    self.seen.key_name(number, &name);
                    Task::Directory(below(&number.to_string()))
                }
                Entry::Odd => {
                    self.seen.note(format!("{path}/: lists {line:?}, which cannot be asked for"));
                    continue;
                }
            };
            if path.is_empty() && !matches!(line, "dynamic" | "meta-data" | "user-data") {
                self.seen.note(format!("{line}: a scenario has no such directory beside meta-data"));
                continue;
            }
            if let Task::Directory(path) | Task::Leaf(path, _) = &task
                && self.known.insert(path.clone())
            {
                if self.known.len() > PATHS || path.split('/').count() > DEPTH {
                    return Err(unavailable(format!(
                        "lists more than {PATHS} paths, or one more than {DEPTH} directories deep: no metadata service does"
                    )));
                }
                self.queue.push_front(task);
            }
        }
        Ok(())
    }

    fn leaf(&mut self, path: String, listed: bool, answer: &Answer) -> Result<(), Failure> {
        match answer.status {
            200 => {
                self.unanswered = 0;
                let role =
                    path.rsplit_once('/').filter(|(above, _)| *above == "meta-data/iam/security-credentials");
                if let Some((_, role)) = role {
                    self.seen.role(role);
                }
                self.seen.value(&path, answer.body.clone());
                Ok(())
            }
            404 => {
                self.unanswered = 0;
                if listed && path == "user-data" {
                    self.seen.manner.http.user_data_listed = UserDataListed::Always;
                } else if listed {
                    self.seen.note(format!("{path}: listed, and answers 404"));
                }
                Ok(())
            }
            other => self.give_up(&Task::Leaf(path, listed), &format!("answers {other}")),
        }
    }
}
