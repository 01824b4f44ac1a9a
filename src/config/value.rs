//! Values of items: strings, numbers, choices, durations and instants.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use strum::VariantArray;
use toml::de::{DeFloat, DeInteger};

use super::duration::{DURATIONS, parse_duration};
use super::section::Item;

/// The form of instants, for messages.
pub(crate) const INSTANTS: &str =
    "an RFC 3339 timestamp such as \"2024-01-15T09:30:00Z\", with Z or the offset from UTC";

impl<'a> Item<'a> {
    /// The text of a value that is text; nothing is said about another one.
    pub(crate) fn text(&self) -> Option<&'a str> {
        self.value().as_str()
    }

    pub(crate) fn string(&self) -> Option<&'a str> {
        self.read_as("string");
        self.value().as_str().or_else(|| self.mismatch("a string"))
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
                format!("{} is empty, or has characters that keys do not have", self.name()),
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
        self.read_as("boolean");
        self.value().as_bool().or_else(|| self.mismatch("true or false"))
    }

    /// A whole number within a range.
    pub(crate) fn integer(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let accepted = format!("a whole number from {} to {}", range.start(), range.end());
        self.read_as(&*accepted);
        let Some(integer) = self.value().as_integer() else { return self.mismatch(&accepted) };
        // `as_str` keeps digit separators out and a radix prefix apart.
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        number.filter(|n| range.contains(n)).or_else(|| {
            self.error(
                format!("{} is {}, out of range", self.name(), integer.as_str()),
                format!("accepted: {accepted}"),
            );
            None
        })
    }

    /// A number from 0 to 1.
    pub(crate) fn fraction(&self) -> Option<f64> {
        const ACCEPTED: &str = "a number from 0 to 1, such as 0.3";
        self.read_as(ACCEPTED);
        let value = self.value();
        let text = value.as_float().map(DeFloat::as_str);
        let Some(text) = text.or_else(|| value.as_integer().map(DeInteger::as_str)) else {
            return self.mismatch(ACCEPTED);
        };
        text.parse().ok().filter(|number| (0.0..=1.0).contains(number)).or_else(|| {
            self.error(format!("{} is {text}, out of range", self.name()), format!("accepted: {ACCEPTED}"));
            None
        })
    }

    /// A number within a range, with or without a fraction.
    pub(crate) fn number(&self, least: f64, most: f64) -> Option<f64> {
        let accepted = format!("a number from {least} to {most}");
        self.read_as(&*accepted);
        let value = self.value();
        let text = value.as_float().map(DeFloat::as_str);
        let Some(text) = text.or_else(|| value.as_integer().map(DeInteger::as_str)) else {
            return self.mismatch(&accepted);
        };
        text.parse().ok().filter(|number| (least..=most).contains(number)).or_else(|| {
            self.error(format!("{} is {text}, out of range", self.name()), format!("accepted: {accepted}"));
            None
        })
    }

    /// A string that parses. The text of the parser's error follows "accepted: ".
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.read_as(std::any::type_name::<T>());
        let Some(text) = self.value().as_str() else {
            let accepted =
                T::from_str("").err().map_or_else(|| "a string".into(), |e| format!("a string: {e}"));
            return self.mismatch(&accepted);
        };
        match text.parse() {
            Ok(value) => Some(value),
            Err(accepted) => {
                self.error(format!("{} is {text:?}", self.name()), format!("accepted: {accepted}"));
                None
            }
        }
    }

    /// The same for what no report may show.
    pub(crate) fn parse_secret<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.read_as(std::any::type_name::<T>());
        let accepted = match self.value().as_str().unwrap_or_default().parse() {
            Ok(value) => return Some(value),
            Err(accepted) => accepted,
        };
        self.error(
            format!("{} is not of the form that it has", self.name()),
            format!("accepted: {accepted}"),
        );
        None
    }

    /// One of the strings of an enum, as its variant.
    pub(crate) fn choice<T: VariantArray + Copy + Into<&'static str>>(&self) -> Option<T> {
        let choices = T::VARIANTS.iter().map(|variant| ((*variant).into(), *variant));
        let words: Vec<_> = choices.clone().map(|(word, _): (&str, T)| format!("\"{word}\"")).collect();
        let accepted = words.join(", ");
        self.read_as(&*accepted);
        let Some(text) = self.value().as_str() else { return self.mismatch(&accepted) };
        let found = choices.into_iter().find(|(word, _)| *word == text);
        found.map(|(_, variant)| variant).or_else(|| {
            self.error(format!("{} is {text:?}", self.name()), format!("accepted: {accepted}"));
            None
        })
    }

    /// A duration such as `"30s"`, `"1m30s"`, `"6h"`, from 0 to 100 years.
    pub(crate) fn duration(&self) -> Option<Duration> {
        self.read_as(DURATIONS);
        let Some(text) = self.value().as_str() else { return self.no_duration(DURATIONS) };
        parse_duration(text).or_else(|| {
            self.error(format!("{} is {text:?}", self.name()), format!("accepted: {DURATIONS}"));
            None
        })
    }

    /// Adds an error about a value that is no text, where a duration is accepted: a number is probably one of seconds.
    pub(crate) fn no_duration<T>(&self, accepted: &str) -> Option<T> {
        let Some(number) = self.value().as_integer().map(DeInteger::as_str) else {
            return self.mismatch(accepted);
        };
        self.error_with_help(
            format!("{} is an integer", self.name()),
            vec![format!("did you mean \"{number}s\"?"), format!("accepted: {accepted}")],
        );
        None
    }

    /// A duration of at most `longest`, negative with a minus sign: `"-5m"`.
    pub(crate) fn signed_duration(&self, longest: Duration) -> Option<jiff::SignedDuration> {
        const ACCEPTED: &str = "a duration such as \"5m\" or \"-1h30m\"";
        self.read_as(ACCEPTED);
        let Some(text) = self.value().as_str() else { return self.mismatch(ACCEPTED) };
        let (backwards, length) = match text.strip_prefix('-') {
            Some(length) => (true, length),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let length = parse_duration(length).filter(|length| *length <= longest);
        let Some(span) = length.and_then(|length| jiff::SignedDuration::try_from(length).ok()) else {
            let days = longest.as_secs() / 86_400;
            self.error(
                format!("{} is {text:?}", self.name()),
                format!("accepted: {ACCEPTED}, at most {days} days either way"),
            );
            return None;
        };
        Some(if backwards { -span } else { span })
    }

    /// An instant: an RFC 3339 string, or TOML's own date and time with an offset.
    pub(crate) fn instant(&self) -> Option<jiff::Timestamp> {
        self.instant_with_text().map(|(instant, _)| instant)
    }

    pub(crate) fn instant_with_text(&self) -> Option<(jiff::Timestamp, String)> {
        let accepted = INSTANTS;
        self.read_as(accepted);
        let value = self.value();
        let text = value.as_datetime().map(ToString::to_string).or_else(|| value.as_str().map(str::to_owned));
        let Some(text) = text else { return self.mismatch(accepted) };
        let Ok(instant) = text.parse() else {
            self.error(format!("{} is {text:?}", self.name()), format!("accepted: {accepted}"));
            return None;
        };
        Some((instant, text))
    }

    /// An array of strings that parse; `None` if one does not, after errors for all of them.
    pub(crate) fn list<T: FromStr<Err: Display>>(&self) -> Option<Vec<T>> {
        let parsed: Vec<Option<T>> = self.array()?.iter().map(Item::parse).collect();
        parsed.into_iter().collect()
    }
}

/// Text that fits on one line: not empty, no control characters, no blanks at the ends.
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
