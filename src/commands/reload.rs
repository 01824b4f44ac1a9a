//! `mock-imds reload`: a running server loads its scenario anew. The unit's `ExecReload=` calls it, and what it
//! prints to stderr is what `systemctl status` shows.

use super::print::print_reply;
use crate::cli::ReloadArgs;
use crate::control::ControlClient;
use crate::control::api::ReloadOrder;
use crate::exit::{ExitStatus, Failure};

/// Runs the subcommand.
pub(crate) fn exec(reload: &ReloadArgs) -> Result<(), Failure> {
    let outcome =
        ControlClient::new(reload.control.path.as_deref()).reload(&ReloadOrder { keep: reload.keep })?;
    print_reply(outcome, reload.json, |reloaded| {
        (reloaded.report.clone(), format!("reloaded: {}", reloaded.message))
    })
    .map_err(|rejected| {
        let since = rejected.scenario.at.rfc3339();
        Failure::new(ExitStatus::Config, format!("reload rejected; still serving what was loaded {since}"))
    })
}
