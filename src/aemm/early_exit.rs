//! An end before anything is served: exit status and output. The shape is the original's, so that scripts find the
//! lines that they look for; the trace of its stack is left out.

use super::command_line::Misread;
use super::flags::AemmCommand;
use super::usage::usage;

/// The status of everything that is wrong, save for the configuration file.
const PANIC: u8 = 2;

/// An end before anything is served.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EarlyExit {
    pub status: u8,
    /// For stdout.
    pub stdout: String,
    /// For stderr.
    pub stderr: String,
}

impl EarlyExit {
    /// An answer, on stdout.
    pub(crate) fn answer(text: impl Into<String>) -> Self {
        Self { stdout: text.into(), ..Self::default() }
    }

    /// Refused settings: the reasons, the usage of the command, and a last line that repeats the reasons.
    pub(crate) fn wrong(command: AemmCommand, reasons: &str) -> Self {
        Self {
            status: PANIC,
            stderr: format!("Error: {reasons}\n\n{}\n{}", usage(command), fatal(reasons)),
            ..Self::default()
        }
    }

    /// A command line that was not understood.
    pub(crate) fn misread(misread: &Misread) -> Self {
        let reasons = &misread.message;
        if let Some(command) = misread.command {
            return Self::wrong(command, reasons);
        }
        let hint = format!("Run '{} --help' for usage.", AemmCommand::Root.name());
        let stderr = format!("Error: {reasons}\n{hint}\n{}", fatal(reasons));
        Self { status: PANIC, stderr, ..Self::default() }
    }

    /// Something that goes wrong at the start: `panic: ` and the reason.
    pub(crate) fn panic(reason: &str) -> Self {
        Self { status: PANIC, stderr: format!("panic: {}\n", one_line(reason)), ..Self::default() }
    }

    /// User data that is not base64.
    pub(crate) fn user_data(reason: &str) -> Self {
        let stdout = "There was an issue decoding base64 data from config\n".to_owned();
        let panic = Self::panic(reason);
        let stderr =
            format!("userdata.values.userdata must be base64, as `base64 FILE` prints it\n{}", panic.stderr);
        Self { stdout, stderr, ..panic }
    }
}

fn fatal(reasons: &str) -> String {
    format!("panic: Fatal error while executing the root command: {}\n", one_line(reasons))
}

/// The last line is one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_one_that_scripts_look_for() {
        let ending = EarlyExit::wrong(AemmCommand::Spot, "one.\ntwo.");
        assert_eq!(ending.status, 2);
        assert!(ending.stderr.starts_with("Error: one.\ntwo.\n\nUsage:\n  ec2-metadata-mock spot [flags]\n"));
        let last = ending.stderr.lines().last();
        assert_eq!(last, Some("panic: Fatal error while executing the root command: one. two."));
    }

    #[test]
    fn user_data_that_is_no_base64_is_named_above_the_last_line() {
        let ending = EarlyExit::user_data("illegal base64 data at input byte 0");
        assert_eq!((ending.status, ending.stdout.lines().count()), (2, 1));
        let lines: Vec<&str> = ending.stderr.lines().collect();
        assert_eq!(
            lines,
            [
                "userdata.values.userdata must be base64, as `base64 FILE` prints it",
                "panic: illegal base64 data at input byte 0",
            ]
        );
    }

    #[test]
    fn an_unknown_command_has_a_hint_in_place_of_the_usage() {
        let misread = Misread { command: None, message: "unknown command \"x\" for \"y\"".into() };
        let expected = "Error: unknown command \"x\" for \"y\"\nRun 'ec2-metadata-mock --help' for usage.\n\
             panic: Fatal error while executing the root command: unknown command \"x\" for \"y\"\n";
        assert_eq!(EarlyExit::misread(&misread).stderr, expected);
    }
}
