//! Judges a metadata service by what EC2's documentation, published captures and widespread clients expect of one.
//!
//! A [`ConformanceCheck`] has a name, what is asked, what is expected, how sure that is, and which client depends on it.
//! Most are rows of the tables in [`checks`]; a function is there where facts are compared. The tables are written from
//! public sources, not from the tree that this program serves: a check that takes its expectation from there could not
//! fail here.
//!
//! [`ServiceUnderTest`](service::ServiceUnderTest) sends what checks ask, one request at a time, and remembers the
//! answers: two checks that look at the same answer cost one request. It reads only: GET, HEAD, and PUT for a token.
//! Values of credentials, tokens and user data are never in a report ([`redaction`]).

mod check;
mod checks;
mod connection;
mod expectation;
mod facts;
mod finding;
mod forms;
mod junit;
mod limits;
mod probe;
mod profile;
mod raw_response;
mod redaction;
mod report;
mod run;
mod service;
mod wildcard;

#[cfg(test)]
mod tests;

pub(crate) use check::{CheckGroup, ConformanceCheck};
pub(crate) use checks::all_checks;
pub(crate) use junit::junit;
pub(crate) use limits::ConformanceLimits;
pub(crate) use profile::ConformanceProfile;
pub(crate) use report::{CheckResult, CheckVerdict, ConformanceReport, list_json};
pub(crate) use run::{ConformanceProgress, ConformanceRun, findings_of};
pub(crate) use wildcard::NamePattern;
