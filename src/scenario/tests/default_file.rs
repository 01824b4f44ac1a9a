//! `default.toml` is the built-in instance, and names every key.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::{DEFAULT, problems, read, scenario};
use crate::config::SourceText;
use crate::model::Scenario;
use crate::scenario::keys;

/// `default.toml` with its absent keys made present.
fn uncommented() -> String {
    let mut text = String::new();
    for line in DEFAULT.lines() {
        let present =
            |rest: &&str| rest.starts_with('[') || rest.contains(" = ") && !rest.starts_with([' ', '#']);
        let key = line.strip_prefix('#').filter(present);
        writeln!(text, "{}", key.unwrap_or(line)).expect("a string takes everything");
    }
    text
}

#[test]
fn an_empty_file_is_the_built_in_instance() {
    assert_eq!(scenario(""), Scenario::default());
}

#[test]
fn the_shipped_default_is_the_built_in_instance() {
    assert_eq!(scenario(DEFAULT), Scenario::default());
}

#[test]
fn the_shipped_default_names_every_key() {
    let text = uncommented();
    // Each source of credentials has keys of its own, and the file chooses one.
    let of_other_sources =
        ["access-key-id", "secret-access-key", "session-token", "expiration", "file", "command", "timeout"];
    let is_of_another =
        |line: &&str| of_other_sources.iter().any(|key| line.starts_with(&format!("{key} = ")));
    let consistent: Vec<&str> = text.lines().filter(|line| !is_of_another(line)).collect();
    let consistent = consistent.join("\n");
    let outcome = read(&SourceText::new("default.toml", &*consistent), Path::new(""));
    assert!(outcome.is_ok(), "expected examples that are accepted, found:\n{}", problems(&consistent));
    let source = SourceText::new("default.toml", &*text);
    let table: toml::Table = text.parse().expect("default.toml with all keys is TOML");
    let mut documented = BTreeSet::new();
    collect("", &toml::Value::Table(table), &mut documented);
    let requested = keys(&source, Path::new(""));
    // Forms of a value, not keys of the scenario.
    let forms =
        |key: &&String| !["text", "file", "base64"].iter().any(|form| key.ends_with(&format!(".{form}")));
    // Any of several tables may name a key, and a further instance takes those of [instance] and its tables.
    let plain = |key: &str| key.split(['[', ']']).step_by(2).collect::<String>();
    let documented: BTreeSet<String> = documented.iter().map(|key| plain(key)).collect();
    let is_documented = |key: &String| {
        let key = plain(key);
        let of_instance =
            ["instances.web.", "instances.worker."].iter().find_map(|name| key.strip_prefix(name));
        let inherited = of_instance.unwrap_or_default();
        // One of the two has clients, the other one nodes.
        let named = |name: &str| documented.contains(&format!("instances.{name}.{inherited}"));
        documented.contains(&key)
            || documented.contains(inherited)
            // A task's own credentials have the keys of [credentials].
            || key.strip_prefix("ecs.").is_some_and(|key| documented.contains(key))
            || named("web")
            || named("worker")
            || documented.contains(&format!("instance.{inherited}"))
    };
    let missing: Vec<_> = requested.keys().filter(forms).filter(|key| !is_documented(key)).collect();
    assert!(missing.is_empty(), "packaging/scenarios/default.toml does not name {missing:?}");
}

fn collect(prefix: &str, value: &toml::Value, into: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                collect(&name, value, into);
                into.insert(name);
            }
        }
        toml::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{prefix}[{index}]"), item, into);
            }
        }
        _ => {}
    }
}
