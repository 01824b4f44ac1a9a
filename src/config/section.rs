//! Tables of a TOML file, and their items, asked for by name. Problems are collected, not returned.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::context::Context;

/// The keys that tables have, more or less.
const USUAL_KEYS: usize = 32;

/// A table. Every key that is asked for counts as known; [`Section::finish`] reports the others.
pub(crate) struct Section<'a> {
    context: &'a Context<'a>,
    table: &'a DeTable<'a>,
    name: String,
    span: Range<usize>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn root(context: &'a Context<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self::new(context, table.get_ref(), String::new(), table.span())
    }

    fn new(context: &'a Context<'a>, table: &'a DeTable<'a>, name: String, span: Range<usize>) -> Self {
        Self { context, table, name, span, known: RefCell::new(Vec::with_capacity(USUAL_KEYS)) }
    }

    /// The item of a key, if the table has it.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'a>> {
        self.known.borrow_mut().push(key);
        #[cfg(test)]
        self.context.request(self.qualify(key));
        if self.context.is_cancelled() {
            return None;
        }
        let (found, value) = self.table.get_key_value(key)?;
        Some(Item { context: self.context, value, name: self.qualify(key), key_span: found.span() })
    }

    /// The value of a key, if the table has it and `read` accepts it.
    pub(crate) fn read<T>(&self, key: &'static str, read: impl FnOnce(&Item<'a>) -> Option<T>) -> Option<T> {
        self.get(key).and_then(|item| read(&item))
    }

    /// All entries, for tables whose keys are the user's own; sorted by key. Every key counts as known.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        let entry = |(key, value): (&'a Spanned<_>, _)| {
            let text: &'a std::borrow::Cow<'a, str> = key.get_ref();
            let name = self.qualify(text);
            (text.as_ref(), Item { context: self.context, value, name, key_span: key.span() })
        };
        self.table.iter().map(entry).collect()
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(&self) {
        let mut known = self.known.borrow_mut();
        let unknown = |key: &&'a Spanned<_>| {
            let key: &std::borrow::Cow<'_, str> = key.get_ref();
            // Tables have few keys, and mostly all of them are known: to sort these would take longer.
            !known.contains(&key.as_ref())
        };
        let mut unknown: Vec<_> = self.table.keys().filter(unknown).collect();
        if unknown.is_empty() {
            return;
        }
        unknown.sort_by_key(|key| key.span().start);
        known.sort_unstable();
        known.dedup();
        for key in unknown {
            self.context.error_with(key.span(), || {
                let found = key.get_ref();
                let table =
                    if self.name.is_empty() { String::new() } else { format!(" in {}", heading(&self.name)) };
                let help = match nearest(found, &known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("accepted: {}", known.join(", ")),
                };
                (format!("unknown key \"{found}\"{table}"), vec![help])
            });
        }
    }

    /// The number of problems so far. If it grows while a value is read, the value is wrong.
    pub(crate) fn problems(&self) -> usize {
        self.context.count()
    }

    /// Whether an error was found so far, anywhere in the file.
    pub(crate) fn has_errors(&self) -> bool {
        self.context.has_errors()
    }

    /// Adds an error about the table as a whole.
    pub(crate) fn error(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.error(self.span.clone(), found.into(), vec![help.into()]);
    }

    /// Adds a warning about the table as a whole.
    pub(crate) fn warn(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.warn(self.span.clone(), found.into(), vec![help.into()]);
    }

    fn qualify(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { [&self.name, ".", key].concat() }
    }
}

/// The heading of a table: `[instance]`, `[[event]]` for one of several, `[event.tags]` for one in such a one.
fn heading(name: &str) -> String {
    let plain: String = name.split(['[', ']']).step_by(2).collect();
    if name.ends_with(']') { format!("[[{plain}]]") } else { format!("[{plain}]") }
}

/// The known name that is nearest, if it is near enough for a typing error.
pub(crate) fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let normal = found.replace('_', "-").to_lowercase();
    let length = normal.chars().count();
    // The distance is at least the difference of the lengths.
    let known = known.iter().filter(|name| length.abs_diff(name.len()) <= most_errors(name));
    let distance = |name: &&str| strsim::damerau_levenshtein(&normal, name);
    let near = known.min_by_key(|name| distance(name))?;
    (distance(near) <= most_errors(near)).then_some(*near)
}

/// The typing errors that a name may have to be taken for it.
fn most_errors(name: &str) -> usize {
    1 + (name.len() / 4).min(2)
}

/// The name that differs least from `found`.
pub(crate) fn closest<'n>(found: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names.min_by_key(|name| strsim::damerau_levenshtein(found, name))
}

/// Whether a text is a name with one typing error; two, in a long one.
pub(crate) fn is_near(found: &str, name: &str) -> bool {
    let most = match name.len() {
        0..4 => 0,
        4..12 => 1,
        12.. => 2,
    };
    found.len().abs_diff(name.len()) <= most && strsim::damerau_levenshtein(found, name) <= most
}

// === Item ===

/// A key with its value. A reader of a value adds an error and returns `None` if the value does not fit.
#[derive(Clone)]
pub(crate) struct Item<'a> {
    context: &'a Context<'a>,
    value: &'a Spanned<DeValue<'a>>,
    name: String,
    key_span: Range<usize>,
}

impl<'a> Item<'a> {
    /// The key with the names of the tables around it: `instance.instance-id`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The type of the value in TOML's terms: "string", "integer", "boolean", "array", "table", …
    pub(crate) fn kind(&self) -> &'static str {
        self.value.get_ref().type_str()
    }

    /// Adds an error at the value.
    pub(crate) fn error(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.error(self.value.span(), found.into(), vec![help.into()]);
    }

    /// Adds an error at the value, with several lines of help.
    pub(crate) fn error_with_help(&self, found: impl Into<String>, help: Vec<String>) {
        self.context.error(self.value.span(), found.into(), help);
    }

    /// Where the value begins in the file.
    pub(crate) fn offset(&self) -> usize {
        self.value.span().start
    }

    /// Adds an error at the key.
    pub(crate) fn error_at_key(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.error(self.key_span.clone(), found.into(), vec![help.into()]);
    }

    /// Adds a warning at the value.
    pub(crate) fn warn(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.warn(self.value.span(), found.into(), vec![help.into()]);
    }

    /// Adds a warning at the key.
    pub(crate) fn warn_at_key(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.warn(self.key_span.clone(), found.into(), vec![help.into()]);
    }

    /// Adds an error about the type of the value.
    pub(crate) fn mismatch<T>(&self, accepted: &str) -> Option<T> {
        let (article, kind) = match self.kind() {
            kind @ ("integer" | "array") => ("an", kind),
            kind => ("a", kind),
        };
        self.error(format!("{} is {article} {kind}", self.name), format!("accepted: {accepted}"));
        None
    }

    /// Notes the form in which the value is read, for the test that compares the readers with the documented keys.
    #[cfg(test)]
    pub(super) fn read_as(&self, form: impl Into<String>) {
        self.context.read_as(&self.name, form.into());
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "only tests compare the readers with the documented keys")]
    pub(super) fn read_as<T>(&self, _: T) {}

    pub(super) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    pub(crate) fn is_empty_array(&self) -> bool {
        self.value().as_array().is_some_and(|array| array.is_empty())
    }

    pub(crate) fn array(&self) -> Option<Vec<Item<'a>>> {
        self.read_as("array");
        let Some(array) = self.value.get_ref().as_array() else {
            return self.mismatch("an array: [\"…\", \"…\"]");
        };
        let element = |(index, value): (usize, &'a Spanned<DeValue<'a>>)| Item {
            context: self.context,
            value,
            // As people count, and lines, columns and the names of faults.
            name: format!("{}[{}]", self.name, index + 1),
            key_span: value.span(),
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    /// A table, `[so]` or `{ so }`.
    pub(crate) fn section(&self) -> Option<Section<'a>> {
        self.read_as("table");
        if self.context.is_cancelled() {
            return None;
        }
        let Some(table) = self.value.get_ref().as_table() else {
            let key = self.name.rsplit('.').next().unwrap_or_default();
            let form = if key == self.name { heading(key) } else { format!("{key} = {{ … }}") };
            return self.mismatch(&format!("a table: write {form}"));
        };
        Some(Section::new(self.context, table, self.name.clone(), self.value.span()))
    }

    /// The tables of an array, `[[so]]`; `None` if it is no array of tables.
    pub(crate) fn sections(&self) -> Option<Vec<Section<'a>>> {
        if !self.value.get_ref().is_array() {
            return self.mismatch(&format!("an array of tables: write [[{}]]", self.name));
        }
        self.array()?.iter().map(Item::section).collect()
    }
}
