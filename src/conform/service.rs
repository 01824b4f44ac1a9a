//! The service that is judged: asked politely, one request after the other, and no question twice.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use super::connection::{NoAnswer, addresses, exchange};
use super::finding::CheckFinding;
use super::limits::ConformanceLimits;
use super::probe::{
    CheckProbe, ProbeMethod, ProbeRequest, ProbeToken, RequestForm, TOKEN, TOKEN_PATH, TTL, TTL_ANSWERED,
};
use super::raw_response::RawResponse;
use crate::clock::now;
use crate::identity::VerificationKey;
use crate::model::Timestamp;
use crate::record::{Pace, Target};

/// The lifetime of the token that most requests have, in seconds: longer than a run, and not longer than needed.
const TOKEN_TTL: u64 = 900;
/// The times that a request is sent which the service refuses for now.
const ATTEMPTS: u32 = 4;

type Answered = Result<Rc<RawResponse>, NoAnswer>;

pub(super) struct ServiceUnderTest<'t> {
    target: &'t Target,
    addresses: Vec<SocketAddr>,
    /// Those that the user trusts to have signed the identity document.
    pub(super) certificates: &'t [VerificationKey],
    pace: Pace,
    ends: Timestamp,
    answers: HashMap<ProbeRequest, Answered>,
    token: Option<String>,
    /// Requests without a token get 401.
    pub(super) requires_tokens: bool,
    /// The requests that were sent.
    pub(super) requests: usize,
}

impl<'t> ServiceUnderTest<'t> {
    /// Asks for a token, and whether requests need one. An error says why there is no service.
    pub(super) fn open(
        target: &'t Target,
        certificates: &'t [VerificationKey],
        limits: &ConformanceLimits,
    ) -> Result<Self, NoAnswer> {
        let mut service = Self {
            target,
            addresses: addresses(target)?,
            certificates,
            pace: Pace::new(limits.rate),
            ends: now().plus(limits.max_time),
            answers: HashMap::new(),
            token: None,
            requires_tokens: false,
            requests: 0,
        };
        let asked = service.token_of(TOKEN_TTL);
        if let Err(NoAnswer::Unreachable(why)) = asked {
            return Err(NoAnswer::Unreachable(why));
        }
        service.token = asked.ok().and_then(|answer| usable_token(&answer));
        let without = service.send(&plain("/latest/meta-data/instance-id"))?;
        service.requires_tokens = without.status == 401;
        Ok(service)
    }

    /// False once the time of the run is over.
    pub(super) fn has_time(&self) -> bool {
        now() < self.ends
    }

    /// A token of its own, with this lifetime in seconds.
    pub(super) fn token_of(&mut self, ttl: u64) -> Answered {
        let headers = vec![(TTL.to_owned(), ttl.to_string())];
        let request = ProbeRequest {
            method: ProbeMethod::Put,
            path: TOKEN_PATH.to_owned(),
            headers,
            form: RequestForm::Usual,
        };
        self.send(&request)
    }

    /// The answer to a probe, whose path has no more placeholders.
    pub(super) fn ask(&mut self, probe: &CheckProbe, path: &str) -> Result<Rc<RawResponse>, CheckFinding> {
        let mut headers: Vec<(String, String)> = vec![];
        let token = match probe.token {
            ProbeToken::OfTheRun => self.token.clone().map(|token| (TOKEN.to_owned(), token)),
            ProbeToken::InSmallLetters => self.token.clone().map(|token| (TOKEN.to_ascii_lowercase(), token)),
            ProbeToken::Literal(token) => Some((TOKEN.to_owned(), token.to_owned())),
            ProbeToken::None => None,
        };
        headers.extend(token);
        headers.extend(probe.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.recall(&ProbeRequest { method: probe.method, path: path.to_owned(), headers, form: probe.form })
    }

    /// The answer to a GET, with the token of the run.
    pub(super) fn get(&mut self, path: &str) -> Result<Rc<RawResponse>, CheckFinding> {
        let headers = self.token.clone().map(|token| (TOKEN.to_owned(), token));
        self.recall(&ProbeRequest { headers: headers.into_iter().collect(), ..plain(path) })
    }

    /// The same, with another token.
    pub(super) fn get_with(&mut self, path: &str, token: &str) -> Result<Rc<RawResponse>, CheckFinding> {
        let headers = vec![(TOKEN.to_owned(), token.to_owned())];
        let answered = self.send(&ProbeRequest { headers, ..plain(path) });
        answered.map_err(|why| unanswered(&why))
    }

    /// The answer to a GET that is sent whatever is known.
    pub(super) fn get_again(&mut self, path: &str) -> Result<Rc<RawResponse>, CheckFinding> {
        let headers = self.token.clone().map(|token| (TOKEN.to_owned(), token));
        let request = ProbeRequest { headers: headers.into_iter().collect(), ..plain(path) };
        self.send(&request).map_err(|why| unanswered(&why))
    }

    /// Waits, within the time of the run.
    pub(super) fn wait(&self, span: Duration) {
        thread::sleep(span.min(self.ends.since(now())));
    }

    fn recall(&mut self, request: &ProbeRequest) -> Result<Rc<RawResponse>, CheckFinding> {
        if let Some(answered) = self.answers.get(request) {
            return answered.clone().map_err(|why| unanswered(&why));
        }
        let answered = self.send(request);
        self.answers.insert(request.clone(), answered.clone());
        answered.map_err(|why| unanswered(&why))
    }

    /// Sends a request at the pace of the run; again, and later, where the service has too much to do.
    fn send(&mut self, request: &ProbeRequest) -> Answered {
        let mut answered = self.send_once(request)?;
        for nth in 1..ATTEMPTS {
            if !matches!(answered.status, 429 | 503) || !self.has_time() {
                break;
            }
            let retry_after = answered.header("Retry-After").and_then(|value| value.trim().parse().ok());
            self.pace.back_off(nth, retry_after.map(Duration::from_secs), now());
            answered = self.send_once(request)?;
        }
        Ok(Rc::new(answered))
    }

    fn send_once(&mut self, request: &ProbeRequest) -> Result<RawResponse, NoAnswer> {
        self.wait(self.pace.wait(now()));
        let sent = now();
        self.pace.request_sent(sent);
        self.requests += 1;
        exchange(&self.addresses, &self.target.authority(), request, self.ends.since(sent))
    }
}

fn plain(path: &str) -> ProbeRequest {
    let (method, form) = (ProbeMethod::Get, RequestForm::Usual);
    ProbeRequest { method, path: path.to_owned(), headers: vec![], form }
}

/// A token that can be sent as the value of a header.
pub(super) fn usable_token(answer: &RawResponse) -> Option<String> {
    let token = answer.text().filter(|_| answer.status == 200)?.trim_end();
    let is_legal = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_legal.then(|| token.to_owned())
}

fn unanswered(why: &NoAnswer) -> CheckFinding {
    CheckFinding::fails(why.text())
}

/// The remaining lifetime that an answer says, in seconds.
pub(super) fn remaining(answer: &RawResponse) -> Option<u64> {
    answer.header(TTL_ANSWERED)?.trim().parse().ok()
}
