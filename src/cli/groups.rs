//! The list of commands in `mock-imds --help`, divided by what somebody wants. clap has headings for options only: its list
//! is taken as it is, and headings are put between its lines.

use clap::Command;
use clap::builder::StyledStr;

use super::global::HEADING;

/// The title of each group, and its first command. The others follow, as [`super::CliCommand`] has them.
const GROUPS: [(&str, &str); 6] = [
    ("Serve and look", "serve"),
    ("Change what is served", "use"),
    ("Write scenarios, and bring them over", "init"),
    ("For tests", "wait"),
    ("The host", "doctor"),
    ("Help", "version"),
];

/// The title of the group that begins with a command.
pub(crate) fn title(first: &str) -> Option<&'static str> {
    GROUPS.iter().find(|(_, command)| *command == first).map(|(title, _)| *title)
}

/// The program with a divided list.
pub(super) fn divide(program: Command) -> Command {
    let list = program.clone().help_template("{subcommands}").render_help();
    let style = program.get_styles().get_header();
    let heading = |title: &str| format!("\n{style}{title}:{style:#}\n");
    let template = format!(
        "{{before-help}}{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{}{}{{options}}{{after-help}}",
        divided(&list, &heading),
        heading(HEADING)
    );
    program.help_template(template)
}

fn divided(list: &StyledStr, heading: &impl Fn(&str) -> String) -> String {
    let (plain, styled) = (list.to_string(), list.ansi().to_string());
    let mut text = String::new();
    for (plain, styled) in plain.lines().zip(styled.lines()) {
        // What a line goes on with is further to the right.
        let name = plain.strip_prefix("  ").and_then(|line| line.split(' ').next());
        text.extend(name.and_then(title).map(heading));
        text.push_str(styled);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_begins_with_a_command_that_there_is() {
        let program = super::super::program();
        let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
        let places = GROUPS.map(|(title, first)| {
            let place = names.iter().position(|name| *name == first);
            place.unwrap_or_else(|| panic!("{title}: expected a command, found {first:?}"))
        });
        assert!(places.is_sorted() && places[0] == 0, "expected the order of the commands, found {places:?}");
    }
}
