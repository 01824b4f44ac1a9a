//! What an answer means.

use std::str::FromStr;

use super::crawl::{Crawl, CrawlTask, unavailable};
use super::exchange::CrawlResponse;
use super::listing::{ListingLine, entry};
use crate::exit::Failure;
use crate::imds::SERVED_VERSIONS;
use crate::model::{DirectoryWithoutSlash, Http, HttpTokens, Notice, Profile, UserDataListed};
use crate::transcribe::clip;

/// How many lines of listings are read, and so how many paths are asked for.
const PATHS: usize = 4096;
/// How deep listings lead.
const DEPTH: usize = 16;
/// Notices whose time may be that of the request.
const TIMED: [&str; 3] = [
    "meta-data/events/recommendations/rebalance",
    "meta-data/spot/instance-action",
    "meta-data/spot/termination-time",
];

impl Crawl {
    pub(super) fn judge(&mut self, task: CrawlTask, answer: &CrawlResponse) -> Result<(), Failure> {
        match task {
            CrawlTask::Token => return self.token(answer),
            CrawlTask::WithoutToken => {
                self.seen.manner.http_tokens = match answer.status {
                    200 => Some(HttpTokens::Optional),
                    401 => Some(HttpTokens::Required),
                    _ => None,
                };
            }
            CrawlTask::Versions => {
                let text = String::from_utf8_lossy(&answer.body);
                let dated =
                    || text.lines().filter(|version| *version != "latest").map(str::to_owned).collect();
                let other = answer.status == 200 && !text.lines().eq(SERVED_VERSIONS);
                self.seen.manner.http.versions = other.then(dated);
                if let (200, Some(profile)) = (answer.status, Profile::of_listing("/", &answer.body)) {
                    // For now: the listing of /latest/ has to say so too.
                    self.seen.manner.http.profile = profile;
                }
            }
            CrawlTask::Unguarded(_) => self.seen.manner.http.open_listings = answer.status == 200,
            CrawlTask::Again(path) => {
                if answer.status == 200 {
                    self.seen.asked_again(&path, answer.body.clone(), answer.date);
                }
            }
            CrawlTask::WithoutSlash => {
                if matches!(answer.status, 301 | 302 | 307 | 308) {
                    self.seen.manner.http.directory_without_slash = DirectoryWithoutSlash::Redirect;
                }
            }
            CrawlTask::Directory(path) => return self.directory(path, answer),
            CrawlTask::Leaf(path, listed) => return self.leaf(path, listed, answer),
        }
        Ok(())
    }

    fn token(&mut self, answer: &CrawlResponse) -> Result<(), Failure> {
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

    fn directory(&mut self, path: String, answer: &CrawlResponse) -> Result<(), Failure> {
        let root = path.is_empty();
        if root {
            self.tell_the_profile(answer);
        }
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
            other => return self.give_up(&CrawlTask::Directory(path), &format!("answers {other}")),
        }
        self.unanswered = 0;
        self.try_without_token(&path);
        match std::str::from_utf8(&answer.body) {
            Ok(listing) => self.follow(&path, listing),
            Err(_) => self.give_up(&CrawlTask::Directory(path), "the listing is no text"),
        }
    }

    fn tell_the_profile(&mut self, answer: &CrawlResponse) {
        let http = &mut self.seen.manner.http;
        http.profile = match (answer.status, Profile::of_listing("/latest/", &answer.body)) {
            (200, Some(profile)) if profile == http.profile => profile,
            _ if answer.legacy => Profile::Legacy,
            _ => Profile::Modern,
        };
        if http.profile.follows_instance() {
            http.keep_alive = !answer.legacy && !answer.closes;
        } else {
            *http = Http { profile: http.profile, ..Http::default() };
        }
    }

    /// amazon-ec2-metadata-mock lists what is below the two categories to those without a token; one tells for all.
    fn try_without_token(&mut self, path: &str) {
        let manner = &self.seen.manner;
        let required = manner.http_tokens == Some(HttpTokens::Required);
        if manner.http.profile.may_open_listings() && required && !self.tried && path.contains('/') {
            self.tried = true;
            self.queue.push_back(CrawlTask::Unguarded(path.to_owned()));
        }
    }

    fn follow(&mut self, path: &str, listing: &str) -> Result<(), Failure> {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        // In front of what waits, in the listing's order, so that the walk goes down before it goes on.
        for line in listing.lines().rev().filter(|line| !line.is_empty()) {
            self.lines += 1;
            if self.lines > PATHS {
                return Err(without_end());
            }
            let task = match entry(path, line) {
                ListingLine::Directory(name) => CrawlTask::Directory(below(&name)),
                ListingLine::Leaf(name) => CrawlTask::Leaf(below(&name), true),
                ListingLine::Key(number, name) => {
                    self.seen.key_name(number, &name);
                    CrawlTask::Directory(below(&number.to_string()))
                }
                ListingLine::Odd => {
                    self.seen.note(format!("{path}/: lists {:?}, which cannot be asked for", clip(line)));
                    continue;
                }
            };
            if path.is_empty() && !matches!(line, "dynamic" | "meta-data" | "user-data") {
                let name = clip(line);
                self.seen.note(format!("{name}: a scenario has no such directory beside meta-data"));
                continue;
            }
            // A path may be a directory and, with amazon-ec2-metadata-mock, a value too.
            let known = if matches!(task, CrawlTask::Directory(_)) { "/" } else { "" };
            if let CrawlTask::Directory(path) | CrawlTask::Leaf(path, _) = &task
                && self.known.insert(format!("{path}{known}"))
            {
                if path.split('/').count() > DEPTH {
                    return Err(without_end());
                }
                self.queue.push_front(task);
            }
        }
        Ok(())
    }

    fn leaf(&mut self, path: String, listed: bool, answer: &CrawlResponse) -> Result<(), Failure> {
        match answer.status {
            200 => {
                self.unanswered = 0;
                let role =
                    path.rsplit_once('/').filter(|(above, _)| *above == "meta-data/iam/security-credentials");
                if let Some((_, role)) = role {
                    self.seen.role(role);
                }
                self.seen.typed_value(&path, answer.body.clone(), answer.content_type.as_deref());
                if self.seen.manner.http.profile.dates_notices_by_request() && TIMED.contains(&path.as_str())
                {
                    self.twice.push(path);
                }
                Ok(())
            }
            404 => {
                self.unanswered = 0;
                if listed && path == "user-data" {
                    self.seen.manner.http.user_data_listed = UserDataListed::Always;
                } else if listed && self.seen.manner.http.profile.lists_notices_ahead() && is_notice(&path) {
                    self.seen.announced(&path);
                } else if listed {
                    self.seen.note(format!("{path}: listed, and answers 404"));
                }
                Ok(())
            }
            other => self.give_up(&CrawlTask::Leaf(path, listed), &format!("answers {other}")),
        }
    }
}

fn without_end() -> Failure {
    unavailable(format!(
        "lists more than {PATHS} paths, or one more than {DEPTH} directories deep: no metadata service does"
    ))
}

fn is_notice(path: &str) -> bool {
    Notice::from_str(path).is_ok()
}
