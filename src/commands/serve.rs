//! `mock-imds serve`: the server, in the foreground.

use crate::cli::Serve;
use crate::daemon::{self, Options};
use crate::exit::Failure;

/// Runs the subcommand.
pub fn exec(serve: Serve) -> Result<(), Failure> {
    let Serve { scenario, listen, control, state, watch, library } = serve;
    daemon::run(Options { scenario, listen, control: control.path, state, watch, library, stand_in: None })?;
    Ok(())
}
