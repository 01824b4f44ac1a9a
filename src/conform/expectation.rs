//! What an answer has to be, as data.

use std::fmt;

use super::finding::{CheckFinding, Judgement};
use super::raw_response::RawResponse;
use super::redaction::{quoted, shown_body};

#[derive(Debug, Clone, Copy)]
pub(super) enum Expectation {
    /// There is nothing to judge where the answer is 404.
    IfThere,
    /// There is nothing to judge where it is no 200.
    IfAnswered,
    /// There is nothing to judge where it has another status.
    IfStatus(u16),
    Status(u16),
    /// Any of these.
    StatusOf(&'static [u16]),
    Reason(&'static str),
    /// A header has this value.
    Header(&'static str, &'static str),
    /// A header has one of these values.
    HeaderOf(&'static str, &'static [&'static str]),
    /// A header is there, whatever it says.
    HasHeader(&'static str),
    NoHeader(&'static str),
    /// A header is spelt so.
    SpeltHeader(&'static str),
    EmptyBody,
    Body(&'static str),
    /// The body is text with this line, among others.
    HasLine(&'static str),
    /// A predicate of the body, and what it demands.
    Text(&'static str, fn(&str) -> bool),
    NoInterim,
    /// Bytes came as the length said, and none after them.
    WholeBody,
    /// The service ended the connection after the answer, without another one.
    Closed,
}

impl Expectation {
    pub(super) fn judge(self, path: &str, response: &RawResponse) -> Judgement {
        let found = self.problem(path, response)?;
        found.map_or(Ok(()), |found| Err(CheckFinding::differs(self.to_string(), found)))
    }

    /// What is found in the place of what is expected.
    fn problem(self, path: &str, response: &RawResponse) -> Result<Option<String>, CheckFinding> {
        let unless = |holds: bool, found: &dyn Fn() -> String| if holds { None } else { Some(found()) };
        let header = |name: &str| response.header(name);
        Ok(match self {
            Self::IfThere if response.status == 404 => {
                return Err(CheckFinding::not_applicable("the path answers 404: there is none"));
            }
            Self::IfAnswered if response.status != 200 => {
                let why = format!("the path answers {}", response.status);
                return Err(CheckFinding::not_applicable(why));
            }
            Self::IfStatus(status) if response.status != status => {
                let why = format!("the answer is {}, not {status}", response.status);
                return Err(CheckFinding::not_applicable(why));
            }
            Self::IfThere | Self::IfAnswered | Self::IfStatus(_) => None,
            Self::Status(status) => unless(response.status == status, &|| status_line(response)),
            Self::StatusOf(all) => unless(all.contains(&response.status), &|| status_line(response)),
            Self::Reason(reason) => unless(response.reason == reason, &|| status_line(response)),
            Self::Header(name, value) => {
                unless(header(name) == Some(value), &|| shown_header(response, name))
            }
            Self::HeaderOf(name, values) => {
                unless(header(name).is_some_and(|value| values.contains(&value)), &|| {
                    shown_header(response, name)
                })
            }
            Self::HasHeader(name) => unless(header(name).is_some(), &|| shown_header(response, name)),
            Self::NoHeader(name) => unless(header(name).is_none(), &|| shown_header(response, name)),
            Self::SpeltHeader(name) => {
                let spelt = response.headers.iter().any(|(spelt, _)| spelt == name);
                unless(spelt, &|| shown_header(response, name))
            }
            Self::EmptyBody => unless(response.body.is_empty(), &|| shown_body(path, response)),
            Self::Body(text) => unless(response.body == text.as_bytes(), &|| shown_body(path, response)),
            Self::HasLine(line) => {
                let has = response.text().is_some_and(|text| text.lines().any(|other| other == line));
                unless(has, &|| shown_body(path, response))
            }
            Self::Text(_, holds) => {
                unless(response.text().is_some_and(holds), &|| shown_body(path, response))
            }
            Self::NoInterim => {
                unless(response.interim.is_empty(), &|| format!("{:?} before the answer", response.interim))
            }
            Self::WholeBody => unless(!response.is_short && response.extra.is_empty(), &|| framing(response)),
            Self::Closed => unless(response.closed && response.extra.is_empty(), &|| framing(response)),
        })
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IfThere | Self::IfAnswered => f.write_str("if it is there"),
            Self::IfStatus(status) => write!(f, "if the status is {status}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::StatusOf(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                write!(f, "status {}", all.join(" or "))
            }
            Self::Reason(reason) => write!(f, "the reason phrase {reason:?}"),
            Self::Header(name, value) => write!(f, "{name}: {value}"),
            Self::HeaderOf(name, values) => write!(f, "{name}: {}", values.join(" or ")),
            Self::HasHeader(name) => write!(f, "a header {name}"),
            Self::NoHeader(name) => write!(f, "no header {name}"),
            Self::SpeltHeader(name) => write!(f, "a header spelt {name}"),
            Self::EmptyBody => f.write_str("an empty body"),
            Self::Body(text) => write!(f, "the body {text:?}"),
            Self::HasLine(line) => write!(f, "a line {line:?}"),
            Self::Text(form, _) => f.write_str(form),
            Self::NoInterim => f.write_str("no interim answer (100)"),
            Self::WholeBody => f.write_str("as many bytes as Content-Length says"),
            Self::Closed => f.write_str("the end of the connection after one answer"),
        }
    }
}

pub(super) fn status_line(response: &RawResponse) -> String {
    format!("{} {} {}", response.version, response.status, response.reason).trim_end().to_owned()
}

fn shown_header(response: &RawResponse, name: &str) -> String {
    let spelt = response.headers.iter().find(|(spelt, _)| spelt.eq_ignore_ascii_case(name));
    match spelt {
        Some((spelt, value)) => format!("{spelt}: {}", quoted(value).trim_matches('"')),
        None => format!("{}, without {name}", status_line(response)),
    }
}

/// What is wrong with the end of an answer.
fn framing(response: &RawResponse) -> String {
    if response.is_short {
        return format!("the connection ended after {} bytes of the body", response.body.len());
    }
    match response.extra.len() {
        0 => "an open connection, a second after the answer".to_owned(),
        count => format!("{count} more bytes after the answer"),
    }
}
