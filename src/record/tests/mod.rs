//! Walks through a service that is a function, on a clock that is a number.

mod failures;
mod limits;
mod walks;

use std::time::Duration;

use super::*;
use crate::exit::Failure;
use crate::model::Timestamp;
use crate::transcribe::{Observations, SecretsPolicy};

const START: Timestamp = Timestamp::from_secs(1_000_000);

/// A walk: what was asked and when, and how it ended.
struct Walk {
    asked: Vec<(Timestamp, String)>,
    ended: Result<Observations, Failure>,
}

impl Walk {
    fn paths(&self) -> Vec<&str> {
        self.asked.iter().map(|(_, path)| path.as_str()).collect()
    }

    fn failed(&self, sentence: &str) {
        let failure = self.ended.as_ref().expect_err("it ends in a failure");
        assert!(failure.message.contains(sentence), "expected {sentence:?}, found {:?}", failure.message);
    }
}

fn answer(status: u16, body: &str) -> ExchangeOutcome {
    ExchangeOutcome::Response(CrawlResponse {
        status,
        legacy: false,
        closes: true,
        retry_after: None,
        content_type: None,
        date: None,
        body: body.into(),
    })
}

/// Walks with a rate; the service gets the number of the request, too.
fn walk_at(rate: &str, service: impl FnMut(usize, &CrawlRequest) -> ExchangeOutcome) -> Walk {
    let crawl = Crawl::new(rate.parse().expect("a rate"), SecretsPolicy::default());
    walk_with(crawl, Duration::ZERO, service)
}

/// Walks; each request takes some time.
fn walk_with(
    mut crawl: Crawl,
    each: Duration,
    mut service: impl FnMut(usize, &CrawlRequest) -> ExchangeOutcome,
) -> Walk {
    let (mut now, mut asked) = (START, Vec::new());
    loop {
        match crawl.step(now) {
            CrawlStep::Wait(span) => now = now.plus(span),
            CrawlStep::Done => {
                let nothing = crawl.found_nothing_in_time(now);
                return Walk { asked, ended: nothing.map_or_else(|| Ok(crawl.finish()), Err) };
            }
            CrawlStep::Request(request) => {
                asked.push((now, format!("{} {}", request.method, request.path)));
                let left = crawl.time_left(now);
                now = now.plus(each.min(left));
                let outcome = match service(asked.len() - 1, &request) {
                    _ if each > left => ExchangeOutcome::TimedOut("no answer in time".into()),
                    outcome => outcome,
                };
                if let Err(failure) = crawl.handle_outcome(outcome, now) {
                    return Walk { asked, ended: Err(failure) };
                }
            }
        }
    }
}

fn walk(mut service: impl FnMut(&CrawlRequest) -> ExchangeOutcome) -> Walk {
    walk_at("1000", |_, request| service(request))
}

fn small(request: &CrawlRequest) -> ExchangeOutcome {
    let token =
        request.headers.iter().any(|(name, value)| *name == "x-aws-ec2-metadata-token" && value == "T0");
    match (request.method.as_str(), request.path.as_str()) {
        ("PUT", "/latest/api/token") => answer(200, "T0"),
        _ if !token => answer(401, ""),
        (_, "/") => answer(200, "1.0\nlatest"),
        (_, "/latest/") => answer(200, "meta-data"),
        (_, "/latest/meta-data" | "/latest/meta-data/") => answer(200, "a\nb/\npublic-keys/"),
        (_, "/latest/meta-data/b/") => answer(200, "c d"),
        (_, "/latest/meta-data/public-keys/") => answer(200, "0=me"),
        (_, "/latest/meta-data/public-keys/0/") => answer(200, "openssh-key"),
        (
            _,
            "/latest/meta-data/a"
            | "/latest/meta-data/b/c%20d"
            | "/latest/meta-data/public-keys/0/openssh-key",
        ) => answer(200, "x y\n"),
        _ => answer(404, ""),
    }
}
