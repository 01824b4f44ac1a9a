//! `mock-imds metrics`: the metrics of the server and of the guardian, as Prometheus reads them.

use std::path::Path;

use super::print::print_bytes;
use super::server_choice;
use crate::cli::MetricsArgs;
use crate::exit::Failure;
use crate::host::metrics;
use crate::host::runtime::{DEFAULT_DIRECTORY, Runtime};
use crate::metrics::MetricsText;

pub(crate) fn exec(args: &MetricsArgs) -> Result<(), Failure> {
    let guardian = Runtime::at(Path::new(DEFAULT_DIRECTORY)).present_status();
    let mut text = MetricsText::default();
    metrics::write(&mut text, guardian.as_ref());
    let text = text.into_text();
    match server_choice::client(&args.control).and_then(|client| client.metrics()) {
        Ok(server) => print_bytes((server + &text).as_bytes()),
        Err(failure) => {
            // The guardian's are true all the same.
            print_bytes(text.as_bytes())?;
            Err(failure)
        }
    }
}
