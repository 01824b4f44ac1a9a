//! TOML files read with *every* problem collected: file, line, column, the line itself, a caret,
//! what was found, what is accepted, and "did you mean" for unknown keys.
//!
//! [`SourceText::read`] gets the text, [`parse`] passes the root [`Section`] to a builder that asks for the keys
//! it knows. A key that is not asked for is unknown. The result is a value, or a [`Report`].

mod cancellation;
mod context;
mod duration;
mod locate;
pub(crate) mod nesting;
mod report;
mod section;
mod shell_word;
mod source;
mod syntax;
mod value;

pub(crate) use cancellation::Cancellation;
pub(crate) use duration::{DURATIONS, parse_duration};
pub(crate) use report::{Problem, Report, Severity};
pub(crate) use section::{Item, Section, closest, is_near, nearest};
pub(crate) use shell_word::shell_word;
pub use source::{MAX_BYTES, SourceText};
pub(crate) use value::{INSTANTS, SingleLine};

#[cfg(test)]
pub(crate) use context::RequestedKeys;
#[cfg(test)]
pub(crate) use report::Omitted;

use context::Context;
use toml::de::DeTable;

/// Builds a value from a source. `Err` holds at least one error; `Ok`'s report holds warnings only.
pub(crate) fn parse<T>(
    source: &SourceText,
    build: impl FnOnce(&Section<'_>) -> T,
) -> Result<(T, Report), Report> {
    parse_unless_cancelled(source, &Cancellation::default(), build)
}

/// As [`parse`]; once it is cancelled, it ends soon with an error.
pub(crate) fn parse_unless_cancelled<T>(
    source: &SourceText,
    cancellation: &Cancellation,
    build: impl FnOnce(&Section<'_>) -> T,
) -> Result<(T, Report), Report> {
    let context = Context::new(source, cancellation);
    if let Some(bracket) = nesting::too_deep(&source.text) {
        let found = "brackets are nested 201 deep, or not closed, or closed in the wrong order".to_owned();
        context.error(bracket, found, vec!["accepted: at most 80 within each other".to_owned()]);
        return Err(context.into_report());
    }
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    // After a syntax error the recovered table has holes; validating it would blame the user for them.
    if !errors.is_empty() {
        syntax::report(&context, source, errors);
        return Err(context.into_report());
    }
    let root = Section::root(&context, &table);
    let value = build(&root);
    root.finish();
    if cancellation.is_cancelled() {
        return Err(Report::whole(&source.name, "was not read to its end in time", "try again"));
    }
    let report = context.into_report();
    if report.has_errors() { Err(report) } else { Ok((value, report)) }
}

/// A report of one error in a text that is not read further.
pub(crate) fn reject(
    source: &SourceText,
    place: std::ops::Range<usize>,
    found: &str,
    help: Vec<String>,
) -> Report {
    let cancellation = Cancellation::default();
    let context = Context::new(source, &cancellation);
    context.error(place, found.to_owned(), help);
    context.into_report()
}

/// The keys and tables of the first level, as far as the text can be read.
pub(crate) fn top_level_keys(source: &SourceText) -> Vec<String> {
    if nesting::too_deep(&source.text).is_some() {
        return vec![];
    }
    let (table, _) = DeTable::parse_recoverable(&source.text);
    table.get_ref().keys().map(|key| key.get_ref().to_string()).collect()
}

/// Every key that a builder asks for in a source. Tests compare the keys with the documented ones.
#[cfg(test)]
pub(crate) fn requested_keys(source: &SourceText, build: impl FnOnce(&Section<'_>)) -> RequestedKeys {
    let (table, _) = DeTable::parse_recoverable(&source.text);
    let cancellation = Cancellation::default();
    let context = Context::new(source, &cancellation);
    build(&Section::root(&context, &table));
    context.requested_keys()
}

#[cfg(test)]
mod tests;
