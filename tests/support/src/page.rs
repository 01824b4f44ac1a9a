//! Pages of the manual as programs: what their blocks say is run, in the page's order, and compared with what it prints.
//!
//! | block | what is done with it |
//! |---|---|
//! | `console` | lines after `$ ` (and `> `) are commands, in one bash for the whole page, and print the lines below them |
//! | any, after a line that ends in a file's name, as: Write `scenario.toml`: | is written to that file |
//! | any other | is read by people |
//!
//! A command must succeed, unless the page shows an error; then it must fail. Among the lines that it prints, "…" stands for any text, and as a line of its own for any lines. Commands
//! that end in `&` print to a log, since nobody knows when.

use std::fmt::Write as _;
use std::fs;

use crate::target;

/// Stands behind each command's output, with its exit code. No program here prints this character.
const END: char = '\u{1e}';

/// What else a command may print, besides what the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Besides {
    /// Nothing.
    Nothing,
    /// Any other lines, as progress, before, between and after.
    Anything,
}

/// A page.
pub struct Page {
    /// Where it is in the project.
    name: String,
    text: String,
}

/// A fenced block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// What stands behind the fence.
    pub language: &'a str,
    /// Its lines.
    pub text: &'a str,
    /// The number of its first line.
    pub line: usize,
    /// The file that the line before it names.
    pub file: Option<&'a str>,
}

/// A command, and what it prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command<'a> {
    /// The number of its first line.
    pub line: usize,
    /// Without its prompts.
    pub text: String,
    /// The lines that it prints.
    pub prints: Vec<&'a str>,
}

// === impl Page ===

impl Page {
    /// A page of the project, as `docs/compose.md`.
    pub fn read(name: &str) -> Self {
        let path = target::sources().join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), text }
    }

    /// A page that is a text.
    pub fn of(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned() }
    }

    /// Its blocks.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        blocks(&self.text)
    }

    fn commands(&self) -> Vec<Command<'_>> {
        let blocks = self.blocks();
        blocks.iter().filter(|block| block.language == "console").flat_map(commands).collect()
    }

    /// What bash is to run.
    pub fn script(&self) -> String {
        let mut script = String::new();
        let mut say = |text: &str| writeln!(script, "{text}").expect("a string takes everything");
        for block in self.blocks() {
            if let Some(file) = block.file {
                say(&format!("cat >'{file}' <<'END OF FILE'\n{}END OF FILE", block.text));
            }
            if block.language == "console" {
                for Command { line, text, .. } in commands(&block) {
                    let text = match text.strip_suffix(" &") {
                        Some(text) => format!("{text} >line-{line}.log 2>&1 &"),
                        None => text,
                    };
                    say(&format!("{text}\n{{ code=$?; printf '\\n{END}%s\\n' $code; ( exit $code ); }}"));
                }
            }
        }
        script
    }

    /// Compares what was printed by the script with what the page says.
    pub fn judge(&self, said: &str, besides: Besides) -> Result<(), String> {
        let commands = self.commands();
        if commands.len() < 3 {
            return Err(format!("{} has {} commands: is it still read?", self.name, commands.len()));
        }
        let mut rest = said;
        for Command { line, text, prints } in commands {
            let complaint = |found: &str| {
                let (name, prints) = (&self.name, prints.join("\n"));
                Err(format!("{name}:{line}: $ {text}\n--- expected:\n{prints}\n--- found:\n{found}"))
            };
            let Some((found, after)) = rest.split_once(END) else {
                return complaint(&format!("{rest}\n(the shell ended, or was ended after too long)"));
            };
            let (code, after) = after.split_once('\n').unwrap_or((after, ""));
            let found = found.trim_end_matches('\n');
            if (code == "0") == prints.iter().any(|line| is_error(line)) {
                return complaint(&format!("{found}\n(exit code {code})"));
            }
            let lines: Vec<&str> = found.lines().collect();
            let fits = match besides {
                Besides::Nothing => same_lines(&prints, &lines),
                Besides::Anything => among(&prints, &lines),
            };
            if !fits {
                return complaint(found);
            }
            rest = after;
        }
        Ok(())
    }
}

/// The fenced blocks of a page.
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let (mut found, mut before, mut line) = (Vec::new(), "", 0);
    let mut rest = page;
    while let Some((head, after)) = rest.split_once('\n') {
        (rest, line) = (after, line + 1);
        if let Some(language) = head.strip_prefix("```") {
            let end = rest.find("```\n").unwrap_or(rest.len());
            let text = &rest[..end];
            found.push(Block { language, text, line: line + 1, file: named_file(before) });
            rest = rest.get(end + 4..).unwrap_or_default();
            (line, before) = (line + text.lines().count() + 1, "");
        } else if !head.is_empty() {
            before = head;
        }
    }
    found
}

/// The commands of a block of the language `console`.
pub fn commands<'a>(block: &Block<'a>) -> Vec<Command<'a>> {
    let mut commands: Vec<Command<'a>> = Vec::new();
    for (number, line) in block.text.lines().enumerate() {
        if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Command { line: block.line + number, text: text.to_owned(), prints: Vec::new() });
        } else if let Some(command) = commands.last_mut() {
            match line.strip_prefix("> ").filter(|_| command.prints.is_empty()) {
                Some(more) => command.text.extend(["\n", more]),
                None => command.prints.push(line),
            }
        }
    }
    commands
}

/// As the program writes them, and its reports on files.
fn is_error(line: &str) -> bool {
    line.starts_with("mock-imds: ") || line.contains(": error: ")
}

/// "… write `scenario.toml`:" names a file.
fn named_file(line: &str) -> Option<&str> {
    let name = line.strip_suffix("`:")?.rsplit('`').next()?;
    (name.contains('.') && !name.contains([' ', '\''])).then_some(name)
}

/// Whether a text is as expected; "…" stands for any text.
pub fn like(expected: &str, found: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn same_lines(expected: &[&str], found: &[&str]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((&"…", more)) => (0..=found.len()).any(|skipped| same_lines(more, &found[skipped..])),
        Some((line, more)) => {
            found.split_first().is_some_and(|(first, rest)| like(line, first) && same_lines(more, rest))
        }
    }
}

fn among(expected: &[&str], found: &[&str]) -> bool {
    let mut found = found.iter();
    expected.iter().all(|line| found.any(|candidate| like(line, candidate)))
}
