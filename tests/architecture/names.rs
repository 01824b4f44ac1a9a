//! A public type's name stands in one room, and there in one file.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{PROJECT, assert_none, made_up};
use crate::tree::Tree;

/// Names that stand in several files, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// The files and lines of each public type's name.
fn definitions(tree: &Tree) -> BTreeMap<&str, BTreeSet<(&str, usize)>> {
    let mut found: BTreeMap<&str, BTreeSet<(&str, usize)>> = BTreeMap::new();
    for module in &tree.modules {
        for (name, line) in &module.facts.public_types {
            found.entry(name).or_default().insert((&module.file, *line));
        }
    }
    found
}

/// Names that stand twice and are no exception, and exceptions that stand once.
fn unexpected(tree: &Tree, exceptions: &[(&str, &str)]) -> Vec<String> {
    let definitions = definitions(tree);
    let is_exception = |name: &str| exceptions.iter().any(|(exception, _)| *exception == name);
    let twice = definitions.iter().filter(|(_, places)| places.len() > 1);
    let new = twice.clone().filter(|(name, _)| !is_exception(name)).map(|(name, places)| {
        let places: Vec<_> = places.iter().map(|(file, line)| format!("{file}:{line}")).collect();
        format!("{name}: {}", places.join(", "))
    });
    let gone = exceptions.iter().filter(|(name, _)| !twice.clone().any(|(other, _)| other == name));
    let gone = gone.map(|(name, _)| format!("{name} stands once or nowhere: remove it from EXCEPTIONS"));
    new.chain(gone).collect()
}

#[test]
fn a_public_type_has_its_name_for_itself() {
    let types = definitions(&PROJECT).len();
    assert!(types > 200, "found only {types} public types: are the sources still read?");
    let rule = "each public type's name in one file, or in EXCEPTIONS (tests/architecture/names.rs)";
    assert_none(rule, &unexpected(&PROJECT, EXCEPTIONS));
    let without = EXCEPTIONS.iter().filter(|(_, reason)| reason.is_empty());
    assert_eq!(without.count(), 0, "expected a reason for each exception");
}

#[test]
fn a_name_in_two_rooms_or_two_files_is_found() {
    let tree = made_up(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a/mod.rs", "mod deep; pub struct Client; pub(crate) enum Twice {} struct Private;"),
        ("src/a/deep.rs", "pub(super) trait Twice {} #[cfg(test)] mod tests { pub struct Client; }"),
        ("src/b.rs", "\npub type Client = u8; pub struct Private; fn f() { pub struct Client; }"),
    ]);
    let client = "Client: src/a/mod.rs:1, src/b.rs:2";
    let twice = "Twice: src/a/deep.rs:1, src/a/mod.rs:1";
    assert_eq!(unexpected(&tree, &[]), [client, twice]);
    let exceptions = [("Client", "two"), ("Private", "gone")];
    let gone = "Private stands once or nowhere: remove it from EXCEPTIONS";
    assert_eq!(unexpected(&tree, &exceptions), [twice, gone]);
}

#[test]
fn names_that_macros_write_are_found() {
    let tree = made_up(&[
        ("src/lib.rs", "#[macro_use] mod a; mod b;"),
        ("src/a.rs", "macro_rules! words { ($n:ident) => { pub enum $n {} } } words! { Action }"),
        ("src/b.rs", "words! { /// Text.\n Action } other! { pub(crate) struct Written; pub fn f() {} }"),
    ]);
    assert_eq!(unexpected(&tree, &[]), ["Action: src/a.rs:1, src/b.rs:2"]);
    assert!(definitions(&tree).contains_key("Written"));
}
