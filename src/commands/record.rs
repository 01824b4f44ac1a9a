//! `mock-imds record [URL]`: walks a service and writes the scenario that answers as it does.

use tokio::runtime;

use super::transcript::{self, TranscriptSource, keep};
use super::{output, warn};
use crate::cli::RecordArgs;
use crate::clock::now;
use crate::exit::{ExitStatus, Failure};
use crate::record::{Crawl, CrawlStep, Target, exchange};
use crate::transcribe::Observations;

/// Runs the subcommand.
pub(crate) fn exec(record: &RecordArgs) -> Result<(), Failure> {
    output::ready(&record.output)?;
    let target = &record.url;
    warn(&format!("recording {target}, {} requests a second at most", record.rate));
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("cannot start the event loop: {error}"))
    })?;
    let crawl = Crawl::new(record.rate, keep(&record.secrets));
    let seen = runtime.block_on(walk(crawl, target))?;
    let origin = TranscriptSource {
        line: format!("Written by `mock-imds record` from {target} at {}.", now().rfc3339()),
        subject: format!("{target} cannot be recorded"),
        accepted: "a service with paths below /latest/meta-data/",
        silent: ExitStatus::Unavailable,
    };
    transcript::write(seen, &origin, &record.output)
}

async fn walk(mut crawl: Crawl, target: &Target) -> Result<Observations, Failure> {
    loop {
        match crawl.step(now()) {
            CrawlStep::Wait(span) => tokio::time::sleep(span).await,
            CrawlStep::Done => return Ok(crawl.finish()),
            CrawlStep::Ask(ask) => {
                let outcome = exchange(target, &ask).await;
                crawl.answered(outcome, now()).map_err(|failure| {
                    Failure::new(failure.status, format!("{target} {}", failure.message))
                })?;
            }
        }
    }
}
