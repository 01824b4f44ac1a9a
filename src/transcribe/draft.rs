//! A scenario while it is written: tables of lines, each of which can be retracted.

use std::collections::BTreeSet;
use std::str::FromStr;

use toml::Value;

use super::quote;
use crate::model::UsualForm;

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
    /// The keys of ids that have another form than on EC2.
    other_ids: Vec<String>,
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

    /// True if an id in it has another form than on EC2.
    pub(super) fn has_other_ids(&self) -> bool {
        self.tables.iter().any(|table| !table.other_ids.is_empty())
    }

    /// The keys of ids that have another form than on EC2, each once.
    pub(super) fn other_ids(&self) -> Vec<&str> {
        let keys: BTreeSet<&str> =
            self.tables.iter().flat_map(|table| &table.other_ids).map(String::as_str).collect();
        keys.into_iter().collect()
    }

    /// Makes what [`allow_other_ids`](Self::allow_other_ids) said last.
    pub(super) fn keep_other_ids(&mut self) {
        self.tables.iter_mut().take(1).for_each(|table| table.other_ids.push("other-ids".to_owned()));
    }

    /// Says in `[instance]` that such ids are meant, or no longer.
    pub(super) fn allow_other_ids(&mut self, allow: bool) {
        const KEY: &str = "other-ids";
        let is_there = |table: &DraftTable| table.header == "[instance]";
        if allow && !self.tables.iter().any(is_there) {
            self.tables.insert(0, DraftTable::new("[instance]"));
        }
        for table in self.tables.iter_mut().filter(|table| is_there(table)) {
            table.lines.retain(|line| line.key != KEY);
            if allow {
                table.set(KEY, true);
            }
        }
    }

    pub(super) fn text(&self) -> String {
        self.pieces().into_iter().map(|(text, ..)| text).collect()
    }

    pub(super) fn key_count(&self) -> usize {
        self.tables.iter().map(|table| table.lines.len()).sum()
    }

    /// Removes what is on rejected lines of the text, counted from 1 and in order: keys, or a whole table. Returns their
    /// names, each with what came with its line. Those of tables of one kind go together; of a whole table others may be
    /// rejected, so it goes alone.
    pub(super) fn retract<T>(&mut self, rejected: Vec<(usize, T)>) -> Vec<(String, T)> {
        let mut last = 0;
        let pieces: Vec<(usize, usize, Option<usize>)> = self
            .pieces()
            .into_iter()
            .map(|(text, table, key)| {
                last += text.matches('\n').count();
                (last, table, key)
            })
            .collect();
        let place = |line: usize| {
            let (_, table, key) = *pieces.get(pieces.partition_point(|(last, ..)| *last < line))?;
            Some((table, key))
        };
        let mut found: Vec<_> =
            rejected.into_iter().filter_map(|(line, with)| Some((place(line)?, with))).collect();
        found.dedup_by_key(|(place, _)| *place);
        match found.first() {
            Some(&((first, Some(_)), _)) => {
                let header = &self.tables[first].header;
                found.retain(|((table, key), _)| key.is_some() && self.tables[*table].header == *header);
            }
            _ => found.truncate(1),
        }
        // From the last on, so that the others stay where they are.
        let remove = |((table, key), with): ((usize, Option<usize>), T)| match key {
            Some(key) => (self.tables[table].lines.remove(key).key, with),
            None => (self.tables.remove(table).header, with),
        };
        let mut retracted: Vec<(String, T)> = found.into_iter().rev().map(remove).collect();
        retracted.reverse();
        retracted
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
        Self {
            header: header.to_owned(),
            comment: vec![],
            lines: vec![],
            keep_if_empty: false,
            other_ids: vec![],
        }
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
        let value = value.into();
        self.set_toml(key, value.as_str().map_or_else(|| value.to_string(), quote::text));
    }

    /// Sets a key if the text is a `T`. What is not becomes an override path by path.
    pub(super) fn set_if_valid<T: FromStr>(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| text.parse::<T>().is_ok()) {
            self.set(key, text);
        }
    }

    /// Sets a key if the text can be an id, be it of another form than on EC2.
    pub(super) fn set_id<T: UsualForm>(&mut self, key: &str, text: Option<&str>) {
        if let Some((text, id)) = text.and_then(|text| Some((text, text.parse::<T>().ok()?))) {
            self.note_form(key, id.has_usual_form());
            self.set(key, text);
        }
    }

    /// Sets a key to those of the texts that can be ids.
    pub(super) fn set_ids<T: UsualForm>(&mut self, key: &str, texts: &[&str]) {
        let ids = texts.iter().filter_map(|text| Some((*text, text.parse::<T>().ok()?)));
        let (texts, ids): (Vec<&str>, Vec<T>) = ids.unzip();
        self.note_form(key, ids.iter().all(T::has_usual_form));
        self.set_toml(key, quote::list(texts));
    }

    fn note_form(&mut self, key: &str, is_usual: bool) {
        if !is_usual {
            self.other_ids.push(key.to_owned());
        }
    }

    /// Adds a line above the other lines above the header.
    pub(super) fn add_first_comment(&mut self, text: impl Into<String>) {
        self.comment.insert(0, text.into());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
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
        assert_eq!((draft.key_count(), draft.retract(vec![(99, ())])), (2, vec![]));
        assert_eq!(draft.retract(vec![(6, 'x'), (6, 'y')]), [("b".to_owned(), 'x')]);
        assert_eq!(draft.text(), "\n# why\n[a]\n# note\n\"c d\" = 1\n\n[none]\n");
        assert_eq!(draft.retract(vec![(3, ())]), [("[a]".to_owned(), ())]);
        assert_eq!(draft.text(), "\n[none]\n");
    }

    #[test]
    fn lines_of_other_kinds_stay_for_the_next_time() {
        let mut draft = Draft::default();
        for header in ["[a]", "[b]", "[a]"] {
            let mut table = DraftTable::new(header);
            table.set("key", header);
            draft.push(table);
        }
        let both = [("key", 'x'), ("key", 'z')].map(|(key, with)| (key.to_owned(), with));
        assert_eq!(draft.retract(vec![(3, 'x'), (6, 'y'), (9, 'z')]), both);
        assert_eq!(draft.text(), "\n[a]\n\n[b]\nkey = \"[b]\"\n\n[a]\n");
        // A table as a whole is not of the lines of one.
        assert_eq!(draft.retract(vec![(5, 'x'), (7, 'y')]), [("key".to_owned(), 'x')]);
    }

    #[test]
    fn lines_of_one_kind_of_table_are_retracted_together() {
        let mut draft = Draft::default();
        let mut table = DraftTable::new("[metadata]");
        for key in ["a", "b", "c", "d"] {
            table.set(key, key);
        }
        draft.push(table);
        let rejected = vec![(3, 1), (3, 2), (4, 3), (6, 4), (99, 5)];
        let retracted = [("a", 1), ("b", 3), ("d", 4)].map(|(key, with)| (key.to_owned(), with));
        assert_eq!(draft.retract(rejected), retracted);
        assert_eq!(draft.text(), "\n[metadata]\nc = \"c\"\n");
    }
}
