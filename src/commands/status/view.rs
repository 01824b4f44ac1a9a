//! The view of a status: a label and a value for each thing, as wide as the terminal. Pure.

use super::containers;
use super::network;
use super::rows;
use super::snapshot::Snapshot;
use super::timeline;
use crate::commands::layout::{LABEL, Row, Value, lay_out};
use crate::journal::RequestLines;
use crate::terminal::{StyledText, Terminal};

/// The lines of a status.
pub(super) fn lines(snapshot: &Snapshot, terminal: Terminal) -> Vec<StyledText> {
    let width = terminal.columns.map(|columns| columns - LABEL);
    let rows = [
        rows::server(snapshot),
        rows::instance(snapshot),
        rows::node(snapshot),
        network::addresses(snapshot),
        network::health(snapshot),
        rows::tokens(snapshot),
        rows::scenario(snapshot),
        rows::reload(snapshot),
        rows::warnings(snapshot),
        rows::credentials(snapshot),
        containers::task(snapshot),
        containers::pod(snapshot),
        timeline::row(snapshot, width),
        rows::in_force(snapshot),
        rows::faults(snapshot),
        rows::instances(snapshot),
        rows::requests(snapshot),
        recent(snapshot, terminal),
    ];
    lay_out(rows, terminal.columns)
}

/// All lines, as this terminal shows them.
pub(super) fn text(snapshot: &Snapshot, terminal: Terminal) -> String {
    let lines = lines(snapshot, terminal);
    lines.iter().map(|line| terminal.render(line)).collect::<Vec<_>>().join("\n")
}

/// The last requests, in columns.
fn recent(snapshot: &Snapshot, terminal: Terminal) -> Row {
    let terminal = Terminal { columns: terminal.columns.map(|columns| columns - LABEL), ..terminal };
    let mut lines = RequestLines::new(terminal, snapshot.zone.clone()).after(snapshot.now);
    let dated = snapshot.recent.iter().flat_map(|record| {
        let heading = lines.heading(record);
        heading.into_iter().chain([lines.line(record)]).map(Value::Line)
    });
    Row("last", dated.collect())
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use jiff::tz::{TimeZone, offset};

    use super::*;
    use crate::control::api::{
        ClockStatus, CredentialStatus, EventStatus, FaultOrigin, FaultStatus, InForceStatus, InstanceFacts,
        InstanceStatus, ListenerStatus, ReloadStatus, ScenarioStatus, ServiceStatus,
    };
    use crate::journal::{RequestCounts, RequestRecord};
    use crate::model::Timestamp;

    /// 2026-11-21T03:14:11Z.
    pub(in super::super) const NOW: Timestamp = Timestamp::from_secs(1_795_230_851);

    fn ago(seconds: u64) -> Timestamp {
        NOW.before(Duration::from_secs(seconds))
    }

    fn later(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn event(what: &str, at: &str, last: Option<Timestamp>, next: Option<Timestamp>) -> EventStatus {
        EventStatus {
            what: what.into(),
            at: at.into(),
            instance: None,
            client: None,
            last,
            next,
            due_ms: next.map(|next| next.since(ago(72)).as_millis().try_into().unwrap()),
            event: None,
        }
    }

    fn facts() -> InstanceFacts {
        InstanceFacts {
            instance_type: "m5.xlarge".into(),
            availability_zone: "us-east-1a".into(),
            life_cycle: "spot".into(),
            http_tokens: "optional".into(),
            http_put_response_hop_limit: 2,
            http_endpoint: "enabled".into(),
        }
    }

    /// A status with something in each row.
    pub(in super::super) fn snapshot() -> Snapshot {
        let listening = |address: &str, inherited| ListenerStatus {
            address: address.parse().unwrap(),
            endpoint: None,
            inherited,
        };
        let instance = |name: Option<&str>, id: &str| InstanceStatus {
            name: name.map(str::to_owned),
            id: id.into(),
            clients: vec![],
            nodes: vec![],
            derive: false,
            task: None,
            pod: None,
            facts: facts(),
        };
        let record = r#"{"number":7,"at":"2026-11-21T03:14:09.250Z","client":"172.18.0.3","ingress":"bridge","method":"GET","path":"/latest/meta-data/iam/security-credentials/dev-role","version":"v2","status":200,"latency_us":142,"fault":null,"instance":null}"#;
        let record: RequestRecord = serde_json::from_str(record).unwrap();
        let status = ServiceStatus {
            version: "0.1.0".into(),
            pid: 7,
            started_at: ago(7300),
            scenario: ScenarioStatus {
                file: Some("/etc/mock-imds/scenario.toml".into()),
                library: None,
                sent: false,
                used: false,
                at: ago(72),
                instance_id: "i-1234567890abcdef0".into(),
                warnings: 1,
                problems: vec![],
                fallback: None,
            },
            clock: ClockStatus { elapsed: "1m12s".into(), elapsed_ms: 72_000, zero: ago(72), paused: None },
            events: vec![
                event("rebalance recommendation: noticed 2026-11-21T03:13:29Z", "30s", Some(ago(42)), None),
                event("spot interruption: terminate 2m later", "1m30s", None, Some(later(18))),
                event("clear: all", "3m30s", None, Some(later(138))),
            ],
            changes: vec![],
            faults: vec![FaultStatus {
                name: "iam-down".into(),
                origin: FaultOrigin::Ordered,
                matched: 12,
                left: None,
                what: "503 at meta-data/iam/**".into(),
                when: "from 1m on for 5m".into(),
                on: true,
                hits: 12,
                begins: Some(ago(12)),
                ends: Some(later(288)),
                fault: Some(serde_json::Value::Null),
            }],
            in_force: vec![InForceStatus {
                what: "rebalance-recommendation".into(),
                text: "noticed".into(),
                at: Some(ago(42)),
                instance: None,
                client: None,
            }],
            credentials: Some(CredentialStatus {
                role: "dev-role".into(),
                source: "generated".into(),
                place: None,
                fetched_at: None,
                expires: Some(later(18_600)),
                state: None,
                failed_at: None,
                failure: None,
            }),
            node: None,
            instances: vec![
                instance(None, "i-1234567890abcdef0"),
                InstanceStatus {
                    clients: vec!["10.0.0.0/8".into()],
                    derive: true,
                    ..instance(Some("web"), "i-0fedcba0987654321")
                },
            ],
            listeners: vec![listening("127.0.0.1:1338", false)],
            last_reload: Some(ReloadStatus {
                at: ago(20),
                by: "process 218 of user 997".into(),
                accepted: false,
                message: "scenario.toml:1:1: unknown key \"x\"".into(),
            }),
            requests: 226,
            request_counts: RequestCounts {
                v1: 24,
                v2: 190,
                token: 12,
                refused: 3,
                not_found: 5,
                ..RequestCounts::default()
            },
        };
        let zone = TimeZone::fixed(offset(1));
        Snapshot { status, guardian: None, unapplied: None, recent: vec![record], now: NOW, zone }
    }

    pub(in super::super) fn shown(snapshot: &Snapshot, columns: Option<usize>) -> String {
        let terminal = Terminal { columns, ..Terminal::PLAIN };
        text(snapshot, terminal)
    }

    #[test]
    fn a_glance_at_80_columns() {
        let expected = "\
server      mock-imds 0.1.0, process 7, up 2 h 1 min
instance    i-1234567890abcdef0, m5.xlarge in us-east-1a, spot
address     http://127.0.0.1:1338/ for this host
tokens      optional: IMDSv1 and IMDSv2; hop limit 2
scenario    /etc/mock-imds/scenario.toml, loaded 1 min ago, 04:12:59
            (03:12:59 UTC)
reload      REJECTED 20 s ago, by process 218 of user 997: scenario.toml:1:1:
            unknown key \"x\"
warnings    1, see `mock-imds check /etc/mock-imds/scenario.toml`
credentials dev-role, generated, expire in 5 h 10 min
timeline    1 min 12 s since the load
            0 ━━━━━━━●━━━━━━━━▼───○─────────────────────────○ 3 min 30 s
            ● 42 s ago (30 s): rebalance recommendation: noticed 04:13:29
              (03:13:29 UTC)
            ○ in 18 s (1 min 30 s): spot interruption: terminate 2m later
            ○ in 2 min 18 s (3 min 30 s): clear: all
in force    rebalance recommendation: noticed 04:13:29 (03:13:29 UTC), 42 s ago
faults      on  iam-down: 503 at meta-data/iam/**; hit 12 times; 4 min 48 s
              left, added at run time
instances   web, i-0fedcba0987654321, for 10.0.0.0/8, each its own
requests    226: 190 v2, 24 v1, 12 for tokens; 3 refused, 5 not found; the last
            1 s ago
last        04:14:09 172.18.0.3   GET  …/security-credentials/dev-role v2    200";
        let found = shown(&snapshot(), Some(80));
        assert_eq!(found, expected, "\n{found}");
    }

    #[test]
    fn only_other_days_are_dated() {
        let mut snapshot = snapshot();
        let mut early = snapshot.recent[0].clone();
        early.at = ago(2 * 86_400);
        snapshot.recent.insert(0, early);
        let found = shown(&snapshot, Some(80));
        let last: Vec<&str> = found.lines().skip_while(|line| !line.starts_with("last ")).collect();
        assert_eq!(last[0], "last        ── 2026-11-19, UTC+01:00 ──", "{found}");
        assert_eq!(last.len(), 4, "a date for each of the two days:\n{found}");
        snapshot.recent.remove(0);
    }

    #[test]
    fn the_advice_about_warnings_can_be_typed() {
        let row = |file: Option<&str>, sent| {
            let mut snapshot = snapshot();
            snapshot.status.scenario.file = file.map(Into::into);
            snapshot.status.scenario.sent = sent;
            let found = shown(&snapshot, None);
            found.lines().find(|line| line.starts_with("warnings")).map(str::to_owned)
        };
        assert_eq!(row(Some("/a b"), false).unwrap(), "warnings    1, see `mock-imds check '/a b'`");
        assert_eq!(row(Some("/a"), true).unwrap(), "warnings    1");
        assert_eq!(row(None, false).unwrap(), "warnings    1");
    }

    #[test]
    fn every_line_fits_and_no_word_is_broken() {
        let snapshot = snapshot();
        let whole = shown(&snapshot, None);
        for columns in [40, 60, 80, 120, 200] {
            let found = shown(&snapshot, Some(columns));
            for line in found.lines() {
                assert!(line.chars().count() <= columns, "{columns}: {line:?} is {}", line.chars().count());
            }
            let words = found.split_whitespace().filter(|word| !word.contains(['…', '━', '─', '●', '○']));
            for word in words.filter(|word| !word.contains(':')) {
                assert!(whole.contains(word), "{columns}: {word:?} is no word of\n{whole}");
            }
        }
    }
}
