//! `mock-imds fault`: sends a fault, in the words of `[[fault]]`, to a running server; lists, changes and removes faults.

use serde_json::{Map, Value, json as object};

use super::print::{in_flags, print_line, print_reply, print_reply_in_flags, print_sentence, to_json};
use super::server_choice;
use crate::cli::{FaultArgs, FaultCommand, FaultFlags, FaultRemoveArgs, FaultSetArgs};
use crate::control::api::{Cleared, FaultOrigin, FaultStatus, LiveOrder, Rejected, RemoveFaultsOrder};
use crate::control::{ControlClient, OrderError};
use crate::exit::{ExitStatus, Failure};
use crate::model::{FaultName, StringEnum as _};

pub(crate) fn exec(args: &FaultArgs) -> Result<(), Failure> {
    match &args.command {
        Some(FaultCommand::List(args)) => {
            return list(&server_choice::client(&args.control)?, args.json);
        }
        Some(FaultCommand::Set(args)) => return set(args),
        Some(FaultCommand::Remove(args)) => return remove(args),
        None => {}
    }
    let client = server_choice::client(&args.control)?;
    if args.clear {
        let cleared = client.clear_faults()?;
        print_line(&if args.json { to_json(&cleared) } else { cleared.message });
        return Ok(());
    }
    check_headers(&args.flags)?;
    let outcome = client.add(&LiveOrder::Fault(words(args.name.as_ref(), &args.flags)));
    print_reply_in_flags(outcome, args.json)
}

fn set(args: &FaultSetArgs) -> Result<(), Failure> {
    let client = server_choice::client(&args.control)?;
    check_headers(&args.flags)?;
    let outcome = client.set_fault(&words(Some(&args.name), &args.flags));
    let unknown = matches!(&outcome, Err(OrderError::Rejected(rejected)) if is_unknown(&args.name, rejected));
    print_reply_in_flags(outcome, args.json).map_err(|failure| {
        let status = if unknown { ExitStatus::Usage } else { failure.status };
        Failure { status, ..failure }
    })
}

fn check_headers(flags: &FaultFlags) -> Result<(), Failure> {
    let Some(name) = flags.contradictory_header() else { return Ok(()) };
    let found = format!("--header {name} is set and removed; give it with values, or once without one");
    Err(Failure::new(ExitStatus::Usage, found))
}

/// No fault has the name, which was typed: the rejection has no line for it.
fn is_unknown(name: &FaultName, rejected: &Rejected) -> bool {
    let found = format!("there is no fault {:?}", name.as_str());
    rejected.problems.iter().any(|problem| problem.line.is_none() && problem.found == found)
}

fn remove(args: &FaultRemoveArgs) -> Result<(), Failure> {
    let client = server_choice::client(&args.control)?;
    let outcome = client.remove_faults(&RemoveFaultsOrder { names: args.names.clone(), all: args.all });
    let outcome = outcome.map_err(|error| in_flags(error, args.json));
    let describe = |cleared: &Cleared| (String::new(), cleared.message.clone());
    print_reply(outcome, args.json, describe, |_| {
        Failure::new(ExitStatus::Usage, "rejected; nothing has changed")
    })
}

fn list(client: &ControlClient, as_json: bool) -> Result<(), Failure> {
    let faults = client.faults()?;
    if as_json {
        print_line(&to_json(&faults));
        return Ok(());
    }
    if faults.is_empty() {
        print_line("there is no fault");
    }
    let width = faults.iter().map(|fault| fault.name.len()).max().unwrap_or(0);
    for fault in &faults {
        print_sentence(&format!("{:width$}  {}", fault.name, row(fault)), width + 7);
    }
    Ok(())
}

/// `on   503 at meta-data/iam/**; for 1m, 12s left; scenario; 4 matched, 3 hit`.
fn row(fault: &FaultStatus) -> String {
    let on = if fault.on { "on" } else { "off" };
    let origin = match fault.origin {
        FaultOrigin::Scenario => "scenario",
        FaultOrigin::Changed => "scenario, changed",
        FaultOrigin::Ordered => "ordered",
    };
    let FaultStatus { what, when, matched, hits, .. } = fault;
    format!("{on:3}  {what}; {when}; {origin}; {matched} matched, {hits} hit")
}

fn words(name: Option<&FaultName>, flags: &FaultFlags) -> Value {
    let effects = flags.effects().entries().map(|(key, value)| (key.as_str().to_owned(), value));
    let several = |values: &[String]| (!values.is_empty()).then(|| object!(values));
    let text = |value: &Option<String>| value.as_ref().map(|value| object!(value));
    let others = [
        ("name", name.map(|name| object!(name.as_str()))),
        ("path", text(&flags.path)),
        ("methods", several(&flags.method)),
        ("clients", several(&flags.client)),
        ("after-n", flags.after_n.map(Value::from)),
        ("count", flags.count.map(Value::from)),
        ("probability", flags.probability.map(Value::from)),
        ("seed", flags.seed.map(Value::from)),
        ("for", text(&flags.lasts)),
        ("in", text(&flags.within)),
        ("from", text(&flags.at)),
        ("endpoint", text(&flags.endpoint)),
        ("instance", text(&flags.instance)),
    ];
    let others = others.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    effects.chain(others).collect::<Map<_, _>>().into()
}
