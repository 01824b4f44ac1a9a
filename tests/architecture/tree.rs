//! The module tree of the library and its binary, built from the `mod` declarations.

use std::collections::BTreeSet;
use std::mem;

use proc_macro2::TokenStream;

use crate::facts::{Binding, Child, ChildBody, Facts, Import};
use crate::sources::Sources;
use crate::{reader, tokens};

pub const LIBRARY: &str = "src/lib.rs";
pub const BINARY: &str = "src/main.rs";
/// The library's name, as the binary has it in its paths.
pub const LIBRARY_NAME: &str = "mock_imds";

/// The index of a module in [`Tree::modules`].
pub type ModuleId = usize;

#[derive(Debug, Default)]
pub struct Tree {
    pub modules: Vec<Module>,
    pub files: BTreeSet<String>,
    /// Files that mention `unsafe`, or the lint that bans it.
    pub unsafe_files: BTreeSet<String>,
    /// Declared modules without a file, files that no module declares, files that don't parse.
    pub problems: Vec<String>,
}

#[derive(Debug)]
pub struct Module {
    /// Its name below its crate's root, `["server", "limits"]`; empty for a root.
    pub path: Vec<String>,
    pub file: String,
    pub parent: Option<ModuleId>,
    pub children: Vec<ModuleId>,
    /// Itself or a module around it is under `#[cfg(test)]`.
    pub test: bool,
    pub facts: Facts,
}

/// Where a module stands, before it is read.
#[derive(Debug, Default)]
struct Place {
    path: Vec<String>,
    parent: Option<ModuleId>,
    test: bool,
}

// === impl Module ===

impl Module {
    /// The top-level module that this is part of. The roots are rooms of their own, above all others.
    pub fn room(&self) -> &str {
        match self.path.first() {
            Some(room) => room,
            None if self.file == BINARY => "main",
            None => "lib",
        }
    }

    pub fn name(&self) -> &str {
        self.path.last().map_or("crate", String::as_str)
    }

    pub fn imports_of(&self, name: &str) -> impl Iterator<Item = &Import> {
        self.facts
            .imports
            .iter()
            .filter(move |import| matches!(&import.binding, Binding::Name(bound) if bound == name))
    }
}

// === impl Tree ===

impl Tree {
    pub fn parse(sources: &Sources) -> Self {
        let mut tree = Self { files: sources.keys().cloned().collect(), ..Self::default() };
        for root in [LIBRARY, BINARY] {
            if sources.contains_key(root) {
                tree.add_file(sources, root, Place::default());
            }
        }
        tree.name_macro_types();
        let declared: BTreeSet<_> = tree.modules.iter().map(|module| &module.file).collect();
        let stray = tree.files.iter().filter(|file| !declared.contains(file));
        tree.problems.extend(stray.map(|file| format!("{file}: no `mod` declares it")));
        tree
    }

    /// The top-level modules of the library, as declared.
    pub fn rooms(&self) -> BTreeSet<&str> {
        self.modules.iter().filter(|module| module.path.len() == 1).map(Module::room).collect()
    }

    pub fn root_of(&self, mut module: ModuleId) -> ModuleId {
        while let Some(parent) = self.modules[module].parent {
            module = parent;
        }
        module
    }

    pub fn library(&self) -> Option<ModuleId> {
        self.modules.iter().position(|module| module.file == LIBRARY && module.path.is_empty())
    }

    fn add_file(&mut self, sources: &Sources, file: &str, place: Place) {
        let parsed = sources[file].parse().map_err(syn::Error::from).and_then(|tokens: TokenStream| {
            if tokens::mention(tokens.clone(), &["unsafe", "unsafe_code"]) {
                self.unsafe_files.insert(file.to_owned());
            }
            syn::parse2::<syn::File>(tokens)
        });
        match parsed {
            Ok(parsed) => {
                let facts = reader::read(&parsed.items, place.test);
                self.add(sources, file, &directory_of(file), place, facts);
            }
            Err(error) => self.problems.push(format!("{file}: {error}")),
        }
    }

    fn add(&mut self, sources: &Sources, file: &str, directory: &str, place: Place, mut facts: Facts) {
        let id = self.modules.len();
        if let Some(parent) = place.parent {
            self.modules[parent].children.push(id);
        }
        let Place { path, parent, test } = place;
        let children = mem::take(&mut facts.children);
        let module = Module { path, file: file.to_owned(), parent, children: Vec::new(), test, facts };
        self.modules.push(module);
        for Child { name, test, line, body } in children {
            let path = self.modules[id].path.iter().chain([&name]).cloned().collect();
            let place = Place { path, parent: Some(id), test };
            match body {
                ChildBody::Inline(facts) => {
                    self.add(sources, file, &format!("{directory}/{name}"), place, facts);
                }
                ChildBody::File(written) => match find(sources, file, directory, &name, written) {
                    Some(found) => self.add_file(sources, &found, place),
                    None => self.problems.push(format!("{file}:{line}: mod {name} has no file")),
                },
            }
        }
    }

    /// `words! { Action { … } }` defines `Action` where it is called, if the body of `words!` says `pub enum $name`.
    fn name_macro_types(&mut self) {
        let makers: BTreeSet<String> =
            self.modules.iter().flat_map(|module| module.facts.type_macros.clone()).collect();
        for module in &mut self.modules {
            for call in module.facts.macro_calls.iter().filter(|call| makers.contains(&call.name)) {
                let Some((name, line)) = call.first_name.clone() else { continue };
                let new = module.facts.items.insert(name.clone());
                if new && !call.test {
                    module.facts.public_types.push((name, line));
                }
            }
        }
    }
}

/// The file of `mod name;`, which may have `#[path = "written"]`.
fn find(
    sources: &Sources,
    file: &str,
    directory: &str,
    name: &str,
    written: Option<String>,
) -> Option<String> {
    let beside = file.rsplit_once('/').map_or("", |(beside, _)| beside);
    let candidates = match written {
        Some(written) => vec![format!("{beside}/{written}")],
        None => vec![format!("{directory}/{name}.rs"), format!("{directory}/{name}/mod.rs")],
    };
    candidates.into_iter().find(|candidate| sources.contains_key(candidate))
}

/// The directory with the files of a file's child modules.
fn directory_of(file: &str) -> String {
    let (directory, name) = file.rsplit_once('/').unwrap_or(("", file));
    match name.trim_end_matches(".rs") {
        "lib" | "main" | "mod" => directory.to_owned(),
        stem => format!("{directory}/{stem}"),
    }
}

#[test]
fn modules_are_found_in_both_styles_inline_and_by_path() {
    let tree = crate::sources::made_up(&[
        ("src/lib.rs", "mod a; mod b; mod c { pub mod d; }"),
        ("src/a.rs", "mod deep;"),
        ("src/a/deep.rs", ""),
        ("src/b/mod.rs", "#[path = \"other.rs\"] mod renamed; mod gone;"),
        ("src/b/other.rs", "#[cfg(test)] mod tests { mod inner {} }"),
        ("src/c/d.rs", ""),
        ("src/stray.rs", ""),
    ]);
    let paths: Vec<String> = tree.modules.iter().map(|module| module.path.join("::")).collect();
    let expected =
        ["", "a", "a::deep", "b", "b::renamed", "b::renamed::tests", "b::renamed::tests::inner", "c", "c::d"];
    assert_eq!(paths, expected);
    assert!(tree.modules[6].test, "a module below a test's module is a test's");
    assert_eq!(tree.problems, ["src/b/mod.rs:1: mod gone has no file", "src/stray.rs: no `mod` declares it"]);
}
