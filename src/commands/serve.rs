//! `mock-imds serve`: the server, in the foreground.

use crate::cli::ServeArgs;
use crate::daemon::{self, DaemonOptions};
use crate::exit::Failure;

pub(crate) fn exec(serve: ServeArgs) -> Result<(), Failure> {
    let ServeArgs { scenario, listen, control, state, watch, library } = serve;
    daemon::run(DaemonOptions {
        scenario,
        listen,
        control: control.path,
        state,
        watch,
        library,
        stand_in: None,
    })?;
    Ok(())
}
