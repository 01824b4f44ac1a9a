//! `mock-imds clear`: takes back what was ordered of a running server.

use serde_json::json;

use super::change;
use super::print::print_reply;
use super::server_choice;
use crate::cli::{ClearArgs, TimingArgs};
use crate::control::api::{ClearOrder, ClearScope, Cleared};
use crate::exit::{ExitStatus, Failure};

pub(crate) fn exec(args: &ClearArgs) -> Result<(), Failure> {
    let TimingArgs { within, at, instance, client, first_n_clients, json: as_json, control } = &args.timing;
    let for_all = instance.is_none() && client.is_none() && first_n_clients.is_none();
    let now_for_all = within.is_none() && at.is_none() && for_all;
    let has = |word: &str| args.what.iter().any(|what| what == word);
    if !now_for_all && (has("faults") || has("pending")) {
        let found = "faults and pending are cleared now and for all instances; leave out --in, --at, --instance, --client and --first-n-clients";
        return Err(Failure::new(ExitStatus::Usage, found));
    }
    let scopes = match (has("all"), now_for_all) {
        (true, true) => vec![ClearScope::All],
        _ => [("faults", ClearScope::Faults), ("pending", ClearScope::Pending)]
            .into_iter()
            .filter_map(|(word, scope)| has(word).then_some(scope))
            .collect(),
    };
    let client = server_choice::client(control)?;
    for what in &scopes {
        let describe = |cleared: &Cleared| (String::new(), cleared.message.clone());
        print_reply(client.clear(&ClearOrder { what: *what }), *as_json, describe, |_| {
            Failure::new(ExitStatus::Config, "rejected; nothing has changed")
        })?;
    }
    let kinds: Vec<&String> =
        args.what.iter().filter(|what| !["faults", "pending"].contains(&what.as_str())).collect();
    if kinds.is_empty() || scopes == [ClearScope::All] {
        return Ok(());
    }
    change::exec(&args.timing, json!({ "clear": kinds }))
}
