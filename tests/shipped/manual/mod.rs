//! The manual: pages that are made of the parser, and what others repeat of the program.

mod command_page;
mod keys;
mod roff;

use std::collections::BTreeSet;
use std::fs;

use mock_imds::command_line;

use super::read;
use command_page::{PageSource, about, examples, name, page, subcommands};
use roff::RoffPage;

const DIRECTORY: &str = "packaging/man";
const PROGRAM: &str = "mock-imds.8";
/// Lines of mock-imds(8): whoever looks for one thing reads all of it.
const LONGEST: usize = 250;

/// The command line, with the options of a command given to those below it that take them, too.
fn program() -> clap::Command {
    let mut program = command_line();
    program.build();
    program
}

/// The names of all pages.
pub(super) fn pages() -> BTreeSet<String> {
    let entries = fs::read_dir(support::sources().join(DIRECTORY)).expect("the manual is there").flatten();
    let names = entries.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name());
    names.map(|name| name.into_string().expect("UTF-8")).collect()
}

/// Compares a page with what is made for it, or writes it.
fn compare(page: &str, expected: &str) -> Result<(), String> {
    let file = format!("{DIRECTORY}/{page}");
    if std::env::var_os("UPDATE_SHIPPED").is_some() {
        fs::write(support::sources().join(file), expected).expect("the sources are writable");
        return Ok(());
    }
    let found = fs::read_to_string(support::sources().join(&file)).unwrap_or_default();
    let differs = || {
        let mut lines = found.lines().chain(std::iter::repeat("(the end)")).zip(expected.lines());
        lines.find(|(found, expected)| found != expected).unwrap_or(("more lines", "(the end)"))
    };
    if found == expected {
        return Ok(());
    }
    let (found, expected) = differs();
    Err(format!("{file}: expected {expected:?}, found {found:?}"))
}

#[test]
fn each_command_has_a_page_made_of_the_parser() {
    let program_page = read(&format!("{DIRECTORY}/{PROGRAM}"));
    let date =
        program_page.lines().find_map(|line| line.strip_prefix(".TH ")?.split('"').nth(1)).expect("a date");
    let mut wrong = vec![];
    let mut expected: BTreeSet<String> =
        [PROGRAM, "mock-imds.toml.5", "mock-imds-host.toml.5"].map(str::to_owned).into();
    for command in subcommands(&program()) {
        let text = format!("{DIRECTORY}/commands/{}.txt", command.get_name());
        let text = fs::read_to_string(support::sources().join(&text)).unwrap_or_else(|_| {
            wrong.push(format!("{text} is missing: what {} is for, in sentences", command.get_name()));
            String::new()
        });
        let file = format!("{}.1", name(command));
        wrong.extend(compare(&file, &page(command, &PageSource { date, text: &text })).err());
        expected.insert(file);
    }
    wrong.extend(compare(PROGRAM, &with_commands(&program_page)).err());
    assert!(
        wrong.is_empty(),
        "{}\nUPDATE_SHIPPED=1 cargo test --test shipped manual writes the pages",
        wrong.join("\n")
    );
    assert_eq!(pages(), expected, "the pages in {DIRECTORY}");
}

/// mock-imds(8) with its list of the commands.
fn with_commands(page: &str) -> String {
    let (before, rest) = page.split_once(".SH COMMANDS\n").expect("it lists the commands");
    let (_, after) = rest.split_once(".SH ").expect("another part follows");
    let mut list = RoffPage::default();
    list.heading("COMMANDS");
    for command in subcommands(&program()) {
        if let Some(title) = mock_imds::command_group(command.get_name()) {
            list.line(format!(".SS {title}"));
        }
        list.line(format!(".IP \"\\fB{}\\fR(1)\" 26", roff::escaped(&name(command))));
        list.line(roff::escaped(&about(command)));
    }
    format!("{before}{}.SH {after}", list.into_text())
}

#[test]
fn the_page_of_the_program_is_read_in_one_go() {
    let lines = read(&format!("{DIRECTORY}/{PROGRAM}")).lines().count();
    assert!(lines < LONGEST, "expected {PROGRAM} to have fewer than {LONGEST} lines, found {lines}");
}

/// What is made of the parser agrees with it; sentences could still name what there is no more.
#[test]
fn the_manual_names_no_option_that_there_is_not() {
    // The last one is systemctl's.
    let mut known: BTreeSet<String> = ["--help", "--version", "--now"].map(str::to_owned).into();
    let mut commands: Vec<clap::Command> = vec![program()];
    while let Some(command) = commands.pop() {
        for argument in command.get_arguments() {
            let aliases = argument.get_visible_aliases().unwrap_or_default();
            known.extend(argument.get_long().into_iter().chain(aliases).map(|long| format!("--{long}")));
        }
        commands.extend(subcommands(&command).cloned());
    }
    // That one names options of amazon-ec2-metadata-mock.
    for page in pages().into_iter().filter(|page| page != "mock-imds-aemm.1") {
        let text =
            manual(&page).lines().filter(|line| !line.starts_with(".\\\"")).collect::<Vec<_>>().join("\n");
        let options = text
            .split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
            .filter(|word| word.starts_with("--"));
        let unknown: Vec<_> = options.filter(|option| !known.contains(*option)).collect();
        assert!(unknown.is_empty(), "{DIRECTORY}/{page} names {unknown:?}, which the program does not know");
    }
}

/// `mock-imds help COMMAND` has the same: a line of it that is an option or an example is on the page.
#[test]
fn help_and_the_page_agree() {
    let mut compared = 0;
    let program = program();
    for command in subcommands(&program) {
        let page = manual(&format!("{}.1", name(command)));
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut forms = vec![command.clone()];
        while let Some(form) = forms.pop() {
            let help = form.clone().render_long_help().to_string();
            let options = help.lines().map(str::trim_start).filter(|line| line.starts_with("--"));
            let options = options.map(|line| line.split([' ', ',']).next().unwrap_or_default().to_owned());
            let options = options.filter(|option| option != "--log-level");
            for line in options.chain(examples(&form)) {
                let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words.contains(&line), "the page of {} lacks {line:?}", command.get_name());
                compared += 1;
            }
            forms.extend(subcommands(&form).cloned().collect::<Vec<_>>());
        }
    }
    assert!(compared > 200, "only {compared} lines were compared");
}

/// A line of a program is not wrapped: beside the margin of a page there is room for this on a terminal of 80 columns.
#[test]
fn examples_fit_a_terminal() {
    for page in pages() {
        let text = manual(&page);
        let mut programs = text.split(".EX\n").skip(1).filter_map(|rest| rest.split(".EE").next());
        let long = programs.find_map(|lines| lines.lines().find(|line| line.chars().count() > 73));
        assert_eq!(long, None, "{DIRECTORY}/{page} has a line of a program with more than 73 characters");
    }
}

/// The text of a page as its reader sees it, near enough: without macros, fonts and escaped hyphens.
fn manual(page: &str) -> String {
    read(&format!("packaging/man/{page}"))
        .replace("\\-", "-")
        .replace("\\fB", "")
        .replace("\\fI", "")
        .replace("\\fR", "")
        .replace("\\(aq", "'")
        .replace("\\(ti", "~")
        .replace("\\e", "\\")
}
