//! A play: what a scenario promises, as requests at points of its timeline. `plays/NAME.play` belongs to the
//! shipped scenario NAME.
//!
//! Each line is a request and its answer:
//!
//! ```text
//! 30s  GET /latest/meta-data/spot/instance-action  200 {"action": "terminate", "time": "<30s+2m>"}
//! ```
//!
//! - After the path may stand `from=ADDRESS`, a client on a bridge; `token=NAME`, a token that the first line with
//!   this name fetches; `authorization=TEXT`, the header of a pod,
//!   or `pod-token=NAME`, a token of a pod that the first line with this name fetches; `late=50ms..2s`, how late the answer is. A PUT asks for a token of six hours.
//! - In the place of a status may stand `silence` or `reset`.
//! - The body is not looked at if there is none. `*` stands for anything, `\n` for a newline, `<30s+2m>` for the
//!   instant two minutes after what happens at 30s, `<date 30s+7d>` for the same as maintenance events write it.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use mock_imds::model::Timestamp;
use support::Answer;

/// A line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, for messages.
    pub number: usize,
    /// When it is asked.
    pub at: Duration,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The client's address; a process of this host unless set.
    pub from: Option<String>,
    /// The name of the token.
    pub token: Option<String>,
    /// The Authorization of a pod.
    pub authorization: Option<String>,
    /// The name of the pod's token.
    pub pod_token: Option<String>,
    /// How late the answer is.
    pub late: Option<(Duration, Duration)>,
    /// The expected status, or what comes in its place.
    pub status: String,
    /// The expected body.
    pub body: Option<String>,
}

/// The play of a scenario.
pub fn of(name: &str) -> Vec<Line> {
    let file = support::sources().join(format!("tests/library/plays/{name}.play"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "packaging/scenarios/{name}.toml has no play: {}: {error}\nwrite one line for each promise of its comments",
            file.display()
        )
    });
    let lines: Vec<Line> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(index, line)| {
            parse(index + 1, line)
                .unwrap_or_else(|| panic!("{}:{}: {line:?} is no line of a play", file.display(), index + 1))
        })
        .collect();
    assert!(!lines.is_empty(), "{} has no line", file.display());
    assert!(lines.is_sorted_by_key(|line| line.at), "{}: the lines are not in order", file.display());
    lines
}

fn parse(number: usize, line: &str) -> Option<Line> {
    let mut rest = line;
    let mut word = || {
        rest = rest.trim_start();
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = after;
        (!word.is_empty()).then_some(word)
    };
    let at = span(word()?)?;
    let (method, path) = (word()?.to_owned(), word()?.to_owned());
    let (mut from, mut token, mut late) = (None, None, None);
    let (mut authorization, mut pod_token) = (None, None);
    let status = loop {
        let word = word()?;
        if let Some(address) = word.strip_prefix("from=") {
            from = Some(address.to_owned());
        } else if let Some(name) = word.strip_prefix("token=") {
            token = Some(name.to_owned());
        } else if let Some(value) = word.strip_prefix("authorization=") {
            authorization = Some(value.to_owned());
        } else if let Some(name) = word.strip_prefix("pod-token=") {
            pod_token = Some(name.to_owned());
        } else if let Some((least, most)) =
            word.strip_prefix("late=").and_then(|range| range.split_once(".."))
        {
            late = Some((span(least)?, span(most)?));
        } else if matches!(word, "silence" | "reset") || word.parse::<u16>().is_ok() {
            break word.to_owned();
        } else {
            return None;
        }
    };
    let body = (!rest.trim().is_empty()).then(|| rest.trim().replace("\\n", "\n"));
    Some(Line { number, at, method, path, from, token, authorization, pod_token, late, status, body })
}

/// "2m30s"; "7d" too.
fn span(text: &str) -> Option<Duration> {
    match text.strip_suffix('d') {
        Some(days) => Some(Duration::from_hours(24 * days.parse::<u64>().ok()?)),
        None => Duration::try_from(text.parse::<jiff::SignedDuration>().ok()?).ok(),
    }
}

/// When what happens at an offset happened.
pub type Instants = BTreeMap<Duration, Timestamp>;

impl Line {
    /// What is wrong with an answer. Without instants any time will do.
    pub fn judge(&self, answer: &Answer, instants: Option<&Instants>) -> Result<(), String> {
        let expected = self.body.as_ref().map(|body| fill(body, instants));
        let fits = expected.as_ref().is_none_or(|expected| matches(expected, &answer.body));
        let (least, most) = self.late.unwrap_or_default();
        let in_time = instants.is_none() || (least..=most).contains(&answer.late);
        let found = answer.outcome();
        if found == self.status && fits && in_time {
            return Ok(());
        }
        let from = self.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        Err(format!(
            "line {}: {} {}{from} at {:?}\n  expected {} {}, late by {least:?} to {most:?}\n  found    {found} {:?}, late by {:?}",
            self.number,
            self.method,
            self.path,
            self.at,
            self.status,
            expected.map_or_else(|| "and any body".to_owned(), |body| format!("{body:?}")),
            answer.body,
            answer.late,
        ))
    }

    /// The offsets that its body refers to.
    pub fn offsets(&self) -> Vec<Duration> {
        let places = self.body.iter().flat_map(|body| body.split('<').skip(1));
        places.map(|place| reference(place.split('>').next().unwrap_or_default()).0).collect()
    }
}

/// The offset, the length of time after it, and whether it is a maintenance date.
fn reference(place: &str) -> (Duration, Duration, bool) {
    let (date, place) = place.strip_prefix("date ").map_or((false, place), |rest| (true, rest));
    let (at, after) = place.split_once('+').unwrap_or((place, "0s"));
    let read = |text| span(text).unwrap_or_else(|| panic!("<{place}> is no instant"));
    (read(at), read(after), date)
}

fn fill(body: &str, instants: Option<&Instants>) -> String {
    let mut filled = String::new();
    for (index, part) in body.split('<').enumerate() {
        let Some((place, rest)) = part.split_once('>').filter(|_| index > 0) else {
            filled.push_str(part);
            continue;
        };
        let (at, after, date) = reference(place);
        match instants.and_then(|instants| instants.get(&at)).map(|instant| instant.plus(after)) {
            Some(instant) if date => filled.push_str(&instant.maintenance_date()),
            Some(instant) => filled.push_str(&instant.rfc3339()),
            None => filled.push('*'),
        }
        filled.push_str(rest);
    }
    filled
}

/// Whether a text fits a pattern, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, middle) = parts.split_last().expect("split gives at least one part");
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[test]
fn patterns_fit_what_they_should() {
    for (pattern, text, fits) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a*", "ab", true),
        ("*b", "ab", true),
        ("a*c*e", "abcde", true),
        ("a*c*e", "abde", false),
        ("*", "", true),
        ("a*a", "a", false),
    ] {
        assert_eq!(matches(pattern, text), fits, "{pattern:?} against {text:?}");
    }
}
