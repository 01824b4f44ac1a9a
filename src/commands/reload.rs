//! `mock-imds reload`: a running server loads its scenario anew. The unit's `ExecReload=` calls it, and what it
//! prints to stderr is what `systemctl status` shows.

use super::print::print_reply;
use super::server_choice;
use crate::cli::ReloadArgs;
use crate::control::api::{ReloadOrder, Reloaded};
use crate::exit::{ExitStatus, Failure};

pub(crate) fn exec(reload: &ReloadArgs) -> Result<(), Failure> {
    let client = server_choice::client(&reload.control)?;
    let outcome = client.reload(&ReloadOrder { keep: reload.keep });
    let words = |reloaded: &Reloaded| (reloaded.report.clone(), format!("reloaded: {}", reloaded.message));
    print_reply(outcome, reload.json, words, |rejected| {
        let served = rejected.scenario.served();
        Failure::new(ExitStatus::Config, format!("reload rejected; still serving {served}"))
    })
}
