//! What the requests of a client tell about it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::imds::Protocol;
use crate::journal::{RequestRecord, client};
use crate::model::Timestamp;

/// Paths that are listed of each kind.
const LISTED: usize = 5;
/// Fewer tokens are no habit.
const HABIT: u64 = 3;

/// The findings about all clients: those first that would break, then those with the most requests.
#[derive(Debug, Serialize)]
pub(super) struct Audit {
    pub(super) requests: usize,
    /// The clients that would not work with `http-tokens = "required"`.
    pub(super) would_break: usize,
    /// The clients of which nothing is known: each of their requests was refused for another reason than its token.
    pub(super) unknown: usize,
    pub(super) clients: Vec<ClientAudit>,
}

/// The findings about a client.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct ClientAudit {
    /// The address, or `host` for the processes of this host, which can't be told apart.
    pub(super) client: String,
    /// The named instances that it was served.
    pub(super) instances: BTreeSet<String>,
    pub(super) requests: u64,
    /// RFC 3339.
    pub(super) first: String,
    pub(super) last: String,
    /// Requests without a token.
    pub(super) v1: u64,
    /// Of them those that got 401.
    pub(super) v1_refused: u64,
    /// Requests with a token.
    pub(super) v2: u64,
    pub(super) tokens: TokenUse,
    /// What it asked for without a token and was not refused.
    pub(super) v1_paths: Vec<PathCount>,
    /// What it asked for in vain: 404.
    pub(super) not_found: Vec<PathCount>,
    pub(super) verdict: AuditVerdict,
    /// True if it would not work with `http-tokens = "required"`.
    pub(super) would_break: bool,
    /// One sentence.
    pub(super) reason: String,
    /// What to do; empty if there is nothing.
    pub(super) advice: Vec<String>,
}

/// How a client uses tokens.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct TokenUse {
    /// Tokens that it got.
    pub(super) fetched: u64,
    /// Requests for a token that got none.
    pub(super) failed: u64,
    /// Requests with a token that got 401.
    pub(super) refused: u64,
    /// Requests with a token that was not valid and that the scenario let pass.
    pub(super) ignored: u64,
    /// The lifetimes that it asked for, in seconds.
    pub(super) ttls: BTreeSet<u32>,
}

/// A path, and how often it was asked for.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct PathCount {
    pub(super) path: String,
    pub(super) count: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AuditVerdict {
    /// It always has a token.
    V2Only,
    /// It tries without a token, is refused, and gets one.
    V2AfterRefusal,
    /// Some of its requests have no token, or none that is valid, and are answered.
    Mixed,
    /// It never has a token.
    V1Only,
    /// It gets no token, or none that is accepted.
    NoToken,
    /// All of its requests were refused for another reason than a token.
    Unknown,
}

impl Audit {
    pub(super) fn of(records: &[RequestRecord]) -> Self {
        let mut by_client: BTreeMap<String, Vec<&RequestRecord>> = BTreeMap::new();
        for record in records {
            by_client.entry(client(record).into_owned()).or_default().push(record);
        }
        let mut clients: Vec<ClientAudit> =
            by_client.into_iter().map(|(name, records)| ClientAudit::of(name, &records)).collect();
        clients.sort_by_key(|client| (!client.would_break, std::cmp::Reverse(client.requests)));
        let would_break = clients.iter().filter(|client| client.would_break).count();
        let unknown = clients.iter().filter(|client| client.verdict == AuditVerdict::Unknown).count();
        Self { requests: records.len(), would_break, unknown, clients }
    }
}

impl ClientAudit {
    /// There is at least one record.
    fn of(client: String, records: &[&RequestRecord]) -> Self {
        let count = |which: &dyn Fn(&RequestRecord) -> bool| {
            records.iter().filter(|record| which(record)).count() as u64
        };
        let is_v1 = |record: &RequestRecord| record.protocol == Protocol::V1;
        let is_refused = |record: &RequestRecord| record.status == Some(401);
        // Its Host, its Origin or a disabled endpoint, with a token as without one: that tells nothing about tokens.
        let is_served = |record: &RequestRecord| {
            !is_refused(record) && record.status != Some(403) && record.refused.is_none()
        };
        let is_open = |record: &RequestRecord| is_v1(record) && is_served(record);
        let is_v2 = |record: &RequestRecord| record.protocol == Protocol::V2;
        // The token decides, not what became of the request: a scenario may let a bad one pass, and a fault reject a good one.
        let is_good = |record: &RequestRecord| {
            let rejected_by_fault = is_refused(record) && record.fault.is_some();
            !record.invalid_token && (is_served(record) || rejected_by_fault)
        };
        let accepted = count(&|record| is_v2(record) && is_good(record));
        let of_tokens = |record: &RequestRecord| record.protocol == Protocol::Token;
        let fetched = |record: &RequestRecord| of_tokens(record) && record.status == Some(200);
        let tokens = TokenUse {
            fetched: count(&fetched),
            failed: count(&|record| of_tokens(record) && record.status != Some(200)),
            refused: count(&|record| is_v2(record) && is_refused(record)),
            ignored: count(&|record| is_v2(record) && record.invalid_token && is_served(record)),
            ttls: records
                .iter()
                .filter(|record| fetched(record))
                .filter_map(|record| record.token_ttl)
                .collect(),
        };
        let time = |at: Option<Timestamp>| at.unwrap_or_default().rfc3339();
        let mut audit = Self {
            client,
            instances: records
                .iter()
                .filter_map(|record| record.instance.as_deref().map(str::to_owned))
                .collect(),
            requests: records.len() as u64,
            first: time(records.iter().map(|record| record.at).min()),
            last: time(records.iter().map(|record| record.at).max()),
            v1: count(&is_v1),
            v1_refused: count(&|record| is_v1(record) && is_refused(record)),
            v2: count(&is_v2),
            tokens,
            v1_paths: paths(records, &is_open),
            not_found: paths(records, &|record| record.status == Some(404)),
            verdict: AuditVerdict::V2Only,
            would_break: false,
            reason: String::new(),
            advice: vec![],
        };
        audit.judge(count(&is_open), accepted);
        audit
    }

    /// So many requests were answered without a token, and with one.
    fn judge(&mut self, open: u64, accepted: u64) {
        let total = self.requests;
        let ignored = self.tokens.ignored;
        (self.verdict, self.reason) = match (open, accepted) {
            (0, accepted) if ignored > 0 => {
                let verb = if ignored == 1 { "has" } else { "have" };
                let requests = times(total, "request");
                let reason = format!(
                    "{ignored} of its {requests} {verb} a token that is not valid, which this scenario lets pass"
                );
                (if accepted == 0 { AuditVerdict::NoToken } else { AuditVerdict::Mixed }, reason)
            }
            (0, 0) if self.tokens.fetched == 0 && self.tokens.failed > 0 => (
                AuditVerdict::NoToken,
                format!("none of its {} for a token got one", times(self.tokens.failed, "request")),
            ),
            (0, 0) if self.v1_refused > 0 && self.tokens.fetched == 0 => {
                (AuditVerdict::V1Only, "it never has a token, and is refused already".to_owned())
            }
            (0, 0) if self.tokens.refused > 0 && self.tokens.fetched == 0 => {
                (AuditVerdict::NoToken, "it fetches no token, and those that it has are refused".to_owned())
            }
            (0, 0) if self.tokens.fetched == 0 => (
                AuditVerdict::Unknown,
                "all of its requests were refused, but not for want of a token".to_owned(),
            ),
            (0, _) if self.v1_refused > 0 => {
                (AuditVerdict::V2AfterRefusal, "it gets a token once it is refused without one".to_owned())
            }
            (0, _) if self.v1 > 0 => {
                (AuditVerdict::V2Only, "none of its requests without a token was answered".to_owned())
            }
            (0, _) => (AuditVerdict::V2Only, "it always has a token".to_owned()),
            (open, 0) => {
                let failed = match self.tokens.failed {
                    0 => String::new(),
                    failed => format!(": {} for a token failed", times(failed, "request")),
                };
                let verb = if open == 1 { "has" } else { "have" };
                (
                    AuditVerdict::V1Only,
                    format!(
                        "{open} of its {} {verb} no token, and none has one{failed}",
                        times(total, "request")
                    ),
                )
            }
            (open, _) => {
                let verb = if open == 1 { "has" } else { "have" };
                (AuditVerdict::Mixed, format!("{open} of its {} {verb} no token", times(total, "request")))
            }
        };
        self.would_break =
            matches!(self.verdict, AuditVerdict::Mixed | AuditVerdict::V1Only | AuditVerdict::NoToken);
        self.advice = self.advice();
    }

    fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        if self.tokens.failed > 0 {
            advice.push(
                "a request for a token is a PUT with X-aws-ec2-metadata-token-ttl-seconds from 1 to 21600; in a container \
                 its response needs http-put-response-hop-limit = 2 or more"
                    .to_owned(),
            );
        } else if self.would_break {
            advice.push(
                "update its SDK or agent to one that speaks IMDSv2, or send the token of PUT /latest/api/token with each request"
                    .to_owned(),
            );
        }
        if self.would_break && self.client == "host" {
            advice.push(
                "all programs of this host are one client: the paths tell which it is, `mock-imds requests -f --v1` when"
                    .to_owned(),
            );
        }
        if self.tokens.fetched > HABIT && self.tokens.fetched >= self.v2 {
            advice.push("it fetches a token for each request: one can be used until it expires".to_owned());
        }
        advice
    }
}

/// "1 request", "2 requests".
pub(super) fn times(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The most frequent paths of some records.
fn paths(records: &[&RequestRecord], which: &dyn Fn(&RequestRecord) -> bool) -> Vec<PathCount> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for record in records.iter().filter(|record| which(record)) {
        *counts.entry(&record.path).or_default() += 1;
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(LISTED);
    counts.into_iter().map(|(path, count)| PathCount { path: path.to_owned(), count }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests as `protocol status`, from one address. `bad` has a token that is not valid, `hit` a good one and a fault.
    fn audit(requests: &[(&str, Option<u16>)]) -> ClientAudit {
        let records = requests.iter().map(|(protocol, status)| {
            let status = status.map_or_else(|| "null".to_owned(), |status| status.to_string());
            let ttl = if *protocol == "token" { r#","token_ttl":60"# } else { "" };
            let (protocol, fault, more) = match *protocol {
                "bad" => ("v2", "null", r#","invalid_token":true"#),
                "hit" => ("v2", "0", ""),
                protocol => (protocol, "null", ""),
            };
            let json = format!(
                r#"{{"number":7,"at":"2026-11-21T03:14:11.250Z","client":"172.17.0.2","ingress":"bridge","method":"GET","path":"/{protocol}","version":"{protocol}","status":{status},"latency_us":1,"fault":{fault},"instance":"web"{ttl}{more}}}"#
            );
            serde_json::from_str(&json).unwrap()
        });
        let mut audit = Audit::of(&records.collect::<Vec<_>>());
        assert_eq!(audit.clients.len(), 1);
        audit.clients.remove(0)
    }

    #[test]
    fn the_requests_of_a_client_decide() {
        let (ok, refused, forbidden, missing) = (Some(200), Some(401), Some(403), Some(404));
        for (requests, verdict, would_break) in [
            (&[("token", ok), ("v2", ok)][..], AuditVerdict::V2Only, false),
            (&[("token", ok)], AuditVerdict::V2Only, false),
            (&[("v1", refused), ("token", ok), ("v2", ok)], AuditVerdict::V2AfterRefusal, false),
            (&[("v1", refused)], AuditVerdict::V1Only, true),
            (&[("v1", ok)], AuditVerdict::V1Only, true),
            (&[("v1", None)], AuditVerdict::V1Only, true),
            // It would get 401 in the place of 404, which it may take for something else.
            (&[("v1", missing), ("token", ok), ("v2", ok)], AuditVerdict::Mixed, true),
            (&[("token", None), ("token", None)], AuditVerdict::NoToken, true),
            (&[("token", None), ("v1", ok)], AuditVerdict::V1Only, true),
            (&[("token", ok), ("v2", refused)], AuditVerdict::V2Only, false),
            (&[("v2", refused)], AuditVerdict::NoToken, true),
            (&[("v2", refused), ("v1", forbidden)], AuditVerdict::NoToken, true),
            (&[("v1", forbidden)], AuditVerdict::Unknown, false),
            (&[("v2", forbidden)], AuditVerdict::Unknown, false),
            (&[("v1", forbidden), ("token", ok), ("v2", ok)], AuditVerdict::V2Only, false),
            (&[("v1", forbidden), ("v1", ok)], AuditVerdict::V1Only, true),
            (&[("bad", ok)], AuditVerdict::NoToken, true),
            (&[("token", ok), ("v2", ok), ("bad", ok)], AuditVerdict::Mixed, true),
            (&[("bad", refused)], AuditVerdict::NoToken, true),
            (&[("hit", refused)], AuditVerdict::V2Only, false),
            (&[("bad", missing), ("v1", ok)], AuditVerdict::V1Only, true),
        ] {
            let found = audit(requests);
            assert_eq!(
                (found.verdict, found.would_break),
                (verdict, would_break),
                "{requests:?}: {found:#?}"
            );
        }
    }

    #[test]
    fn tokens_paths_and_advice_are_told() {
        let mut requests = vec![("v1", Some(200)); 3];
        requests.extend([("token", Some(200)), ("token", Some(400)), ("v2", Some(401)), ("v2", Some(404))]);
        let found = audit(&requests);
        let tokens = TokenUse { fetched: 1, failed: 1, refused: 1, ignored: 0, ttls: BTreeSet::from([60]) };
        assert_eq!(found.tokens, tokens);
        assert_eq!((found.v1, found.v1_refused, found.v2, found.requests), (3, 0, 2, 7));
        assert_eq!(found.v1_paths, [PathCount { path: "/v1".into(), count: 3 }]);
        assert_eq!(found.not_found, [PathCount { path: "/v2".into(), count: 1 }]);
        assert_eq!(found.reason, "3 of its 7 requests have no token");
        assert!(found.advice[0].contains("http-put-response-hop-limit"), "{found:#?}");
        assert_eq!(found.instances, BTreeSet::from(["web".to_owned()]));
        let each = audit(&[("token", Some(200)), ("v2", Some(200))].repeat(4));
        assert!(each.advice[0].starts_with("it fetches a token for each request"), "{each:#?}");
    }
}
