//! A service that is walked: by the crawler under test, and by one of the tests' own.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use mock_imds::config::SourceText;
use mock_imds::exit::Failure;
use mock_imds::identity::KeyRing;
use mock_imds::imds::DeliveryEnd;
use mock_imds::record::{Crawl, CrawlRequest, CrawlResponse, CrawlStep, ExchangeOutcome};
use mock_imds::scenario;
use mock_imds::transcribe::{Observations, SecretsPolicy, Transcript, transcribe};
use support::{Client, PureService, TOKEN};

pub const RERUN: &str = "rerun: cargo test --test transcribe";
pub const ALL: SecretsPolicy = SecretsPolicy { credentials: true, user_data: true };
/// How long a crawler waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(KeyRing::generate([9; 32])));

/// What every listing and every value below /latest/ answers, by path.
pub type Values = BTreeMap<String, (u16, Vec<u8>)>;

/// Keys that sign nothing that leaves.
pub fn keys() -> Arc<KeyRing> {
    Arc::clone(&KEYS)
}

/// Records a service, on a clock that goes by as it waits.
pub fn record(
    service: &mut PureService,
    client: Client,
    rate: &str,
    keep: SecretsPolicy,
) -> Result<Observations, Failure> {
    let mut crawl = Crawl::new(rate.parse().expect("a rate"), keep);
    loop {
        match crawl.step(service.now) {
            CrawlStep::Wait(span) => service.wait(span),
            CrawlStep::Done => return Ok(crawl.finish()),
            CrawlStep::Request(ask) => {
                let outcome = carry(service, client, &ask);
                crawl.handle_outcome(outcome, service.now)?;
            }
        }
    }
}

/// What a client sees of an answer, and how much time it takes.
fn carry(service: &mut PureService, client: Client, ask: &CrawlRequest) -> ExchangeOutcome {
    let headers: Vec<_> = ask.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = service.reply(client, ask.method.as_str(), &ask.path, &headers);
    let late = reply.delivery.delay + reply.delivery.body_delay;
    match reply.delivery.end {
        DeliveryEnd::Whole if late < PATIENCE => service.wait(late),
        DeliveryEnd::Reset | DeliveryEnd::Truncated => {
            return ExchangeOutcome::Failed("connection reset".into());
        }
        DeliveryEnd::Whole | DeliveryEnd::Silence | DeliveryEnd::Stalled => {
            service.wait(PATIENCE);
            return ExchangeOutcome::Failed("no answer within 10 s".into());
        }
    }
    let header = |name: &str| {
        let (_, value) = reply.headers.iter().find(|(found, _)| found == name)?;
        Some(value.to_str().expect("it is text").to_owned())
    };
    ExchangeOutcome::Response(CrawlResponse {
        status: reply.status.as_u16(),
        legacy: reply.version == hyper::Version::HTTP_10,
        closes: header("connection").as_deref() == Some("close"),
        retry_after: None,
        content_type: header("content-type"),
        date: header("date").map(|date| {
            let date = jiff::fmt::rfc2822::parse(&date).expect("a date of HTTP");
            date.timestamp().into()
        }),
        body: reply.body.to_vec(),
    })
}

/// Writes a scenario and checks what holds for each: it is accepted without a word.
#[track_caller]
pub fn written(seen: Observations, service: &PureService) -> Transcript {
    let transcript = transcribe(seen, "As a test answered.", &KEYS, service.now)
        .unwrap_or_else(|error| panic!("expected a scenario, found: {error}\n{RERUN}"));
    let source = SourceText::new("written.toml", transcript.text.as_str());
    let (_, report) = scenario::read_at(&source, std::path::Path::new(""), Some(service.now))
        .unwrap_or_else(|report| panic!("expected a good scenario, found:\n{report}\n{}", transcript.text));
    assert!(
        report.problems.is_empty(),
        "expected no warning, found:\n{report}\n{}\n{RERUN}",
        transcript.text
    );
    transcript
}

/// The service of a scenario that was written, at the time of another one.
#[track_caller]
pub fn again(transcript: &Transcript, service: &PureService) -> PureService {
    let mut again = PureService::new(&transcript.text);
    again.now = service.now;
    again
}

/// Everything that a service has below /latest/.
pub fn values(service: &mut PureService, client: Client) -> Values {
    let token = service.token(client, "21600");
    let mut values = Values::new();
    let mut open = vec!["/latest/".to_owned()];
    while let Some(path) = open.pop() {
        let reply = service.reply(client, "GET", &encoded(&path), &[(TOKEN, &token)]);
        let (status, body) = (reply.status.as_u16(), reply.body.to_vec());
        if path.ends_with('/') {
            open.extend(String::from_utf8_lossy(&body).lines().map(|line| path.clone() + &next(&path, line)));
        }
        values.insert(path, (status, body));
    }
    values
}

fn encoded(path: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const SENT: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');
    utf8_percent_encode(path, SENT).to_string()
}

/// Where a line of a listing leads.
fn next(path: &str, line: &str) -> String {
    match line.split_once('=') {
        Some((number, _)) if path.ends_with("/public-keys/") => format!("{number}/"),
        _ if path == "/latest/" && line != "user-data" => format!("{line}/"),
        _ => line.to_owned(),
    }
}

/// What values are sent as, by path.
pub fn types(service: &mut PureService, client: Client, values: &Values) -> BTreeMap<String, String> {
    let token = service.token(client, "21600");
    let mut types = BTreeMap::new();
    for path in values.keys() {
        let reply = service.reply(client, "GET", &encoded(path), &[(TOKEN, &token)]);
        let said = reply.headers.iter().find(|(name, _)| name == "content-type");
        types.insert(path.clone(), said.map(|(_, value)| format!("{value:?}")).unwrap_or_default());
    }
    types
}

/// Where two services differ, apart from paths that are excepted; each line says a path and both answers.
pub fn differences(
    expected: &Values,
    found: &Values,
    excepted: impl Fn(&str, &[u8], &[u8]) -> bool,
) -> Vec<String> {
    let shown = |answer: Option<&(u16, Vec<u8>)>| {
        answer.map_or("nothing".to_owned(), |(status, body)| {
            format!("{status} {:?}", String::from_utf8_lossy(body))
        })
    };
    let paths = expected.keys().chain(found.keys().filter(|path| !expected.contains_key(*path)));
    let differs = |path: &&String| {
        let (one, other) = (expected.get(*path), found.get(*path));
        let bodies = [one, other].map(|answer| answer.map_or(&[][..], |(_, body)| body));
        one != other && !excepted(path, bodies[0], bodies[1])
    };
    paths
        .filter(differs)
        .map(|path| {
            format!("{path}: expected {}, found {}", shown(expected.get(path)), shown(found.get(path)))
        })
        .collect()
}

/// Whether two JSON objects differ in `LastUpdated` alone.
pub fn same_but_for_the_time(one: &[u8], other: &[u8]) -> bool {
    let undated = |bytes: &[u8]| {
        let mut value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        value.as_object_mut()?.remove("LastUpdated");
        Some(value)
    };
    undated(one).is_some_and(|one| Some(one) == undated(other))
}
