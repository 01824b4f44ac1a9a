//! Completion of the command line, by clap. The shell calls the program with the line so far, and the running server is
//! asked for what only it knows.

mod values;

use std::env;
use std::ffi::OsStr;

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::CompleteEnv;

use crate::cli::Cli;

/// Set by the files in packaging/completions, to the name of the shell.
const VARIABLE: &str = "MOCK_IMDS_COMPLETE";

/// Answers a shell that completes a line and ends the process; returns otherwise.
pub(crate) fn answer_shell() {
    // Before it looks for the variable, clap asks for the working directory.
    if env::var_os(VARIABLE).is_none() {
        return;
    }
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

fn command() -> Command {
    with_completers(Cli::command())
}

/// Completers follow from what an argument calls its value.
fn with_completers(command: Command) -> Command {
    let shows = command.get_name() == "show";
    let command = command.mut_args(|argument| with_completer(argument, shows));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_completers))
}

/// `shows` is set for the command that shows what all endpoints answer.
fn with_completer(argument: Arg, shows: bool) -> Arg {
    let value = argument.get_value_names().and_then(<[_]>::first).map(|name| name.as_str().to_owned());
    let completer: fn(&OsStr) -> Vec<clap_complete::CompletionCandidate> =
        match (argument.get_id().as_str(), value.as_deref()) {
            ("instance", _) => values::instances,
            (_, Some("FAULT")) => values::faults,
            (_, Some("SERVER")) => values::servers,
            ("control", _) => return argument,
            ("profile", Some("NAME|FILE")) => values::conformance_profiles,
            ("only", _) => values::conformance_checks,
            (_, Some("NAME|FILE")) => values::scenarios,
            ("scenario", Some("NAME")) => values::library,
            ("path", _) if shows => values::shown_paths,
            (_, Some("PATH" | "GLOB")) | ("path", None) => values::paths,
            _ => return argument,
        };
    argument.add(ArgValueCompleter::new(completer))
}

#[cfg(test)]
mod tests {
    use clap_complete::engine::ArgValueCompleter;

    use super::*;

    fn completes(line: &str, id: &str) -> bool {
        completer(line, id).is_some()
    }

    fn completer(line: &str, id: &str) -> Option<ArgValueCompleter> {
        let mut command = command();
        let found = line.split(' ').fold(&mut command, |command, name| {
            command.find_subcommand_mut(name).unwrap_or_else(|| panic!("no subcommand '{name}' of '{line}'"))
        });
        let argument = found.get_arguments().find(|argument| argument.get_id() == id);
        let argument = argument.unwrap_or_else(|| panic!("'{line}' has no argument '{id}'"));
        argument.get::<ArgValueCompleter>().cloned()
    }

    #[test]
    fn what_conform_knows_is_completed() {
        for (id, typed, expected) in
            [("profile", "ec", "ec2"), ("profile", "aem", "aemm"), ("only", "token-iss", "token-issued")]
        {
            let completer = completer("conform", id).unwrap_or_else(|| panic!("no completer of '{id}'"));
            let found = completer.complete(OsStr::new(typed));
            assert!(
                found.iter().any(|candidate| candidate.get_value() == expected),
                "expected '{expected}' for '{typed}' of '{id}', found {found:?}"
            );
        }
    }

    #[test]
    fn what_the_server_knows_is_asked_of_it() {
        for (line, id) in [
            ("use", "scenario"),
            ("serve", "scenario"),
            ("show", "scenario"),
            ("show", "path"),
            ("set", "path"),
            ("wait", "path"),
            ("requests", "path"),
            ("fault", "path"),
            ("spot", "instance"),
            ("env", "instance"),
            ("fault", "instance"),
            ("fault", "name"),
            ("fault set", "name"),
            ("fault remove", "names"),
            ("status", "server"),
            ("clock", "server"),
        ] {
            assert!(completes(line, id), "expected a completer of '{id}' in '{line}'; see with_completer");
        }
        assert!(!completes("spot", "control"), "a control socket is a file");
    }
}
