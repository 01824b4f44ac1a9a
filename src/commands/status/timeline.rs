//! The timeline: a line from the load of the scenario to its last event, and what happened and will happen on it.

use std::time::Duration;

use super::snapshot::Snapshot;
use crate::commands::layout::{Row, Value};
use crate::config::parse_duration;
use crate::control::api::EventStatus;
use crate::model::Timestamp;
use crate::terminal::{StyledText, TextStyle, ago, clock_time, spoken, spoken_instants, time_left};

/// Events that are listed: the last of the past ones, the next, and those that wait for a client.
const PAST: usize = 3;
const COMING: usize = 5;
const WAITING: usize = 3;
/// Columns of the line: where there is room for more it gets no longer.
const MAX_BAR: usize = 60;

/// The timeline of the scenario. Without events it is the position of the clock.
pub(super) fn row(snapshot: &Snapshot, width: Option<usize>) -> Row {
    let status = &snapshot.status;
    let elapsed = status.clock.paused.unwrap_or(snapshot.now).since(status.clock.zero);
    let position = format!("{} since the load", spoken(elapsed));
    let position = match status.clock.paused {
        Some(paused) => StyledText::styled(TextStyle::Warning, "PAUSED")
            .with(TextStyle::Plain, format!(" {}, {position}", ago(paused, snapshot.now))),
        None => StyledText::plain(position),
    };
    let events: Vec<&EventStatus> = status.events.iter().chain(&status.changes).collect();
    if events.is_empty() {
        return Row("timeline", vec![Value::text(position.with(TextStyle::Plain, ", no events"))]);
    }
    let mut values = vec![Value::text(position)];
    let bar = bar(&marks(snapshot, &events), elapsed, width.unwrap_or(MAX_BAR).min(MAX_BAR));
    values.extend(bar.map(Value::Line));
    values.extend(listed(snapshot, &events));
    Row("timeline", values)
}

/// How long the clock has to run until an event.
fn left(snapshot: &Snapshot, event: &EventStatus) -> Duration {
    let position = snapshot.status.clock.elapsed_ms;
    Duration::from_millis(event.due_ms.unwrap_or(position).saturating_sub(position))
}

/// The offsets at which events have happened and will happen.
fn marks(snapshot: &Snapshot, events: &[&EventStatus]) -> Vec<(Duration, bool)> {
    let zero = snapshot.status.clock.zero;
    let past = events.iter().filter_map(|event| Some((event.last?.since(zero), true)));
    let coming = events.iter().filter_map(|event| Some((Duration::from_millis(event.due_ms?), false)));
    past.chain(coming).collect()
}

/// `0 ━━●━━▼──○──── 5 min`: past and future, what happened, now, and what will happen.
fn bar(marks: &[(Duration, bool)], elapsed: Duration, width: usize) -> Option<StyledText> {
    let end = marks.iter().map(|(at, _)| *at).max()?.max(elapsed);
    let label = format!(" {}", spoken(end));
    let cells = width.checked_sub(label.chars().count() + 2).filter(|cells| *cells >= 10)?;
    let cell = |at: Duration| {
        #[expect(clippy::cast_precision_loss, reason = "a terminal has few columns")]
        let last = (cells - 1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the line")]
        let cell = (at.as_secs_f64() / end.as_secs_f64().max(0.001) * last).round() as usize;
        cell.min(cells - 1)
    };
    let now = cell(elapsed);
    let mut line: Vec<(TextStyle, char)> = (0..cells)
        .map(|cell| if cell < now { (TextStyle::Plain, '━') } else { (TextStyle::Dim, '─') })
        .collect();
    for (at, happened) in marks {
        // Beside the present, on the side where it belongs.
        let at = match (cell(*at), happened) {
            (at, true) if at == now => at.saturating_sub(1),
            (at, false) if at == now => (at + 1).min(cells - 1),
            (at, _) => at,
        };
        line[at] = if *happened { (TextStyle::Plain, '●') } else { (TextStyle::Accent, '○') };
    }
    line[now] = (TextStyle::Good, '▼');
    let line =
        line.into_iter().fold(StyledText::plain("0 "), |line, (style, c)| line.with(style, c.to_string()));
    Some(line.with(TextStyle::Plain, label))
}

fn listed(snapshot: &Snapshot, events: &[&EventStatus]) -> Vec<Value> {
    let mut past: Vec<(Timestamp, &EventStatus)> =
        events.iter().filter_map(|event| Some((event.last?, *event))).collect();
    let mut coming: Vec<(Timestamp, &EventStatus)> =
        events.iter().filter_map(|event| Some((event.next?, *event))).collect();
    let waiting: Vec<&EventStatus> =
        events.iter().copied().filter(|event| event.last.is_none() && event.next.is_none()).collect();
    past.sort_by_key(|(at, _)| *at);
    coming.sort_by_key(|(at, _)| *at);
    let mut values = Vec::new();
    let earlier = past.len().saturating_sub(PAST);
    values.extend(more(earlier, "earlier"));
    for (at, event) in past.iter().skip(earlier) {
        values.push(entry(snapshot, "●", &ago(*at, snapshot.now), event));
    }
    for (at, event) in coming.iter().take(COMING) {
        let when = match snapshot.status.clock.paused {
            // It does not come nearer.
            Some(_) => format!("{} after the pause", spoken(left(snapshot, event))),
            None => time_left(*at, snapshot.now),
        };
        values.push(entry(snapshot, "○", &when, event));
    }
    values.extend(more(coming.len().saturating_sub(COMING), "later"));
    for event in waiting.iter().take(WAITING) {
        values.push(entry(snapshot, " ", "waits", event));
    }
    values.extend(more(waiting.len().saturating_sub(WAITING), "waiting"));
    values
}

fn more(count: usize, which: &str) -> Option<Value> {
    let text = format!("  {count} {which}, see `mock-imds status --json`");
    (count > 0).then(|| Value::text(StyledText::styled(TextStyle::Dim, text)))
}

/// `○ in 18 s (1m30s): spot interruption: terminate 2m later`.
fn entry(snapshot: &Snapshot, mark: &str, when: &str, event: &EventStatus) -> Value {
    let instant: Option<jiff::Timestamp> = event.at.parse().ok();
    let at = match instant {
        Some(at) => clock_time(at.into(), snapshot.now, &snapshot.zone),
        // An order's time has milliseconds, which nobody reads.
        None => parse_duration(&event.at).map_or_else(|| event.at.clone(), spoken),
    };
    let client = event.client.map(|client| format!("the instance of {client}"));
    let whom = event.instance.clone().or(client).map(|name| format!(" (to {name})")).unwrap_or_default();
    let what = spoken_instants(&event.what, snapshot.now, &snapshot.zone);
    let style = if mark == "○" { TextStyle::Accent } else { TextStyle::Plain };
    let text = StyledText::styled(style, format!("{mark} {when}"))
        .with(TextStyle::Dim, format!(" ({at})"))
        .with(TextStyle::Plain, format!(": {what}{whom}"));
    Value::Text(text, 2)
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::{shown, snapshot};
    use super::*;
    use crate::terminal::Terminal;

    #[test]
    fn a_pause_does_not_move_what_comes() {
        let mut snapshot = snapshot();
        let zero = snapshot.status.clock.zero;
        let at = |seconds| zero.plus(Duration::from_secs(seconds));
        (snapshot.status.clock.paused, snapshot.status.clock.elapsed_ms) = (Some(at(10)), 10_000);
        // A minute later the server counts from then.
        snapshot.now = at(70);
        let event = EventStatus {
            last: None,
            next: Some(at(100)),
            due_ms: Some(40_000),
            ..snapshot.status.events[1].clone()
        };
        snapshot.status.events = vec![event.clone()];
        let text = shown(&snapshot, Some(80));
        assert!(text.contains("○ 30 s after the pause"), "{text}");
        assert_eq!(marks(&snapshot, &[&event]), [(Duration::from_secs(40), false)]);
    }

    #[test]
    fn the_line_shows_past_present_and_future() {
        let terminal = Terminal::PLAIN;
        let show = |marks: &[(u64, bool)], elapsed| {
            let marks: Vec<_> =
                marks.iter().map(|(at, happened)| (Duration::from_secs(*at), *happened)).collect();
            bar(&marks, Duration::from_secs(elapsed), 30).map(|line| terminal.render(&line))
        };
        let line = |text: &str| Some(text.to_owned());
        assert_eq!(show(&[(30, true), (90, false)], 60), line("0 ━━━━━●━━━━━▼────○ 1 min 30 s"));
        assert_eq!(show(&[(0, true)], 0), line("0 ▼─────────────────────── 0 s"));
        // Neither hides what happens about now.
        assert_eq!(show(&[(29, true), (31, false), (60, false)], 30), line("0 ━━━━━━━━━━●▼○────────○ 1 min"));
        assert_eq!(show(&[], 60), None, "without events there is no line");
    }
}
