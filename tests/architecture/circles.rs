//! No files of a room import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{PROJECT, assert_none, made_up};
use crate::tree::Tree;

/// Circles that are accepted, of each its files below src in order: none. The list never gets longer.
const KNOWN_CIRCLES: &[&str] = &[];

/// Names by the file that uses them and the file that defines them, both in one room.
type Imports<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<String>>>;

/// A circle, by its files.
type Circle<'a> = BTreeSet<&'a str>;

/// The uses between files of a room: of what the other file defines, however the path leads there. A re-export is
/// not a use, nor is the naming of a module; tests may use anything.
fn imports(tree: &Tree) -> Imports<'_> {
    let mut imports = Imports::new();
    for (id, module) in tree.modules.iter().enumerate().filter(|(_, module)| !module.test) {
        let own = module.facts.imports.iter().filter(|import| !import.reexport && !import.test);
        let used = module.facts.uses.keys().filter(|used| !used.test);
        for path in own.map(|import| &import.path).chain(used.map(|used| &used.path)) {
            for target in tree.resolve(id, path) {
                let (definer, Some(item)) = (&tree.modules[target.module], target.item) else { continue };
                if definer.file != module.file && definer.room() == module.room() {
                    imports.entry(&module.file).or_default().entry(&definer.file).or_default().insert(item);
                }
            }
        }
    }
    imports
}

fn circles<'a>(imports: &Imports<'a>) -> Vec<Circle<'a>> {
    let reached: BTreeMap<&str, Circle<'a>> =
        imports.keys().map(|file| (*file, reach(imports, file))).collect();
    let mut found: Vec<Circle<'a>> = Vec::new();
    for (file, below) in reached.iter().filter(|(file, below)| below.contains(*file)) {
        if !found.iter().any(|circle| circle.contains(file)) {
            found.push(
                below
                    .iter()
                    .copied()
                    .filter(|other| reached.get(other).is_some_and(|back| back.contains(file)))
                    .collect(),
            );
        }
    }
    found
}

fn reach<'a>(imports: &Imports<'a>, from: &'a str) -> Circle<'a> {
    let (mut reached, mut next) = (Circle::new(), vec![from]);
    while let Some(file) = next.pop() {
        next.extend(
            imports.get(file).into_iter().flat_map(BTreeMap::keys).filter(|other| reached.insert(other)),
        );
    }
    reached
}

/// A line for each use within the circle, `a.rs -> b.rs: X, Y`.
fn describe(circle: &Circle<'_>, imports: &Imports<'_>) -> String {
    let mut lines = vec![format!("a circle of {} files:", circle.len())];
    for file in circle {
        for (other, names) in imports[file].iter().filter(|(other, _)| circle.contains(*other)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            lines.push(format!("    {} -> {}: {}", below_src(file), below_src(other), names.join(", ")));
        }
    }
    lines.join("\n")
}

fn below_src(file: &str) -> &str {
    file.trim_start_matches("src/")
}

/// New circles, and known ones that are gone.
fn unexpected(tree: &Tree, known: &[&str]) -> Vec<String> {
    let imports = imports(tree);
    let found = circles(&imports);
    let is = |circle: &Circle<'_>, known: &str| {
        circle.iter().map(|file| below_src(file)).eq(known.split_whitespace())
    };
    let new = found.iter().filter(|circle| !known.iter().any(|known| is(circle, known)));
    let gone = known.iter().filter(|known| !found.iter().any(|circle| is(circle, known)));
    let gone = gone.map(|known| format!("no circle of {known}: remove it from KNOWN_CIRCLES"));
    new.map(|circle| describe(circle, &imports)).chain(gone).collect()
}

#[test]
fn no_room_has_a_circle() {
    let imports = imports(&PROJECT);
    assert!(
        imports.len() > 100,
        "found imports in {} files only: are the sources still read?",
        imports.len()
    );
    let rule = "no circles but KNOWN_CIRCLES (tests/architecture/circles.rs)";
    assert_none(rule, &unexpected(&PROJECT, KNOWN_CIRCLES));
}

#[test]
fn a_circle_is_shown_with_the_names_that_tie_it() {
    let tree = made_up(&[
        ("src/lib.rs", "mod room;"),
        ("src/room/mod.rs", "mod a; mod b; mod c; pub use a::First; pub use b::*;"),
        (
            "src/room/a.rs",
            "use super::Second; use super::c; pub struct First(Second); fn f() { c::third(); }",
        ),
        ("src/room/b.rs", "pub struct Second; fn g() { matches!(x, crate::room::First(_)); }"),
        ("src/room/c.rs", "pub fn third() {} #[cfg(test)] mod tests { use super::super::First; }"),
    ]);
    let circle =
        "a circle of 2 files:\n    room/a.rs -> room/b.rs: Second\n    room/b.rs -> room/a.rs: First";
    assert_eq!(unexpected(&tree, &[]), [circle]);
    assert_eq!(unexpected(&tree, &["room/a.rs room/b.rs"]), [""; 0]);
    let gone = "no circle of room/a.rs room/c.rs: remove it from KNOWN_CIRCLES";
    assert_eq!(unexpected(&tree, &["room/a.rs room/b.rs", "room/a.rs room/c.rs"]), [gone]);
}

#[test]
fn a_parent_and_a_child_that_use_each_other_are_a_circle() {
    let parent_and = |parent: &str, child: &str| {
        let files = [("src/lib.rs", "mod room;"), ("src/room.rs", parent), ("src/room/child.rs", child)];
        unexpected(&made_up(&files), &[]).len()
    };
    let uses_parent = "use super::Rule; pub fn work(_: Rule) {} pub struct Done;";
    assert_eq!(parent_and("mod child; pub struct Rule; fn f() { child::work(Rule); }", uses_parent), 1);
    assert_eq!(
        parent_and("mod child; pub struct Rule; pub use child::Done;", uses_parent),
        0,
        "re-exports only"
    );
    assert_eq!(parent_and("mod child; pub use child::Done; pub struct Rule(Done);", uses_parent), 1);
    assert_eq!(parent_and("mod child; pub struct Rule; fn f() { child::work(); }", "pub fn work() {}"), 0);
}
