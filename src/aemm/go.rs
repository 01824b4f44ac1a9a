//! Values as the original's language reads and writes them: its users' files and scripts rely on that.

use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::Value;

/// The form that [`parse_int`] reads.
pub(crate) const INTEGER: &str = "a whole number of 64 bits";
/// The forms that [`parse_bool`] reads.
pub(crate) const BOOLEAN: &str = "true or false";

/// `strconv.ParseInt` of base 0 and 64 bits: a sign, then decimal, or `0x`, `0o`, `0b`, or octal after a `0`; `_`
/// between digits.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let stray = digits.contains("__") || digits.ends_with('_') || (base == 10 && digits.starts_with('_'));
    let digits = digits.replace('_', "");
    if stray || digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    let magnitude = i128::from_str_radix(&digits, base).ok()?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// `strconv.ParseBool`.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A number without an exponent.
pub(crate) fn number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() => format!("{float}"),
        _ => number.to_string(),
    }
}

/// A text as it is, anything else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(value) => number(value),
        other => other.to_string(),
    }
}

/// True if [`instant`] finds one.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    instant(text).is_some()
}

/// The whole second that `time.Parse(time.RFC3339, …)` finds: a one-digit hour and a comma before fractions pass. What
/// is later than the latest instant of jiff, two days before the end of the year 9999, is that.
pub(crate) fn instant(text: &str) -> Option<jiff::Timestamp> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    literal(&mut rest, '-')?;
    let month = digits(&mut rest, 2, 2)?;
    literal(&mut rest, '-')?;
    let day = digits(&mut rest, 2, 2)?;
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    literal(&mut rest, 'T')?;
    let hour = digits(&mut rest, 1, 2).filter(|hour| *hour < 24)?;
    literal(&mut rest, ':')?;
    let minute = digits(&mut rest, 2, 2).filter(|minute| *minute < 60)?;
    literal(&mut rest, ':')?;
    let second = digits(&mut rest, 2, 2).filter(|second| *second < 60)?;
    if let Some(fraction) = rest.strip_prefix(['.', ','])
        && fraction.starts_with(|c: char| c.is_ascii_digit())
    {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let of_day =
        SignedDuration::from_secs(i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second));
    let utc = date.duration_since(Date::constant(1970, 1, 1)) + of_day - offset(rest)?;
    let (first, last) = (jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
    jiff::Timestamp::from_second(utc.as_secs().clamp(first, last)).ok()
}

fn offset(zone: &str) -> Option<SignedDuration> {
    if zone == "Z" {
        return Some(SignedDuration::ZERO);
    }
    let mut rest = zone.strip_prefix(['+', '-'])?;
    let hours = digits(&mut rest, 2, 2).filter(|hours| *hours <= 24)?;
    literal(&mut rest, ':')?;
    let minutes = digits(&mut rest, 2, 2).filter(|minutes| *minutes <= 60)?;
    let offset = SignedDuration::from_mins(i64::from(hours) * 60 + i64::from(minutes));
    rest.is_empty().then_some(if zone.starts_with('-') { -offset } else { offset })
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<i16> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at_checked(count.max(least))?;
    *rest = after;
    number.parse().ok()
}

fn literal(rest: &mut &str, c: char) -> Option<()> {
    *rest = rest.strip_prefix(c)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_base() {
        for (text, expected) in [
            ("0", 0),
            ("-7", -7),
            ("+7", 7),
            ("0x1F", 31),
            ("017", 15),
            ("0b11", 3),
            ("0o17", 15),
            ("1_000", 1000),
        ] {
            assert_eq!(parse_int(text), Some(expected), "{text}");
        }
        for text in ["", "-", "1.5", "1e3", "08", "0x", "ten", " 1", "1__0", "_1", "9223372036854775808"] {
            assert_eq!(parse_int(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_those_that_the_original_takes() {
        for text in [
            "2020-01-07T01:03:47Z",
            "2020-01-07T01:03:47.123Z",
            "2020-01-07T01:03:47,5Z",
            "2020-01-07T01:03:47+00:00",
            "2020-01-07T1:03:47Z",
            "2020-02-29T00:00:00-08:00",
        ] {
            assert!(is_rfc3339(text), "{text}");
        }
        for text in [
            "2020-01-07t01:03:47Z",
            "2020-01-07T01:03:47z",
            "2020-01-07 01:03:47Z",
            "2020-01-07T01:03:47",
            "2020-01-07T01:03:47+0000",
            "2020-02-30T01:03:47Z",
            "2020-01-07T01:03:60Z",
            "2020-01-07T24:00:00Z",
            "2020-01-07T01:03:47.Z",
            "20-01-07T01:03:47Z",
            "soon",
            "",
            "2020-01-07T01:03:47Z ",
        ] {
            assert!(!is_rfc3339(text), "{text}");
        }
    }

    #[test]
    fn times_are_whole_seconds_of_any_zone() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2020-01-02T03:03:47.9Z", 1_577_934_227),
            ("2020-01-02T3:03:47,123456789123Z", 1_577_934_227),
            ("2020-01-02T05:03:47+02:00", 1_577_934_227),
            ("2020-01-01T19:03:47-07:60", 1_577_934_227),
            ("1969-12-31T23:59:59Z", -1),
            ("9999-12-31T23:59:59Z", 253_402_207_200),
            ("9999-12-31T23:59:59-24:60", 253_402_207_200),
            ("9999-12-30T22:00:01Z", 253_402_207_200),
            ("9999-12-30T21:59:59Z", 253_402_207_199),
            ("0000-01-01T00:00:00+24:00", -62_167_305_600),
        ] {
            assert_eq!(instant(text).map(jiff::Timestamp::as_second), Some(expected), "{text}");
        }
    }

    #[test]
    fn values_are_written_without_exponents() {
        for (json, expected) in
            [("7", "7"), ("1.5", "1.5"), ("1e21", "1000000000000000000000"), ("-0.25", "-0.25")]
        {
            assert_eq!(plain(&serde_json::from_str(json).unwrap()), expected, "{json}");
        }
    }
}
