//! The findings as people read them. Pure.

use jiff::tz::TimeZone;

use super::analysis::{Audit, AuditVerdict, ClientAudit, PathCount, times};
use crate::commands::layout::{Row, Value, lay_out};
use crate::model::Timestamp;
use crate::terminal::{StyledText, TextStyle, clock_time};

pub(super) fn lines(
    audit: &Audit,
    columns: Option<usize>,
    now: Timestamp,
    zone: &TimeZone,
) -> Vec<StyledText> {
    if audit.clients.is_empty() {
        return vec![StyledText::plain("no requests have been recorded")];
    }
    let mut lines = Vec::new();
    for client in &audit.clients {
        lines.extend(lay_out(rows(client, now, zone), columns));
        lines.push(StyledText::default());
    }
    let (clients, broken) = (times(audit.clients.len() as u64, "client"), audit.would_break);
    let all = if audit.clients.len() == 1 { "it works" } else { "all work" };
    let summary = match broken {
        0 if audit.unknown > 0 => StyledText::styled(
            TextStyle::Warning,
            format!("nothing is known of {} of {clients}", audit.unknown),
        ),
        0 => StyledText::styled(TextStyle::Good, format!("{clients}: {all} with http-tokens = \"required\"")),
        broken => StyledText::styled(
            TextStyle::Bad,
            format!("{broken} of {clients} would not work with http-tokens = \"required\""),
        ),
    };
    lines.extend(match columns {
        Some(columns) => summary.wrapped(columns),
        None => vec![summary],
    });
    lines
}

fn rows(client: &ClientAudit, now: Timestamp, zone: &TimeZone) -> Vec<Row> {
    let text = |label, text: StyledText| Row(label, vec![Value::text(text)]);
    let instances: Vec<&str> = client.instances.iter().map(String::as_str).collect();
    let instances =
        if instances.is_empty() { String::new() } else { format!(" (instance {})", instances.join(", ")) };
    let name = StyledText::styled(TextStyle::Bold, &client.client).with(TextStyle::Plain, instances);
    let asked = format!("{}, {}", times(client.requests, "request"), span(client, now, zone));
    let (style, verdict) = match client.verdict {
        AuditVerdict::Unknown => (TextStyle::Warning, "unknown"),
        _ if client.would_break => (TextStyle::Bad, "BREAKS with IMDSv2 only"),
        _ => (TextStyle::Good, "works with IMDSv2 only"),
    };
    let verdict = StyledText::styled(style, format!("{verdict}: {}", client.reason));
    let advice = client.advice.iter().map(|advice| Value::Text(StyledText::plain(advice), 0));
    vec![
        text("client", name),
        text("requests", StyledText::plain(asked)),
        text("protocol", protocol(client)),
        Row(
            "tokens",
            tokens(client).map(|words| Value::text(StyledText::plain(words))).into_iter().collect(),
        ),
        Row("no token", counted(&client.v1_paths)),
        Row("in vain", counted(&client.not_found)),
        text("verdict", verdict),
        Row("advice", advice.collect()),
    ]
}

fn span(client: &ClientAudit, now: Timestamp, zone: &TimeZone) -> String {
    let time = |text: &str| text.parse::<jiff::Timestamp>().map(|at| clock_time(at.into(), now, zone));
    match (time(&client.first), time(&client.last)) {
        (Ok(first), Ok(last)) if first == last => first,
        (Ok(first), Ok(last)) => format!("{first} to {last}"),
        _ => String::new(),
    }
}

fn protocol(client: &ClientAudit) -> StyledText {
    let v1 = if client.v1 > 0 { TextStyle::Warning } else { TextStyle::Plain };
    let refused = match client.v1_refused {
        0 => String::new(),
        refused => format!(" ({refused} refused)"),
    };
    StyledText::plain(format!("IMDSv2 {}, ", client.v2)).with(v1, format!("IMDSv1 {}{refused}", client.v1))
}

fn tokens(client: &ClientAudit) -> Option<String> {
    let tokens = &client.tokens;
    if tokens.fetched + tokens.failed + tokens.refused + tokens.ignored == 0 {
        return None;
    }
    let ttls: Vec<String> = tokens.ttls.iter().map(|ttl| format!("{ttl} s")).collect();
    let ttls = if ttls.is_empty() { String::new() } else { format!(" for {}", ttls.join(", ")) };
    let used = match (client.v2, tokens.fetched, client.verdict) {
        (_, 0, _) | (0, _, AuditVerdict::NoToken) => String::new(),
        (0, ..) => ", not used yet".to_owned(),
        (v2, fetched, _) => format!(", used {} each on average", times(v2.div_ceil(fetched), "time")),
    };
    let parts = [
        Some(format!("{} fetched{ttls}{used}", tokens.fetched)),
        (tokens.failed > 0).then(|| format!("{} in vain", times(tokens.failed, "attempt"))),
        (tokens.refused > 0).then(|| format!("{} refused", tokens.refused)),
        (tokens.ignored > 0).then(|| format!("{} not valid, let pass", tokens.ignored)),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

fn counted(paths: &[PathCount]) -> Vec<Value> {
    let line = |PathCount { path, count }: &PathCount| {
        Value::Line(StyledText::styled(TextStyle::Dim, format!("{count:>5} × ")).with(TextStyle::Plain, path))
    };
    paths.iter().map(line).collect()
}
