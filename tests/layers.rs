//! Imports point downwards only. Reads every `crate::…` path of the sources and fails on an upward edge.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module and the modules that it may import. A module that is not here fails the test, so that a new one
/// gets its place deliberately.
const LAYERS: &[(&str, &[&str])] = &[
    // L0: values, mechanisms without policy.
    ("exit", &[]),
    ("model", &[]),
    ("config", &[]),
    ("observe", &["exit", "config"]),
    ("paths", &[]),
    ("watch", &[]),
    // L1: meaning. The tree holds the identity document, so imds may look at identity, not the other way round.
    ("identity", &["model", "exit"]),
    ("imds", &["model", "identity"]),
    ("journal", &["model", "imds"]),
    ("scenario", &["model", "config"]),
    ("aemm", &["model", "config", "scenario", "exit"]),
    ("host", &["model", "config", "exit"]),
    // What a service answered → a scenario: written, compiled and asked as any other.
    ("transcribe", &["model", "config", "scenario", "imds", "identity"]),
    // L2: sockets.
    ("record", &["model", "imds", "transcribe", "exit"]),
    ("server", &["model", "imds", "journal", "exit", "observe"]),
    ("control", &["paths", "model", "imds", "journal", "config", "exit", "observe"]),
    // L3: the running program.
    (
        "daemon",
        &[
            "server", "control", "observe", "paths", "imds", "journal", "identity", "scenario", "config",
            "model", "exit", "watch",
        ],
    ),
    (
        "commands",
        &[
            "cli",
            "daemon",
            "host",
            "control",
            "paths",
            "watch",
            "aemm",
            "scenario",
            "imds",
            "journal",
            "observe",
            "config",
            "model",
            "exit",
            "record",
            "transcribe",
            "identity",
        ],
    ),
    ("cli", &["model", "journal", "config", "observe", "record"]),
];

#[test]
fn imports_point_downwards() {
    let mut wrong = Vec::new();
    let mut edges = 0;
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let Some(module) = module_of(&file) else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: module {module} has no place in LAYERS", file.display()));
            continue;
        };
        for (line, imported) in imports(&file) {
            edges += 1;
            if imported != module && !allowed.contains(&imported.as_str()) {
                wrong.push(format!("{}:{line}: {module} imports {imported}", file.display()));
            }
        }
    }
    assert!(edges > 20, "found only {edges} imports: does the scan still read the sources?");
    assert!(
        wrong.is_empty(),
        "expected imports that point downwards (LAYERS in tests/layers.rs), found:\n{}\nrerun: cargo test --test layers",
        wrong.join("\n")
    );
}

#[test]
fn the_scan_sees_upward_imports() {
    let text = "use crate::server;\n    crate::control::run()\nuse crate::{model::Timestamp, daemon};\n// crate::cli\n";
    let found: Vec<String> = imports_in(text).into_iter().map(|(_, name)| name).collect();
    assert_eq!(found, ["server", "control", "model", "daemon"]);
}

/// `unsafe` is denied for the crate; the files that lift the ban are these, each with its reason beside it.
#[test]
fn unsafe_code_stays_in_its_files() {
    let may = ["src/host/nft/sys.rs", "src/server/sys.rs"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lifts = |file: &PathBuf| {
        let text = fs::read_to_string(file).expect("sources are readable");
        text.contains("unsafe_code") || text.lines().any(|line| line.trim_start().starts_with("unsafe "))
    };
    let found: Vec<PathBuf> = sources(&root.join("src")).into_iter().filter(lifts).collect();
    let stray: Vec<_> = found.iter().filter(|file| !may.iter().any(|m| root.join(m) == **file)).collect();
    assert!(stray.is_empty(), "expected unsafe code in {may:?} only, found it in {stray:?}");
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// `src/imds/tree/table.rs` → `imds`; lib.rs and main.rs stand above everything.
fn module_of(file: &Path) -> Option<String> {
    let below = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).ok()?;
    let first = below.iter().next()?.to_str()?.trim_end_matches(".rs");
    (!matches!(first, "lib" | "main")).then(|| first.to_owned())
}

fn imports(file: &Path) -> Vec<(usize, String)> {
    imports_in(&fs::read_to_string(file).expect("sources are readable"))
}

/// Line and first name of every `crate::name`, and of every name in `crate::{…}`.
fn imports_in(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let names = match rest.strip_prefix('{') {
                Some(group) => top_level(group),
                None => vec![rest],
            };
            for name in names {
                let name: String =
                    name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.push((index + 1, name));
            }
        }
    }
    found
}

/// The parts of `a::{b, c}, d}` that stand outside of inner braces.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                return parts;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}
