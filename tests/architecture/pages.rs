//! The developers' pages name the rooms, folders and files that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::layers::LAYERS;
use crate::sources::{PROJECT, assert_none, project_root};

const ARCHITECTURE: &str = "docs/architecture.md";
const PAGES: [&str; 2] = [ARCHITECTURE, "CONTRIBUTING.md"];

fn page(name: &str) -> String {
    fs::read_to_string(project_root().join(name)).expect("the page is readable")
}

/// The names below `directory` in the first cells of a page's tables: `server` for `src/server/`, `exit` for
/// `src/exit.rs`.
fn rows_of<'a>(page: &'a str, directory: &str) -> BTreeSet<&'a str> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let paths = cells.flat_map(in_backticks).filter_map(|path| path.strip_prefix(directory));
    paths.map(|path| path.trim_end_matches('/').trim_end_matches(".rs")).collect()
}

/// The text below a heading, up to the next one of its level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, below) =
        page.split_once(heading).unwrap_or_else(|| panic!("expected {heading:?} in {ARCHITECTURE}"));
    below.split("\n## ").next().unwrap_or_default()
}

fn in_backticks(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// A path that a page mentions.
struct Mention<'a> {
    line: usize,
    path: &'a str,
    /// In a diagram: the directories named above, below which a short path may be.
    directories: Vec<&'a str>,
}

/// Between backticks the paths with a `/` or at the end `.rs`; in blocks the words that begin with `src/` or `tests/`,
/// or end in `.rs`.
fn mentions(page: &str) -> Vec<Mention<'_>> {
    let mut found = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for (line, text) in (1..).zip(page.lines()) {
        if text.starts_with("```") {
            block = block.is_none().then(Vec::new);
        } else if let Some(directories) = &mut block {
            let words =
                text.split_whitespace().map(|word| word.trim_start_matches(['└', '├', '─', '▶', '◀']));
            for path in
                words.filter(|word| word.starts_with("src/") || word.starts_with("tests/") || is_file(word))
            {
                found.push(Mention { line, path, directories: directories.clone() });
                directories.extend(path.rsplit_once('/').map(|(directory, _)| directory));
            }
        } else {
            let first_words = in_backticks(text).filter_map(|code| code.split_whitespace().next());
            let paths = first_words.filter(|word| is_file(word) || is_path(word));
            found.extend(paths.map(|path| Mention { line, path, directories: Vec::new() }));
        }
    }
    found
}

/// `/latest/user-data` is a path of the service, and `$HOME/x`, `http://x` and `a::b/c` are none of the tree.
fn is_path(word: &str) -> bool {
    word.contains('/')
        && !word.starts_with(['/', '$', '~', '-', '.'])
        && !word.contains("::")
        && !word.contains("://")
}

fn is_file(word: &str) -> bool {
    Path::new(word).extension().is_some_and(|extension| extension == "rs")
}

/// The part of a path before its placeholders: `tests/golden/` of `tests/golden/SCENARIO/PATH.METHOD`.
fn without_placeholders(path: &str) -> String {
    let is_name =
        |part: &&str| part.contains(|c: char| c.is_lowercase() || c.is_ascii_digit()) && !part.contains('*');
    path.split('/').take_while(is_name).collect::<Vec<_>>().join("/")
}

fn exists(mention: &Mention<'_>) -> bool {
    let path = without_placeholders(mention.path);
    let mut candidates = mention.directories.iter().chain([&""]);
    candidates.any(|directory| project_root().join(directory).join(&path).exists())
}

fn directories_of(directory: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(project_root().join(directory)).expect("the directory is readable");
    let entries = entries.map(|entry| entry.expect("the directory is readable").path());
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    entries.filter(|path| path.is_dir()).filter_map(|path| name(&path)).collect()
}

fn differences(named: &BTreeSet<&str>, there: &BTreeSet<&str>) -> Vec<String> {
    let missing = there.difference(named).map(|name| format!("{name} is in no table"));
    missing.chain(named.difference(there).map(|name| format!("{name} is in a table, and gone"))).collect()
}

#[test]
fn the_table_of_rooms_is_complete() {
    let page = page(ARCHITECTURE);
    let rule = "a row in docs/architecture.md for each room of src";
    assert_none(rule, &differences(&rows_of(section(&page, "## Rooms\n"), "src/"), &PROJECT.rooms()));
}

#[test]
fn no_room_imports_one_of_a_higher_level() {
    let page = page(ARCHITECTURE);
    let levels: BTreeMap<&str, u8> = section(&page, "## Rooms\n")
        .lines()
        .filter(|line| line.starts_with("| `src/"))
        .filter_map(|line| {
            let level = line.split(" | ").nth(1)?.parse().ok()?;
            Some((*rows_of(line, "src/").first()?, level))
        })
        .collect();
    assert_eq!(levels.len(), PROJECT.rooms().len(), "expected a level in each row of {ARCHITECTURE}");
    let mut wrong = Vec::new();
    for (room, allowed) in LAYERS {
        for other in allowed.split_whitespace() {
            if let (Some(level), Some(above)) = (levels.get(room), levels.get(other))
                && above > level
            {
                wrong.push(format!("{room} (level {level}) imports {other} (level {above})"));
            }
        }
    }
    assert_none("levels in docs/architecture.md that agree with LAYERS", &wrong);
}

#[test]
fn the_table_of_test_folders_is_complete() {
    let page = page(ARCHITECTURE);
    let folders = directories_of("tests");
    let folders = folders.iter().map(String::as_str).collect();
    let rule = "a row in docs/architecture.md for each folder of tests";
    assert_none(rule, &differences(&rows_of(section(&page, "## Tests\n"), "tests/"), &folders));
}

#[test]
fn the_pages_name_files_that_exist() {
    let mut gone = Vec::new();
    for name in PAGES {
        let page = page(name);
        let mentions = mentions(&page);
        assert!(mentions.len() > 3, "found only {} paths in {name}: is it still read?", mentions.len());
        let stale = mentions.iter().filter(|mention| !exists(mention));
        gone.extend(stale.map(|mention| format!("{name}:{}: {}", mention.line, mention.path)));
    }
    assert_none("paths that are in the tree", &gone);
}

#[test]
fn rows_and_paths_are_found() {
    let page = "| room | x |\n| `src/exit.rs` | `src/no/` |\n| `src/server/` | `a` |\nSee `/latest/x`, `docs/a.md`.\n\
                ```text\nx ─▶ src/host/links.rs ──▶ one/two\n  └▶runtime.rs\n```\n`scripts/test clippy` `Cargo.toml` `lib.rs`\n";
    assert_eq!(rows_of(page, "src/"), BTreeSet::from(["exit", "server"]));
    let mentions = mentions(page);
    let found: Vec<&str> = mentions.iter().map(|mention| mention.path).collect();
    let in_text = ["src/exit.rs", "src/no/", "src/server/", "docs/a.md"];
    let in_block = ["src/host/links.rs", "runtime.rs"];
    assert_eq!(found, [&in_text[..], &in_block[..], &["scripts/test", "lib.rs"][..]].concat());
    let gone = mentions.iter().filter(|mention| !exists(mention)).map(|mention| mention.path);
    assert_eq!(gone.collect::<Vec<_>>(), ["src/no/", "docs/a.md", "lib.rs"]);
}

#[test]
fn placeholders_end_a_path() {
    assert_eq!(without_placeholders("tests/golden/SCENARIO/VERSION/PATH.METHOD"), "tests/golden");
    assert_eq!(without_placeholders("docs/*.md"), "docs");
}
