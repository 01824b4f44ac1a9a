//! The page without scripts: status, timeline and tree, as they are when somebody asks. Nothing can be changed there.

use std::time::Duration;

use super::html::Html;
use super::state::ViewState;
use super::upstream;
use crate::clock;
use crate::control::api::{
    ClockStatus, EventStatus, HiddenValue, ListedPath, STATUS, ServiceStatus, ShownContent, TREE, TreeListing,
};
use crate::host::status::GuardianStatus;
use crate::model::Timestamp;
use crate::terminal::{ago, spoken, time_left};

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>mock-imds, plain</title>\
    <link rel=\"icon\" href=\"/icon.svg\"><link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\
    <header><h1>mock-imds</h1><p><a href=\"/plain\">Read again</a> · <a href=\"/\">With scripts</a></p></header>\n\
    <main id=\"content\">\n";

pub(super) async fn page(state: &ViewState) -> String {
    let mut html = Html::default();
    html.markup(HEAD);
    match upstream::get::<ServiceStatus>(state, STATUS).await {
        Ok(found) => {
            let now = clock::now();
            status(&mut html, &found, upstream::guardian(state).as_ref(), now);
            timeline(&mut html, &found, now);
            faults(&mut html, &found);
            instances(&mut html, &found);
            tree(&mut html, upstream::get::<TreeListing>(state, TREE).await);
        }
        Err(error) => {
            html.markup("<section class=\"alert\">").element("p", error).markup("</section>");
        }
    }
    html.markup("</main></body></html>\n");
    html.into_text()
}

fn status(html: &mut Html, status: &ServiceStatus, guardian: Option<&GuardianStatus>, now: Timestamp) {
    html.markup("<section class=\"panel wide\"><h2>Status</h2><dl>");
    let scenario = &status.scenario;
    html.term(
        "Server",
        format_args!("mock-imds {}, started {}", status.version, ago(status.started_at, now)),
    );
    let addresses: Vec<String> =
        status.listeners.iter().map(|listener| format!("http://{}/", listener.address)).collect();
    html.term("Address", addresses.join(" "));
    html.term("Scenario", format_args!("{}, loaded {}", scenario.name(), ago(scenario.at, now)));
    if let Some(fallback) = &scenario.fallback {
        html.term("Rejected", &fallback.report);
    }
    if let Some(reload) = status.last_reload.as_ref().filter(|reload| !reload.accepted) {
        html.term("Reload", format_args!("REJECTED {}: {}", ago(reload.at, now), reload.message));
    }
    for item in &status.in_force {
        let whom = item.instance.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        html.term("In force", format_args!("{}: {}{whom}", item.what, item.text));
    }
    let counts = &status.request_counts;
    let words = format!(
        "{} v1, {} v2, {} for a token, {} refused",
        counts.v1, counts.v2, counts.token, counts.refused
    );
    html.term("Requests", words);
    let host = match guardian {
        None => "no guardian runs".to_owned(),
        Some(guardian) => guardian.headline(),
    };
    html.term("Host", host).markup("</dl></section>\n");
}

fn timeline(html: &mut Html, status: &ServiceStatus, now: Timestamp) {
    html.markup("<section class=\"panel wide\"><h2>Timeline</h2>");
    let paused = if status.clock.paused.is_some() { ", paused" } else { "" };
    html.element("p", format_args!("The scenario's clock is at {}{paused}.", status.clock.elapsed));
    html.table(&["When", "What", "At"]);
    for event in status.events.iter().chain(&status.changes) {
        html.row(&[&when(event, &status.clock, now), &event.what, &event.at]);
    }
    html.end_table().markup("</section>\n");
}

fn when(event: &EventStatus, clock: &ClockStatus, now: Timestamp) -> String {
    let past = event.last.map(|last| ago(last, now));
    let coming = match (event.next, event.due_ms) {
        (_, Some(due)) if clock.paused.is_some() => {
            let left = Duration::from_millis(due.saturating_sub(clock.elapsed_ms));
            Some(format!("{} after the pause", spoken(left)))
        }
        (next, _) => next.map(|next| time_left(next, now)),
    };
    let words: Vec<String> = past.into_iter().chain(coming).collect();
    if words.is_empty() { "waits".to_owned() } else { words.join(", again ") }
}

fn faults(html: &mut Html, status: &ServiceStatus) {
    html.markup("<section class=\"panel wide\"><h2>Faults</h2>")
        .table(&["Name", "State", "What", "When", "Hits"]);
    for fault in &status.faults {
        let on = if fault.on { "on" } else { "off" };
        html.row(&[&fault.name, &on, &fault.what, &fault.when, &fault.hits]);
    }
    html.end_table().markup("</section>\n");
}

fn instances(html: &mut Html, status: &ServiceStatus) {
    html.markup("<section class=\"panel wide\"><h2>Instances</h2>")
        .table(&["Name", "Id", "Type", "Zone", "Tokens", "Clients"]);
    for instance in &status.instances {
        let (name, facts) = (instance.name.as_deref().unwrap_or("[instance]"), &instance.facts);
        let clients = instance.clients.join(", ");
        html.row(&[
            &name,
            &instance.id,
            &facts.instance_type,
            &facts.availability_zone,
            &facts.http_tokens,
            &clients,
        ]);
    }
    html.end_table().markup("</section>\n");
}

fn tree(html: &mut Html, tree: Result<TreeListing, String>) {
    html.markup("<section class=\"panel wide\"><h2>Tree</h2>");
    match tree {
        Ok(tree) => {
            html.table(&["Path", "Value"]);
            for entry in &tree.paths {
                html.row(&[&entry.path, &value(entry)]);
            }
            html.end_table();
        }
        Err(error) => _ = html.element("p", error),
    }
    html.markup("</section>\n");
}

fn value(entry: &ListedPath) -> &str {
    match (&entry.content, entry.hidden) {
        (Some(ShownContent::Text(text) | ShownContent::Bytes(text)), _) => text,
        (None, Some(HiddenValue::Secret)) => "(hidden, because it may be a secret)",
        (None, Some(HiddenValue::Large)) => "(not shown, because it is large)",
        (None, _) => "(a signature of the document)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_told_until_a_scenario_is_accepted() {
        let now = Timestamp::from_secs(1_795_230_851);
        let shown = |reload: serde_json::Value, fallback: serde_json::Value| {
            let found = serde_json::json!({
                "version": "0.1.0", "pid": 7, "started_at": now.rfc3339(), "requests": 0, "listeners": [],
                "scenario": {
                    "loaded_at": now.rfc3339(), "instance_id": "i-1", "warnings": 0, "file": "/s.toml",
                    "fallback": fallback,
                },
                "last_reload": reload,
            });
            let mut html = Html::default();
            status(&mut html, &serde_json::from_value(found).expect("a status"), None, now);
            html.into_text()
        };
        let reload = |accepted: bool| serde_json::json!({"at": now.rfc3339(), "by": "SIGHUP", "accepted": accepted, "message": "s.toml:2: x"});
        let null = serde_json::Value::Null;
        let served = format!("<dt>Scenario</dt><dd>/s.toml, loaded {}</dd>", ago(now, now));
        let rejected = format!("<dt>Reload</dt><dd>REJECTED {}: s.toml:2: x</dd>", ago(now, now));
        for (reload, expected) in [(null.clone(), false), (reload(true), false), (reload(false), true)] {
            let found = shown(reload, null.clone());
            assert!(
                found.contains(&served) && found.contains("<dt>Host</dt><dd>no guardian runs</dd>"),
                "{found}"
            );
            assert_eq!(found.contains(&rejected), expected, "{found}");
            assert!(!found.contains("<dt>Rejected</dt>"), "{found}");
        }
        let fallback = serde_json::json!({"serving": "last-good", "file": "/s.toml", "message": "x", "report": "s.toml:2: y"});
        assert!(shown(null, fallback).contains("<dt>Rejected</dt><dd>s.toml:2: y</dd>"));
    }

    #[test]
    fn an_event_has_come_comes_or_waits() {
        let now = Timestamp::from_secs(1_795_230_851);
        let at = |seconds: i64| now.shifted(jiff::SignedDuration::from_secs(seconds));
        let event = |last: Option<i64>, next: Option<i64>, due_ms| EventStatus {
            what: "x".into(),
            at: "1m".into(),
            instance: None,
            client: None,
            last: last.map(at),
            next: next.map(at),
            due_ms,
            event: None,
        };
        let clock = |paused: bool| ClockStatus {
            elapsed: "30s".into(),
            elapsed_ms: 30_000,
            zero: at(-30),
            paused: paused.then_some(now),
        };
        let ten = event(None, Some(10), Some(40_000));
        let in_ten = time_left(at(10), now);
        assert_eq!(when(&ten, &clock(false), now), in_ten);
        assert_eq!(
            when(&ten, &clock(true), now),
            format!("{} after the pause", spoken(Duration::from_secs(10)))
        );
        let again = event(Some(-10), Some(10), Some(40_000));
        assert_eq!(when(&again, &clock(false), now), format!("{}, again {in_ten}", ago(at(-10), now)));
        assert_eq!(when(&event(Some(-10), None, None), &clock(true), now), ago(at(-10), now));
        assert_eq!(when(&event(None, None, None), &clock(false), now), "waits");
    }
}
