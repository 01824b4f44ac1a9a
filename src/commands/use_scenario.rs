//! `mock-imds use`: a running server serves another scenario until the next reload: one of the library, or a file, whose
//! content is sent. `--list` needs no server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::print::{print_line, print_reply, print_sentence, to_json, warn};
use super::server_choice;
use crate::cli::UseArgs;
use crate::config::{Report, SourceText};
use crate::control::api::{self, FileContent, RejectedProblem, ScenarioContent, UseOrder};
use crate::exit::{ExitStatus, Failure};
use crate::files;
use crate::scenario::{Library, LibraryScenario, SentFile, collect_files, is_path};

/// The time for a file and those that it names.
const TIME_LIMIT: Duration = Duration::from_mins(1);
/// Directories that the packaged service does not see, or sees empty.
const HIDDEN: [&str; 4] = ["/home", "/root", "/tmp", "/run/user"];

pub(crate) fn exec(args: &UseArgs) -> Result<(), Failure> {
    let Some(scenario) = &args.scenario else { return list(args) };
    let path = is_path(Path::new(scenario)).then(|| Path::new(scenario));
    let order = match path {
        None => UseOrder { scenario: Some(scenario.clone()), content: None },
        Some(path) if args.by_path => {
            UseOrder { scenario: Some(absolute(path).display().to_string()), content: None }
        }
        Some(path) => UseOrder { scenario: None, content: Some(content(path)?) },
    };
    let client = server_choice::client(&args.control)?;
    let outcome = client.use_scenario(&order);
    let words = |reloaded: &api::Reloaded| {
        let name = reloaded.scenario.name();
        let sentence = format!("serving {name} until the next reload: {}", reloaded.message);
        (reloaded.report.clone(), sentence)
    };
    print_reply(outcome, args.json, words, |rejected| {
        let path = path.filter(|_| args.by_path).map(absolute);
        if let Some(path) = path.filter(|path| hidden(path) && unread(&rejected.problems)) {
            warn(&format!(
                "  the packaged service sees no home directories and has a private /tmp; without --by-path the content of \
                 {} is sent",
                path.display()
            ));
        }
        let since = rejected.scenario.at.rfc3339();
        Failure::new(ExitStatus::Config, format!("rejected; still serving what was loaded {since}"))
    })
}

/// The server has another working directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A scenario and the files that it names, read as the user who runs the command.
fn content(path: &Path) -> Result<ScenarioContent, Failure> {
    let path = absolute(path);
    let name = path.clone();
    let read = files::within(TIME_LIMIT, move || {
        let source = SourceText::read(&name)?;
        let files = collect_files(&source, name.parent().unwrap_or(Path::new("/")));
        Ok((source.text, files))
    });
    let not_sent = |report: String| {
        let failure = Failure::new(ExitStatus::Config, "not sent; nothing has changed").at(path.display());
        failure.with_report(report)
    };
    let (text, files) = match read {
        Some(Ok(read)) => read,
        Some(Err::<_, Report>(report)) => {
            return Err(not_sent(report.to_string()));
        }
        None => {
            let found = format!("{} could not be read within {} s", path.display(), TIME_LIMIT.as_secs());
            return Err(Failure::new(ExitStatus::Unavailable, format!("{found}; check its file system")));
        }
    };
    let size = |file: &SentFile| if let SentFile::Content(bytes) = file { bytes.len() } else { 0 };
    let bytes = text.len() + files.values().map(size).sum::<usize>();
    if bytes > api::CONTENT_BYTES {
        return Err(not_sent(format!(
            "{}: error: has {bytes} bytes, with the files that it names\n  accepted: at most 2 MiB together; with \
             --by-path the server reads them itself, as its own user",
            path.display()
        )));
    }
    let files = files.into_iter().map(|(name, file)| (name, encoded(file))).collect();
    Ok(ScenarioContent { path, text, files })
}

fn encoded(file: SentFile) -> FileContent {
    let is_plain = |text: &str| text.chars().all(|c| !c.is_control() || c == '\n');
    // Base64 has four bytes for three.
    let is_shorter = |text: &str| {
        let escapes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | b'\n')).count();
        escapes <= text.len() / 3
    };
    match file {
        SentFile::Content(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) if is_plain(text) && is_shorter(text) => FileContent::Text(text.to_owned()),
            _ => FileContent::Base64(BASE64_STANDARD.encode(&bytes)),
        },
        SentFile::Unread(why) => FileContent::Unread(why),
    }
}

/// A file that is here, and that the packaged service likely does not see.
fn hidden(path: &Path) -> bool {
    path.exists() && HIDDEN.iter().any(|directory| path.starts_with(directory))
}

/// The server could not read that very file: it was not rejected for what is in it.
fn unread(problems: &[RejectedProblem]) -> bool {
    problems.iter().any(|problem| problem.line.is_none() && problem.found.starts_with("cannot be read: "))
}

fn list(args: &UseArgs) -> Result<(), Failure> {
    let library = Library::new(args.library.as_deref());
    let scenarios = library.list().map_err(|error| {
        let directory = args.library.as_deref().unwrap_or(Path::new("")).display();
        Failure::new(ExitStatus::Unavailable, format!("the library {directory} cannot be read: {error}"))
    })?;
    if args.json {
        let of = |LibraryScenario { name, file, summary }| api::LibraryEntry { name, file, summary };
        let scenarios = scenarios.into_iter().map(of).collect();
        print_line(&to_json(&api::LibraryListing { directory: library.directory.clone(), scenarios }));
        return Ok(());
    }
    let width = scenarios.iter().map(|known| known.name.len()).max().unwrap_or(0);
    for known in scenarios {
        print_sentence(format!("{:width$}  {}", known.name, known.summary).trim_end(), width + 2);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_sent_fits_into_a_request() {
        let quotes = SentFile::Content(vec![b'"'; api::CONTENT_BYTES / 2]);
        let files = [("a".to_owned(), encoded(quotes))].into();
        let text = "\n".repeat(api::CONTENT_BYTES / 2);
        let content = ScenarioContent { path: "/a".into(), text, files };
        let bytes = to_json(&content).len();
        assert!(bytes < 4 << 20, "expected less than a request has, found {bytes}");
        let text = SentFile::Content(b"[a]\nb = \"c\" # of a usual file\n".to_vec());
        assert!(matches!(encoded(text), FileContent::Text(_)), "people may read it");
    }

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
