//! `mock-imds reload`: a running server loads its scenario anew. The unit's `ExecReload=` calls it, and what it
//! prints to stderr is what `systemctl status` shows.

use crate::cli::Reload;
use crate::commands::{json, say, warn};
use crate::control::Client;
use crate::control::api::ReloadOrder;
use crate::exit::{Failure, Status};

/// Runs the subcommand.
pub fn exec(reload: &Reload) -> Result<(), Failure> {
    match Client::new(reload.control.path.as_deref()).reload(&ReloadOrder { keep: reload.keep })? {
        Ok(reloaded) if reload.json => {
            say(&json(&reloaded));
            Ok(())
        }
        Ok(reloaded) => {
            if !reloaded.report.is_empty() {
                warn(&reloaded.report);
            }
            say(&format!("reloaded: {}", reloaded.message));
            Ok(())
        }
        Err(rejected) => {
            if reload.json {
                say(&json(&rejected));
            } else {
                warn(&rejected.report);
            }
            let since = rejected.scenario.at.rfc3339();
            Err(Failure::new(
                Status::Config,
                format!("reload rejected; still serving what was loaded {since}"),
            ))
        }
    }
}
