//! The keys of scenario.toml and host.toml, as data: a JSON Schema for editors, and the manual's list of keys.
//!
//! `keys/` is the list. Its tests compare it with what the readers of [`crate::scenario`] and [`crate::host`] ask for, and
//! with the files that are made of it or repeat it.

mod form;
mod forms;
mod keys;

use serde_json::{Map, Value, json};

use form::FileKey;

/// A file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SchemaSubject {
    /// The scenario
    Scenario,
    /// host.toml
    Host,
}

/// The JSON Schema of a file, as text.
pub(crate) fn text(subject: SchemaSubject) -> String {
    format!("{:#}\n", json_schema(subject))
}

/// Whether this is a table of scenarios.
pub(crate) fn is_scenario_table(name: &str) -> bool {
    keys::SCENARIO.iter().any(|key| key.name == name)
}

/// Draft 7: TOML language servers know it.
fn json_schema(subject: SchemaSubject) -> Value {
    let (title, description, keys): (_, _, &'static [FileKey]) = match subject {
        SchemaSubject::Scenario => (
            "Scenario of mock-imds",
            "The emulated EC2 instance, its events and its faults: mock-imds.toml(5).",
            keys::SCENARIO,
        ),
        SchemaSubject::Host => (
            "Host configuration of mock-imds",
            "What mock-imds may do to the network of this host: mock-imds-host.toml(5).",
            keys::HOST_FILE,
        ),
    };
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "description": description,
    });
    let Value::Object(table) = form::table(&[keys]) else { return schema };
    if let Value::Object(members) = &mut schema {
        members.extend(table);
        if subject == SchemaSubject::Scenario {
            let defined: Map<String, Value> =
                forms::DEFINED.iter().map(|(name, form)| ((*name).to_owned(), form.schema())).collect();
            members.insert("definitions".into(), Value::Object(defined));
        }
    }
    schema
}

#[cfg(test)]
mod manual;
#[cfg(test)]
mod tests;
