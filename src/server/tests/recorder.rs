//! What is recorded of a request.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use tokio::time::Instant;

use super::{connection, service};
use crate::imds::tests::LOADED;
use crate::imds::{Ingress, RequestHead};
use crate::journal::{RequestFilter, RequestRecord};
use crate::model::{Scenario, Service};
use crate::server::recorder::RequestRecorder;

/// A record of this request after some changes of it.
fn recorded(path: &str, started: Instant, change: impl FnOnce(&mut RequestRecorder<'_>)) -> RequestRecord {
    let (service, connection) = (service(Scenario::default()), connection(Ingress::Bridge));
    let mut headers = HeaderMap::new();
    headers.insert("x-aws-ec2-metadata-token-ttl-seconds", HeaderValue::from_static("60"));
    let headers = &headers.into();
    let (method, version) = (&Method::PUT, Version::HTTP_11);
    let head = RequestHead { method, path, query: None, headers, version, authority: None };
    let mut recorder = RequestRecorder::new(&service, &connection, head, started, LOADED);
    change(&mut recorder);
    drop(recorder);
    let entries = service.journal.after(0, &RequestFilter::default(), usize::MAX).entries;
    let [record] = <[_; 1]>::try_from(entries).expect("one record");
    record
}

#[test]
fn a_record_has_the_instance_the_status_and_the_time_that_it_took() {
    let took = Duration::from_secs(2);
    let started = Instant::now().checked_sub(took).expect("the machine runs for longer");
    let record = recorded("/latest/meta-data/", started, |recorder| {
        recorder.set_instance(Some("web"));
        recorder.set_status(StatusCode::OK);
    });
    assert_eq!((record.instance.as_deref(), record.status, record.at), (Some("web"), Some(200), LOADED));
    let latency = Duration::from_micros(record.latency_us);
    assert!((took..took * 30).contains(&latency), "{latency:?}");
}

#[test]
fn a_record_of_an_endpoint_has_no_lifetime_of_a_token() {
    let path = "/latest/api/token";
    let of_imds = recorded(path, Instant::now(), |_| {});
    assert_eq!((of_imds.endpoint, of_imds.token_ttl), (Service::Imds, Some(60)));
    let of_ecs = recorded(path, Instant::now(), |recorder| recorder.set_endpoint(Service::Ecs));
    assert_eq!((of_ecs.endpoint, of_ecs.token_ttl), (Service::Ecs, None));
}
