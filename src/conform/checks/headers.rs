//! Headers of answers with 200.

use super::bases::CAPTURES;
use crate::clock::now;
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{
    self, HasHeader, Header, HeaderOf, IfAnswered, NoHeader, SpeltHeader,
};
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::probe::{CheckProbe, TTL_ANSWERED, get};
use crate::conform::service::ServiceUnderTest;

const ID: &str = "/latest/meta-data/instance-id";
const LEAF: CheckProbe = get(ID);
const TYPES: Basis =
    Basis::Documented("EC2 User Guide, Access instance metadata: the content type is text/plain");
const PLAIN: &[Expectation] = &[IfAnswered, Header("Content-Type", "text/plain")];

/// The type of what is not always text elsewhere.
const fn plain(name: &'static str, path: &'static str) -> CheckRow {
    answer(name, get(path), PLAIN, TYPES, "")
}

/// All that captures have.
const SEEN: [&str; 9] = [
    "Content-Type",
    "Accept-Ranges",
    "Last-Modified",
    "Content-Length",
    "Date",
    "Server",
    "Connection",
    "ETag",
    TTL_ANSWERED,
];

pub(super) const ROWS: &[CheckRow] = &[
    plain("type-value", ID),
    plain("type-versions", "/"),
    plain("type-listing", "/latest/meta-data/"),
    plain("type-document", "/latest/dynamic/instance-identity/document"),
    plain("type-pkcs7", "/latest/dynamic/instance-identity/pkcs7"),
    plain("type-maintenance", "/latest/meta-data/events/maintenance/scheduled"),
    plain("type-credentials", "/latest/meta-data/iam/security-credentials/{role}"),
    plain("type-profile", "/latest/meta-data/iam/info"),
    plain("type-metrics", "/latest/meta-data/metrics/vhostmd"),
    answer(
        "type-user-data",
        get("/latest/user-data"),
        &[IfAnswered, HeaderOf("Content-Type", &["application/octet-stream", "text/plain"])],
        CAPTURES,
        "",
    ),
    answer(
        "header-server",
        LEAF,
        &[IfAnswered, Header("Server", "EC2ws")],
        Basis::ReliedOn("fluent-plugin-google-cloud takes the platform from it"),
        "fluent-plugin-google-cloud",
    ),
    answer(
        "header-server-listing",
        get("/latest/meta-data/"),
        &[IfAnswered, Header("Server", "EC2ws")],
        CAPTURES,
        "",
    ),
    answer(
        "header-accept-ranges",
        LEAF,
        &[IfAnswered, HeaderOf("Accept-Ranges", &["none", "bytes"])],
        CAPTURES,
        "",
    ),
    answer("header-last-modified", LEAF, &[IfAnswered, HasHeader("Last-Modified")], CAPTURES, ""),
    answer("header-date", LEAF, &[IfAnswered, HasHeader("Date")], CAPTURES, ""),
    answer("header-no-encoding", LEAF, &[IfAnswered, NoHeader("Content-Encoding")], CAPTURES, ""),
    answer(
        "header-gzip-not-used",
        get("/latest/meta-data/").with_headers(&[("Accept-Encoding", "gzip")]),
        &[IfAnswered, NoHeader("Content-Encoding")],
        CAPTURES,
        "AWS SDK for Go",
    ),
    answer("header-no-cookie", LEAF, &[IfAnswered, NoHeader("Set-Cookie")], CAPTURES, ""),
    facts(
        "header-ttl-spelling",
        "GET of a leaf with a token",
        "the header is spelt X-Aws-Ec2-Metadata-Token-Ttl-Seconds",
        ttl_spelling,
        CAPTURES,
        "",
    ),
    facts(
        "header-date-now",
        "GET of a leaf",
        "Date has the present time, within 5 minutes",
        date_is_now,
        CAPTURES,
        "programs that correct their clocks by it",
    ),
    facts(
        "header-last-modified-past",
        "GET of a leaf",
        "Last-Modified is a date of HTTP, and not later than Date",
        modified_before,
        CAPTURES,
        "",
    ),
    facts(
        "header-last-modified-stays",
        "GET of a leaf, twice",
        "the same Last-Modified: the value did not change",
        modified_stays,
        CAPTURES,
        "",
    ),
    facts(
        "header-none-unknown",
        "GET of a leaf",
        "no header that no capture has",
        none_unknown,
        CAPTURES,
        "",
    ),
];

fn ttl_spelling(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let response = service.there(ID)?;
    if response.header(TTL_ANSWERED).is_none() {
        return Err(CheckFinding::not_applicable("no such header"));
    }
    SpeltHeader(TTL_ANSWERED).judge(ID, &response)
}

/// The seconds since 1970 of a header with a date of HTTP.
fn seconds(service: &mut ServiceUnderTest<'_>, name: &str) -> Result<i64, CheckFinding> {
    let response = service.there(ID)?;
    let value = response.header(name).ok_or_else(|| CheckFinding::not_applicable(format!("no {name}")))?;
    let is_http = value.ends_with(" GMT") && value.len() == "Thu, 15 Jan 2026 12:00:00 GMT".len();
    let date = jiff::fmt::rfc2822::parse(value).ok().filter(|_| is_http);
    let date = date.ok_or_else(|| {
        CheckFinding::differs("a date as Thu, 15 Jan 2026 12:00:00 GMT", format!("{value:?}"))
    })?;
    Ok(date.timestamp().as_second())
}

fn date_is_now(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let said = seconds(service, "Date")?;
    // The answer is of this run, which may have begun a while ago.
    let present = i64::try_from(now().as_secs()).unwrap_or(i64::MAX);
    let off = said.abs_diff(present);
    if off <= 300 { Ok(()) } else { Err(CheckFinding::fails(format!("a date {off} s away"))) }
}

fn modified_before(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let (modified, date) = (seconds(service, "Last-Modified")?, seconds(service, "Date")?);
    if modified <= date {
        Ok(())
    } else {
        Err(CheckFinding::fails(format!("{} s after Date", modified - date)))
    }
}

fn modified_stays(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let first = service.there(ID)?;
    let before =
        first.header("Last-Modified").ok_or_else(|| CheckFinding::not_applicable("no Last-Modified"))?;
    // A service that says the present time says another one a second later.
    service.wait(std::time::Duration::from_millis(1100));
    let again = service.get_again(ID)?;
    match again.header("Last-Modified") {
        Some(after) if after == before || again.body != first.body => Ok(()),
        after => {
            Err(CheckFinding::differs(before.to_owned(), after.unwrap_or("no Last-Modified").to_owned()))
        }
    }
}

fn none_unknown(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let response = service.there(ID)?;
    let is_seen = |name: &str| SEEN.iter().any(|seen| seen.eq_ignore_ascii_case(name));
    let unknown: Vec<&str> =
        response.headers.iter().map(|(name, _)| name.as_str()).filter(|name| !is_seen(name)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(CheckFinding::fails(unknown.join(", "))) }
}
