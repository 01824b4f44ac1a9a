//! Limits at every edge, so that no client can take more than its share.

use std::time::Duration;

use crate::model::Service;

/// Descriptors that are kept for everything but connections, and for connections that are being closed for others.
const RESERVED_DESCRIPTORS: u64 = 256;
/// What a connection that waits takes, the kernel's part included: 5.0 KB without a request, 6.3 KB after one. Half of the memory
/// is for as many as may wait in all; of these, those that are parked or hop-limited hardly ever come together with the rest.
const WAITING_BYTES: u64 = 5_500;

/// The limits of one server. Tests take shorter ones.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at one time, except those of `hop_limited` and `parked`. For the next one the one goes that has
    /// least to lose: idle ones, those with a part of a head, those that do not read; the oldest first.
    pub connections: usize,
    /// Connections at one time whose reply the hop limit keeps from the client, beside those above; the next ones are
    /// closed.
    pub hop_limited: usize,
    /// Connections at one time that faults delay or silence, beside those above; for the next one the oldest of
    /// those that are silenced goes, else of those that are delayed.
    pub parked: usize,
    /// Bytes that all connections together may hold, except what each needs while it only waits. For the next ones
    /// those go that hold some and have least to lose.
    pub bytes: usize,
    /// The time for which a connection that has just come, or has just done something, goes after those that have
    /// waited for longer.
    pub fresh: Duration,
    /// The time for a request head: from the connection, or from the last reply.
    pub head: Duration,
    /// The same at the endpoint of Amazon ECS.
    pub head_at_ecs: Duration,
    /// The same at that of EKS Pod Identity.
    pub head_at_pod_identity: Duration,
    /// Bytes of a request head, at least 8,192.
    pub head_bytes: usize,
    /// The time for a request's body; after it the reply is sent anyway.
    pub body: Duration,
    /// Bytes of a request's body that are read before the reply.
    pub body_bytes: usize,
    /// The time in which a client must read some part of its reply.
    pub write: Duration,
    /// The time after a reply for which a connection stays ready to answer the next request at once.
    pub keep_http: Duration,
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
            connections: 16_384,
            hop_limited: 256,
            parked: 4096,
            bytes: 64 << 20,
            fresh: Duration::from_millis(250),
            head: Duration::from_secs(10),
            // As the agents have them.
            head_at_ecs: Duration::from_secs(5),
            head_at_pod_identity: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            body: Duration::from_secs(5),
            body_bytes: 64 * 1024,
            write: Duration::from_secs(10),
            keep_http: Duration::from_secs(1),
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

impl Limits {
    /// The time for a request head at a service, which the path tells if that is `None`.
    pub(super) fn head_at(&self, service: Option<Service>) -> Duration {
        match service {
            Some(Service::Imds) | None => self.head,
            Some(Service::Ecs) => self.head_at_ecs,
            Some(Service::PodIdentity) => self.head_at_pod_identity,
        }
    }

    /// The usual limits, for a process that may have this many descriptors and bytes of memory.
    pub fn fitting(descriptors: u64, memory: Option<u64>) -> Self {
        let usual = Self::default();
        let by_descriptors = descriptors.saturating_sub(RESERVED_DESCRIPTORS).max(16);
        // Half of it is for connections that wait, a quarter for what they hold.
        let by_memory = memory.map_or(u64::MAX, |memory| (memory / 2 / WAITING_BYTES).max(16));
        let all = usize::try_from(by_descriptors.min(by_memory)).unwrap_or(usize::MAX);
        let (hop_limited, parked) = (usual.hop_limited.min(all / 16), usual.parked.min(all / 4));
        let memory = memory.and_then(|memory| usize::try_from(memory / 4).ok());
        Self {
            connections: usual.connections.min(all - hop_limited - parked),
            hop_limited,
            parked,
            bytes: usual.bytes.min(memory.unwrap_or(usize::MAX)),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_into_descriptors_and_memory() {
        let cases = [
            (65_536, None, (16_384, 4_096, 256, 64 << 20)),
            (4_096, None, (2_640, 960, 240, 64 << 20)),
            (1_024, None, (528, 192, 48, 64 << 20)),
            (20, None, (11, 4, 1, 64 << 20)),
            (65_536, Some(64 << 20), (4_319, 1_525, 256, 16 << 20)),
            (65_536, Some(16 << 20), (1_049, 381, 95, 4 << 20)),
            (65_536, Some(0), (11, 4, 1, 0)),
            (u64::MAX, Some(u64::MAX), (16_384, 4_096, 256, 64 << 20)),
        ];
        for (descriptors, memory, expected) in cases {
            let Limits { connections, parked, hop_limited, bytes, .. } = Limits::fitting(descriptors, memory);
            let found = (connections, parked, hop_limited, bytes);
            assert_eq!(found, expected, "{descriptors} descriptors and {memory:?} bytes");
        }
    }
}
