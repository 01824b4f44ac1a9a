//! The collection of problems while a file is read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use super::report::{Problem, Report, Severity};
use super::source::SourceText;
use super::syntax;

/// The problems that were found so far in a source.
pub(super) struct Context<'s> {
    source: &'s SourceText,
    problems: RefCell<Vec<Problem>>,
    requested_keys: RefCell<BTreeSet<String>>,
}

impl<'s> Context<'s> {
    pub(super) fn new(source: &'s SourceText) -> Self {
        Self { source, problems: RefCell::default(), requested_keys: RefCell::default() }
    }

    fn add(&self, severity: Severity, span: Range<usize>, found: String, help: Vec<String>) {
        let span = Some(self.source.locate(span));
        self.problems.borrow_mut().push(Problem { severity, span, found, help });
    }

    pub(super) fn warn(&self, span: Range<usize>, found: String, help: Vec<String>) {
        self.add(Severity::Warning, span, found, help);
    }

    pub(super) fn error(&self, span: Range<usize>, found: String, help: Vec<String>) {
        self.add(Severity::Error, span, found, help);
    }

    /// Drops problems that follow from the one before: further ones on its line, and a list that is still not closed.
    pub(super) fn drop_consequences(&self) {
        let mut problems = self.problems.borrow_mut();
        problems.sort_by_key(Problem::position);
        problems.dedup_by_key(|problem| problem.span.as_ref().map(|span| span.line));
        problems.dedup_by(|next, cause| next.found == cause.found && next.found == syntax::OPEN_LIST);
    }

    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }

    /// Records that the builder asked for a key.
    pub(super) fn request(&self, key: String) {
        self.requested_keys.borrow_mut().insert(key);
    }

    #[cfg(test)]
    pub(super) fn requested_keys(&self) -> BTreeSet<String> {
        self.requested_keys.borrow().clone()
    }

    pub(super) fn into_report(self) -> Report {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(Problem::position);
        Report { file: self.source.name.clone(), problems }
    }
}
