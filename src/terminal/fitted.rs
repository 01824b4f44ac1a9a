//! Sentences, lists and reports as wide as a terminal.

use unicode_width::UnicodeWidthStr as _;

/// The text with lines that the terminal need not break: words that do not fit are on a further line, indented by so many columns
/// beyond the first. What is copied or has to stay below something else stays as it is, whatever its width: commands in
/// backquotes or after `$`, and the lines of a file that a report shows. A pipe gets the text as it is.
pub(crate) fn fitted(text: &str, columns: Option<usize>, indent: usize) -> String {
    let Some(columns) = columns else { return text.to_owned() };
    let lines =
        text.lines().map(|line| if is_kept(line) { line.to_owned() } else { wrap(line, columns, indent) });
    lines.collect::<Vec<_>>().join("\n")
}

/// `  3 | key = value`, `    |       ^^^^^`, or `  $ command`.
fn is_kept(line: &str) -> bool {
    let rest = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with(" | ") || rest.starts_with("| ") || rest.starts_with("$ ")
}

fn wrap(line: &str, columns: usize, indent: usize) -> String {
    if line.width() <= columns {
        return line.to_owned();
    }
    let start = line.len() - line.trim_start().len();
    let indentation = " ".repeat(if start >= indent { start } else { indent });
    let (mut done, mut last) = (String::new(), line[..start].to_owned());
    let mut is_first = true;
    for word in words(&line[start..]) {
        if !is_first && last.width() + 1 + word.width() > columns {
            done = done + last.trim_end() + "\n";
            last.clone_from(&indentation);
            is_first = true;
        }
        if !is_first {
            last.push(' ');
        }
        last.push_str(word);
        is_first = false;
    }
    done + &last
}

/// What may stand on a line of its own. Spaces within backquotes divide nothing.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut begin, mut is_quoted) = (vec![], 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '`' => is_quoted = !is_quoted,
            ' ' if !is_quoted => {
                words.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[begin..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_move_and_what_is_copied_stays() {
        for (text, indent, expected) in [
            ("one two three", 0, "one two three"),
            ("one two three four five", 2, "one two three four\n  five"),
            ("name  what it is, in many words", 6, "name  what it is, in\n      many words"),
            ("    indented much and long text", 2, "    indented much\n    and long text"),
            ("run `a b c d e f g h`; then", 2, "run\n  `a b c d e f g h`;\n  then"),
            ("$ a command that is long", 0, "$ a command that is long"),
            ("  3 | a = \"a line of a file\"", 0, "  3 | a = \"a line of a file\""),
            ("    |         ^^^^^^^^^^^^^", 0, "    |         ^^^^^^^^^^^^^"),
            ("/a/path/that/is/wider/than/it all", 0, "/a/path/that/is/wider/than/it\nall"),
            ("an unclosed ` is no end of it", 0, "an unclosed\n` is no end of it"),
        ] {
            assert_eq!(fitted(text, Some(20), indent), expected, "{text:?}");
            assert_eq!(fitted(text, None, indent), text, "a pipe");
        }
    }
}
