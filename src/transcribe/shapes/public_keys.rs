//! Public keys in their forms: a name with a key, or with its lines; `0=name`; `0` with `openssh-key` below.

use serde_json::{Map, Value};

use crate::transcribe::dump;
use crate::transcribe::known_paths::KEYS;
use crate::transcribe::observations::Observations;

pub(super) fn read(observations: &mut Observations, at: &[String], members: Map<String, Value>) {
    let below = |name: &str| at.iter().cloned().chain([name.to_owned()]).collect::<Vec<String>>();
    if members.is_empty() {
        observations.leave_out(at, &format!("{KEYS}: an empty directory"));
    }
    let named = members.keys().filter(|name| number_of(name).is_none()).count();
    if named > 1 {
        observations.add_note("the numbers of public keys: the file has their names only; numbered by name");
    }
    let taken: Vec<u32> = members.keys().filter_map(|name| Some(number_of(name)?.0)).collect();
    let mut free = (0..).filter(|number| !taken.contains(number));
    for (name, value) in members {
        let at = below(&name);
        let number = number_of(&name);
        let path = match number {
            Some((number, _)) => format!("{KEYS}/{number}"),
            None => format!("{KEYS}/{}", free.next().unwrap_or_default()),
        };
        match number {
            Some((number, Some(name))) => observations.add_key_name(number, name),
            Some(_) => {}
            None => {
                let number =
                    path.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default();
                observations.add_key_name(number, &name);
            }
        }
        key(observations, &path, &at, value);
    }
}

/// `0=name`, `0`: the number, and the name if it is there.
fn number_of(name: &str) -> Option<(u32, Option<&str>)> {
    let (number, name) = name.split_once('=').map_or((name, None), |(number, name)| (number, Some(name)));
    Some((number.parse().ok()?, name))
}

fn key(observations: &mut Observations, path: &str, at: &[String], value: Value) {
    match value {
        Value::Object(members) => {
            if members.is_empty() {
                observations.leave_out(at, &format!("{path}: no public key"));
            }
            for (name, value) in members {
                let at: Vec<String> = at.iter().cloned().chain([name.clone()]).collect();
                match value_text(&value) {
                    Some(line) => text(observations, &format!("{path}/{name}"), &at, &line),
                    None => observations.leave_out(&at, &format!("{path}/{name}: no public key")),
                }
            }
        }
        other => match value_text(&other) {
            Some(line) => text(observations, &format!("{path}/openssh-key"), at, &line),
            None => observations.leave_out(at, &format!("{path}: no public key")),
        },
    }
}

fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => {
            Some(lines.iter().map(Value::as_str).collect::<Option<Vec<&str>>>()?.join("\n"))
        }
        _ => None,
    }
}

/// A key, or the listing of their names.
pub(super) fn text(observations: &mut Observations, path: &str, at: &[String], text: &str) {
    if path == KEYS && text.lines().all(|line| number_of(line).is_some()) {
        observations.add_unknown(KEYS);
        return observations.leave_out(at, &format!("{KEYS}: names without keys"));
    }
    match dump::add_key(path, text, observations) {
        Some(path) => _ = observations.account.taken.insert(at.to_vec(), path),
        None => observations.leave_out(at, &format!("{path}: no public key")),
    }
}
