//! What is made of the list of keys, or repeats it: defaults, patterns, schemas and the manual.

mod readers;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;

use super::form::{FileKey, Form, TextRule};
use super::forms::DEFINED;
use super::keys::SCENARIO;
use super::{SchemaSubject, manual};

/// A key by its place, with the forms that its value may have: `event[].at`, `instance.tags.*`.
type Places = BTreeMap<String, Vec<Form>>;

fn places(keys: &'static [FileKey]) -> Places {
    let mut places = Places::new();
    add_keys("", keys, &mut places);
    places
}

fn add_keys(table: &str, keys: impl IntoIterator<Item = &'static FileKey>, places: &mut Places) {
    for key in keys {
        let place = if table.is_empty() { key.name.to_owned() } else { format!("{table}.{}", key.name) };
        add(&place, key.form, places);
    }
}

fn add(place: &str, form: Form, places: &mut Places) {
    places.entry(place.to_owned()).or_default().push(form);
    match form {
        Form::Table(groups) => add_keys(place, groups.iter().copied().flatten(), places),
        Form::Tables(groups) => {
            add(&format!("{place}[]"), Form::Table(groups), places);
        }
        Form::List(element) => add(&format!("{place}[]"), *element, places),
        Form::Map(map) => add(&format!("{place}.*"), *map.values, places),
        Form::Defined(name) => {
            let (_, form) = DEFINED.iter().find(|(defined, _)| *defined == name).expect("it is defined");
            add(place, *form, places);
        }
        Form::Any(forms) => forms.iter().for_each(|form| add(place, *form, places)),
        _ => {}
    }
}

fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_key_is_described_and_defaults_are_those_of_default_toml() {
    let text = fs::read_to_string(sources().join("packaging/scenarios/default.toml")).expect("it is there");
    let default: toml::Table = text.parse().expect("it is TOML");
    let mut compared = 0;
    let mut tables =
        vec![(String::new(), SCENARIO.iter().collect::<Vec<_>>(), Some(toml::Value::Table(default)))];
    while let Some((table, keys, values)) = tables.pop() {
        for key in keys {
            let name = format!("{table}.{}", key.name);
            assert!(!key.about.is_empty(), "{name} has no sentence");
            let value = values.as_ref().and_then(|values| values.get(key.name)).cloned();
            let value = value.map(|value| match value {
                toml::Value::Array(elements) if elements.first().is_some_and(toml::Value::is_table) => {
                    elements[0].clone()
                }
                value => value,
            });
            if let (Some(value), false) = (&value, key.default.is_empty()) {
                let listed: toml::Table =
                    format!("value = {}", key.default).parse().expect("defaults are TOML");
                assert_eq!(&listed["value"], value, "the default of {name}, against default.toml");
                compared += 1;
            }
            if let Form::Table(groups) | Form::Tables(groups) = key.form {
                tables.push((name, groups.iter().copied().flatten().collect(), value));
            }
        }
    }
    assert!(compared > 40, "only {compared} defaults were compared");
}

/// Text that a pattern makes up is accepted by the reader. That all accepted texts match, the shipped scenarios show.
#[test]
fn patterns_match_what_the_readers_accept() {
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() });
    let mut tried = BTreeSet::new();
    for form in places(SCENARIO).into_values().flatten() {
        let Form::Parsed(TextRule { pattern, exact: true, accepts, kind }) = form else { continue };
        if !tried.insert(kind()) {
            continue;
        }
        let strings = string_regex(pattern.trim_start_matches('^').trim_end_matches('$'));
        let strings = strings.unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let outcome = runner.run(&strings, |text| {
            prop_assert!(accepts(&text), "{} rejects {text:?}, which matches {pattern}", kind());
            Ok(())
        });
        assert!(outcome.is_ok(), "{}", outcome.err().map_or(String::new(), |error| error.to_string()));
    }
    assert!(tried.len() > 15, "only {tried:?} were tried");
}

/// Compares a file with what is made for it, or writes it.
fn compare(file: &str, expected: &str) {
    let path: PathBuf = sources().join(file);
    if std::env::var_os("UPDATE_SHIPPED").is_some() {
        fs::write(&path, expected).expect("the sources are writable");
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{file} is not what src/schema/keys makes it: UPDATE_SHIPPED=1 cargo test --lib schema:: writes it"
    );
}

#[test]
fn the_shipped_schemas_are_those_of_the_program() {
    for (name, subject) in [("scenario", SchemaSubject::Scenario), ("host", SchemaSubject::Host)] {
        compare(&format!("packaging/schema/{name}.schema.json"), &super::text(subject));
    }
}

#[test]
fn the_manual_has_the_list() {
    const PAGE: &str = "packaging/man/mock-imds.toml.5";
    let page = fs::read_to_string(sources().join(PAGE)).expect("it is there");
    let (before, rest) = page.split_once(".SH KEYS\n").expect("it lists the keys");
    let (_, after) = rest.split_once(".SH AMAZON").expect("another part follows");
    compare(PAGE, &format!("{before}.SH KEYS\n{}.SH AMAZON{after}", manual::keys()));
}
