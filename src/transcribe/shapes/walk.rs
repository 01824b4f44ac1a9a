//! Parts of a tree in JSON → values by path. Each value is taken, or left out with the reason.
//!
//! Undone here is what those who keep such trees do to answers: a value with a line end is a list of its lines, JSON is
//! taken apart, bytes that are no text are `ci-b64:` and base64, hyphens are underscores.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::input::Part;
use super::json_paths::{is_directory, is_json, is_known};
use super::public_keys;
use crate::model::RoleName;
use crate::transcribe::dump;
use crate::transcribe::known_paths::{KEYS, ROLES, below, is_user_data};
use crate::transcribe::observations::Observations;

const REDACTED: &str = "redacted for non-root user";
const BASE64: &str = "ci-b64:";
/// Directories whose names are the user's own.
const FREE_NAMES: [&str; 3] = ["meta-data/tags/instance", "meta-data/managed-ssh-keys", KEYS];
/// Values that are empty on EC2, too.
const MAY_BE_EMPTY: [&str; 3] =
    ["meta-data/tags/", "meta-data/public-hostname", "meta-data/network/interfaces/macs/"];

pub(super) struct Walk<'o> {
    pub(super) observations: &'o mut Observations,
    /// Whether underscores are hyphens in names that no category has, too.
    pub(super) all_hyphens: bool,
}

impl Walk<'_> {
    pub(super) fn part(&mut self, path: &str, part: Part) {
        match part.value {
            Value::Object(members) if path == KEYS => public_keys::read(self.observations, &part.at, members),
            Value::Object(members) if !is_json(path) => self.directory(path, &part.at, members),
            value => self.leaf(path, &Part { at: part.at, value }),
        }
    }

    fn directory(&mut self, path: &str, at: &[String], mut members: Map<String, Value>) {
        if members.is_empty() {
            self.observations.leave_out(at, &format!("{path}: an empty directory"));
        }
        let below = |name: &str| at.iter().cloned().chain([name.to_owned()]).collect::<Vec<String>>();
        // Merged forms have both spellings.
        let is_second = |name: &&String| {
            let hyphened = self.spelled(path, name);
            hyphened != **name && members.contains_key(&hyphened)
        };
        let second: Vec<String> = members.keys().filter(is_second).cloned().collect();
        for name in second {
            let hyphened = self.spelled(path, &name);
            let value = members.remove(&name).unwrap_or_default();
            let other = members.get(&hyphened).unwrap_or(&Value::Null);
            self.second_spelling(path, &hyphened, &below(&name), &value, other);
        }
        for (name, value) in members {
            let at = below(&name);
            let hyphened = self.spelled(path, &name);
            let below = hyphened.trim_matches('/');
            if below.is_empty() || below.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
                self.observations.leave_out(&at, &format!("{path}/{name}: no path that a request reaches"));
                continue;
            }
            // Where there is no meta-data, user data is its neighbour.
            let below = if path == "meta-data" && below == "userdata" { "user-data" } else { below };
            let path = if path == "meta-data" && is_user_data(below) {
                below.to_owned()
            } else {
                format!("{path}/{below}")
            };
            self.part(&path, Part { at, value });
        }
    }

    fn second_spelling(&mut self, path: &str, name: &str, at: &[String], value: &Value, other: &Value) {
        if with_hyphens(value) == with_hyphens(other) {
            self.observations.account.taken.insert(at.to_vec(), format!("{path}/{name}"));
        } else {
            self.observations
                .leave_out(at, &format!("{path}/{name}: there twice; the spelling with hyphens counts"));
        }
    }

    fn spelled(&self, path: &str, name: &str) -> String {
        let hyphened = name.replace('_', "-");
        let free = FREE_NAMES.iter().any(|free| path.starts_with(free));
        if free || !(self.all_hyphens || is_known(&format!("{path}/{hyphened}"))) {
            name.to_owned()
        } else {
            hyphened
        }
    }

    fn leaf(&mut self, path: &str, part: &Part) {
        match &part.value {
            Value::String(text) if text == REDACTED => {
                self.observations.add_unknown(path);
                let note = format!("{path}: {REDACTED}; run it as root on instance-data-sensitive.json");
                self.observations.leave_out(&part.at, &note);
            }
            Value::String(text) if text.starts_with(BASE64) => {
                match BASE64_STANDARD.decode(&text[BASE64.len()..]) {
                    Ok(bytes) => self.take(path, &part.at, bytes),
                    Err(_) => self.no_value(path, &part.at, "ci-b64: without base64"),
                }
            }
            Value::String(text) => self.text(path, &part.at, text),
            // A crawler has decoded it.
            value @ (Value::Object(_) | Value::Array(_)) if is_json(path) => self.json(path, &part.at, value),
            Value::Array(lines) if lines.is_empty() => self.no_value(path, &part.at, "an empty list"),
            Value::Array(lines) => match lines.iter().map(Value::as_str).collect::<Option<Vec<&str>>>() {
                Some(lines) => self.text(path, &part.at, &lines.join("\n")),
                None => self.no_value(path, &part.at, "a list of other things than lines"),
            },
            Value::Object(_) => self.json(path, &part.at, &part.value),
            Value::Number(_) | Value::Bool(_) => self.text(path, &part.at, &part.value.to_string()),
            Value::Null => self.no_value(path, &part.at, "null"),
        }
    }

    /// False, and said, of what is below the roles and no answer of a role.
    fn can_be_role(&mut self, path: &str, at: &[String], value: &Value) -> bool {
        let Some(name) = below(path, ROLES) else { return true };
        let can = value.is_object() && name.parse::<RoleName>().is_ok();
        if !can {
            self.observations.leave_out(at, &format!("{path}: no answer of a role"));
        }
        can
    }

    fn json(&mut self, path: &str, at: &[String], value: &Value) {
        if !self.can_be_role(path, at, value) {
            return;
        }
        self.observations.add_json(path, value);
        self.observations.account.taken.insert(at.to_vec(), path.to_owned());
    }

    fn text(&mut self, path: &str, at: &[String], text: &str) {
        if let Some(status) = dump::error_page(text.as_bytes()) {
            let note = format!("{path}: a page that says {status}, not a value");
            return self.observations.leave_out(at, &note);
        }
        if path == ROLES {
            return self.roles(at, text);
        }
        if path == KEYS || below(path, KEYS).is_some() {
            return public_keys::text(self.observations, path, at, text);
        }
        if is_json(path) {
            let value: Option<Value> = serde_json::from_str(text).ok();
            if !value.as_ref().is_some_and(|value| value.is_object() || value.is_array()) {
                return self.no_value(path, at, "what is no JSON");
            }
            if value.is_some_and(|value| !self.can_be_role(path, at, &value)) {
                return;
            }
        }
        if is_directory(path) {
            let note = format!("{path}: a text where EC2 has a directory; what it lists is not in the file");
            self.observations.add_unknown(path);
            return self.observations.leave_out(at, &note);
        }
        if text.is_empty() && !is_user_data(path) && !MAY_BE_EMPTY.iter().any(|free| path.starts_with(free)) {
            self.observations
                .add_note(format!("{path}: is empty, and stays so; EC2 has 404 rather than an empty value"));
        }
        self.take(path, at, text.as_bytes().to_vec());
    }

    /// The listing in the place of the directory.
    fn roles(&mut self, at: &[String], text: &str) {
        self.observations.add_unknown(ROLES);
        if dump::add_roles(text, self.observations) {
            self.observations.account.taken.insert(at.to_vec(), ROLES.to_owned());
        } else {
            self.observations.leave_out(at, &format!("{ROLES}: no list of roles"));
        }
    }

    fn take(&mut self, path: &str, at: &[String], bytes: Vec<u8>) {
        if self.observations.values.contains_key(path) {
            let note = format!("{path}: there twice; the first counts");
            return self.observations.leave_out(at, &note);
        }
        self.observations.add_value(path, bytes);
        self.observations.account.taken.insert(at.to_vec(), path.to_owned());
    }

    /// A path whose value cannot be read. What is there instead is not quoted: it may be a secret.
    fn no_value(&mut self, path: &str, at: &[String], kind: &str) {
        self.observations.add_unknown(path);
        self.observations.leave_out(at, &format!("{path}: {kind} is no value of a service"));
    }
}

/// With hyphens in all names, to compare two spellings of one thing.
fn with_hyphens(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.replace('_', "-"), with_hyphens(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}
