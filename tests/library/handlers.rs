//! Clients that watch for notices, as far as the service can tell them from the originals.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::fmt::strtime;
use serde_json::Value;
use support::{Answer, Client, LOADED, PureService, TOKEN, TTL, shipped};

/// Something that a handler acts on: what, and how it tells two of them apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// "spot terminate", "maintenance system-reboot", …
    pub what: String,
    /// What the original hashes into the id of its event.
    pub id: String,
}

/// A poller like aws-node-termination-handler in IMDS mode.
///
/// Source: aws/aws-node-termination-handler, `pkg/ec2metadata/ec2metadata.go` and `pkg/monitor/`. An IMDSv2 token
/// of an hour, renewed when an answer says that 15 seconds or less remain; a 401 throws the token away and asks
/// once more, with the old header beside the new one.
#[derive(Default)]
pub struct TerminationHandler {
    token: Option<String>,
    /// What the last answer said.
    remaining: u32,
    /// How often it asked for a token.
    pub granted: u32,
}

impl TerminationHandler {
    /// One that has a token from elsewhere.
    pub fn with_token(token: &str) -> Self {
        Self { token: Some(token.to_owned()), remaining: 3600, granted: 0 }
    }

    fn request(&mut self, service: &mut PureService, path: &str) -> Result<Answer, String> {
        let mut tokens: Vec<String> = vec![];
        let mut answer = None;
        for _ in 0..2 {
            if self.token.is_none() || self.remaining <= 15 {
                self.renew(service)?;
            }
            tokens.extend(self.token.clone());
            let headers: Vec<_> = tokens.iter().map(|token| (TOKEN, token.as_str())).collect();
            let got = answer.insert(service.ask(Client::HOST, "GET", path, &headers));
            if got.status != 401 {
                break;
            }
            self.token = None;
            self.remaining = 0;
        }
        let answer = answer.expect("it asked at least once");
        match seconds(&answer) {
            Some(seconds) => self.remaining = seconds,
            None if answer.status == 200 => {
                return Err(format!("GET {path}: 200 without the token's lifetime"));
            }
            None => {}
        }
        Ok(answer)
    }

    /// A refusal lets the original go on without a token.
    fn renew(&mut self, service: &mut PureService) -> Result<(), String> {
        let answer = service.ask(Client::HOST, "PUT", "/latest/api/token", &[(TTL, "3600")]);
        self.token = None;
        if answer.status == 200 {
            self.remaining = seconds(&answer).ok_or("a token without its lifetime")?;
            self.token = Some(answer.body);
            self.granted += 1;
        }
        Ok(())
    }

    /// What is pending, by all its monitors. An error is what it would log and count as one.
    pub fn poll(&mut self, service: &mut PureService) -> Result<BTreeSet<Notice>, String> {
        let mut notices = BTreeSet::new();
        if let Some(body) = self.pending(service, "spot/instance-action")? {
            let action: Value = serde_json::from_str(&body).map_err(|error| format!("{body}: {error}"))?;
            let (action, time) = (text(&action, "action")?, text(&action, "time")?);
            time.parse::<jiff::Timestamp>().map_err(|error| format!("{time}: {error}"))?;
            notices.insert(Notice { what: format!("spot {action}"), id: body });
        }
        if let Some(body) = self.pending(service, "events/recommendations/rebalance")? {
            let notice: Value = serde_json::from_str(&body).map_err(|error| format!("{body}: {error}"))?;
            text(&notice, "noticeTime")?;
            notices.insert(Notice { what: "rebalance".into(), id: body });
        }
        if let Some(body) = self.pending(service, "autoscaling/target-lifecycle-state")?
            && body == "Terminated"
        {
            notices.insert(Notice { what: "scale in".into(), id: body });
        }
        notices.extend(self.scheduled(service)?);
        Ok(notices)
    }

    /// 404: nothing is pending.
    fn pending(&mut self, service: &mut PureService, leaf: &str) -> Result<Option<String>, String> {
        let answer = self.request(service, &format!("/latest/meta-data/{leaf}"))?;
        match answer.status {
            404 => Ok(None),
            200 => Ok(Some(answer.body)),
            status => Err(format!("{leaf}: {status}")),
        }
    }

    /// Always 200, with an array.
    fn scheduled(&mut self, service: &mut PureService) -> Result<BTreeSet<Notice>, String> {
        let answer = self.request(service, "/latest/meta-data/events/maintenance/scheduled")?;
        if answer.status != 200 {
            return Err(format!("scheduled: {}", answer.status));
        }
        let events: Vec<Value> =
            serde_json::from_str(&answer.body).map_err(|error| format!("{}: {error}", answer.body))?;
        let mut notices = BTreeSet::new();
        for event in events {
            let date = text(&event, "NotBefore")?;
            strtime::parse("%d %b %Y %H:%M:%S GMT", date).map_err(|error| format!("{date}: {error}"))?;
            let (code, id) = (text(&event, "Code")?, text(&event, "EventId")?);
            if !matches!(text(&event, "State")?, "canceled" | "completed") {
                notices.insert(Notice { what: format!("maintenance {code}"), id: id.to_owned() });
            }
        }
        Ok(notices)
    }

    /// What it knows of its node from the start.
    pub fn node(&mut self, service: &mut PureService) -> Result<Vec<String>, String> {
        let document = self.request(service, "/latest/dynamic/instance-identity/document")?.body;
        let document: Value =
            serde_json::from_str(&document).map_err(|error| format!("{document}: {error}"))?;
        let mut node = vec![];
        for key in ["accountId", "instanceId", "instanceType", "privateIp", "availabilityZone", "region"] {
            node.push(text(&document, key)?.to_owned());
        }
        for leaf in ["instance-life-cycle", "local-hostname", "public-hostname", "public-ipv4"] {
            node.push(self.request(service, &format!("/latest/meta-data/{leaf}"))?.body);
        }
        Ok(node)
    }
}

fn seconds(answer: &Answer) -> Option<u32> {
    answer.ttl.as_ref()?.parse().ok()
}

fn text<'v>(value: &'v Value, key: &str) -> Result<&'v str, String> {
    value[key].as_str().ok_or_else(|| format!("no {key} in {value}"))
}

/// A poller like kube-spot-termination-notice-handler: no token, and any 200 is a notice, whatever its body.
///
/// Source: kube-aws/kube-spot-termination-notice-handler, `entrypoint.sh`.
pub fn kube_spot_sees_a_notice(service: &mut PureService) -> bool {
    service.ask(Client::HOST, "GET", "/latest/meta-data/spot/termination-time", &[]).status == 200
}

/// The times of polls, every so often from 0 on, as offsets.
pub fn every(period: u64, end: u64) -> impl Iterator<Item = Duration> {
    (0..=end / period).map(move |n| Duration::from_secs(n * period))
}

/// How often aws-node-termination-handler polls.
pub const NTH: u64 = 2;

/// How often kube-spot-termination-notice-handler polls.
pub const KUBE_SPOT: u64 = 5;

/// A notice from its first to its last poll, both as offsets in seconds.
pub type Seen = (String, u64, u64);

/// What aws-node-termination-handler sees of a scenario. A notice whose id changes counts as another one.
pub fn watched(name: &str, end: u64) -> Vec<Seen> {
    let mut service = shipped(name);
    let mut handler = TerminationHandler::default();
    let mut seen: Vec<(Notice, u64, u64)> = vec![];
    for offset in every(NTH, end) {
        service.now = LOADED.plus(offset);
        let notices = handler.poll(&mut service).unwrap_or_else(|error| {
            panic!("{name} at {offset:?}: {error}\nrerun: cargo test --test library")
        });
        let now = offset.as_secs();
        for notice in notices {
            // One that was not there at the last poll has come back, and is another one.
            match seen.iter_mut().find(|(known, _, last)| *known == notice && last.saturating_add(NTH) >= now)
            {
                Some((.., last)) => *last = now,
                None => seen.push((notice, now, now)),
            }
        }
    }
    seen.into_iter().map(|(notice, first, last)| (notice.what, first, last)).collect()
}

/// When kube-spot-termination-notice-handler sees a notice: the offsets of all such polls.
pub fn kube_spot(name: &str, end: u64) -> Vec<u64> {
    let mut service = shipped(name);
    let mut sees = |offset: &Duration| {
        service.now = LOADED.plus(*offset);
        kube_spot_sees_a_notice(&mut service)
    };
    every(KUBE_SPOT, end).filter(|offset| sees(offset)).map(|offset| offset.as_secs()).collect()
}
