//! `mock-imds status`: the status of the running server.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::thread::sleep;
use std::time::Duration;

use super::follow;
use super::guardian_unit;
use super::print::{print_line, to_json, try_print_line};
use super::server_choice;
use crate::cli::StatusArgs as Args;
use crate::control::ControlClient;
use crate::control::api::{ClockStatus, CredentialStatus, EventStatus, ServiceStatus};
use crate::exit::{self, Failure};

const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);
/// Events and faults that are shown of each kind.
const MAX_ROWS: usize = 20;

pub(crate) fn exec(args: &Args) -> Result<(), Failure> {
    let client = server_choice::client(&args.control)?;
    if args.follow {
        return watch(&client, args.json);
    }
    let status = client.status().map_err(|failure| explain(args, failure))?;
    if args.json {
        let text = serde_json::to_string_pretty(&status)
            .map_err(|error| Failure::new(exit::ExitStatus::Software, error.to_string()))?;
        print_line(&text);
    } else {
        print_line(table(&status).trim_end());
    }
    Ok(())
}

/// Where the packaged service does not run because its guardian refuses this host, starting it again is no help.
fn explain(args: &Args, failure: Failure) -> Failure {
    let reason = match failure.status {
        exit::ExitStatus::Unavailable if args.control.path.is_none() && args.control.server.is_none() => {
            guardian_unit::failure()
        }
        _ => None,
    };
    match reason {
        Some(reason) => Failure { message: format!("no mock-imds server listens: {reason}"), ..failure },
        None => failure,
    }
}

/// Prints the status whenever it has changed, on a terminal over the former one, until nobody reads any more or the server
/// is gone for good.
fn watch(client: &ControlClient, as_json: bool) -> Result<(), Failure> {
    let clear = if io::stdout().is_terminal() && !as_json { "\x1b[H\x1b[2J" } else { "" };
    let mut before = None;
    let mut status = client.status()?;
    loop {
        if before.as_ref() != Some(&status) {
            let text = if as_json { to_json(&status) } else { table(&status) };
            if try_print_line(&format!("{clear}{text}")).is_err() {
                return Ok(());
            }
        }
        before = Some(status);
        sleep(FOLLOW_INTERVAL);
        status = client.status().or_else(|failure| follow::wait_for_server(client, failure))?;
    }
}

fn table(status: &ServiceStatus) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12}{value}");
    };
    let scenario = &status.scenario;
    let file = scenario.file.as_ref().map(|file| file.display().to_string());
    let is_built_in = scenario.file.is_none() && scenario.library.is_none();
    let place = if is_built_in { "built-in".to_owned() } else { scenario.name() };
    row("server", &format!("mock-imds {}, process {}", status.version, status.pid));
    row("since", &status.started_at.rfc3339());
    row("instance", &scenario.instance_id);
    if let Some(node) = &status.node {
        row("node", node);
    }
    let until = if scenario.used { ", until the next reload" } else { "" };
    row("scenario", &format!("{place}{until}"));
    if let Some(fallback) = &scenario.fallback {
        let (name, file) = (fallback.serving.name(), &fallback.file);
        row("", &format!("{name}, because {file} was rejected at the start:"));
        for line in fallback.report.lines() {
            row("", line);
        }
    }
    row("loaded", &scenario.at.rfc3339());
    row("clock", &clock(&status.clock));
    if scenario.warnings > 0 {
        row(
            "warnings",
            &format!("{}, see `mock-imds check {}`", scenario.warnings, file.unwrap_or_default()),
        );
    }
    if let Some(credentials) = &status.credentials {
        row("credentials", &describe_credentials(credentials));
    }
    for (name, events) in [("events", &status.events), ("changes", &status.changes)] {
        for (index, event) in events.iter().take(MAX_ROWS).enumerate() {
            row(if index == 0 { name } else { "" }, &describe_event(event));
        }
        if events.len() > MAX_ROWS {
            row("", &format!("and {} more, see `mock-imds status --json`", events.len() - MAX_ROWS));
        }
    }
    for (index, fault) in status.faults.iter().take(MAX_ROWS).enumerate() {
        let on = if fault.on { "on" } else { "off" };
        let ordered = if fault.fault.is_some() { ", added at run time" } else { "" };
        row(
            if index == 0 { "faults" } else { "" },
            &format!("{on}: {}; {}{ordered}", fault.what, fault.when),
        );
    }
    for (index, instance) in status.instances.iter().filter(|instance| instance.name.is_some()).enumerate() {
        let derive = if instance.derive { ", each its own" } else { "" };
        let name = instance.name.as_deref().unwrap_or_default();
        let nodes = instance.nodes.iter().map(|node| format!("node {node}"));
        let clients: Vec<String> = instance.clients.iter().cloned().chain(nodes).collect();
        let clients = clients.join(", ");
        row(
            if index == 0 { "instances" } else { "" },
            &format!("{name}, {}, for {clients}{derive}", instance.id),
        );
    }
    for (index, listener) in status.listeners.iter().enumerate() {
        let held = if listener.inherited { " (held by the service manager)" } else { "" };
        row(if index == 0 { "listens" } else { "" }, &format!("http://{}/{held}", listener.address));
    }
    match &status.last_reload {
        None => row("reload", "none since the start"),
        Some(verdict) => {
            let word = if verdict.accepted { "accepted" } else { "rejected" };
            let (at, by, message) = (verdict.at.rfc3339(), &verdict.by, &verdict.message);
            row("reload", &format!("{word} {at}, by {by}: {message}"));
        }
    }
    row("requests", &status.requests.to_string());
    text
}

fn clock(clock: &ClockStatus) -> String {
    match clock.paused {
        None => clock.elapsed.clone(),
        Some(paused) => format!("{}, paused since {}", clock.elapsed, paused.rfc3339()),
    }
}

/// `dev-role, from the file /etc/mock-imds/keys.json, until 2026-11-21T03:14:11Z`.
fn describe_credentials(credentials: &CredentialStatus) -> String {
    let CredentialStatus { role, source, place, fetched_at, expires, failed_at, failure } = credentials;
    let source = match (source.as_str(), place) {
        ("file", Some(file)) => format!("from the file {file}"),
        ("process", Some(program)) => format!("from the program {program}"),
        (source, _) => source.to_owned(),
    };
    let keys = match (fetched_at, expires) {
        (_, Some(expires)) => format!(", until {}", expires.rfc3339()),
        (None, None) if place.is_some() && failure.is_none() => ", not there yet".to_owned(),
        (None, None) if place.is_some() => ", none".to_owned(),
        _ => String::new(),
    };
    let failed = failure.as_ref().zip(*failed_at);
    let failed = failed.map(|(why, at)| format!("; FAILED {}: {why}", at.rfc3339()));
    format!("{role}, {source}{keys}{}", failed.unwrap_or_default())
}

fn describe_event(event: &EventStatus) -> String {
    let client = event.client.map(|client| format!("the instance of {client}"));
    let whom = event.instance.clone().or(client).map(|name| format!(" (to {name})")).unwrap_or_default();
    let last = event.last.map(|last| format!("; happened {}", last.rfc3339())).unwrap_or_default();
    let next = event.next.map(|next| format!("; next {}", next.rfc3339())).unwrap_or_default();
    format!("{}: {}{whom}{last}{next}", event.at, event.what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::api::{
        FaultOrigin, FaultStatus, InstanceStatus, ListenerStatus, ReloadStatus, ScenarioStatus,
    };
    use crate::model::Timestamp;

    #[test]
    fn a_status_reads_as_a_table() {
        let at = Timestamp::from_secs(1_795_230_851);
        let listening =
            |address: &str, inherited| ListenerStatus { address: address.parse().unwrap(), inherited };
        let status = ServiceStatus {
            version: "0.1.0".into(),
            pid: 7,
            started_at: at,
            scenario: ScenarioStatus {
                file: Some("/etc/mock-imds/scenario.toml".into()),
                library: None,
                sent: false,
                used: false,
                at,
                instance_id: "i-1234567890abcdef0".into(),
                warnings: 1,
                fallback: None,
            },
            clock: ClockStatus { elapsed: "1m30s".into(), zero: at, paused: Some(at) },
            credentials: Some(CredentialStatus {
                role: "dev-role".into(),
                source: "file".into(),
                place: Some("/etc/mock-imds/keys.json".into()),
                fetched_at: Some(at),
                expires: Some(at),
                failed_at: Some(at),
                failure: Some("/etc/mock-imds/keys.json is empty".into()),
            }),
            events: vec![EventStatus {
                what: "rebalance recommendation: noticed then".into(),
                at: "30s".into(),
                instance: Some("web".into()),
                client: None,
                last: None,
                next: Some(at),
                event: None,
            }],
            changes: vec![],
            faults: vec![FaultStatus {
                name: "injected-1".into(),
                origin: FaultOrigin::Ordered,
                matched: 0,
                left: None,
                what: "503 at meta-data/iam/**".into(),
                when: "until it is cleared".into(),
                on: true,
                fault: Some(serde_json::Value::Null),
            }],
            node: Some("worker-1".into()),
            instances: vec![InstanceStatus {
                name: Some("web".into()),
                id: "i-0fedcba0987654321".into(),
                clients: vec!["host".into(), "10.0.0.0/8".into()],
                nodes: vec!["worker-1".into()],
                derive: true,
            }],
            listeners: vec![listening("169.254.169.254:1690", true), listening("127.0.0.1:1338", false)],
            last_reload: Some(ReloadStatus {
                at,
                by: "SIGHUP".into(),
                accepted: false,
                message: "scenario.toml:1:1: unknown key \"x\"".into(),
            }),
            requests: 12,
        };
        let expected = "\
server      mock-imds 0.1.0, process 7
since       2026-11-21T03:14:11Z
instance    i-1234567890abcdef0
node        worker-1
scenario    /etc/mock-imds/scenario.toml
loaded      2026-11-21T03:14:11Z
clock       1m30s, paused since 2026-11-21T03:14:11Z
warnings    1, see `mock-imds check /etc/mock-imds/scenario.toml`
credentials dev-role, from the file /etc/mock-imds/keys.json, until 2026-11-21T03:14:11Z; FAILED 2026-11-21T03:14:11Z: /etc/mock-imds/keys.json is empty
events      30s: rebalance recommendation: noticed then (to web); next 2026-11-21T03:14:11Z
faults      on: 503 at meta-data/iam/**; until it is cleared, added at run time
instances   web, i-0fedcba0987654321, for host, 10.0.0.0/8, node worker-1, each its own
listens     http://169.254.169.254:1690/ (held by the service manager)
            http://127.0.0.1:1338/
reload      rejected 2026-11-21T03:14:11Z, by SIGHUP: scenario.toml:1:1: unknown key \"x\"
requests    12
";
        assert_eq!(table(&status), expected);
    }
}
