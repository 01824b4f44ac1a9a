//! `mock-imds record [URL]`: walks a service and writes the scenario that answers as it does.

use super::event_loop;
use super::output;
use super::print::warn;
use super::record_progress::Progress;
use super::transcript::{self, TranscriptSource, secrets_policy};
use crate::cli::RecordArgs;
use crate::clock::now;
use crate::exit::{ExitStatus, Failure};
use crate::model::format_duration;
use crate::record::{Crawl, CrawlStep, Target, exchange};
use crate::transcribe::Observations;

pub(crate) fn exec(record: &RecordArgs) -> Result<(), Failure> {
    output::check_writable(&record.output)?;
    let target = &record.url;
    let (rate, time) = (record.rate, format_duration(record.max_time));
    warn(&format!("recording {target}, {rate} requests a second and {time} at most"));
    let crawl = Crawl::new(record.rate, secrets_policy(&record.secrets)).within(record.max_time);
    let observations = event_loop::run(walk(crawl, target))??;
    let origin = TranscriptSource {
        line: format!("Written by `mock-imds record` from {target} at {}.", now().rfc3339()),
        subject: format!("{target} cannot be recorded"),
        accepted: "a service with paths below /latest/meta-data/",
        silent: ExitStatus::Unavailable,
    };
    transcript::write(observations, &origin, &record.output)
}

async fn walk(mut crawl: Crawl, target: &Target) -> Result<Observations, Failure> {
    let mut progress = Progress::start();
    loop {
        match crawl.step(now()) {
            CrawlStep::Wait(span) => progress.during(tokio::time::sleep(span), &crawl).await,
            CrawlStep::Done => {
                let nothing = crawl.found_nothing_in_time(now()).map(|failure| of(target, &failure));
                return nothing.map_or_else(|| Ok(crawl.finish()), Err);
            }
            CrawlStep::Request(request) => {
                let left = crawl.time_left(now());
                let outcome = progress.during(exchange(target, &request, left), &crawl).await;
                crawl.handle_outcome(outcome, now()).map_err(|failure| of(target, &failure))?;
            }
        }
    }
}

/// A predicate of the service, with its subject.
fn of(target: &Target, failure: &Failure) -> Failure {
    Failure::new(failure.status, format!("{target} {}", failure.message))
}
