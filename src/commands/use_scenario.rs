//! `mock-imds use`: a running server serves another scenario until the next reload. `--list` needs none.

use std::path::Path;

use super::print::{print_line, print_reply, to_json, warn};
use crate::cli::UseArgs;
use crate::control::ControlClient;
use crate::control::api::{self, RejectedProblem, UseOrder};
use crate::exit::{ExitStatus, Failure};
use crate::scenario::{Library, LibraryScenario};

/// Directories that the packaged service does not see, or sees empty.
const HIDDEN: [&str; 4] = ["/home", "/root", "/tmp", "/run/user"];

/// Runs the subcommand.
pub(crate) fn exec(asked: &UseArgs) -> Result<(), Failure> {
    let Some(scenario) = &asked.scenario else { return list(asked) };
    // The server has another working directory.
    let is_file = scenario.contains('/') || Path::new(scenario).extension().is_some_and(|ext| ext == "toml");
    let path = if is_file { std::path::absolute(scenario).ok() } else { None };
    let named = path.as_ref().map_or_else(|| scenario.clone(), |path| path.display().to_string());
    let outcome =
        ControlClient::new(asked.control.path.as_deref()).use_other(&UseOrder { scenario: named })?;
    let words = |reloaded: &api::Reloaded| {
        let file = reloaded.scenario.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        format!("serving {file} until the next reload: {}", reloaded.message)
    };
    print_reply(outcome, asked.json, |reloaded| (reloaded.report.clone(), words(reloaded))).map_err(
        |rejected| {
            if let Some(path) = path.filter(|path| hidden(path) && unread(&rejected.problems)) {
                let name = path.file_name().unwrap_or_default().display().to_string();
                warn(&format!(
                    "  the packaged service sees no home directories and has a private /tmp; try: \
                 sudo cp {} /etc/mock-imds/ && mock-imds use /etc/mock-imds/{name}",
                    path.display()
                ));
            }
            let since = rejected.scenario.at.rfc3339();
            Failure::new(ExitStatus::Config, format!("rejected; still serving what was loaded {since}"))
        },
    )
}

/// Whether a file is here, and likely not there.
fn hidden(path: &Path) -> bool {
    path.exists() && HIDDEN.iter().any(|directory| path.starts_with(directory))
}

/// Whether it was rejected because the server could not read that very file, not for what is in it.
fn unread(problems: &[RejectedProblem]) -> bool {
    problems.iter().any(|problem| problem.line.is_none() && problem.found.starts_with("cannot be read: "))
}

/// The library, a line for each scenario.
fn list(asked: &UseArgs) -> Result<(), Failure> {
    let library = Library::new(asked.library.as_deref());
    let directory = library.directory.display();
    let shelved = library.list().map_err(|error| {
        let sentence = format!("the library {directory} cannot be read: {error}; it comes with the package");
        Failure::new(ExitStatus::Unavailable, sentence)
    })?;
    if asked.json {
        let of = |LibraryScenario { name, file, summary }| api::LibraryEntry { name, file, summary };
        let scenarios = shelved.into_iter().map(of).collect();
        print_line(&to_json(&api::LibraryListing { directory: library.directory.clone(), scenarios }));
        return Ok(());
    }
    let width = shelved.iter().map(|known| known.name.len()).max().unwrap_or(0);
    for known in shelved {
        print_line(format!("{:width$}  {}", known.name, known.summary).trim_end());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Report, SourceText};

    #[test]
    fn a_file_that_was_not_read_is_not_one_with_an_error_in_it() {
        let of = |report: &Report| report.problems.iter().map(Into::into).collect::<Vec<RejectedProblem>>();
        let missing = SourceText::read(Path::new("/nonexistent")).expect_err("it is not there");
        assert!(unread(&of(&missing)), "{missing}");
        for text in ["[instanc]", "[instance]\nuser-data = { file = \"/nonexistent\" }", "="] {
            let source = SourceText::new("s.toml", text);
            let wrong = crate::scenario::read(&source, Path::new("")).expect_err("it is wrong");
            assert!(!unread(&of(&wrong)), "{wrong}");
        }
    }
}
