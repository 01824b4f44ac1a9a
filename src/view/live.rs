//! The status, and the requests as they come, as server-sent events.
//!
//! | event | data | when |
//! |---|---|---|
//! | `status` | `{"status": …, "guardian": …, "now": …, "options": […]}`; with these options a command asks the same server | at the beginning, and whenever one of the two differs; every 15 seconds in any case |
//! | `requests` | `{"lines": […], "next": N}` | at the beginning the newest, then those that come |
//! | `offline` | `{"error": …}` | when the server does not answer |
//!
//! `?since=N` goes on after a request, as `/v1/requests` has it.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep};

use super::reply::{ViewReply, no_room, refusal, stream};
use super::state::ViewState;
use super::upstream;
use crate::clock;
use crate::control::api::{POSITION, REQUESTS, STATUS};

/// Streams at one time: a tab has one.
const STREAMS: usize = 16;
static ROOM: Semaphore = Semaphore::const_new(STREAMS);
/// Events that a reader may be behind. One that reads no more is waited for, and then leaves its place.
const BEHIND: usize = 4;
const STALLED: Duration = Duration::from_secs(30);
/// Between two looks at the status.
const PACE: Duration = Duration::from_millis(500);
/// Without a change a status is sent so often, so that both ends know of each other.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After a failure.
const RETRY: Duration = Duration::from_secs(2);
/// The newest requests that a stream begins with.
const NEWEST: usize = 200;
/// The most requests in one event.
const MOST: usize = 500;
/// A wait for requests, in seconds; and how long its answer may take.
const WAIT: u64 = 20;
const WAIT_LIMIT: Duration = Duration::from_secs(WAIT + 10);

/// The path of a stream.
pub(super) const PATH: &str = "/api/live";

/// Begins a stream. The position is that of the journal, if the reader knows one.
pub(super) fn begin(state: &Arc<ViewState>, query: Option<&str>) -> ViewReply {
    let since = match query.map(|query| query.strip_prefix("since=").and_then(|since| since.parse().ok())) {
        None => None,
        Some(Some(since)) => Some(since),
        Some(None) => return refusal(StatusCode::BAD_REQUEST, "accepted: no query, or since=NUMBER"),
    };
    let Ok(permit) = ROOM.try_acquire() else {
        let error = format!("{STREAMS} pages are open at one time at most; close one");
        return no_room(&error);
    };
    let (events, pieces) = mpsc::channel(BEHIND);
    let state = Arc::clone(state);
    tokio::spawn(async move {
        let _permit = permit;
        tokio::select! {
            () = statuses(&state, &events) => {}
            () = requests(&state, since, &events) => {}
            () = events.closed() => {}
        }
    });
    stream("text/event-stream", pieces)
}

/// An event; `None`: nobody reads any more, or has not read for long.
async fn send(events: &mpsc::Sender<Bytes>, name: &str, data: &impl Serialize) -> Option<()> {
    let data = serde_json::to_string(data).expect("what is sent has string keys only");
    let sent = events.send_timeout(format!("event: {name}\ndata: {data}\n\n").into(), STALLED);
    sent.await.ok()
}

async fn statuses(state: &ViewState, events: &mpsc::Sender<Bytes>) {
    let (mut last, mut sent_at) = (None, Instant::now());
    loop {
        let status = upstream::get::<Value>(state, STATUS).await;
        let sent = match status {
            Ok(status) => {
                let guardian = upstream::guardian(state);
                let shown = Some((without_ticks(&status), guardian.clone()));
                if !is_due(last != shown, sent_at.elapsed()) {
                    sleep(PACE).await;
                    continue;
                }
                (last, sent_at) = (shown, Instant::now());
                let now = clock::now().rfc3339_millis();
                let options = &state.command_options;
                let data = json!({ "status": status, "guardian": guardian, "now": now, "options": options });
                send(events, "status", &data).await
            }
            Err(error) => {
                last = None;
                let sent = send(events, "offline", &json!({ "error": error })).await;
                sleep(RETRY).await;
                sent
            }
        };
        if sent.is_none() {
            return;
        }
        sleep(PACE).await;
    }
}

/// True of a status that is sent: it differs from the last one, or that one is so long ago.
fn is_due(differs: bool, elapsed: Duration) -> bool {
    differs || elapsed >= HEARTBEAT
}

/// The status without what differs in each because time goes on: a reader counts by itself.
fn without_ticks(status: &Value) -> Value {
    let mut status = status.clone();
    if let Some(clock) = status.get_mut("clock").and_then(Value::as_object_mut) {
        clock.remove("elapsed");
    }
    for fault in status.get_mut("faults").and_then(Value::as_array_mut).into_iter().flatten() {
        fault.as_object_mut().map(|fault| fault.remove("left"));
    }
    status
}

async fn requests(state: &ViewState, mut since: Option<u64>, events: &mpsc::Sender<Bytes>) {
    loop {
        let route = match since {
            None => format!("{REQUESTS}?limit={NEWEST}"),
            Some(since) => format!("{REQUESTS}?since={since}&limit={MOST}&wait={WAIT}"),
        };
        let answer = state.client.forward(Method::GET, &route, Bytes::new(), WAIT_LIMIT).await;
        let page = answer.ok().filter(|answer| answer.status() == StatusCode::OK).and_then(|answer| {
            let next: u64 = answer.headers().get(POSITION)?.to_str().ok()?.parse().ok()?;
            Some((serde_json::from_slice::<Vec<Value>>(answer.body()).ok()?, next))
        });
        let Some((lines, next)) = page else {
            // The statuses say so. A server that is started again begins to count again.
            since = None;
            sleep(RETRY).await;
            continue;
        };
        let is_first = since.is_none();
        since = Some(next);
        if (is_first || !lines.is_empty())
            && send(events, "requests", &json!({ "lines": lines, "next": next })).await.is_none()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_sent_when_it_differs_and_every_15_seconds() {
        let [soon, before, at, later] = [0, 14_999, 15_000, 60_000].map(Duration::from_millis);
        for (differs, elapsed, expected) in [
            (true, soon, true),
            (true, later, true),
            (false, soon, false),
            (false, before, false),
            (false, at, true),
            (false, later, true),
        ] {
            assert_eq!(is_due(differs, elapsed), expected, "differs: {differs}, after {elapsed:?}");
        }
    }

    #[test]
    fn time_that_goes_by_is_no_change() {
        let status = |elapsed: &str, left: &str, hits: u64| json!({ "clock": {"elapsed": elapsed, "zero": "x"}, "faults": [{"left": left, "hits": hits}] });
        assert_eq!(without_ticks(&status("1s", "5s", 0)), without_ticks(&status("2s", "4s", 0)));
        assert_ne!(without_ticks(&status("1s", "5s", 0)), without_ticks(&status("1s", "5s", 1)));
        assert_eq!(without_ticks(&json!("x")), json!("x"));
    }
}
