//! How many requests there were, by protocol, outcome and category.

use strum::{IntoStaticStr, VariantArray};

use super::request_category::RequestCategory;
use super::request_counts::RequestCounts;
use super::request_record::RequestRecord;
use crate::imds::Protocol;
use crate::model::Service;

/// What became of a request, as its client met it: a fault's status is none of the service's own, but it counts the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum RequestOutcome {
    Ok,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// Another 4xx.
    ClientError,
    ServerError,
    Unanswered,
}

impl RequestOutcome {
    const COUNT: usize = Self::VARIANTS.len();

    fn of(status: Option<u16>) -> Self {
        match status {
            None => Self::Unanswered,
            Some(..400) => Self::Ok,
            Some(401) => Self::Unauthorized,
            Some(403) => Self::Forbidden,
            Some(404) => Self::NotFound,
            Some(..500) => Self::ClientError,
            Some(_) => Self::ServerError,
        }
    }
}

const PROTOCOLS: [Protocol; 3] = [Protocol::V1, Protocol::V2, Protocol::Token];

/// The endpoints of containers.
const CONTAINERS: [Service; 2] = [Service::Ecs, Service::PodIdentity];

/// Requests that are over, since the start. Each is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestTally {
    counts: [[[u64; RequestCategory::COUNT]; RequestOutcome::COUNT]; PROTOCOLS.len()],
    /// Those to the endpoints of containers, which have no protocol.
    containers: [[u64; RequestOutcome::COUNT]; CONTAINERS.len()],
}

impl RequestTally {
    pub(super) fn count(&mut self, record: &RequestRecord) {
        let outcome = RequestOutcome::of(record.status);
        if let Some(index) = CONTAINERS.iter().position(|service| *service == record.endpoint) {
            self.containers[index][outcome as usize] += 1;
            return;
        }
        let category = RequestCategory::of(record.path.as_bytes());
        self.counts[record.protocol as usize][outcome as usize][category as usize] += 1;
    }

    /// All that are not 0.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Protocol, RequestOutcome, RequestCategory, u64)> + '_ {
        PROTOCOLS.into_iter().flat_map(move |protocol| {
            RequestOutcome::VARIANTS.iter().flat_map(move |outcome| {
                let counts = self.counts[protocol as usize][*outcome as usize].iter();
                let counts = RequestCategory::VARIANTS.iter().zip(counts).filter(|(_, count)| **count > 0);
                counts.map(move |(category, count)| (protocol, *outcome, *category, *count))
            })
        })
    }

    /// All that are not 0 of the endpoints of containers.
    pub(crate) fn of_containers(&self) -> impl Iterator<Item = (Service, RequestOutcome, u64)> + '_ {
        CONTAINERS.into_iter().zip(&self.containers).flat_map(|(service, counts)| {
            let counts = RequestOutcome::VARIANTS.iter().zip(counts).filter(|(_, count)| **count > 0);
            counts.map(move |(outcome, count)| (service, *outcome, *count))
        })
    }

    /// The number of those of a protocol with this outcome.
    pub(crate) fn sum(&self, protocol: Protocol, outcome: RequestOutcome) -> u64 {
        self.counts[protocol as usize][outcome as usize].iter().sum()
    }

    pub(crate) fn of_protocol(&self, protocol: Protocol) -> u64 {
        self.counts[protocol as usize].iter().flatten().sum()
    }

    fn of_outcome(&self, outcome: RequestOutcome) -> u64 {
        PROTOCOLS.into_iter().map(|protocol| self.sum(protocol, outcome)).sum()
    }
}

impl From<&RequestTally> for RequestCounts {
    fn from(tally: &RequestTally) -> Self {
        use RequestOutcome as Outcome;
        Self {
            v1: tally.of_protocol(Protocol::V1),
            v2: tally.of_protocol(Protocol::V2),
            token: tally.of_protocol(Protocol::Token),
            refused: tally.of_outcome(Outcome::Unauthorized) + tally.of_outcome(Outcome::Forbidden),
            not_found: tally.of_outcome(Outcome::NotFound),
            failed: tally.of_outcome(Outcome::ClientError) + tally.of_outcome(Outcome::ServerError),
            unanswered: tally.of_outcome(Outcome::Unanswered),
        }
    }
}
