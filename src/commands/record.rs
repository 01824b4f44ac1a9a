//! `mock-imds record [URL]`: walks a service and writes the scenario that answers as it does.

use tokio::runtime;

use super::transcript::{self, Origin, keep};
use super::{output, warn};
use crate::cli::Record;
use crate::daemon::clock::now;
use crate::exit::{Failure, Status};
use crate::record::{Crawl, Step, Target, exchange};
use crate::transcribe::Seen;

/// Runs the subcommand.
pub fn exec(record: &Record) -> Result<(), Failure> {
    output::ready(&record.output)?;
    let target = &record.url;
    warn(&format!("recording {target}, {} requests a second at most", record.rate));
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::OsError, format!("cannot start the event loop: {error}")))?;
    let crawl = Crawl::new(record.rate, keep(&record.secrets));
    let seen = runtime.block_on(walk(crawl, target))?;
    let origin = Origin {
        line: format!("Written by `mock-imds record` from {target} at {}.", now().rfc3339()),
        subject: format!("{target} cannot be recorded"),
        accepted: "a service with paths below /latest/meta-data/",
        silent: Status::Unavailable,
    };
    transcript::write(seen, &origin, &record.output)
}

async fn walk(mut crawl: Crawl, target: &Target) -> Result<Seen, Failure> {
    loop {
        match crawl.step(now()) {
            Step::Wait(span) => tokio::time::sleep(span).await,
            Step::Done => return Ok(crawl.finish()),
            Step::Ask(ask) => {
                let outcome = exchange(target, &ask).await;
                crawl.answered(outcome, now()).map_err(|failure| {
                    Failure::new(failure.status, format!("{target} {}", failure.message))
                })?;
            }
        }
    }
}
