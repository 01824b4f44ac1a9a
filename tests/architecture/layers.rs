//! Imports point downwards only.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::Target;
use crate::sources::{PROJECT, assert_none, made_up};
use crate::tree::{ModuleId, Tree};

/// Each room and the rooms that it may import. A new room gets its place here deliberately.
pub const LAYERS: &[(&str, &str)] = &[
    // L0: values, mechanisms without policy.
    ("exit", ""),
    ("model", ""),
    ("clock", "model"),
    ("files", ""),
    ("memory", "clock"),
    ("metrics", ""),
    ("config", "files"),
    ("terminal", "model"),
    ("observe", "clock exit config model terminal"),
    ("paths", ""),
    ("watch", ""),
    // L1: meaning. The tree holds the identity document, so imds may look at identity, not the other way round.
    ("identity", "model exit files"),
    ("imds", "model identity"),
    ("journal", "model imds terminal"),
    ("scenario", "model config files imds"),
    ("aemm", "model config scenario exit"),
    ("host", "clock metrics model config exit files observe"),
    ("schema", "model config scenario imds host"),
    ("doctor", "host model files scenario"),
    // A service's answers → a scenario: written, compiled and asked as any other.
    ("transcribe", "model config scenario imds identity"),
    // L2: sockets.
    ("record", "model imds transcribe exit files"),
    // Its target is a walk's.
    ("ec2_api", "model record files exit"),
    // Its requests, its pace and its targets are a walk's.
    ("conform", "clock model identity files record"),
    ("server", "clock model imds journal exit observe memory terminal"),
    ("control", "clock metrics paths model imds journal config exit files observe"),
    // L3: the running program.
    (
        "daemon",
        "clock metrics server control observe paths imds journal identity scenario config model exit files watch memory",
    ),
    // A client of the control socket, and a server of its own: nothing of the service's server is in it.
    ("view", "clock control exit files host imds metrics model terminal"),
    ("cli", "model journal config observe record ec2_api host schema"),
    (
        "commands",
        "cli clock metrics view daemon host doctor control paths watch aemm scenario imds journal observe config model exit files record ec2_api \
         conform terminal transcribe identity schema",
    ),
    ("completion", "cli conform control scenario model exit files"),
    ("fuzzing", "aemm conform control scenario imds identity host config model"),
    ("lib", "cli commands completion exit"),
    ("main", "lib"),
];

/// They are above all rooms, and no rooms themselves.
const ROOTS: [&str; 2] = ["lib", "main"];

/// Every import of another room that `layers` doesn't permit, tests included: `file:line: room imports room`.
fn upward(tree: &Tree, layers: &[(&str, &str)]) -> Vec<String> {
    let mut found = BTreeMap::new();
    for (id, module) in tree.modules.iter().enumerate() {
        let (file, room) = (&module.file, module.room());
        let allowed =
            |other: &str| other == room || layers.iter().any(|row| row.0 == room && names(row.1, other));
        let imports = module.facts.imports.iter().map(|import| (&import.path, import.line));
        let used = module.facts.uses.iter().map(|(used, line)| (&used.path, *line));
        for (path, line) in imports.chain(used) {
            for other in
                rooms_reached(tree, &tree.resolve(id, path)).into_iter().filter(|other| !allowed(other))
            {
                let written = path.join("::");
                let text = format!("{file}:{line}: {room} imports {other} ({written})");
                found.entry((file, line, other)).or_insert(text);
            }
        }
    }
    found.into_values().collect()
}

/// The rooms that define the targets, and those that re-export them on the way. The root alone is none.
fn rooms_reached<'a>(tree: &'a Tree, targets: &[Target]) -> BTreeSet<&'a str> {
    let is_room = |id: &ModuleId| !tree.modules[*id].path.is_empty();
    let through = targets.iter().flat_map(|target| target.through.iter().copied().filter(is_room));
    let ends = targets.iter().filter(|target| target.item.is_some() || is_room(&target.module));
    through.chain(ends.map(|target| target.module)).map(|id| tree.modules[id].room()).collect()
}

fn names(list: &str, room: &str) -> bool {
    list.split_whitespace().any(|name| name == room)
}

/// The rooms as `lib.rs`, the directory and `layers` name them must be the same.
fn misplaced(tree: &Tree, layers: &[(&str, &str)]) -> Vec<String> {
    let in_directory = |room: &str| {
        tree.files
            .iter()
            .filter_map(|file| file.strip_prefix("src/"))
            .any(|file| file.strip_prefix(room).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')))
    };
    let rooms = tree.rooms();
    let mut found = tree.problems.clone();
    for room in &rooms {
        if !layers.iter().any(|(name, _)| name == room) {
            found.push(format!("room {room} has no place in LAYERS"));
        }
        if !in_directory(room) {
            found.push(format!("room {room} has no file or directory of its own"));
        }
    }
    for (name, allowed) in layers {
        let named = [*name].into_iter().chain(allowed.split_whitespace());
        for gone in named.filter(|name| !rooms.contains(name) && !ROOTS.contains(name)) {
            found.push(format!("LAYERS names {gone} (in the row of {name}), and no such room is there"));
        }
    }
    found
}

#[test]
fn imports_point_downwards() {
    let imports: usize = PROJECT.modules.iter().map(|module| module.facts.imports.len()).sum();
    assert!(imports > 500, "found only {imports} imports: are the sources still read?");
    let rule = "imports that point downwards (LAYERS in tests/architecture/layers.rs)";
    assert_none(rule, &upward(&PROJECT, LAYERS));
}

#[test]
fn each_room_has_its_place() {
    assert_none("one list of rooms in src, src/lib.rs and LAYERS", &misplaced(&PROJECT, LAYERS));
}

#[test]
fn a_layer_is_above_those_it_imports() {
    for (at, (name, allowed)) in LAYERS.iter().enumerate() {
        let below: Vec<&str> = LAYERS[..at].iter().map(|(name, _)| *name).collect();
        let wrong: Vec<_> = allowed.split_whitespace().filter(|room| !below.contains(room)).collect();
        assert!(
            wrong.is_empty(),
            "expected {name} to stand after what it may import, found {wrong:?} after it"
        );
    }
}

#[test]
fn no_request_reaches_what_changes_the_host() {
    let imports = |name: &str| {
        let row = LAYERS.iter().find(|(room, _)| *room == name);
        row.map(|(_, allowed)| allowed.split_whitespace().collect::<Vec<_>>()).unwrap_or_default()
    };
    for room in ["server", "imds", "journal"] {
        let (mut reached, mut next) = (BTreeSet::new(), vec![room]);
        while let Some(name) = next.pop() {
            next.extend(imports(name).into_iter().filter(|other| reached.insert(*other)));
        }
        let host: Vec<_> = reached.into_iter().filter(|name| matches!(*name, "host" | "doctor")).collect();
        assert!(
            host.is_empty(),
            "expected {room} to reach neither host nor doctor by LAYERS, found {host:?}"
        );
    }
}

/// A server that may import `model`, and a host, in layers of their own.
fn house(limits: &str) -> Vec<String> {
    let tree = made_up(&[
        ("src/lib.rs", "pub mod model; pub mod host; pub mod server;"),
        ("src/main.rs", "fn main() { mock_imds::server::run(); }"),
        ("src/model.rs", "pub struct Value;"),
        ("src/host/mod.rs", "pub mod network; pub use network::Network;"),
        ("src/host/network.rs", "pub struct Network; pub fn settle() {}"),
        ("src/server/mod.rs", "mod limits; pub fn run() {}"),
        ("src/server/limits.rs", limits),
    ]);
    upward(&tree, &[("model", ""), ("host", "model"), ("server", "model"), ("main", "server")])
}

#[test]
fn no_spelling_hides_an_upward_import() {
    let written = [
        "use super::super::host::network::Network as _N;",
        "use crate::host::Network;",
        "use crate::{model::Value, host::*};",
        "use crate::{self as root}; fn f(_: root::host::Network) {}",
        "use super::super as root; use root::host as h; fn f() { h::network::settle(); }",
        "pub(crate) use crate::host::network as net;",
        "fn f() { use super::super::host; host::network::settle(); }",
        "fn f() { self::super::super::host::network::settle(); }",
        "fn f() -> crate::host::Network { todo!() }",
        "fn f() { println!(\"{:?}\", crate::host::network::settle()); }",
        "macro_rules! call { () => { $crate::host::network::settle() } }",
        "#[arg(value_parser = crate::host::network::settle)] struct Flag;",
        "mod inner { use super::super::super::host::Network; }",
        "#[cfg(test)] mod tests { use crate::host::Network; }",
    ];
    for text in written {
        let found = house(text);
        let expected = "src/server/limits.rs:1: server imports host";
        assert!(found.iter().all(|line| line.starts_with(expected)), "{text}: found {found:?}");
        assert!(!found.is_empty(), "expected an upward import to be found in: {text}");
    }
}

#[test]
fn an_import_that_points_downwards_passes() {
    for text in
        ["use crate::model::Value;", "use super::super::model;", "use host::network; // another crate's"]
    {
        assert_eq!(house(text), [""; 0], "{text}");
    }
}

#[test]
fn a_room_that_re_exports_another_does_not_hide_it() {
    let tree = made_up(&[
        ("src/lib.rs", "mod low; mod middle; mod high;"),
        ("src/low.rs", "pub struct Secret;"),
        ("src/middle.rs", "pub use crate::low::Secret;"),
        ("src/high.rs", "\nuse crate::middle::Secret;"),
    ]);
    let found = upward(&tree, &[("low", ""), ("middle", "low"), ("high", "middle")]);
    assert_eq!(found, ["src/high.rs:2: high imports low (crate::middle::Secret)"]);
}

#[test]
fn a_room_without_a_place_and_a_place_without_a_room_are_found() {
    let tree =
        made_up(&[("src/lib.rs", "mod new; mod inline {}"), ("src/new/mod.rs", ""), ("src/old.rs", "")]);
    let found = misplaced(&tree, &[("old", ""), ("inline", "")]);
    let expected = [
        "src/old.rs: no `mod` declares it",
        "room inline has no file or directory of its own",
        "room new has no place in LAYERS",
        "LAYERS names old (in the row of old), and no such room is there",
    ];
    assert_eq!(found, expected);
}
