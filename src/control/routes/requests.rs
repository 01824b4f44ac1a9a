//! `GET /v1/requests`: what clients asked, now or once they do.

use std::time::Duration;

use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};

use super::{ControlRequest, ControlResponse, WAITING, refusal};
use crate::control::api::{POSITION, RequestLine};
use crate::control::query::Query;
use crate::control::request_query::RequestQuery;
use crate::journal::{Journal, JournalPage, RequestRecord, SinceFilter};

/// After entries that do not fit: under load a look at several at once costs less than one at each.
const BATCH: Duration = Duration::from_millis(5);

pub(super) async fn get(ask: ControlRequest) -> ControlResponse {
    let lookup = match RequestQuery::read(Query::read(ask.request.uri().query())) {
        Ok(lookup) => lookup,
        Err(why) => return refusal(StatusCode::BAD_REQUEST, why),
    };
    if lookup.wait.is_zero() {
        return answer(&now(&ask.desk.journal, &lookup));
    }
    match ask.waiting.try_acquire() {
        Ok(_permit) => answer(&later(&ask.desk.journal, &lookup).await),
        Err(_) => refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{WAITING} clients wait for requests already; end one of them"),
        ),
    }
}

/// What there is.
fn now(journal: &Journal, lookup: &RequestQuery) -> JournalPage {
    let limit = lookup.limit.unwrap_or(usize::MAX);
    match lookup.since {
        None => journal.newest(&lookup.filter, limit),
        Some(since) => journal.after(number(journal, since), &lookup.filter, limit),
    }
}

/// What there is, or what comes within the time.
async fn later(journal: &Journal, lookup: &RequestQuery) -> JournalPage {
    let deadline = Instant::now() + lookup.wait;
    let limit = lookup.limit.unwrap_or(usize::MAX);
    let mut since = number(journal, lookup.since.unwrap_or(SinceFilter::Now));
    let mut late = false;
    loop {
        let reading = journal.after(since, &lookup.filter, limit);
        if late || !reading.is_empty() {
            return reading;
        }
        if reading.next > since {
            sleep(BATCH).await;
        }
        since = reading.next;
        // What comes after the last look is after the position that goes back with it.
        late = timeout_at(deadline, journal.wait_after(since)).await.is_err();
    }
}

fn number(journal: &Journal, since: SinceFilter) -> u64 {
    match since {
        SinceFilter::Start => 0,
        SinceFilter::Now => journal.last_number(),
        SinceFilter::Number(number) => number,
    }
}

/// An array with a line for each entry.
fn answer(reading: &JournalPage) -> ControlResponse {
    let missed = (reading.missed > 0).then_some(RequestLine::Missed { missed: reading.missed });
    let entries = reading.entries.iter().map(|entry| RequestLine::Entry::<&RequestRecord>(entry));
    let lines: Vec<String> = missed
        .into_iter()
        .chain(entries)
        .map(|line| serde_json::to_string(&line).expect("an entry has string keys only"))
        .collect();
    let mut response = Response::new(Full::new(format!("[{}]\n", lines.join(",\n ")).into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(POSITION, reading.next.into());
    response
}
