//! `mock-imds spot`, `rebalance`, `maintenance`, `lifecycle`, `rotate`, `set`, and `clear` of one kind of change: each sends an event, in the
//! words of `[[event]]`, to a running server.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json as object};

use super::print::print_reply_in_flags;
use super::server_choice;
use crate::cli::{LifecycleArgs, MaintenanceArgs, SetArgs, SpotArgs, TimingArgs};
use crate::config::MAX_BYTES;
use crate::control::api::LiveOrder;
use crate::exit::{ExitStatus, Failure};
use crate::files::{self, FileError};

/// The program at the other end of a pipe has so long.
const PIPE_TIME_LIMIT: Duration = Duration::from_mins(1);

/// Sends an event and prints its effect.
pub(crate) fn exec(timing: &TimingArgs, event: Value) -> Result<(), Failure> {
    let Value::Object(mut event) = event else {
        return Err(Failure::new(ExitStatus::Software, "an event is an object"));
    };
    let schedule = [("in", &timing.within), ("at", &timing.at), ("instance", &timing.instance)];
    for (key, value) in schedule {
        event.extend(value.as_ref().map(|value| (key.to_owned(), object!(value))));
    }
    event.extend(timing.client.map(|client| ("client".to_owned(), object!(client))));
    event.extend(timing.first_n_clients.map(|clients| ("first-n-clients".to_owned(), object!(clients))));
    let client = server_choice::client(&timing.control)?;
    let outcome = client.add(&LiveOrder::Event(Value::Object(event)));
    print_reply_in_flags(outcome, timing.json)
}

pub(crate) fn spot(spot: &SpotArgs) -> Value {
    let mut words = Map::from_iter([
        ("action".to_owned(), object!(spot.action)),
        ("then".to_owned(), object!(spot.then)),
    ]);
    words.extend(spot.notice.as_ref().map(|notice| ("notice".to_owned(), object!(notice))));
    words.extend(spot.time.as_ref().map(|time| ("time".to_owned(), object!(time))));
    object!({ "spot-interruption": words })
}

pub(crate) fn rebalance() -> Value {
    object!({ "rebalance-recommendation": {} })
}

pub(crate) fn maintenance(args: &MaintenanceArgs) -> Value {
    let texts = [
        ("id", &args.id),
        ("code", &args.code),
        ("description", &args.description),
        ("not-before", &args.not_before),
        ("not-after", &args.not_after),
        ("not-before-deadline", &args.not_before_deadline),
    ];
    let mut words = Map::from_iter([("state".to_owned(), object!(args.state))]);
    for (key, value) in texts {
        words.extend(value.as_ref().map(|value| (key.to_owned(), object!(value))));
    }
    object!({ "maintenance": words })
}

pub(crate) fn lifecycle(args: &LifecycleArgs) -> Value {
    object!({ "target-lifecycle-state": args.state })
}

pub(crate) fn rotate() -> Value {
    object!({ "credentials": { "rotate": true } })
}

/// An override of a path. A file is read here: the server would read it as another user.
pub(crate) fn set(set: &SetArgs) -> Result<Value, Failure> {
    if set.unset {
        return Ok(object!({ "unset": [set.path] }));
    }
    let value = match (&set.value, &set.file) {
        (Some(value), _) => object!(value),
        (None, Some(file)) => file_value(file)?,
        (None, None) => object!(false),
    };
    Ok(object!({ "set": Map::from_iter([(set.path.clone(), value)]) }))
}

/// The content of a file as a value of the scenario.
pub(super) fn file_value(file: &Path) -> Result<Value, Failure> {
    Ok(object!({ "base64": BASE64_STANDARD.encode(content(file)?) }))
}

/// A file's bytes, if they are not more than a value may have. A pipe may do: `--file <(program)`.
fn content(file: &Path) -> Result<Vec<u8>, Failure> {
    files::read_stream(file, MAX_BYTES, PIPE_TIME_LIMIT).map_err(|error| {
        let accepted = "accepted: a value of at most 1 MiB";
        let (status, why) = match error {
            FileError::TooLarge(_) => (ExitStatus::Config, format!("has more than 1 MiB; {accepted}")),
            error if error.is_permission_denied() => (ExitStatus::NoPermission, error.to_string()),
            error => (ExitStatus::Unavailable, error.to_string()),
        };
        Failure::new(status, format!("{} {why}", file.display()))
    })
}
