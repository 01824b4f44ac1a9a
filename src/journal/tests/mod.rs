//! The journal of requests: what its readers get, what its filters select, and what is counted.

mod counts;
mod filters;
mod readers;

use hyper::Method;

use super::*;
use crate::imds::{Ingress, Protocol};
use crate::model::Timestamp;

/// A request for a path that is answered as usual.
pub(super) fn record(asked: &str) -> RequestRecord {
    RequestRecord {
        number: 0,
        at: Timestamp::from_secs(1_795_230_851),
        client: "172.17.0.2".parse().unwrap(),
        ingress: Ingress::Bridge,
        method: method(&Method::GET),
        path: path(asked),
        endpoint: crate::model::Service::Imds,
        protocol: Protocol::V2,
        status: Some(200),
        latency_us: 100,
        fault: None,
        fault_name: None,
        refused: None,
        instance: None,
        token_ttl: None,
        invalid_token: false,
        late: None,
        client_left: false,
    }
}
