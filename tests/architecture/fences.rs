//! What stays in its files: `unsafe`, and questions for the profile.

use std::collections::BTreeSet;

use crate::sources::{PROJECT, assert_none, made_up};
use crate::tree::Tree;

/// `unsafe` is denied for the crate; these files lift the ban, with the reason beside it.
const UNSAFE_FILES: &[&str] = &[
    "src/host/nft/sys.rs",
    "src/main.rs",
    "src/memory/allocator.rs",
    "src/memory/mod.rs",
    "src/server/sys.rs",
];

/// The rooms that play a profile, the file that picks the one to play, and the room that defines them.
const PROFILES: &[&str] =
    &["src/aemm/", "src/imds/aemm/", "src/imds/ec2/", "src/imds/profile.rs", "src/model/"];

/// Files outside of [`PROFILES`] that ask for one, each with its reason. Elsewhere a profile is a value with methods.
const MAY_ASK: &[(&str, &str)] = &[];

/// Files that mention `Profile::Aemm` in an expression, a pattern or a macro, tests aside, with a line each.
fn asking(tree: &Tree) -> BTreeSet<(&str, usize)> {
    let fenced = |file: &str| PROFILES.iter().any(|home| file.starts_with(home));
    let modules = tree.modules.iter().filter(|module| !fenced(&module.file));
    let is_question = |path: &[String]| path.ends_with(&["Profile".to_owned(), "Aemm".to_owned()]);
    modules
        .flat_map(|module| {
            let uses = module.facts.uses.iter().map(|(used, line)| (&used.path, used.test, *line));
            let imports = module.facts.imports.iter().map(|import| (&import.path, import.test, import.line));
            uses.chain(imports).map(|(path, test, line)| (module.file.as_str(), path, test, line))
        })
        .filter(|(_, path, test, _)| !test && is_question(path))
        .map(|(file, _, _, line)| (file, line))
        .collect()
}

/// Files that ask and may not, and files that may and don't.
fn unexpected(tree: &Tree, may: &[(&str, &str)]) -> Vec<String> {
    let asking = asking(tree);
    let stray = asking.iter().filter(|(file, _)| !may.iter().any(|(name, _)| name == file));
    let idle = may.iter().filter(|(name, _)| !asking.iter().any(|(file, _)| file == name));
    let idle = idle.map(|(name, _)| format!("{name} doesn't ask for a profile: remove it from MAY_ASK"));
    stray.map(|(file, line)| format!("{file}:{line}: Profile::Aemm")).chain(idle).collect()
}

#[test]
fn unsafe_code_stays_in_its_files() {
    let may: BTreeSet<String> = UNSAFE_FILES.iter().map(|file| (*file).to_owned()).collect();
    let rule = "unsafe code in UNSAFE_FILES (tests/architecture/fences.rs) only, and in each of them";
    let differ = PROJECT.unsafe_files.symmetric_difference(&may);
    assert_none(rule, &differ.cloned().collect::<Vec<_>>());
}

#[test]
fn every_form_of_unsafe_is_found() {
    let forms = [
        "fn f() { unsafe { g() } }",
        "unsafe fn f() {}",
        "unsafe impl Send for X {}",
        "unsafe extern \"C\" { fn g(); }",
        "#[unsafe(no_mangle)] fn f() {}",
        "fn f() { println!(\"{}\", unsafe { g() }) }",
        "#![expect(unsafe_code, reason = \"…\")]",
        "#[allow(unsafe_code)] mod inner {}",
    ];
    for form in forms {
        let found = made_up(&[("src/lib.rs", form)]).unsafe_files;
        assert_eq!(found.len(), 1, "expected unsafe code to be found in: {form}");
    }
    assert!(
        made_up(&[("src/lib.rs", "// unsafe {}\nfn f() -> &str { \"unsafe\" }")]).unsafe_files.is_empty()
    );
}

#[test]
fn only_a_profile_asks_which_it_is() {
    let rule = "Profile::Aemm in MAY_ASK (tests/architecture/fences.rs) only; give Profile a method instead";
    assert_none(rule, &unexpected(&PROJECT, MAY_ASK));
}

#[test]
fn an_imported_variant_is_found() {
    let tree = made_up(&[
        ("src/lib.rs", "mod server;"),
        ("src/server.rs", "use crate::model::Profile::Aemm; fn f(p: Profile) -> bool { p == Aemm }"),
    ]);
    assert_eq!(unexpected(&tree, &[]), ["src/server.rs:1: Profile::Aemm"]);
}

#[test]
fn a_question_for_the_profile_is_found() {
    let tree = made_up(&[
        ("src/lib.rs", "mod model; mod server; mod cli;"),
        ("src/model/mod.rs", "fn f(p: Profile) -> bool { p == Profile::Aemm }"),
        ("src/server.rs", "fn f(p: Profile) -> bool {\n matches!(p, crate::model::Profile::Aemm) }"),
        ("src/cli.rs", "fn f(p: Profile) { match p { Profile::Aemm => {} } }"),
    ]);
    assert_eq!(unexpected(&tree, &[("src/cli.rs", "…")]), ["src/server.rs:2: Profile::Aemm"]);
    let idle = "src/lib.rs doesn't ask for a profile: remove it from MAY_ASK";
    let may = [("src/cli.rs", "…"), ("src/server.rs", "…"), ("src/lib.rs", "…")];
    assert_eq!(unexpected(&tree, &may), [idle]);
}
