//! `mock-imds spot`, `rebalance`, `maintenance`, `lifecycle`, `clear`, `rotate`, `set`: each is an event in the words
//! of `[[event]]` that is sent to a running server.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json as object};

use super::print::print_reply_in_flags;
use crate::cli::{ClearArgs, LifecycleArgs, MaintenanceArgs, ScheduleArgs, SetArgs, SpotArgs};
use crate::config::{MAX_BYTES, io_error_text};
use crate::control::ControlClient;
use crate::exit::{ExitStatus, Failure};

/// Sends an event and says what it does.
pub(crate) fn exec(occasion: &ScheduleArgs, event: Value) -> Result<(), Failure> {
    let Value::Object(mut event) = event else {
        return Err(Failure::new(ExitStatus::Software, "an event is an object"));
    };
    let said = [("in", &occasion.within), ("at", &occasion.at), ("instance", &occasion.instance)];
    for (key, value) in said {
        event.extend(value.as_ref().map(|value| (key.to_owned(), object!(value))));
    }
    let outcome = ControlClient::new(occasion.control.path.as_deref()).event(&Value::Object(event))?;
    print_reply_in_flags(outcome, occasion.json, |accepted| (&accepted.problems, &accepted.message))
}

/// A spot interruption notice.
pub(crate) fn spot(spot: &SpotArgs) -> Value {
    let mut words = Map::from_iter([
        ("action".to_owned(), object!(spot.action)),
        ("then".to_owned(), object!(spot.then)),
    ]);
    words.extend(spot.notice.as_ref().map(|notice| ("notice".to_owned(), object!(notice))));
    words.extend(spot.time.as_ref().map(|time| ("time".to_owned(), object!(time))));
    object!({ "spot-interruption": words })
}

/// A rebalance recommendation.
pub(crate) fn rebalance() -> Value {
    object!({ "rebalance-recommendation": {} })
}

/// A maintenance event.
pub(crate) fn maintenance(asked: &MaintenanceArgs) -> Value {
    let said = [
        ("id", &asked.id),
        ("code", &asked.code),
        ("description", &asked.description),
        ("not-before", &asked.not_before),
        ("not-after", &asked.not_after),
        ("not-before-deadline", &asked.not_before_deadline),
    ];
    let mut words = Map::from_iter([("state".to_owned(), object!(asked.state))]);
    for (key, value) in said {
        words.extend(value.as_ref().map(|value| (key.to_owned(), object!(value))));
    }
    object!({ "maintenance": words })
}

/// A target lifecycle state.
pub(crate) fn lifecycle(asked: &LifecycleArgs) -> Value {
    object!({ "target-lifecycle-state": asked.state })
}

/// What is taken back.
pub(crate) fn clear(clear: &ClearArgs) -> Value {
    object!({ "clear": clear.what })
}

/// New credentials.
pub(crate) fn rotate() -> Value {
    object!({ "credentials": { "rotate": true } })
}

/// The last word on a path. A file is read here: the server would read it as another user.
pub(crate) fn set(set: &SetArgs) -> Result<Value, Failure> {
    if set.unset {
        return Ok(object!({ "unset": [set.path] }));
    }
    let value = match (&set.value, &set.file) {
        (Some(value), _) => object!(value),
        (None, Some(file)) => object!({ "base64": BASE64_STANDARD.encode(content(file)?) }),
        (None, None) => object!(false),
    };
    Ok(object!({ "set": Map::from_iter([(set.path.clone(), value)]) }))
}

/// A file's bytes, if they are not more than a value may have.
fn content(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|open| open.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        let status = match error.kind() {
            ErrorKind::PermissionDenied => ExitStatus::NoPermission,
            _ => ExitStatus::Unavailable,
        };
        Failure::new(status, format!("{} cannot be read: {}", file.display(), io_error_text(&error)))
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        let found = format!("{} has more than 1 MiB; accepted: a value of at most 1 MiB", file.display());
        return Err(Failure::new(ExitStatus::Config, found));
    }
    Ok(bytes)
}
