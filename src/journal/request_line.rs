//! A request as a line that people read: in columns on a terminal, as wide as that is, and whole anywhere else.

use std::borrow::Cow;
use std::fmt;

use jiff::tz::TimeZone;

use super::request_record::{LatencyText, RequestRecord};
use crate::imds::{Ingress, Protocol};
use crate::model::{Service, Timestamp};
use crate::terminal::{StyledText, Terminal, TextStyle, local_date, local_time};

/// From this width on there is room for milliseconds, whole addresses and the latency.
const WIDE: usize = 80;
/// The columns that a path gets at least: the remarks after it give way.
const MIN_PATH: usize = 20;
const METHOD: usize = 4;
const PROTOCOL: usize = 5;
const STATUS: usize = 3;
const LATENCY: usize = 7;

/// Lines for one terminal.
#[derive(Debug)]
pub(crate) struct RequestLines {
    terminal: Terminal,
    zone: TimeZone,
    /// The date of the last line.
    date: Option<String>,
}

impl RequestLines {
    pub(crate) fn new(terminal: Terminal, zone: TimeZone) -> Self {
        Self { terminal, zone, date: None }
    }

    /// Lines after one of this time: only other days have a date before them.
    pub(crate) fn after(self, at: Timestamp) -> Self {
        Self { date: Some(local_date(at, &self.zone)), ..self }
    }

    /// The lines of the next request: on a terminal a date before the first one of a day.
    pub(crate) fn next(&mut self, record: &RequestRecord, terminal: Terminal) -> String {
        self.terminal = terminal;
        let line = terminal.render(&self.line(record));
        match self.heading(record) {
            Some(heading) => format!("{}\n{line}", terminal.render(&heading)),
            None => line,
        }
    }

    /// The date, on a terminal before the first request of a day. Elsewhere each line has it.
    pub(crate) fn heading(&mut self, record: &RequestRecord) -> Option<StyledText> {
        self.terminal.columns?;
        let date = local_date(record.at, &self.zone);
        if self.date.as_ref() == Some(&date) {
            return None;
        }
        let heading = StyledText::styled(TextStyle::Dim, format!("── {date} ──"));
        self.date = Some(date);
        Some(heading)
    }

    /// The line alone.
    pub(crate) fn line(&self, record: &RequestRecord) -> StyledText {
        match self.terminal.columns {
            None => whole(record),
            Some(columns) => self.columns(record, columns),
        }
    }

    fn columns(&self, record: &RequestRecord, columns: usize) -> StyledText {
        let is_wide = columns >= WIDE;
        let time = local_time(record.at, &self.zone, is_wide);
        let client = StyledText::plain(client(record)).truncated(if is_wide { 15 } else { 12 });
        let before = StyledText::styled(TextStyle::Dim, time)
            .with(TextStyle::Plain, " ")
            .then(client.padded(if is_wide { 15 } else { 12 }))
            .with(TextStyle::Plain, " ")
            .then(StyledText::plain(&*record.method).truncated(METHOD).padded(METHOD))
            .with(TextStyle::Plain, " ");
        let outcome = outcome(record, is_wide);
        let left = columns.saturating_sub(before.width() + 1 + outcome.width());
        let remarks = remarks(record).truncated(left.saturating_sub(MIN_PATH));
        let path = StyledText::plain(&*record.path);
        let room = left.saturating_sub(remarks.width());
        before
            .then(path.truncated_at_the_start(room).padded(room))
            .with(TextStyle::Plain, " ")
            .then(outcome)
            .then(remarks)
    }
}

/// The client as people know it: every address of this host is `host`.
pub(crate) fn client(record: &RequestRecord) -> Cow<'static, str> {
    match record.ingress {
        Ingress::Host => "host".into(),
        Ingress::Bridge => record.client.to_string().into(),
    }
}

/// The fault that was injected: its name, or its number where a server of a version without names gave only that.
pub(super) fn fault(record: &RequestRecord) -> Option<String> {
    record.fault_name.as_deref().map(str::to_owned).or_else(|| record.fault.map(|number| number.to_string()))
}

/// The outcome, as a colour.
fn outcome_style(status: Option<u16>) -> TextStyle {
    match status {
        Some(200..=399) => TextStyle::Good,
        Some(404) => TextStyle::Warning,
        _ => TextStyle::Bad,
    }
}

/// `v1    200  142 µs`; without the latency where there is no room for it.
fn outcome(record: &RequestRecord, latency: bool) -> StyledText {
    let (protocol, name) = match (record.endpoint, record.protocol) {
        (Service::Ecs, _) => (TextStyle::Plain, "ecs".to_owned()),
        (Service::PodIdentity, _) => (TextStyle::Plain, "pod".to_owned()),
        (Service::Imds, Protocol::V1) => (TextStyle::Warning, Protocol::V1.to_string()),
        (Service::Imds, other) => (TextStyle::Plain, other.to_string()),
    };
    let status = record.status.map_or_else(|| "-".into(), |status| status.to_string());
    let outcome = StyledText::styled(protocol, format!("{name:<PROTOCOL$}"))
        .with(TextStyle::Plain, " ")
        .with(outcome_style(record.status), format!("{status:>STATUS$}"));
    if !latency {
        return outcome;
    }
    let latency = LatencyText(record.latency_us).to_string();
    outcome.with(TextStyle::Dim, format!(" {latency:>LATENCY$}"))
}

/// What else there is to say: ` instance web fault 2`.
fn remarks(record: &RequestRecord) -> StyledText {
    let mut remarks = StyledText::default();
    if let Some(instance) = &record.instance {
        remarks = remarks.with(TextStyle::Dim, format!(" instance {instance}"));
    }
    if let Some(fault) = fault(record) {
        remarks = remarks.with(TextStyle::Accent, format!(" fault {fault}"));
    }
    if let Some(shown) = &record.late {
        remarks = remarks.with(TextStyle::Warning, format!(" late: {shown}"));
    }
    if record.client_left {
        remarks = remarks.with(TextStyle::Bad, " the client left");
    }
    if let Some(refusal) = record.refused {
        remarks = remarks.with(TextStyle::Bad, format!(" refused: {}", refusal.reason()));
    }
    remarks
}

impl fmt::Display for RequestRecord {
    /// One line, whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Terminal::PLAIN.render(&whole(self)))
    }
}

/// With the whole time, client and path, for a pipe and a file.
fn whole(record: &RequestRecord) -> StyledText {
    let at = record.at.rfc3339_millis();
    let start = format!("{at} {:<15} {:<4} {:<42} ", client(record), record.method, record.path);
    StyledText::plain(start).then(outcome(record, true)).then(remarks(record))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::journal::path;
    use crate::journal::tests::record as usual;
    use crate::model::Timestamp;

    fn record() -> RequestRecord {
        let at = Timestamp::from_millis(1_795_230_851_250);
        RequestRecord {
            number: 7,
            at,
            latency_us: 142,
            ..usual("/latest/meta-data/iam/security-credentials/dev-role")
        }
    }

    fn lines(columns: Option<usize>) -> RequestLines {
        let terminal = Terminal { columns, ..Terminal::PLAIN };
        RequestLines::new(terminal, TimeZone::UTC)
    }

    #[test]
    fn columns_stay_where_they_are_at_any_width() {
        let faulty = RequestRecord {
            ingress: Ingress::Host,
            path: path("/"),
            protocol: Protocol::Token,
            status: None,
            fault: Some(2),
            fault_name: Some("slow".into()),
            instance: Some("web".into()),
            ..record()
        };
        let show = |columns, record: &RequestRecord| {
            let lines = lines(Some(columns));
            lines.terminal.render(&lines.line(record))
        };
        assert_eq!(show(60, &record()), "03:14:11 172.17.0.2   GET  …y-credentials/dev-role v2    200");
        assert_eq!(show(60, &faulty), "03:14:11 host         GET  /                    token   - i…");
        let wide = "03:14:11.250 172.17.0.2      GET  …security-credentials/dev-role v2    200  142 µs";
        assert_eq!(show(82, &record()), wide);
        for columns in [60, 80, 100, 120, 200] {
            for record in [&record(), &faulty] {
                assert_eq!(show(columns, record).chars().count(), columns, "{record:?}");
            }
        }
    }

    #[test]
    fn a_pipe_gets_the_line_whole() {
        let host = RequestRecord { ingress: Ingress::Host, path: path("/latest/meta-data/mac"), ..record() };
        let expected = "2026-11-21T03:14:11.250Z host            GET  /latest/meta-data/mac                      v2    200  142 µs";
        let mut lines = lines(None);
        let terminal = lines.terminal;
        assert_eq!(lines.next(&host, terminal), expected);
    }

    #[test]
    fn an_endpoint_of_containers_stands_where_the_protocol_does() {
        for (endpoint, expected) in [(Service::Ecs, " ecs   200 "), (Service::PodIdentity, " pod   200 ")] {
            let line = RequestRecord { endpoint, protocol: Protocol::V1, ..record() }.to_string();
            assert!(line.contains(expected), "{line}");
        }
    }

    #[test]
    fn the_date_is_shown_when_it_changes() {
        let mut lines = lines(Some(80));
        let terminal = lines.terminal;
        let tomorrow = RequestRecord { at: record().at.plus(Duration::from_hours(24)), ..record() };
        let mut shown = [&record(), &record(), &tomorrow].map(|record| lines.next(record, terminal));
        for line in &mut shown {
            line.truncate(line.find(" 172").unwrap_or_default());
        }
        let expected =
            ["── 2026-11-21, UTC ──\n03:14:11.250", "03:14:11.250", "── 2026-11-22, UTC ──\n03:14:11.250"];
        assert_eq!(shown, expected);
    }
}
