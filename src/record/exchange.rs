//! Requests, and what comes of them.

use std::time::Duration;

use hyper::Method;

use crate::model::Timestamp;

/// The next thing for the caller to do.
#[derive(Debug)]
pub enum CrawlStep {
    Wait(Duration),
    Request(CrawlRequest),
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrawlRequest {
    /// GET, or PUT for a token.
    pub method: Method,
    pub path: String,
    /// Headers beside those of HTTP itself.
    pub headers: Vec<(&'static str, String)>,
}

#[derive(Debug, Clone)]
pub enum ExchangeOutcome {
    Response(CrawlResponse),
    /// The reason that there is no response.
    Failed(String),
    /// The same, after a wait that came to its end.
    TimedOut(String),
    /// No connection was made, and the reason is not that nobody answered in time.
    Unreachable(String),
    /// The body has more bytes than any value.
    TooLarge,
}

#[derive(Debug, Clone)]
pub struct CrawlResponse {
    pub status: u16,
    /// True for HTTP/1.0.
    pub legacy: bool,
    /// True for `Connection: close`.
    pub closes: bool,
    /// The time that the service asks for before the next request.
    pub retry_after: Option<Duration>,
    pub content_type: Option<String>,
    pub date: Option<Timestamp>,
    pub body: Vec<u8>,
}
