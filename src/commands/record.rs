//! `mock-imds record [URL]`: walks a service and writes the scenario that answers as it does.

use tokio::runtime;

use super::output;
use super::print::warn;
use super::transcript::{self, TranscriptSource, secrets_policy};
use crate::cli::RecordArgs;
use crate::daemon::system_clock::now;
use crate::exit::{ExitStatus, Failure};
use crate::record::{Crawl, CrawlStep, Target, exchange};
use crate::transcribe::Observations;

pub(crate) fn exec(record: &RecordArgs) -> Result<(), Failure> {
    output::check_writable(&record.output)?;
    let target = &record.url;
    warn(&format!("recording {target}, {} requests a second at most", record.rate));
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("cannot start the event loop: {error}"))
    })?;
    let crawl = Crawl::new(record.rate, secrets_policy(&record.secrets));
    let observations = runtime.block_on(walk(crawl, target))?;
    let origin = TranscriptSource {
        line: format!("Written by `mock-imds record` from {target} at {}.", now().rfc3339()),
        subject: format!("{target} cannot be recorded"),
        accepted: "a service with paths below /latest/meta-data/",
        silent: ExitStatus::Unavailable,
    };
    transcript::write(observations, &origin, &record.output)
}

async fn walk(mut crawl: Crawl, target: &Target) -> Result<Observations, Failure> {
    loop {
        match crawl.step(now()) {
            CrawlStep::Wait(span) => tokio::time::sleep(span).await,
            CrawlStep::Done => return Ok(crawl.finish()),
            CrawlStep::Request(request) => {
                let outcome = exchange(target, &request).await;
                crawl.handle_outcome(outcome, now()).map_err(|failure| {
                    Failure::new(failure.status, format!("{target} {}", failure.message))
                })?;
            }
        }
    }
}
