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
    let server = server_choice::client(&args.control)?.metrics()?;
    let guardian = Runtime::at(Path::new(DEFAULT_DIRECTORY)).present_status();
    let mut text = MetricsText::default();
    metrics::write(&mut text, guardian.as_ref());
    print_bytes((server + &text.into_text()).as_bytes())
}
