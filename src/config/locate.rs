//! From ranges of bytes to lines and columns, for any number of problems in one pass over the file.

use std::cell::Cell;
use std::ops::Range;

use super::report::SourceSpan;

/// The width of the longest line that a report shows whole, in characters.
const SHOWN: usize = 100;
/// The most carets: more say nothing that these do not.
const WIDEST: usize = 60;
/// The longest text that may be a misspelt name of a secret, in characters.
const LONGEST_SECRET_KEY: usize = 24;

/// The lines of a text.
pub(super) struct Locator<'s> {
    text: &'s str,
    /// The offset of each line's first byte.
    starts: Vec<usize>,
    /// The last lines that were searched for the name of a secret, and the outcome.
    searched: Cell<(usize, usize, bool)>,
}

impl<'s> Locator<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, searched: Cell::default() }
    }

    /// The number of the line of a byte, from 0.
    pub(super) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The part of the first line that a range of bytes covers, up to the end of the range or of the line. It costs
    /// as much as its line is long, so it is asked for what is shown only, in the file's order.
    pub(super) fn locate(&self, span: Range<usize>) -> SourceSpan {
        let start = floor_char(self.text, span.start);
        let end = floor_char(self.text, span.end.max(span.start));
        let index = self.line(start);
        let line_start = self.starts[index];
        let line_end = self.starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let before = &self.text[line_start..start];
        let (line, column) = (index + 1, before.chars().count() + 1);
        let (end_line, end_column) = self.place(end);
        if self.names_a_secret(line_start, line_end) {
            let text = "(not shown: it may hold a secret)".into();
            return SourceSpan { line, column, text, indent: 0, width: 1, end_line, end_column };
        }
        let after = self.text[start..line_end.max(start)].trim_end_matches('\r');
        let (text, indent) = clip(before.trim_end_matches('\r'), after);
        let width = self.text[start..end.min(line_end).max(start)].chars().take(SHOWN + 1).count();
        let width = width.min(text.chars().count().saturating_sub(indent)).clamp(1, WIDEST);
        SourceSpan { line, column, text, indent, width, end_line, end_column }
    }

    /// Line and column, from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let index = self.line(at);
        (index + 1, self.text[self.starts[index]..at].chars().count() + 1)
    }

    /// Whether a line holds the value of a key that is, or looks like, one of a secret. A line without a
    /// key belongs to the last key before it.
    fn names_a_secret(&self, line_start: usize, line_end: usize) -> bool {
        let upto = &self.text[..line_end];
        let key = if upto[line_start..].contains('=') { line_start } else { upto.rfind('=').unwrap_or(0) };
        let from = self.starts[self.line(key)];
        // Of lines that belong to one key, only those that were not searched yet.
        let (rest, found) = match self.searched.get() {
            (start, end, found) if start == from && end <= line_end => (end, found),
            _ => (from, false),
        };
        let found = found || has_secret_key(&upto[rest..]);
        self.searched.set((from, line_end, found));
        found
    }
}

fn has_secret_key(lines: &str) -> bool {
    let lines = lines.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines
        .flat_map(|line| line.split(['=', '{', ',', ':']))
        .any(|part| is_secret_key(part.trim().trim_matches(['"', '\''])))
}

/// A typing error in the key must not show the value.
fn is_secret_key(key: &str) -> bool {
    // As in the AWS CLI's files: aws_session_token.
    let spelled = key.to_lowercase().replace('_', "-");
    let spelled = spelled.trim_start_matches("aws-");
    let short = spelled.chars().nth(LONGEST_SECRET_KEY).is_none();
    let near = |name, distance| short && strsim::damerau_levenshtein(spelled, name) <= distance;
    ["secret", "password", "session-token", "security-token", "security-credentials"]
        .iter()
        .any(|word| spelled.contains(word))
        || spelled == "token"
        || near("credential-id", 2)
        || near("session-token", 4)
        || near("secret-access-key", 6)
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A line as shown, in two parts: one column a character, at most [`SHOWN`] of them around the end of the first part;
/// and how many of them are before it.
fn clip(before: &str, after: &str) -> (String, usize) {
    // Twice as many as are shown tell whether there are more.
    let mut near: Vec<char> = before.chars().rev().take(2 * SHOWN).collect();
    near.reverse();
    let column = near.len();
    near.extend(after.chars().take(2 * SHOWN));
    let visible = |c: &char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => *c,
    };
    if near.len() <= SHOWN {
        return (near.iter().map(visible).collect(), column);
    }
    let from = column.saturating_sub(SHOWN / 2).min(near.len() - SHOWN);
    let to = from + SHOWN;
    let head = if from > 0 { "…" } else { "" };
    let tail = if to < near.len() { "…" } else { "" };
    let middle: String = near[from..to].iter().map(visible).collect();
    (format!("{head}{middle}{tail}"), column - from + head.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_line_its_column_and_what_is_around_it() {
        let text = "a = 1\r\nß = 22\n\nlast";
        let lines = Locator::new(text);
        let at = |span: Range<usize>| {
            let SourceSpan { line, column, text, indent, width, .. } = lines.locate(span);
            (line, column, text, indent, width)
        };
        assert_eq!(at(4..5), (1, 5, "a = 1".into(), 4, 1));
        assert_eq!(at(12..14), (2, 5, "ß = 22".into(), 4, 2), "characters, not bytes");
        assert_eq!(at(12..99), (2, 5, "ß = 22".into(), 4, 2), "up to the end of the line");
        assert_eq!(at(15..15), (3, 1, String::new(), 0, 1));
        assert_eq!(at(99..120), (4, 5, "last".into(), 4, 1), "after the end");
    }

    #[test]
    fn a_place_has_its_end() {
        let lines = Locator::new("a = 1\nß = 22\nlast");
        let end = |span: Range<usize>| {
            let SourceSpan { end_line, end_column, .. } = lines.locate(span);
            (end_line, end_column)
        };
        assert_eq!(end(4..5), (1, 6));
        assert_eq!(end(11..13), (2, 7), "characters, not bytes");
        assert_eq!(end(4..16), (3, 3), "on another line");
    }

    #[test]
    fn carets_stay_below_what_a_terminal_has_room_for() {
        let text = format!("user-data = \"{}\"", "x".repeat(20_000));
        assert_eq!(Locator::new(&text).locate(12..text.len()).width, WIDEST);
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let text = format!("{}<here>{}", "a".repeat(300_000), "b".repeat(300_000));
        let span = Locator::new(&text).locate(300_000..300_006);
        assert_eq!((span.column, span.indent, span.width), (300_001, 51, 6));
        assert_eq!(span.text, format!("…{}<here>{}…", "a".repeat(50), "b".repeat(44)));
        let end = Locator::new(&text).locate(600_004..600_006);
        assert_eq!(end.text, format!("…{}", "b".repeat(100)));
    }

    #[test]
    fn lines_of_one_list_are_searched_for_a_secret_once() {
        let text = format!("secret-access-key = [\n{}]\n", "1,\n".repeat(1_000));
        let lines = Locator::new(&text);
        for line in 1..1_000 {
            let start = lines.starts[line];
            assert!(lines.locate(start..start + 1).text.starts_with("(not shown"), "line {line}");
        }
        let text = format!("addresses = [\n{}]\nsecret = 1\nmode = 2\n", "1,\n".repeat(1_000));
        let lines = Locator::new(&text);
        let shown = |line: usize| lines.locate(lines.starts[line]..lines.starts[line]).text;
        assert_eq!((&*shown(1), &*shown(900)), ("1,", "1,"));
        assert!(shown(1_002).starts_with("(not shown"));
        assert_eq!(shown(1_003), "mode = 2");
        assert_eq!(shown(10), "1,", "in any order");
    }
}
