//! Limits at every edge, so that no client can take more than its share.

use std::time::Duration;

/// The limits of one server. Tests take shorter ones.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at one time; the next ones wait in the kernel until one ends.
    pub connections: u32,
    /// Connections at one time whose reply the hop limit keeps from the client, beside those above; the next ones are
    /// closed.
    pub hop_limited: usize,
    /// Connections at one time that faults delay or silence, beside those above; the next ones are closed without a
    /// reply.
    pub parked: u32,
    /// The time for a request head: from the connection, or from the last reply.
    pub head: Duration,
    /// Bytes of a request head, at least 8,192.
    pub head_bytes: usize,
    /// The time for a request's body; after it the reply is sent anyway.
    pub body: Duration,
    /// Bytes of a request's body that are read before the reply.
    pub body_bytes: usize,
    /// The age at which a connection accepts no further request.
    pub lifetime: Duration,
    /// The time beyond `lifetime`, or after the server stops, to finish the request that is being answered.
    pub grace: Duration,
    /// The time that a connection without a request yet has for one when the server stops.
    pub first_request: Duration,
    /// The time that a client has to close its side after a reply that left bytes unread.
    pub linger: Duration,
    /// The time until a client whose reply the hop limit keeps from it is disconnected.
    pub hold: Duration,
    /// The time until a client that a fault silences is disconnected.
    pub silence: Duration,
    /// The time that a server which stops waits for its connections.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            hop_limited: 256,
            parked: 4096,
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
