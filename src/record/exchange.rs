//! Questions and what comes of them.

use std::time::Duration;

use hyper::Method;

use crate::model::Timestamp;

/// What to do next.
#[derive(Debug)]
pub enum CrawlStep {
    /// Nothing for so long.
    Wait(Duration),
    /// Ask this.
    Request(CrawlRequest),
    /// Everything has been asked.
    Done,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrawlRequest {
    /// GET, or PUT for a token.
    pub method: Method,
    /// Percent-encoded.
    pub path: String,
    /// Headers beside those of HTTP itself.
    pub headers: Vec<(&'static str, String)>,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum ExchangeOutcome {
    /// An answer.
    Response(CrawlResponse),
    /// None, and why.
    Failed(String),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct CrawlResponse {
    /// The status.
    pub status: u16,
    /// Whether it is one of HTTP/1.0.
    pub legacy: bool,
    /// Whether the service closes the connection.
    pub closes: bool,
    /// How long the service wants to be left alone.
    pub retry_after: Option<Duration>,
    /// What the body is sent as.
    pub content_type: Option<String>,
    /// The service's own clock.
    pub date: Option<Timestamp>,
    /// The body.
    pub body: Vec<u8>,
}
