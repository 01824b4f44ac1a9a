//! TOML files read with *every* problem collected: file, line, column, the line itself, a caret,
//! what was found, what is accepted, and "did you mean" for unknown keys.
//!
//! [`SourceText::read`] gets the text, [`parse`] passes the root [`Section`] to a builder that asks for the keys
//! it knows. A key that is not asked for is unknown. The result is a value, or a [`Report`].

mod context;
mod duration;
mod report;
mod section;
mod source;
mod syntax;
mod value;

pub(crate) use duration::{DURATIONS, parse_duration};
pub(crate) use report::{Problem, Report, Severity};
pub(crate) use section::{Item, Section};
pub use source::{MAX_BYTES, SourceText};
pub(crate) use value::INSTANTS;

use context::Context;
use toml::de::DeTable;

/// Builds a value from a source. `Err` holds at least one error; `Ok`'s report holds warnings only.
pub(crate) fn parse<T>(
    source: &SourceText,
    build: impl FnOnce(&Section<'_>) -> T,
) -> Result<(T, Report), Report> {
    let (table, syntax) = DeTable::parse_recoverable(&source.text);
    let context = Context::new(source);
    for error in &syntax {
        let (found, help) = syntax::explain(source, error);
        context.error(error.span().unwrap_or(0..0), found, vec![help.to_owned()]);
    }
    // After a syntax error the recovered table has holes; validating it would blame the user for them.
    if !syntax.is_empty() {
        context.drop_consequences();
        return Err(context.into_report());
    }
    let root = Section::root(&context, &table);
    let value = build(&root);
    root.finish();
    let report = context.into_report();
    if report.has_errors() { Err(report) } else { Ok((value, report)) }
}

/// Every key that a builder asks for in a source, with the names of the tables around it. Tests compare the keys
/// with the documented ones.
#[cfg(test)]
pub(crate) fn requested_keys(
    source: &SourceText,
    build: impl FnOnce(&Section<'_>),
) -> std::collections::BTreeSet<String> {
    let (table, _) = DeTable::parse_recoverable(&source.text);
    let context = Context::new(source);
    build(&Section::root(&context, &table));
    context.requested_keys()
}

#[cfg(test)]
mod tests;
