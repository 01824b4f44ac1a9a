//! The collection of problems while a file is read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

use super::cancellation::Cancellation;
use super::locate::Locator;
use super::report::{MAX_PROBLEMS, Omitted, Problem, Report, Severity};
use super::source::SourceText;

/// Keys with the names of the tables around them, and the forms in which their values were read: "boolean", "integer from
/// 1 to 64", "parse `InstanceId`", …
#[cfg(test)]
pub(crate) type RequestedKeys = BTreeMap<String, std::collections::BTreeSet<String>>;

/// The longest finding or help, in characters: they quote values, which may be as long as the file.
const LONGEST_TEXT: usize = 1_000;

/// The problems that were found so far in a source. What a problem costs does not depend on where it is: its line is
/// looked up at the end, and only if it is among the first.
pub(super) struct Context<'s> {
    source: &'s SourceText,
    cancellation: &'s Cancellation,
    errors: FirstProblems,
    warnings: FirstProblems,
    #[cfg(test)]
    requested_keys: RefCell<RequestedKeys>,
}

/// The first problems of a severity in the file's order, and the number of all.
#[derive(Default)]
struct FirstProblems {
    /// By the offset; of equal ones the earlier finding goes first.
    first: RefCell<BTreeMap<(usize, usize), FoundProblem>>,
    count: Cell<usize>,
}

struct FoundProblem {
    span: Range<usize>,
    found: String,
    help: Vec<String>,
}

impl<'s> Context<'s> {
    pub(super) fn new(source: &'s SourceText, cancellation: &'s Cancellation) -> Self {
        Self {
            source,
            cancellation,
            errors: FirstProblems::default(),
            warnings: FirstProblems::default(),
            #[cfg(test)]
            requested_keys: RefCell::default(),
        }
    }

    pub(super) fn warn(&self, span: Range<usize>, found: String, help: Vec<String>) {
        self.warnings.add(span, || (found, help));
    }

    pub(super) fn error(&self, span: Range<usize>, found: String, help: Vec<String>) {
        self.errors.add(span, || (found, help));
    }

    /// Adds an error whose texts are made only if they will be read.
    pub(super) fn error_with(&self, span: Range<usize>, texts: impl FnOnce() -> (String, Vec<String>)) {
        self.errors.add(span, texts);
    }

    pub(super) fn count(&self) -> usize {
        self.errors.count.get() + self.warnings.count.get()
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors.count.get() > 0
    }

    /// Whether nobody waits for the outcome any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Records that the builder asked for a key.
    #[cfg(test)]
    pub(super) fn request(&self, key: String) {
        self.requested_keys.borrow_mut().entry(key).or_default();
    }

    /// Records how the builder read the value of a key.
    #[cfg(test)]
    pub(super) fn read_as(&self, key: &str, form: String) {
        self.requested_keys.borrow_mut().entry(key.to_owned()).or_default().insert(form);
    }

    #[cfg(test)]
    pub(super) fn requested_keys(&self) -> RequestedKeys {
        self.requested_keys.borrow().clone()
    }

    pub(super) fn into_report(self) -> Report {
        let omitted = |problems: &FirstProblems, shown| problems.count.get() - shown;
        let errors = self.errors.first.take();
        let mut warnings = self.warnings.first.take();
        while errors.len() + warnings.len() > MAX_PROBLEMS {
            warnings.pop_last();
        }
        let omitted = Omitted {
            errors: omitted(&self.errors, errors.len()),
            warnings: omitted(&self.warnings, warnings.len()),
        };
        let severe = |problems: BTreeMap<_, _>, severity| {
            problems.into_iter().map(move |(place, problem)| (place, severity, problem))
        };
        let mut all: Vec<((usize, usize), Severity, FoundProblem)> =
            severe(errors, Severity::Error).chain(severe(warnings, Severity::Warning)).collect();
        all.sort_by_key(|((offset, _), ..)| *offset);
        let lines = Locator::new(&self.source.text);
        let problem = |(_, severity, FoundProblem { span, found, help })| {
            let span = Some(lines.locate(span));
            Problem { severity, span, found, help }
        };
        let problems = all.into_iter().map(problem).collect();
        Report { file: self.source.name.clone(), problems, omitted }
    }
}

impl FirstProblems {
    fn add(&self, span: Range<usize>, texts: impl FnOnce() -> (String, Vec<String>)) {
        let place = (span.start, self.count.get());
        self.count.set(place.1 + 1);
        let mut first = self.first.borrow_mut();
        if first.len() >= MAX_PROBLEMS {
            if first.last_key_value().is_none_or(|(last, _)| *last < place) {
                return;
            }
            first.pop_last();
        }
        let (found, help) = texts();
        let help = help.into_iter().map(shortened).collect();
        first.insert(place, FoundProblem { span, found: shortened(found), help });
    }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}
