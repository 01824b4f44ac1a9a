//! Whether a stream gets colours: by <https://no-color.org>, <https://bixense.com/clicolors> and `TERM`.

use std::env;
use std::ffi::OsString;

/// True if what is written to such a stream has colours.
pub(crate) fn has_color(is_terminal: bool) -> bool {
    decide(|name| env::var_os(name), is_terminal)
}

/// True if the terminal only prints: it knows no escape sequence.
pub(crate) fn is_dumb() -> bool {
    is_dumb_by(|name| env::var_os(name))
}

fn decide(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let value = |name: &str| variable(name).filter(|value| !value.is_empty());
    if value("NO_COLOR").is_some() {
        return false;
    }
    if value("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    is_terminal && value("CLICOLOR").is_none_or(|value| value != "0") && !is_dumb_by(variable)
}

fn is_dumb_by(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_before_the_kind_of_stream() {
        for (variables, on_terminal, elsewhere) in [
            (&[("TERM", "xterm")][..], true, false),
            (&[("TERM", "dumb")], false, false),
            (&[], false, false),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], false, false),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], true, false),
            (&[("TERM", "xterm"), ("CLICOLOR", "0")], false, false),
            (&[("CLICOLOR_FORCE", "1")], true, true),
            (&[("TERM", "xterm"), ("CLICOLOR_FORCE", "0")], true, false),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
        ] {
            let variable = |name: &str| {
                let found = variables.iter().find(|(of, _)| *of == name);
                found.map(|(_, value)| OsString::from(*value))
            };
            let found = (decide(variable, true), decide(variable, false));
            assert_eq!(found, (on_terminal, elsewhere), "{variables:?}");
        }
    }
}
