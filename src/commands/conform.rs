//! `mock-imds conform URL`: judges a metadata service.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::conform_table;
use super::print::print_line;
use super::progress::while_working;
use crate::cli::ConformArgs;
use crate::conform::{
    CheckVerdict, ConformanceCheck, ConformanceLimits, ConformanceProfile, ConformanceProgress,
    ConformanceReport, ConformanceRun, NamePattern, all_checks, junit, list_json,
};
use crate::exit::{ExitStatus, Failure};
use crate::files::{self, io_error_text};
use crate::identity::VerificationKey;
use crate::model::format_duration;
use crate::terminal::{StyledText, Terminal};

/// Fails with 1 if a check fails.
pub(crate) fn exec(args: &ConformArgs) -> Result<(), Failure> {
    let all = all_checks();
    let profile = profile(&args.profile, &all)?;
    let chosen = choose(all, &args.only)?;
    let terminal = Terminal::of(&io::stdout());
    let Some(target) = args.url.as_ref().filter(|_| !args.list) else {
        list(args, &chosen, terminal);
        return Ok(());
    };
    let certificates = certificates(&args.certificate)?;
    let run = ConformanceRun {
        target,
        profile: &profile,
        certificates: &certificates,
        limits: ConformanceLimits { rate: args.rate, max_time: args.max_time },
    };
    if let Some(file) = &args.junit {
        // Known before a run of many seconds.
        File::options().append(true).create(true).open(file).map_err(|error| unwritable(file, &error))?;
    }
    let report = make(&run, chosen)?;
    if args.json {
        print_line(&report.json());
    } else {
        for line in conform_table::report(&report, args.verbose, terminal.columns) {
            print_line(&terminal.render(&fitted(line, terminal)));
        }
    }
    if let Some(file) = &args.junit {
        write(file, &junit(&report))?;
    }
    verdict(args, &report)
}

fn list(args: &ConformArgs, checks: &[ConformanceCheck], terminal: Terminal) {
    if args.json {
        print_line(&list_json(checks));
        return;
    }
    for line in conform_table::list(checks, terminal.columns) {
        print_line(&terminal.render(&fitted(line, terminal)));
    }
}

/// A line that a terminal does not break.
fn fitted(line: StyledText, terminal: Terminal) -> StyledText {
    match terminal.columns {
        Some(columns) => line.truncated(columns),
        None => line,
    }
}

fn make(run: &ConformanceRun<'_>, checks: Vec<ConformanceCheck>) -> Result<ConformanceReport, Failure> {
    let progress = ConformanceProgress::default();
    let made = while_working(|| progress.line(), || run.make(checks, &progress));
    made.map_err(|why| {
        let sentence = format!(
            "{} does not answer: {why}; expected a metadata service over HTTP there, as http://127.0.0.1:1338",
            run.target
        );
        Failure::new(ExitStatus::Unavailable, sentence).at(run.target)
    })
}

/// The report is the message.
fn verdict(args: &ConformArgs, report: &ConformanceReport) -> Result<(), Failure> {
    if report.is_cut_short {
        let time = format_duration(args.max_time);
        let sentence = format!("not all checks were made within {time}; --max-time gives them more");
        return Err(Failure::new(ExitStatus::Unavailable, sentence));
    }
    let fails = report.results.iter().any(|result| matches!(result.verdict, CheckVerdict::Failed { .. }));
    if fails { Err(Failure::new(ExitStatus::No, "")) } else { Ok(()) }
}

fn certificates(files: &[PathBuf]) -> Result<Vec<VerificationKey>, Failure> {
    let read = |file: &PathBuf| {
        let usage = |why: &str| {
            let sentence =
                format!("--certificate {}: {why}; accepted: a PEM file with a certificate", file.display());
            Failure::new(ExitStatus::Usage, sentence)
        };
        let text = fs::read_to_string(file)
            .map_err(|error| usage(&format!("cannot be read: {}", io_error_text(&error))))?;
        VerificationKey::from_pem(&text).map_err(usage)
    };
    files.iter().map(read).collect()
}

/// Bytes of a profile's file.
const MAX_PROFILE: u64 = 1 << 20;

/// A name of ours, or else a file.
fn profile(name: &str, checks: &[ConformanceCheck]) -> Result<ConformanceProfile, Failure> {
    let of_text = |sentence| Failure::new(ExitStatus::Config, format!("{name}: {sentence}"));
    if let Some(ours) = ConformanceProfile::named(name, checks) {
        return ours.map_err(of_text);
    }
    let text = files::read(Path::new(name), MAX_PROFILE).map_err(|error| {
        let ours: Vec<_> = ConformanceProfile::names().collect();
        let sentence = format!(
            "--profile {name}: no profile has this name, and it cannot be read as a file: {}; accepted: {}, or a file \
             with [[skip]] tables",
            error,
            ours.join(", ")
        );
        Failure::new(ExitStatus::Usage, sentence)
    })?;
    ConformanceProfile::parse(name, &String::from_utf8_lossy(&text), checks).map_err(of_text)
}

fn choose(all: Vec<ConformanceCheck>, only: &[String]) -> Result<Vec<ConformanceCheck>, Failure> {
    let patterns: Vec<_> = only.iter().map(|text| NamePattern::new(text)).collect();
    let of = |pattern: &NamePattern, check: &ConformanceCheck| {
        pattern.matches(&check.name) || pattern.matches(check.group.name())
    };
    if let Some(idle) = patterns.iter().find(|pattern| !all.iter().any(|check| of(pattern, check))) {
        let sentence = format!("--only {idle}: no check and no group has this name; --list shows them");
        return Err(Failure::new(ExitStatus::Usage, sentence));
    }
    let is_chosen =
        |check: &ConformanceCheck| patterns.is_empty() || patterns.iter().any(|pattern| of(pattern, check));
    Ok(all.into_iter().filter(is_chosen).collect())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| unwritable(file, &error))
}

fn unwritable(file: &Path, error: &io::Error) -> Failure {
    let sentence = format!("{} cannot be written: {}", file.display(), io_error_text(error));
    Failure::new(ExitStatus::CantCreate, sentence)
}
