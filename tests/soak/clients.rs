//! Clients of every kind, each a thread that asks until it is told to stop.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::disturbances::Disturbances;
use crate::http::{Response, connect, connect_control, exchange, read, request};
use crate::tally::{Ending, Tally};

/// Between the requests of a client.
const PAUSE: Duration = Duration::from_millis(3);

/// What the clients share.
pub struct Soak<'s> {
    pub tally: &'s Tally,
    pub disturbances: &'s Disturbances,
    pub stop: &'s AtomicBool,
    pub control: &'s Path,
}

/// A path, the statuses that the scenarios give it, and whether a fault may hit it.
struct Question {
    path: &'static str,
    statuses: &'static [u16],
    faulty: bool,
}

const QUESTIONS: [Question; 5] = [
    Question { path: "/latest/meta-data/instance-id", statuses: &[200], faulty: false },
    Question { path: "/latest/meta-data/spot/instance-action", statuses: &[200, 404], faulty: false },
    Question { path: "/latest/dynamic/instance-identity/document", statuses: &[200], faulty: false },
    Question { path: "/latest/meta-data/iam/security-credentials/dev-role", statuses: &[200], faulty: true },
    Question { path: "/latest/meta-data/soak", statuses: &[200, 404], faulty: true },
];

type Outcome = io::Result<Response>;

impl Soak<'_> {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn judge(
        &self,
        client: &'static str,
        from: Instant,
        question: &Question,
        also: &[u16],
        outcome: &Outcome,
    ) {
        let ending = match outcome {
            Ok(Response { status, body, .. })
                if question.statuses.contains(status) || also.contains(status) =>
            {
                let whole = *status != 200 || !body.is_empty();
                if whole { Ending::Answered } else { Ending::Failed }
            }
            Ok(Response { status: 503, .. }) | Err(_) if question.faulty => Ending::ByFault,
            _ => Ending::Failed,
        };
        let found = || format!("{} after {:?}: {outcome:?}", question.path, from.elapsed());
        self.tally.count(client, from, ending, self.disturbances, found);
    }

    /// Requests without a token, each on a connection of its own.
    pub fn one_shot(&self) {
        for question in QUESTIONS.iter().cycle() {
            if self.stops() {
                return;
            }
            let from = Instant::now();
            let asked = request("GET", question.path, &[("Connection", "close")]);
            let outcome = connect().and_then(|mut stream| exchange(&mut stream, &asked));
            // Some of the scenarios require tokens.
            self.judge("without a token", from, question, &[401], &outcome);
            sleep(PAUSE);
        }
    }

    /// Requests with a token, which is fetched anew when it is refused, as SDKs do.
    pub fn with_token(&self) {
        let mut token = String::new();
        for question in QUESTIONS.iter().cycle() {
            if self.stops() {
                return;
            }
            let from = Instant::now();
            let mut outcome = ask_with(&token, question);
            if matches!(outcome, Ok(Response { status: 401, .. })) {
                let renewed = new_token();
                outcome = match &renewed {
                    Ok(renewed) => ask_with(renewed, question),
                    Err(error) => Err(io::Error::other(format!("no token: {error}"))),
                };
                token = renewed.unwrap_or_default();
            }
            self.judge("with a token", from, question, &[], &outcome);
            sleep(PAUSE);
        }
    }

    /// Many requests on one connection, as long as the server keeps it.
    pub fn keep_alive(&self) {
        let mut kept = None;
        for question in QUESTIONS.iter().cycle() {
            if self.stops() {
                return;
            }
            let from = Instant::now();
            let asked = request("GET", question.path, &[]);
            let used = kept.is_some();
            let stream = kept.take().map_or_else(connect, Ok);
            let mut outcome = stream.and_then(|mut stream| {
                let response = exchange(&mut stream, &asked)?;
                kept = (!response.closes).then_some(stream);
                Ok(response)
            });
            if used && outcome.is_err() && !question.faulty {
                // RFC 9112, 9.3.1: a server may close an idle connection at any time, and a client asks again.
                outcome = connect().and_then(|mut stream| exchange(&mut stream, &asked));
            }
            self.judge("keep-alive", from, question, &[401], &outcome);
            sleep(PAUSE);
        }
    }

    /// A request that comes byte by byte, and a response that is read late.
    pub fn slow(&self) {
        let question = &QUESTIONS[0];
        while !self.stops() {
            let from = Instant::now();
            let outcome = connect().and_then(|mut stream| {
                for byte in request("GET", question.path, &[("Connection", "close")]).bytes() {
                    stream.write_all(&[byte])?;
                    sleep(Duration::from_millis(10));
                }
                sleep(Duration::from_millis(300));
                read(&mut stream)
            });
            self.judge("slow", from, question, &[401], &outcome);
            sleep(PAUSE);
        }
    }

    /// Connections by the hundred that send nothing, half a request, or no end of requests, and read nothing.
    pub fn rude(&self) {
        let beginnings = ["", "GET /latest/meta-data/ HT", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"];
        while !self.stops() {
            let streams: Vec<_> = beginnings
                .iter()
                .cycle()
                .take(300)
                .map(|beginning| {
                    let mut stream = connect().ok()?;
                    stream.write_all(beginning.as_bytes()).ok()?;
                    Some(stream)
                })
                .collect();
            for _ in 0..20 {
                if self.stops() {
                    return;
                }
                sleep(Duration::from_millis(100));
            }
            drop(streams);
        }
    }

    /// Somebody who follows the requests at the control socket.
    pub fn follower(&self) {
        self.at_control("follower", "/v1/requests?wait=1");
    }

    /// Somebody who looks at the status.
    pub fn looker(&self) {
        self.at_control("status", "/v1/status");
    }

    fn at_control(&self, client: &'static str, path: &str) {
        while !self.stops() {
            let from = Instant::now();
            let outcome = connect_control(self.control)
                .and_then(|mut stream| exchange(&mut stream, &request("GET", path, &[])));
            let ending = match &outcome {
                Ok(Response { status: 200, .. }) => Ending::Answered,
                _ => Ending::Failed,
            };
            let found = || match &outcome {
                Ok(response) => format!("{path}: {}", response.status),
                Err(error) => format!("{path} after {:?}: {error}", from.elapsed()),
            };
            self.tally.count(client, from, ending, self.disturbances, found);
            sleep(Duration::from_millis(50));
        }
    }
}

fn ask_with(token: &str, question: &Question) -> Outcome {
    let headers = [("X-aws-ec2-metadata-token", token), ("Connection", "close")];
    // Without one it would be a request of the first version.
    let token = if token.is_empty() { "none" } else { token };
    let headers = headers.map(|(name, value)| (name, if name.starts_with('X') { token } else { value }));
    connect().and_then(|mut stream| exchange(&mut stream, &request("GET", question.path, &headers)))
}

fn new_token() -> io::Result<String> {
    let asked = request(
        "PUT",
        "/latest/api/token",
        &[("X-aws-ec2-metadata-token-ttl-seconds", "60"), ("Connection", "close")],
    );
    let response = connect().and_then(|mut stream| exchange(&mut stream, &asked))?;
    if response.status == 200 {
        Ok(response.body)
    } else {
        Err(io::Error::other(response.status.to_string()))
    }
}
