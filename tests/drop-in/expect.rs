//! Comparing what was found with what a case says.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::case::Step;

/// The error pages.
pub const PAGES: [(&str, &str); 3] = [
    (
        "{404}",
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n <head>\n  <title>404 - Not Found</title>\n </head>\n <body>\n  <h1>404 - Not Found</h1>\n </body>\n</html>\n",
    ),
    (
        "{401}",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n   <head>\n      <title>401 - Unauthorized</title>\n   </head>\n   <body>\n      <h1>401 - Unauthorized</h1>\n   </body>\n</html>\n",
    ),
    (
        "{400}",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n   <head>\n      <title>400 - Bad Request</title>\n   </head>\n   <body>\n      <h1>400 - Bad Request</h1>\n   </body>\n</html>\n",
    ),
];

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Everything that came.
    pub raw: String,
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "the server under test tells the time")]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Between which instants something happened, in seconds since the epoch.
pub type Window = (i64, i64);

/// Checks an answer.
pub fn answer(step: &Step, found: &Answer, window: Window) -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, expected: String, is: bool, found: String| {
        if !is {
            wrong.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    if let Some(status) = step.status {
        check("status", status.to_string(), found.status == status, found.status.to_string());
    }
    if let Some(reason) = &step.reason {
        check("reason", format!("{reason:?}"), *reason == found.reason, format!("{:?}", found.reason));
    }
    if let Some(body) = &step.body {
        check("body", format!("{body:?}"), matches(body, &found.body, window), format!("{:?}", found.body));
    }
    if let Some(bytes) = step.bytes {
        check(
            "bytes of the body",
            bytes.to_string(),
            found.body.len() == bytes,
            found.body.len().to_string(),
        );
    }
    for line in &step.lines {
        let is = found.body.lines().any(|found| found == line);
        check("a line of the body", format!("{line:?}"), is, format!("{:?}", found.body));
    }
    for line in &step.lacks {
        let is = !found.body.lines().any(|found| found == line);
        check("body", format!("no line {line:?}"), is, format!("{:?}", found.body));
    }
    for (name, value) in &step.headers {
        let has = found.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        let has = has.map(|(_, value)| value.as_str());
        let is = if value == "{none}" {
            has.is_none()
        } else {
            has.is_some_and(|has| matches(value, has, window))
        };
        check(name, format!("{value:?}"), is, format!("{has:?}"));
    }
    if let Some(names) = &step.names {
        let mut expected: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut found: Vec<&str> = found.headers.iter().map(|(name, _)| name.as_str()).collect();
        expected.sort_unstable();
        found.sort_unstable();
        check("headers", format!("{expected:?}"), expected == found, format!("{found:?}"));
    }
    if let Err(missing) = in_order(&step.came, &found.raw) {
        check("what came", missing, false, format!("{:?}", found.raw));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Whether parts stand in a text, in their order. `Err`: the first that does not.
pub fn in_order(parts: &[String], text: &str) -> Result<(), String> {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part.as_str()).ok_or_else(|| format!("{part:?}"))?;
        rest = &rest[at + part.len()..];
    }
    Ok(())
}

/// Whether a text is the expected one. `{rfc3339+N}` stands for a time N seconds after one of the window, as
/// 2020-01-07T01:03:47Z; `{gmt+N}` for the same as 7 Jan 2020 01:03:47 GMT; `{any}` for the rest of the line.
pub fn matches(expected: &str, found: &str, window: Window) -> bool {
    let Some((before, after)) = expected.split_once('{') else { return expected == found };
    let token = after.split_once('}').filter(|(token, _)| known(token));
    let Some((token, after)) = token else {
        // A brace of JSON.
        let length = before.len() + 1;
        return found.get(..length) == expected.get(..length)
            && matches(&expected[length..], &found[length..], window);
    };
    let Some(rest) = found.strip_prefix(before) else { return false };
    if token == "any" {
        let line = rest.find('\n').unwrap_or(rest.len());
        return (0..=line).any(|end| rest.is_char_boundary(end) && matches(after, &rest[end..], window));
    }
    let (kind, offset) = token.split_once('+').unwrap_or((token, "0"));
    let offset: i64 = offset.parse().expect("seconds");
    let length = if kind == "rfc3339" { Some(20) } else { rest.find("GMT").map(|at| at + 3) };
    let Some((time, rest)) = length.and_then(|length| rest.split_at_checked(length)) else { return false };
    let second = match kind {
        "rfc3339" => time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
        _ => jiff::fmt::strtime::parse("%d %b %Y %H:%M:%S GMT", time)
            .and_then(|parsed| parsed.to_datetime())
            .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
            .ok()
            .filter(|_| !time.starts_with('0'))
            .map(|zoned| zoned.timestamp().as_second()),
    };
    second.is_some_and(|second| (window.0..=window.1).contains(&(second - offset)))
        && matches(after, rest, window)
}

fn known(token: &str) -> bool {
    token == "any" || token.starts_with("rfc3339") || token.starts_with("gmt")
}

#[test]
fn times_and_braces_are_compared() {
    let window = (1_578_358_980, 1_578_359_040);
    let yes = [
        ("{\"a\": \"{rfc3339+120}\"}", "{\"a\": \"2020-01-07T01:05:47Z\"}"),
        ("[{gmt}]", "[7 Jan 2020 01:03:47 GMT]"),
        ("a {any} c\n{any}", "a b b c\nd"),
        ("{}", "{}"),
    ];
    for (expected, found) in yes {
        assert!(matches(expected, found, window), "{expected} is {found}");
    }
    let no = [
        ("{rfc3339}", "2020-01-07T01:05:47Z"),
        ("{rfc3339}", "2020-01-07T01:03:47Z "),
        ("{gmt}", "07 Jan 2020 01:03:47 GMT"),
        ("{\"a\": 1}", "{\"a\": 2}"),
        ("a {any} c", "a b\n c"),
    ];
    for (expected, found) in no {
        assert!(!matches(expected, found, window), "{expected} is not {found}");
    }
}
