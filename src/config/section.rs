//! Tables and values of a TOML file, asked for by name; what is wrong is noted, not returned.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;
use std::time::Duration;

use strum::VariantArray;
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::report::{Problem, Report, Severity};
use super::source::SourceText;
use super::syntax;

/// Where problems are collected.
pub(super) struct Context<'s> {
    source: &'s SourceText,
    problems: RefCell<Vec<Problem>>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'s> Context<'s> {
    pub(super) fn new(source: &'s SourceText) -> Self {
        Self { source, problems: RefCell::default(), asked: RefCell::default() }
    }

    fn note(&self, severity: Severity, span: Range<usize>, found: String, help: Vec<String>) {
        let place = Some(self.source.place(span));
        self.problems.borrow_mut().push(Problem { severity, place, found, help });
    }

    pub(super) fn error(&self, span: Range<usize>, found: String, help: Vec<String>) {
        self.note(Severity::Error, span, found, help);
    }

    /// Drops problems that follow from the one before: further ones on its line, and a list that is still not closed.
    pub(super) fn keep_causes(&self) {
        let mut problems = self.problems.borrow_mut();
        problems.sort_by_key(|p| p.place.as_ref().map(|place| (place.line, place.column)));
        problems.dedup_by_key(|p| p.place.as_ref().map(|place| place.line));
        problems.dedup_by(|next, cause| next.found == cause.found && next.found == syntax::OPEN_LIST);
    }

    #[cfg(test)]
    pub(super) fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    pub(super) fn into_report(self) -> Report {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|p| p.place.as_ref().map(|place| (place.line, place.column)));
        Report { file: self.source.name.clone(), problems }
    }
}

// === Section ===

/// A table. Every key that is asked for counts as known; [`Section::finish`] reports the others.
pub(crate) struct Section<'a> {
    context: &'a Context<'a>,
    table: &'a DeTable<'a>,
    name: String,
    span: Range<usize>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn root(context: &'a Context<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self::new(context, table.get_ref(), String::new(), table.span())
    }

    fn new(context: &'a Context<'a>, table: &'a DeTable<'a>, name: String, span: Range<usize>) -> Self {
        Self { context, table, name, span, known: RefCell::default() }
    }

    /// The value of a key, if it is there.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'a>> {
        self.known.borrow_mut().push(key);
        self.context.asked.borrow_mut().insert(self.qualify(key));
        let (found, value) = self.table.get_key_value(key)?;
        Some(Item { context: self.context, value, name: self.qualify(key), key_span: found.span() })
    }

    /// All entries, for tables whose keys are the user's own; sorted by key. Every key counts as known.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        let entry = |(key, value): (&'a Spanned<_>, _)| {
            let text: &'a std::borrow::Cow<'a, str> = key.get_ref();
            let name = self.qualify(text);
            (text.as_ref(), Item { context: self.context, value, name, key_span: key.span() })
        };
        self.table.iter().map(entry).collect()
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for key in self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let found = key.get_ref();
            let place =
                if self.name.is_empty() { String::new() } else { format!(" in {}", heading(&self.name)) };
            let mut sorted = known.clone();
            sorted.sort_unstable();
            sorted.dedup();
            let help = match closest(found, &sorted) {
                Some(near) => vec![format!("did you mean \"{near}\"?")],
                None => vec![format!("accepted: {}", sorted.join(", "))],
            };
            self.context.error(key.span(), format!("unknown key \"{found}\"{place}"), help);
        }
    }

    /// How many problems are noted so far: more after reading a value say that something is wrong with it.
    pub(crate) fn problems(&self) -> usize {
        self.context.problems.borrow().len()
    }

    /// Notes an error about the table as a whole.
    pub(crate) fn error(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.error(self.span.clone(), found.into(), vec![help.into()]);
    }

    fn qualify(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

/// A table as its heading reads: `[instance]`, `[[event]]` for one of several, `[event.tags]` for one in such a one.
fn heading(name: &str) -> String {
    let plain: String = name.split(['[', ']']).step_by(2).collect();
    if name.ends_with(']') { format!("[[{plain}]]") } else { format!("[{plain}]") }
}

/// The nearest of the known names, if it is near enough to be a typing error.
fn closest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let normal = found.replace('_', "-").to_lowercase();
    let distance = |name: &&str| strsim::damerau_levenshtein(&normal, name);
    let near = known.iter().min_by_key(|name| distance(name))?;
    (distance(near) <= 1 + (near.len() / 4).min(2)).then_some(*near)
}

// === Line ===

/// Text that fits on a line: not empty, no control characters, no blanks at the ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SingleLine(pub String);

impl FromStr for SingleLine {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err("text on one line, with no blanks at its ends")
        }
    }
}

// === Item ===

/// A value with its place. Each reader notes an error and gives `None` when the value does not fit.
#[derive(Clone)]
pub(crate) struct Item<'a> {
    context: &'a Context<'a>,
    value: &'a Spanned<DeValue<'a>>,
    name: String,
    key_span: Range<usize>,
}

impl<'a> Item<'a> {
    /// The key with the names of the tables around it: `instance.instance-id`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the value is in TOML's words: "string", "integer", "boolean", "array", "table", …
    pub(crate) fn kind(&self) -> &'static str {
        self.value.get_ref().type_str()
    }

    /// Notes an error at the value.
    pub(crate) fn error(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.error(self.value.span(), found.into(), vec![help.into()]);
    }

    /// Notes an error at the key.
    pub(crate) fn key_error(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.error(self.key_span.clone(), found.into(), vec![help.into()]);
    }

    /// Notes a warning at the value.
    pub(crate) fn warn(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.note(Severity::Warning, self.value.span(), found.into(), vec![help.into()]);
    }

    /// Notes a warning at the key.
    pub(crate) fn key_warn(&self, found: impl Into<String>, help: impl Into<String>) {
        self.context.note(Severity::Warning, self.key_span.clone(), found.into(), vec![help.into()]);
    }

    /// Notes that the value is of another type.
    pub(crate) fn mismatch<T>(&self, accepted: &str) -> Option<T> {
        let (article, kind) = match self.kind() {
            kind @ ("integer" | "array") => ("an", kind),
            kind => ("a", kind),
        };
        self.error(format!("{} is {article} {kind}", self.name), format!("accepted: {accepted}"));
        None
    }

    /// A string.
    pub(crate) fn string(&self) -> Option<&'a str> {
        self.value.get_ref().as_str().or_else(|| self.mismatch("a string"))
    }

    /// A string that fits on a line.
    pub(crate) fn line(&self) -> Option<String> {
        self.parse::<SingleLine>().map(|line| line.0)
    }

    /// A string of printable ASCII, as keys are.
    pub(crate) fn secret(&self) -> Option<String> {
        let text = self.string()?;
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            self.error(
                format!("{} is empty, or has characters that keys do not have", self.name),
                "accepted: printable ASCII without blanks",
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// An array of strings that fit on a line.
    pub(crate) fn lines(&self) -> Option<Vec<String>> {
        Some(self.list::<SingleLine>()?.into_iter().map(|line| line.0).collect())
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<bool> {
        self.value.get_ref().as_bool().or_else(|| self.mismatch("true or false"))
    }

    /// A whole number within a range.
    pub(crate) fn integer(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let accepted = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(integer) = self.value.get_ref().as_integer() else { return self.mismatch(&accepted) };
        // `as_str` keeps digit separators out and a radix prefix apart.
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        number.filter(|n| range.contains(n)).or_else(|| {
            self.error(
                format!("{} is {}, out of range", self.name, integer.as_str()),
                format!("accepted: {accepted}"),
            );
            None
        })
    }

    /// A number from 0 to 1.
    pub(crate) fn fraction(&self) -> Option<f64> {
        const ACCEPTED: &str = "a number from 0 to 1, such as 0.3";
        let value = self.value.get_ref();
        let text = value.as_float().map(DeFloat::as_str);
        let Some(text) = text.or_else(|| value.as_integer().map(DeInteger::as_str)) else {
            return self.mismatch(ACCEPTED);
        };
        text.parse().ok().filter(|number| (0.0..=1.0).contains(number)).or_else(|| {
            self.error(format!("{} is {text}, out of range", self.name), format!("accepted: {ACCEPTED}"));
            None
        })
    }

    /// A string that parses; the error's text says what is accepted.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self) -> Option<T> {
        let Some(text) = self.value.get_ref().as_str() else {
            let accepted =
                T::from_str("").err().map_or_else(|| "a string".into(), |e| format!("a string: {e}"));
            return self.mismatch(&accepted);
        };
        match text.parse() {
            Ok(value) => Some(value),
            Err(accepted) => {
                self.error(format!("{} is {text:?}", self.name), format!("accepted: {accepted}"));
                None
            }
        }
    }

    /// One of the strings of an enum.
    pub(crate) fn choice<T: VariantArray + Copy + Into<&'static str>>(&self) -> Option<T> {
        let choices = T::VARIANTS.iter().map(|variant| ((*variant).into(), *variant));
        let words: Vec<_> = choices.clone().map(|(word, _): (&str, T)| format!("\"{word}\"")).collect();
        let accepted = words.join(", ");
        let Some(text) = self.value.get_ref().as_str() else { return self.mismatch(&accepted) };
        let found = choices.into_iter().find(|(word, _)| *word == text);
        found.map(|(_, variant)| variant).or_else(|| {
            self.error(format!("{} is {text:?}", self.name), format!("accepted: {accepted}"));
            None
        })
    }

    /// A length of time such as `"30s"`, `"1m30s"`, `"6h"`, from 0 to 100 years.
    pub(crate) fn duration(&self) -> Option<Duration> {
        let Some(text) = self.value.get_ref().as_str() else { return self.mismatch(DURATIONS) };
        parse_duration(text).or_else(|| {
            self.error(format!("{} is {text:?}", self.name), format!("accepted: {DURATIONS}"));
            None
        })
    }

    /// A length of time of at most `longest`, backwards with a minus sign: `"-5m"`.
    pub(crate) fn signed_duration(&self, longest: Duration) -> Option<jiff::SignedDuration> {
        const ACCEPTED: &str = "a duration such as \"5m\" or \"-1h30m\"";
        let Some(text) = self.value.get_ref().as_str() else { return self.mismatch(ACCEPTED) };
        let (backwards, length) = match text.strip_prefix('-') {
            Some(length) => (true, length),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let length = parse_duration(length).filter(|length| *length <= longest);
        let Some(span) = length.and_then(|length| jiff::SignedDuration::try_from(length).ok()) else {
            let days = longest.as_secs() / 86_400;
            self.error(
                format!("{} is {text:?}", self.name),
                format!("accepted: {ACCEPTED}, at most {days} days either way"),
            );
            return None;
        };
        Some(if backwards { -span } else { span })
    }

    /// An instant: an RFC 3339 string, or TOML's own date and time with an offset.
    pub(crate) fn instant(&self) -> Option<jiff::Timestamp> {
        self.instant_as_said().map(|(instant, _)| instant)
    }

    /// The same, and its text.
    pub(crate) fn instant_as_said(&self) -> Option<(jiff::Timestamp, String)> {
        let accepted = INSTANTS;
        let value = self.value.get_ref();
        let text = value.as_datetime().map(ToString::to_string).or_else(|| value.as_str().map(str::to_owned));
        let Some(text) = text else { return self.mismatch(accepted) };
        let Ok(instant) = text.parse() else {
            self.error(format!("{} is {text:?}", self.name), format!("accepted: {accepted}"));
            return None;
        };
        Some((instant, text))
    }

    /// The elements of an array.
    pub(crate) fn array(&self) -> Option<Vec<Item<'a>>> {
        let Some(array) = self.value.get_ref().as_array() else {
            return self.mismatch("an array: [\"…\", \"…\"]");
        };
        let element = |(index, value): (usize, &'a Spanned<DeValue<'a>>)| Item {
            context: self.context,
            value,
            name: format!("{}[{index}]", self.name),
            key_span: value.span(),
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    /// An array of strings that parse; `None` if one does not, after all were judged.
    pub(crate) fn list<T: FromStr<Err: Display>>(&self) -> Option<Vec<T>> {
        let parsed: Vec<Option<T>> = self.array()?.iter().map(Item::parse).collect();
        parsed.into_iter().collect()
    }

    /// A table, `[so]` or `{ so }`.
    pub(crate) fn section(&self) -> Option<Section<'a>> {
        let Some(table) = self.value.get_ref().as_table() else {
            let key = self.name.rsplit('.').next().unwrap_or_default();
            let form = if key == self.name { heading(key) } else { format!("{key} = {{ … }}") };
            return self.mismatch(&format!("a table: write {form}"));
        };
        Some(Section::new(self.context, table, self.name.clone(), self.value.span()))
    }

    /// The tables of an array, `[[so]]`; `None` if it is no array of tables.
    pub(crate) fn sections(&self) -> Option<Vec<Section<'a>>> {
        if !self.value.get_ref().is_array() {
            return self.mismatch(&format!("an array of tables: write [[{}]]", self.name));
        }
        self.array()?.iter().map(Item::section).collect()
    }
}

/// What instants look like.
pub(crate) const INSTANTS: &str =
    "an RFC 3339 timestamp such as \"2024-01-15T09:30:00Z\", with Z or the offset from UTC";
/// What lengths of time look like.
pub(crate) const DURATIONS: &str = "a duration such as \"30s\", \"1m30s\", \"6h\" or \"2d\"";

/// "1m30s" and its like, up to 100 years; `None` if the text is no length of time.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
    // jiff's units end at hours for absolute durations; a day here is 24 hours.
    let (days, rest) = match text.split_once('d') {
        Some((days, rest)) if !days.is_empty() && days.bytes().all(|b| b.is_ascii_digit()) => {
            (days.parse::<u32>().ok()?, rest)
        }
        _ => (0, text),
    };
    let rest = rest.trim();
    let parsed = if rest.is_empty() && days > 0 {
        Duration::ZERO
    } else {
        Duration::try_from(rest.parse::<jiff::SignedDuration>().ok()?).ok()?
    };
    let whole = parsed.checked_add(Duration::from_secs(u64::from(days) * 86_400))?;
    (whole <= CENTURY).then_some(whole)
}
