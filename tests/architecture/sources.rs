//! Sources to analyse: the project's, or made up by a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::tree::Tree;

/// Texts by their paths below the project's root, as `src/server/limits.rs`.
pub type Sources = BTreeMap<String, String>;

/// The printed end of each failure.
pub const RERUN: &str = "rerun: cargo test --test architecture";

/// The project's module tree, parsed once for all tests.
pub static PROJECT: LazyLock<Tree> = LazyLock::new(|| {
    let mut sources = Sources::new();
    collect(&project_root().join("src"), "src", &mut sources);
    Tree::parse(&sources)
});

pub fn project_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn made_up(files: &[(&str, &str)]) -> Tree {
    Tree::parse(&files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

/// Panics with the rule, each violation in a line, and how to run the test again.
pub fn assert_none(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "expected {rule}, found:\n  {}\n{RERUN}", violations.join("\n  "));
}

fn collect(directory: &Path, name: &str, sources: &mut Sources) {
    for entry in fs::read_dir(directory).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        let below = path.file_name().and_then(|name| name.to_str()).expect("sources have names in UTF-8");
        let name = format!("{name}/{below}");
        if path.is_dir() {
            collect(&path, &name, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.insert(name, fs::read_to_string(&path).expect("sources are readable"));
        }
    }
}
