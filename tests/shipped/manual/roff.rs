//! Text → roff. A text has paragraphs with blank lines between them, and in these
//!
//! | | |
//! |---|---|
//! | `` `--json` ``, `` `spot` `` | is bold; in capitals, or with a slash, a dot or a bracket in it, italic |
//! | `mock-imds.toml(5)` | names a page of the manual |
//! | `# FILES` | begins a section, `## TEXT` a part of one |
//! | `: text` below a line | explains what the line says |
//! | four spaces | begin a line of a program |

use std::fmt::Write as _;

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct RoffPage(String);

impl RoffPage {
    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// A line as it is: a macro.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        writeln!(self.0, "{}", line.as_ref()).expect("a string takes everything");
    }

    pub(super) fn heading(&mut self, title: &str) {
        self.line(format!(".SH {}", escaped(title)));
    }

    /// A term, and what it means.
    pub(super) fn definition(&mut self, term: &str, meaning: &str) {
        self.line(".TP");
        self.line(term);
        self.sentences(meaning);
    }

    /// Lines of a program, as they are typed.
    pub(super) fn program<'t>(&mut self, lines: impl IntoIterator<Item = &'t str>) {
        self.line(".EX");
        for line in lines {
            self.line(guarded(&typed(line)));
        }
        self.line(".EE");
    }

    /// A whole text.
    pub(super) fn text(&mut self, text: &str) {
        let mut begun = false;
        for block in text.trim().split("\n\n").map(|block| block.trim_matches('\n')) {
            if let Some(title) = block.strip_prefix("## ") {
                self.line(format!(".SS {}", escaped(title)));
                begun = false;
            } else if let Some(title) = block.strip_prefix("# ") {
                self.heading(title);
                begun = false;
            } else if block.starts_with("    ") {
                self.line(if begun { ".PP" } else { "." });
                self.program(block.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)));
                begun = true;
            } else if let Some((term, meaning)) = block.split_once("\n: ") {
                self.definition(&in_fonts(term), &meaning.replace('\n', " "));
                begun = true;
            } else {
                if begun {
                    self.line(".PP");
                }
                self.sentences(&block.replace('\n', " "));
                begun = true;
            }
        }
    }

    /// A paragraph: a line for each sentence.
    pub(super) fn sentences(&mut self, text: &str) {
        // Three dots end no sentence.
        let text = in_fonts(text.trim()).replace(". ", ".\n").replace("...\n", "... ");
        for sentence in text.lines() {
            self.line(guarded(sentence));
        }
    }
}

/// A line that roff would take for a macro.
fn guarded(line: &str) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
}

/// What is between backquotes, and names of pages, in their fonts.
fn in_fonts(text: &str) -> String {
    let mut parts = text.split('`');
    let mut line = page_names(parts.next().unwrap_or_default());
    while let (Some(word), Some(after)) = (parts.next(), parts.next()) {
        let is_placeholder = word.chars().all(|c| c.is_ascii_uppercase() || c == '-');
        let font = if is_placeholder || word.contains(['/', '[', '.']) { 'I' } else { 'B' };
        write!(line, "\\f{font}{}\\fR{}", typed(word), page_names(after)).expect("a string takes everything");
    }
    line
}

/// A text with names such as `mock-imds-serve(1)` in bold, as other pages' readers know them.
fn page_names(text: &str) -> String {
    let name = |word: &str| {
        let (name, rest) = word.split_once('(')?;
        let (section, rest) = rest.split_once(')')?;
        let is_section = section.len() == 1 && section.bytes().all(|byte| byte.is_ascii_digit());
        (is_section && !name.is_empty())
            .then(|| format!("\\fB{}\\fR({section}){}", escaped(name), escaped(rest)))
    };
    let words = text.split(' ').map(|word| name(word).unwrap_or_else(|| escaped(word)));
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// What somebody copies from the page must be what was written: roff has typographic signs in the place of these.
fn typed(text: &str) -> String {
    escaped(text).replace('\'', "\\(aq").replace('`', "\\(ga").replace('^', "\\(ha").replace('~', "\\(ti")
}
