//! From a path in the text to the item that it means: through `crate`, `self`, `super`, imports, renames, globs and
//! re-exports.

use crate::facts::Binding;
use crate::tree::{LIBRARY_NAME, ModuleId, Tree};

/// The meaning of a path.
#[derive(Debug, Clone)]
pub struct Target {
    /// The module that defines the item, or that the path names.
    pub module: ModuleId,
    /// None for a module.
    pub item: Option<String>,
    /// The modules that the path leads through, also those that only re-export.
    pub through: Vec<ModuleId>,
}

/// Lookups that are under way, since globs and imports may lead back to themselves.
type Open = Vec<(ModuleId, String)>;

// === impl Tree ===

impl Tree {
    /// The targets of a path as `module` writes it. A name may be a module and a function at once; none if it is of
    /// another crate, or a variable's.
    pub fn resolve(&self, module: ModuleId, path: &[String]) -> Vec<Target> {
        self.walk(module, path, &mut Open::new()).unwrap_or_default()
    }

    /// None: unknown. An empty list: known to be of another crate.
    fn walk(&self, from: ModuleId, path: &[String], open: &mut Open) -> Option<Vec<Target>> {
        let (mut at, mut rest) = (from, path);
        let mut anchored = false;
        while let [first, below @ ..] = rest {
            at = match first.as_str() {
                "crate" => self.root_of(at),
                "self" => at,
                "super" => self.modules[at].parent?,
                LIBRARY_NAME if !anchored && Some(self.root_of(at)) != self.library() => self.library()?,
                _ => break,
            };
            (rest, anchored) = (below, true);
        }
        let mut through = Vec::new();
        loop {
            let [name, below @ ..] = rest else {
                return Some(vec![Target { module: at, item: None, through }]);
            };
            let found = match self.lookup(at, name, open) {
                Some(found) => found,
                // It compiles: some macro, or a glob of another crate, defines it.
                None if anchored => vec![Target { module: at, item: Some(name.clone()), through: vec![] }],
                None => return None,
            };
            let with_path =
                |target: Target| Target { through: [&through[..], &target.through].concat(), ..target };
            if below.is_empty() {
                return Some(found.into_iter().map(with_path).collect());
            }
            match found.iter().find(|target| target.item.is_none()) {
                Some(target) => {
                    at = target.module;
                    through = with_path(target.clone()).through;
                    through.push(at);
                }
                // A variant or a function of a type: the type is what is imported.
                None => return Some(found.into_iter().map(with_path).collect()),
            }
            (rest, anchored) = (below, true);
        }
    }

    /// A name in a module's scope. What is written there shadows what globs bring.
    fn lookup(&self, module: ModuleId, name: &str, open: &mut Open) -> Option<Vec<Target>> {
        let key = (module, name.to_owned());
        let mut found = self.defined(module, name);
        // `pub use answer::answer` begins at the module of that name.
        if open.contains(&key) {
            return (!found.is_empty()).then_some(found);
        }
        open.push(key);
        let known = self.imported(module, name, &mut found, open) || !found.is_empty();
        let found = if known { Some(found) } else { self.lookup_globs(module, name, open) };
        open.pop();
        found
    }

    fn defined(&self, module: ModuleId, name: &str) -> Vec<Target> {
        let here = &self.modules[module];
        let child = here.children.iter().find(|child| self.modules[**child].name() == name);
        let child = child.map(|child| Target { module: *child, item: None, through: vec![] });
        let item = here.facts.items.contains(name).then(|| Some(name.to_owned()));
        child.into_iter().chain(item.map(|item| Target { module, item, through: vec![] })).collect()
    }

    /// Whether an import brings the name, be it from another crate.
    fn imported(&self, module: ModuleId, name: &str, found: &mut Vec<Target>, open: &mut Open) -> bool {
        let mut known = false;
        for import in self.modules[module].imports_of(name) {
            known = true;
            for mut target in self.walk(module, &import.path, open).unwrap_or_default() {
                target.through.push(target.module);
                found.push(target);
            }
        }
        known
    }

    fn lookup_globs(&self, module: ModuleId, name: &str, open: &mut Open) -> Option<Vec<Target>> {
        let globs =
            self.modules[module].facts.imports.iter().filter(|import| import.binding == Binding::Glob);
        for import in globs {
            for source in self.walk(module, &import.path, open).unwrap_or_default() {
                if source.item.is_some() {
                    continue;
                }
                if let Some(found) = self.lookup(source.module, name, open) {
                    return Some(found);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::sources::made_up;

    #[test]
    fn paths_lead_to_the_file_that_defines() {
        let tree = made_up(&[
            ("src/lib.rs", "mod a; mod b;"),
            (
                "src/a/mod.rs",
                "mod inner; mod answer; pub use answer::answer; pub use inner::{Thing as Object, *};",
            ),
            ("src/a/inner.rs", "pub struct Thing; pub fn work() {} make! { Made }"),
            ("src/a/answer.rs", "pub fn answer() {}"),
            ("src/b.rs", "use crate::a as first; use tokio::sync::watch; use super::a::*;"),
        ]);
        let b = tree.modules.iter().position(|module| module.file == "src/b.rs").expect("is there");
        let meaning = |path: &str| {
            let path: Vec<String> = path.split("::").map(str::to_owned).collect();
            let targets = tree.resolve(b, &path).into_iter();
            targets.map(|t| format!("{} {:?}", tree.modules[t.module].file, t.item)).collect::<Vec<_>>()
        };
        let thing = "src/a/inner.rs Some(\"Thing\")";
        assert_eq!(meaning("crate::a::Object"), [thing]);
        assert_eq!(meaning("super::a::inner::Thing"), [thing]);
        assert_eq!(meaning("first::Object::new"), [thing]);
        assert_eq!(meaning("Thing"), [thing], "through two globs");
        assert_eq!(meaning("first::work"), ["src/a/inner.rs Some(\"work\")"]);
        let both = ["src/a/answer.rs None", "src/a/answer.rs Some(\"answer\")"];
        assert_eq!(meaning("first::answer"), both, "a module and a function of one name");
        assert_eq!(meaning("crate::a::answer::answer"), both[1..]);
        assert_eq!(meaning("crate::a::inner::Unseen"), ["src/a/inner.rs Some(\"Unseen\")"]);
        assert!(meaning("watch::Sender").is_empty(), "of another crate");
        assert!(meaning("variable").is_empty());
    }
}
