//! What each response means for the walk: a value, a listing that leads on, an absence, or the end. Which request is
//! next, and when, is `crawl.rs`'s to say.

use std::str::FromStr;

use super::crawl::{Crawl, CrawlTask, unavailable};
use super::exchange::CrawlResponse;
use super::listing::{ListingLine, parse_line};
use crate::exit::Failure;
use crate::imds::SERVED_VERSIONS;
use crate::model::{DirectoryWithoutSlash, Http, HttpTokens, Notice, Profile, UserDataListed};
use crate::transcribe::clip;

/// The limit of lines in all listings, and so of paths.
const MAX_PATHS: usize = 4096;
const MAX_DEPTH: usize = 16;
/// Notices whose time may be that of the request.
const TIMED: [&str; 3] = [
    "meta-data/events/recommendations/rebalance",
    "meta-data/spot/instance-action",
    "meta-data/spot/termination-time",
];

impl Crawl {
    pub(super) fn interpret(&mut self, task: CrawlTask, answer: &CrawlResponse) -> Result<(), Failure> {
        match task {
            CrawlTask::Token => return self.token(answer),
            CrawlTask::RootWithoutToken => {
                self.observations.traits.http_tokens = match answer.status {
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
                self.observations.traits.http.versions = other.then(dated);
                if let (200, Some(profile)) = (answer.status, Profile::of_listing("/", &answer.body)) {
                    // Until the listing of /latest/ confirms it.
                    self.observations.traits.http.profile = profile;
                }
            }
            CrawlTask::DirectoryWithoutToken(_) => {
                self.observations.traits.http.open_listings = answer.status == 200;
            }
            CrawlTask::TimedNotice(path) => {
                if answer.status == 200 {
                    self.observations.add_second_answer(&path, answer.body.clone(), answer.date);
                }
            }
            CrawlTask::MetaDataWithoutSlash => {
                if matches!(answer.status, 301 | 302 | 307 | 308) {
                    self.observations.traits.http.directory_without_slash = DirectoryWithoutSlash::Redirect;
                }
            }
            CrawlTask::Directory(path) => return self.directory(path, answer),
            CrawlTask::Leaf(path, listed) => return self.leaf(path, listed, answer),
        }
        Ok(())
    }

    fn token(&mut self, answer: &CrawlResponse) -> Result<(), Failure> {
        self.token_requests += 1;
        let graphic = !answer.body.is_empty() && answer.body.iter().all(u8::is_ascii_graphic);
        match (answer.status, std::str::from_utf8(&answer.body)) {
            (200, Ok(token)) if graphic => self.token = Some(token.to_owned()),
            (status @ (403..=405), _) => {
                self.token = None;
                self.observations.add_note(format!(
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
            self.detect_profile(answer);
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
                self.observations.add_note("the listing of /latest/: 404");
                return self.enqueue_listed("", "dynamic\nmeta-data");
            }
            404 => {
                self.observations.add_note(format!("{path}/: listed, and answers 404"));
                return Ok(());
            }
            other => return self.skip(&CrawlTask::Directory(path), &format!("answers {other}")),
        }
        self.unanswered = 0;
        self.probe_open_listings(&path);
        match std::str::from_utf8(&answer.body) {
            Ok(listing) => self.enqueue_listed(&path, listing),
            Err(_) => self.skip(&CrawlTask::Directory(path), "the listing is no text"),
        }
    }

    fn detect_profile(&mut self, answer: &CrawlResponse) {
        let http = &mut self.observations.traits.http;
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

    /// amazon-ec2-metadata-mock may list what is below the two categories without a token; one directory shows it for all.
    fn probe_open_listings(&mut self, path: &str) {
        let traits = &self.observations.traits;
        let required = traits.http_tokens == Some(HttpTokens::Required);
        if traits.http.profile.may_open_listings()
            && required
            && !self.open_listings_probed
            && path.contains('/')
        {
            self.open_listings_probed = true;
            self.queue.push_back(CrawlTask::DirectoryWithoutToken(path.to_owned()));
        }
    }

    fn enqueue_listed(&mut self, path: &str, listing: &str) -> Result<(), Failure> {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        // At the front of the queue, in the listing's order, so that the walk is depth first.
        for line in listing.lines().rev().filter(|line| !line.is_empty()) {
            self.listing_lines += 1;
            if self.listing_lines > MAX_PATHS {
                return Err(endless());
            }
            let task = match parse_line(path, line) {
                ListingLine::Directory(name) => CrawlTask::Directory(below(&name)),
                ListingLine::Leaf(name) => CrawlTask::Leaf(below(&name), true),
                ListingLine::Key(number, name) => {
                    self.observations.add_key_name(number, &name);
                    CrawlTask::Directory(below(&number.to_string()))
                }
                ListingLine::Invalid => {
                    self.observations
                        .add_note(format!("{path}/: lists {:?}, which cannot be asked for", clip(line)));
                    continue;
                }
            };
            if path.is_empty() && !matches!(line, "dynamic" | "meta-data" | "user-data") {
                let name = clip(line);
                self.observations
                    .add_note(format!("{name}: a scenario has no such directory beside meta-data"));
                continue;
            }
            // A path may be a directory and, with amazon-ec2-metadata-mock, a value too.
            let slash = if matches!(task, CrawlTask::Directory(_)) { "/" } else { "" };
            if let CrawlTask::Directory(path) | CrawlTask::Leaf(path, _) = &task
                && self.enqueued.insert(format!("{path}{slash}"))
            {
                if path.split('/').count() > MAX_DEPTH {
                    return Err(endless());
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
                    self.observations.add_role(role);
                }
                self.observations.add_typed_value(&path, answer.body.clone(), answer.content_type.as_deref());
                if self.observations.traits.http.profile.dates_notices_by_request()
                    && TIMED.contains(&path.as_str())
                {
                    self.timed_notices.push(path);
                }
                Ok(())
            }
            404 => {
                self.unanswered = 0;
                if listed && path == "user-data" {
                    self.observations.traits.http.user_data_listed = UserDataListed::Always;
                } else if listed
                    && self.observations.traits.http.profile.lists_notices_ahead()
                    && is_notice(&path)
                {
                    self.observations.add_announced(&path);
                } else if listed {
                    self.observations.add_note(format!("{path}: listed, and answers 404"));
                }
                Ok(())
            }
            other => self.skip(&CrawlTask::Leaf(path, listed), &format!("answers {other}")),
        }
    }
}

fn endless() -> Failure {
    unavailable(format!(
        "lists more than {MAX_PATHS} paths, or one more than {MAX_DEPTH} directories deep: no metadata service does"
    ))
}

fn is_notice(path: &str) -> bool {
    Notice::from_str(path).is_ok()
}
