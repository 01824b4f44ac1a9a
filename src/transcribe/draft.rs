//! A scenario while it is written: tables of lines, each of which can be retracted.

use std::str::FromStr;

use toml::Value;

use super::quote;

/// Tables in the file's order.
#[derive(Debug, Default)]
pub(super) struct Draft {
    tables: Vec<DraftTable>,
}

#[derive(Debug)]
pub(super) struct DraftTable {
    header: String,
    comment: Vec<String>,
    lines: Vec<Line>,
    /// An empty table means that there are none, no table that the default counts.
    keep_if_empty: bool,
}

#[derive(Debug)]
struct Line {
    comment: Option<String>,
    key: String,
    value: String,
}

/// A piece of the text, with the index of its table, and of its line unless it is the header.
type Piece = (String, usize, Option<usize>);

impl Draft {
    /// Adds a table, unless it is empty.
    pub(super) fn push(&mut self, table: DraftTable) {
        if table.keep_if_empty || !table.lines.is_empty() || !table.comment.is_empty() {
            self.tables.push(table);
        }
    }

    pub(super) fn text(&self) -> String {
        self.pieces().into_iter().map(|(text, ..)| text).collect()
    }

    pub(super) fn key_count(&self) -> usize {
        self.tables.iter().map(|table| table.lines.len()).sum()
    }

    /// Removes what is on a line of the text, counted from 1: a key, or a whole table. Returns its name.
    pub(super) fn retract(&mut self, line: usize) -> Option<String> {
        let mut last = 0;
        let (_, table, key) = self.pieces().into_iter().find(|(text, ..)| {
            last += text.matches('\n').count();
            line <= last
        })?;
        Some(match key {
            Some(key) => self.tables[table].lines.remove(key).key,
            None => self.tables.remove(table).header,
        })
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (at, table) in self.tables.iter().enumerate() {
            let comment: String = table.comment.iter().map(|line| quote::comment(line) + "\n").collect();
            pieces.push((format!("\n{comment}{}\n", table.header), at, None));
            for (index, line) in table.lines.iter().enumerate() {
                let comment = line.comment.as_ref().map(|line| quote::comment(line) + "\n");
                let comment = comment.unwrap_or_default();
                pieces.push((format!("{comment}{} = {}\n", line.key, line.value), at, Some(index)));
            }
        }
        pieces
    }
}

impl DraftTable {
    /// A table of this header: `[instance]`, `[[event]]`.
    pub(super) fn new(header: &str) -> Self {
        Self { header: header.to_owned(), comment: vec![], lines: vec![], keep_if_empty: false }
    }

    pub(super) fn keep_if_empty(mut self) -> Self {
        self.keep_if_empty = true;
        self
    }

    /// Adds a line above the header.
    pub(super) fn add_comment(&mut self, text: impl Into<String>) {
        self.comment.push(text.into());
    }

    /// Sets a key to a value that is TOML already.
    pub(super) fn set_toml(&mut self, key: &str, value: impl Into<String>) {
        self.set_with_comment(None, key, value);
    }

    /// [`set_toml`](Self::set_toml) with a comment above the key.
    pub(super) fn set_with_comment(&mut self, comment: Option<String>, key: &str, value: impl Into<String>) {
        self.lines.push(Line { comment, key: quote::key(key), value: value.into() });
    }

    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.set_toml(key, value.into().to_string());
    }

    /// Sets a key if the text is a `T`. What is not becomes an override path by path.
    pub(super) fn set_if_valid<T: FromStr>(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| text.parse::<T>().is_ok()) {
            self.set(key, text);
        }
    }

    /// Sets a key if the text is one line that is not empty.
    pub(super) fn set_line(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty() && !text.chars().any(char::is_control)) {
            self.set(key, text);
        }
    }

    /// Sets a key unless the list is empty.
    pub(super) fn set_list(&mut self, key: &str, texts: &[&str]) {
        if !texts.is_empty() {
            self.set_toml(key, quote::list(texts));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_text_can_be_retracted() {
        let mut draft = Draft::default();
        let mut table = DraftTable::new("[a]");
        table.add_comment("why");
        table.set("b", "two\nlines");
        table.set_with_comment(Some("note".into()), "c d", "1");
        draft.push(table);
        draft.push(DraftTable::new("[empty]"));
        draft.push(DraftTable::new("[none]").keep_if_empty());
        let text = draft.text();
        assert_eq!(text, "\n# why\n[a]\nb = \"\"\"\ntwo\nlines\"\"\"\n# note\n\"c d\" = 1\n\n[none]\n");
        assert_eq!((draft.key_count(), draft.retract(99)), (2, None));
        assert_eq!(draft.retract(6).as_deref(), Some("b"));
        assert_eq!(draft.text(), "\n# why\n[a]\n# note\n\"c d\" = 1\n\n[none]\n");
        assert_eq!(draft.retract(3).as_deref(), Some("[a]"));
        assert_eq!(draft.text(), "\n[none]\n");
    }
}
