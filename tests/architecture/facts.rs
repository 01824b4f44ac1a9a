//! One module's text as facts: what it defines, imports and uses. Nothing is resolved here.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Facts {
    /// Names of the items at the module's top, without its child modules.
    pub items: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// Paths outside of `use`, each with the first line that has it.
    pub uses: BTreeMap<PathUse, usize>,
    /// Types that are not private, without those of tests.
    pub public_types: Vec<(String, usize)>,
    pub children: Vec<Child>,
    /// Names of the macros that define a type of their caller's name.
    pub type_macros: BTreeSet<String>,
    pub macro_calls: Vec<MacroCall>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathUse {
    pub path: Vec<String>,
    /// Under `#[cfg(test)]`.
    pub test: bool,
}

/// One leaf of a `use` tree.
#[derive(Debug)]
pub struct Import {
    pub path: Vec<String>,
    pub binding: Binding,
    /// `pub use`, `pub(crate) use` …
    pub reexport: bool,
    pub test: bool,
    pub line: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Binding {
    Name(String),
    /// `use a::*`
    Glob,
    /// `use a::Trait as _`
    Anonymous,
}

#[derive(Debug)]
pub struct Child {
    pub name: String,
    pub test: bool,
    pub line: usize,
    pub body: ChildBody,
}

#[derive(Debug)]
pub enum ChildBody {
    Inline(Facts),
    /// `mod x;`, with the value of its `#[path]`.
    File(Option<String>),
}

#[derive(Debug)]
pub struct MacroCall {
    pub name: String,
    pub first_name: Option<(String, usize)>,
    pub test: bool,
}
