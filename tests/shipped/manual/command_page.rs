//! The page of a subcommand: synopsis, options and examples as the parser has them, and the text of
//! `packaging/man/commands/NAME.txt`.

use clap::{Arg, Command};

use super::roff::{RoffPage, escaped};

/// A command with more options than these has them in its list alone.
const IN_SYNOPSIS: usize = 12;

/// The parts of a page that the parser does not know.
pub(super) struct PageSource<'s> {
    /// As in the header of the other pages.
    pub(super) date: &'s str,
    /// The description, and sections of its own.
    pub(super) text: &'s str,
}

pub(super) fn name(command: &Command) -> String {
    format!("mock-imds-{}", command.get_name())
}

/// The page of a command with those below it.
pub(super) fn page(command: &Command, source: &PageSource<'_>) -> String {
    let name = name(command);
    let mut page = RoffPage::default();
    let (title, version) = (escaped(&name).to_uppercase(), env!("CARGO_PKG_VERSION"));
    page.line(format!(
        ".\\\" Made of src/cli and packaging/man/commands/{}.txt: UPDATE_SHIPPED=1 cargo test --test shipped manual",
        command.get_name()
    ));
    page.line(format!(".TH {title} 1 \"{}\" \"mock-imds {version}\" \"User Commands\"", source.date));
    // What is broken within a word, or spread over a line, is hard to read in letters of one width.
    page.line(".nh");
    page.line(".ad l");
    page.heading("NAME");
    page.line(format!("{} \\- {}", escaped(&name), escaped(&about(command))));
    page.heading("SYNOPSIS");
    let forms = forms(command);
    for (path, command) in &forms {
        synopsis(&mut page, path, command);
    }
    page.heading("DESCRIPTION");
    let (description, sections) = source.text.split_once("\n# ").unwrap_or((source.text, ""));
    page.text(description);
    options(&mut page, &forms);
    if !sections.is_empty() {
        page.text(&format!("# {sections}"));
    }
    page.heading("EXAMPLES");
    let examples = all_examples(command);
    page.program(examples.iter().map(String::as_str));
    page.heading("SEE ALSO");
    page.line(".BR mock\\-imds (8),");
    page.line(".BR mock\\-imds.toml (5)");
    page.into_text()
}

/// A command that can be called as it is, and those below it, each with its words.
fn forms(command: &Command) -> Vec<(String, &Command)> {
    let mut forms = vec![];
    collect(command, "mock-imds", &mut forms);
    forms
}

fn collect<'c>(command: &'c Command, before: &str, into: &mut Vec<(String, &'c Command)>) {
    let path = format!("{before} {}", command.get_name());
    if !command.is_subcommand_required_set() {
        into.push((path.clone(), command));
    }
    subcommands(command).for_each(|below| collect(below, &path, into));
}

/// Without clap's own.
pub(super) fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| below.get_name() != "help")
}

pub(super) fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// What the page lists of a command: the options that every command has are in mock-imds(8).
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let global = ["help", "version", "log_level"];
    command.get_arguments().filter(move |arg| !arg.is_hide_set() && !global.contains(&arg.get_id().as_str()))
}

fn value(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<String> = names.iter().map(|name| escaped(name)).collect();
    if names.is_empty() { escaped(&arg.get_id().as_str().to_uppercase()) } else { names.join(" ") }
}

fn is_repeatable(arg: &Arg) -> bool {
    matches!(arg.get_action(), clap::ArgAction::Append)
}

fn synopsis(page: &mut RoffPage, path: &str, command: &Command) {
    page.line(format!(".SY \"{}\"", escaped(path)));
    let options: Vec<&Arg> = arguments(command).filter(|arg| !arg.is_positional()).collect();
    if options.len() > IN_SYNOPSIS {
        page.line(".RI [ OPTION ]\\&...");
    } else {
        for arg in options {
            let long = escaped(arg.get_long().unwrap_or_default());
            let more = if is_repeatable(arg) { "\\&..." } else { "" };
            if arg.get_action().takes_values() {
                page.line(format!(".RB [ \\-\\-{long}"));
                page.line(format!(".IR {} ]{more}", value(arg)));
            } else {
                page.line(format!(".RB [ \\-\\-{long} ]"));
            }
        }
    }
    for arg in arguments(command).filter(|arg| arg.is_positional()) {
        let more = if is_repeatable(arg) { "\\&..." } else { "" };
        if arg.is_required_set() {
            page.line(if more.is_empty() {
                format!(".I {}", value(arg))
            } else {
                format!(".IR {} {more}", value(arg))
            });
        } else {
            page.line(format!(".RI [ {} ]{more}", value(arg)));
        }
    }
    page.line(".YS");
}

/// The options of each form: those that two have, word by word, are explained once.
fn options(page: &mut RoffPage, forms: &[(String, &Command)]) {
    let mut explained: Vec<(String, String)> = vec![];
    for (number, (path, command)) in forms.iter().enumerate() {
        let all: Vec<(String, String)> = arguments(command).map(|arg| (term(arg), help(arg))).collect();
        let (known, new): (Vec<_>, Vec<_>) = all.into_iter().partition(|arg| explained.contains(arg));
        if number == 0 {
            page.heading("OPTIONS");
        }
        if forms.len() > 1 {
            page.line(format!(".SS {}", escaped(path)));
            page.sentences(&format!("{}.", about(command)));
        }
        for (term, help) in &new {
            page.definition(term, help);
        }
        if !known.is_empty() {
            page.line(if new.is_empty() { "." } else { ".PP" });
            let names = known
                .iter()
                .filter_map(|(term, _)| term.split([' ', '"']).find(|word| word.contains("\\-\\-")));
            let names: Vec<String> = names.map(|name| format!("\\fB{name}\\fR")).collect();
            page.line(format!("As above: {}.", names.join(", ")));
        }
        explained.extend(new);
    }
}

/// What is typed, in fonts.
fn term(arg: &Arg) -> String {
    let Some(long) = arg.get_long() else { return format!(".I {}", value(arg)) };
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    let short = arg.get_short().map(|short| format!("\\-{short}"));
    let longs = std::iter::once(long).chain(aliases).map(|long| format!("\\-\\-{}", escaped(long)));
    let names: Vec<String> = short.into_iter().chain(longs).collect();
    match names.as_slice() {
        names if !arg.get_action().takes_values() => format!(".B {}", names.join(", ")),
        [name] => format!(".BI {name} \" {}\"", value(arg)),
        names => format!(".BI \"{}\" \" {}\"", names.join(", "), value(arg)),
    }
}

/// The sentence of `--help`, what is accepted, and the default.
fn help(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let default =
        help.split_once(" [default: ").and_then(|(before, rest)| Some((before, rest.split_once(']')?)));
    let (help, default) = match default {
        Some((before, (default, after))) => (format!("{before}{after}"), Some(default.to_owned())),
        None => (help, None),
    };
    let mut sentences = vec![format!("{}.", help.trim_end_matches('.'))];
    let possible: Vec<String> =
        arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if possible.len() > 1 && !arg.is_hide_possible_values_set() && arg.get_action().takes_values() {
        sentences.push(format!("One of {}.", possible.join(", ")));
    }
    let values = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
    let values: Vec<String> = values.filter(|_| arg.get_action().takes_values()).collect();
    if let Some(default) = default.or_else(|| (!values.is_empty()).then(|| values.join(" "))) {
        sentences.push(format!("Default: {}.", default.trim_end_matches('.')));
    }
    if let Some(variable) = arg.get_env() {
        sentences.push(format!("The variable {} sets it, too.", variable.to_string_lossy()));
    }
    sentences.join(" ")
}

/// The lines below "Examples:" of a command's help.
pub(super) fn examples(command: &Command) -> Vec<String> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = after.lines().skip_while(|line| *line != "Examples:").skip(1);
    lines.map(|line| line.trim_start().to_owned()).collect()
}

/// Those of a command and of the ones below it, each once.
fn all_examples(command: &Command) -> Vec<String> {
    let below = subcommands(command).flat_map(all_examples);
    let mut all: Vec<String> = vec![];
    for line in examples(command).into_iter().chain(below) {
        if !all.contains(&line) {
            all.push(line);
        }
    }
    all
}
