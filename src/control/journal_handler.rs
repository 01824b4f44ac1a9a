//! The handler of the journal of requests: entries that are there, or those that come within a time.

use std::time::Duration;

use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};

use super::api::{POSITION, RequestLine};
use super::exchange::{ControlRequest, ControlResponse, RequestRefusal};
use super::query::Query;
use super::request_query::RequestQuery;
use crate::journal::{Journal, JournalPage, RequestRecord, SinceFilter};

/// After entries that do not fit: under load a look at several at once costs less than one at each.
const BATCH: Duration = Duration::from_millis(5);

pub(super) async fn requests(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let query = RequestQuery::read(Query::read(request.request.uri().query()))
        .map_err(|why| RequestRefusal::new(StatusCode::BAD_REQUEST, why))?;
    if query.wait.is_zero() {
        return request.compute(move |backend| page_response(&page_now(&backend.journal, &query))).await;
    }
    request.place.wait()?;
    let page = next_page(&request.backend.journal, &query).await;
    request.compute(move |_| page_response(&page)).await
}

fn page_now(journal: &Journal, query: &RequestQuery) -> JournalPage {
    let limit = query.limit.unwrap_or(usize::MAX);
    match query.since {
        None => journal.newest(&query.filter, limit),
        Some(since) => journal.after(number(journal, since), &query.filter, limit),
    }
}

/// The entries that are there, or those that come within the time.
async fn next_page(journal: &Journal, query: &RequestQuery) -> JournalPage {
    let deadline = Instant::now() + query.wait;
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut since = number(journal, query.since.unwrap_or(SinceFilter::Now));
    let mut late = false;
    loop {
        let page = journal.after(since, &query.filter, limit);
        if late || !page.is_empty() {
            return page;
        }
        if page.next > since {
            sleep(BATCH).await;
        }
        since = page.next;
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
fn page_response(page: &JournalPage) -> ControlResponse {
    let missed = (page.missed > 0).then_some(RequestLine::Missed { missed: page.missed });
    let entries = page.entries.iter().map(RequestLine::Entry::<&RequestRecord>);
    let lines: Vec<String> = missed
        .into_iter()
        .chain(entries)
        .map(|line| serde_json::to_string(&line).expect("an entry has string keys only"))
        .collect();
    let mut response = Response::new(Full::new(format!("[{}]\n", lines.join(",\n ")).into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(POSITION, page.next.into());
    response
}
