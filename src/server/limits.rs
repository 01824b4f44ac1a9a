//! Limits on every edge, so that no client can take more than its share.

use std::time::Duration;

/// What one server grants its clients. Tests take shorter ones.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at one time; the next ones wait in the kernel until one ends.
    pub connections: u32,
    /// Connections held without an answer at one time, beside those above.
    pub held: usize,
    /// Connections that faults hold up at one time, beside those above; the next ones are closed unanswered.
    pub aside: u32,
    /// How long a client may take for a request head: from the connection, or from the last reply.
    pub head: Duration,
    /// Bytes of a request head, at least 8,192.
    pub head_bytes: usize,
    /// How long a request's body is waited for before the answer.
    pub body: Duration,
    /// Bytes of a request's body that are read before the answer.
    pub body_bytes: usize,
    /// How long a connection may live.
    pub lifetime: Duration,
    /// How much longer it may take to finish the request that it is at.
    pub grace: Duration,
    /// How long a connection that has not asked yet may still ask when the server stops.
    pub first_request: Duration,
    /// How long a client is given to close its side after an answer that left something unread.
    pub linger: Duration,
    /// How long a client is held without an answer.
    pub hold: Duration,
    /// How long a fault keeps a client in silence.
    pub silence: Duration,
    /// How long the server waits for its connections when it stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            held: 256,
            aside: 4096,
            head: Duration::from_secs(10),
            head_bytes: 16 * 1024,
            body: Duration::from_secs(5),
            body_bytes: 64 * 1024,
            lifetime: Duration::from_secs(290),
            grace: Duration::from_secs(5),
            first_request: Duration::from_secs(1),
            linger: Duration::from_secs(2),
            hold: Duration::from_secs(30),
            silence: Duration::from_mins(5),
            drain: Duration::from_secs(5),
        }
    }
}
