//! One request: its body is read, [`answer`](crate::imds::answer()) decides, its reply is written.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::{Instant, timeout};

use super::delivery::{self, ReplyBody};
use super::fast_path::has_left;
use super::kept_body::KeptBody;
use super::limits::Limits;
use super::recorder::RequestRecorder;
use super::service_state::ServiceState;
use super::shared::Shared;
use super::stage::ConnectionStage;
use super::state::{ConnectionEnd, ConnectionState, NoReply};
use super::wire::HTTP_BYTES;
use crate::imds::{
    DeliveryEnd, EndpointRequest, Fleet, Ingress, Reply, RequestHead, RequestHeaders, Visit,
    answer_endpoint_for, answer_for, takes_body,
};
use crate::model::ClockReading;
use crate::model::endpoint::{PROBE_HEADER, Probed};

/// Answers a request, or sets how its connection ends instead.
pub(super) async fn respond(
    shared: Arc<Shared>,
    connection: Arc<ConnectionState>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, NoReply> {
    connection.set_end(ConnectionEnd::Close);
    connection.count_request();
    connection.slot.enter(ConnectionStage::Answering, HTTP_BYTES);
    let (Parts { method, uri, version, headers, .. }, body) = request.into_parts();
    let headers = RequestHeaders::from(headers);
    let head = RequestHead::new(&method, &uri, &headers, version);
    if let Some(probed) = probe_response(head, &connection) {
        return Ok(probed);
    }
    let service = &*shared.service;
    let (started, at) = (Instant::now(), service.read_clocks().wall);
    let mut recorder = RequestRecorder::new(service, &connection, head, started, at);
    // A client that sent Expect waits for a 100 before it sends the body, and EC2 never sends one.
    let may_be_endpoint = connection.may_be_endpoint(head.path, service);
    let mut content =
        KeptBody::new(may_be_endpoint && takes_body(connection.addressed, head.method, head.path));
    if headers.has_expect() && !may_be_endpoint {
        connection.set_end(ConnectionEnd::Linger);
    } else {
        match read_body(body, &mut content, &shared.limits, &connection).await {
            BodyOutcome::Whole => {}
            BodyOutcome::Unread => connection.set_end(ConnectionEnd::Linger),
            BodyOutcome::Malformed => {
                connection.set_end(ConnectionEnd::Linger);
                recorder.set_status(StatusCode::BAD_REQUEST);
                return Ok(bad_request(&connection));
            }
            BodyOutcome::Lost(error) => {
                return Err(connection.abort(ConnectionEnd::Close, &error.to_string()));
            }
        }
    }
    let now = service.read_clocks();
    let endpoint_body = may_be_endpoint.then(|| content.bytes());
    let reply = reply_to(head, endpoint_body, service, &connection, &mut recorder, now);
    // A fault may let it wait for long.
    drop(content);
    delivery::prepare(&shared, &connection, reply.delivery, reply.hop_limit).await?;
    if !reply.delivery.delay.is_zero() && connection.socket().is_some_and(|socket| has_left(&socket)) {
        recorder.set_client_left();
    }
    recorder.set_status(reply.status);
    drop(recorder);
    connection.note_reply();
    Ok(response(reply, &shared, &connection))
}

/// `endpoint_body` is the body of a request that may be one to an endpoint of containers, as far as it was kept.
///
/// Not async, so that the fleet of this moment is let go before anything waits.
pub(super) fn reply_to(
    head: RequestHead<'_>,
    endpoint_body: Option<&[u8]>,
    service: &ServiceState,
    connection: &ConnectionState,
    recorder: &mut RequestRecorder<'_>,
    now: ClockReading,
) -> Reply {
    let of_endpoint =
        endpoint_body.and_then(|body| endpoint_reply_to(head, body, service, connection, recorder, now));
    of_endpoint.unwrap_or_else(|| metadata_reply_to(head, service, connection, recorder, now))
}

fn metadata_reply_to(
    request: RequestHead<'_>,
    service: &ServiceState,
    connection: &ConnectionState,
    recorder: &mut RequestRecorder<'_>,
    now: ClockReading,
) -> Reply {
    let visit = Visit {
        peer: connection.peer.ip().to_canonical(),
        ingress: connection.ingress,
        nonce: service.count_request(),
        counters: &service.counters,
    };
    let fleet = service.fleet.load();
    let instance = fleet.match_instance(visit.peer, visit.ingress);
    recorder.set_instance(instance.name);
    let (reply, change) = answer_for(&fleet, instance, &service.authority, &visit, request, now);
    service.submit_change(change);
    record(&visit, request.method, &reply, &fleet, recorder);
    reply
}

/// The same for a request to an endpoint of containers; `None` if it is none.
fn endpoint_reply_to(
    head: RequestHead<'_>,
    body: &[u8],
    service: &ServiceState,
    connection: &ConnectionState,
    recorder: &mut RequestRecorder<'_>,
    now: ClockReading,
) -> Option<Reply> {
    let visit = Visit {
        peer: connection.peer.ip().to_canonical(),
        ingress: connection.ingress,
        nonce: service.nonce(),
        counters: &service.counters,
    };
    let request = EndpointRequest {
        head,
        body,
        remote: connection.peer,
        addressed: connection.addressed,
        by_own_address: connection.by_own_address,
        memory: &service.containers,
    };
    let fleet = service.fleet.load();
    let instance = fleet.match_instance(visit.peer, visit.ingress);
    let (endpoint, reply) = answer_endpoint_for(&fleet, instance, &service.authority, &visit, &request, now)?;
    service.count_request();
    recorder.set_endpoint(endpoint);
    recorder.set_instance(instance.name);
    record(&visit, head.method, &reply, &fleet, recorder);
    Some(reply)
}

/// Logs a reply, and notes it for the journal.
fn record(
    visit: &Visit<'_>,
    method: &Method,
    reply: &Reply,
    fleet: &Fleet,
    recorder: &mut RequestRecorder<'_>,
) {
    // Within, where nothing is computed unless it is logged.
    tracing::debug!(
        IMDS_CLIENT = %visit.peer,
        IMDS_METHOD = %method,
        IMDS_PATH = recorder.path(),
        IMDS_STATUS = reply.status.as_u16(),
        "{} {method} {}: {}",
        visit.peer,
        recorder.path(),
        reply.status.as_u16(),
    );
    if let Some(number) = reply.fault {
        let name = fleet.faults().get(number).map(|fault| fault.name.as_str());
        recorder.set_fault(number, name, fleet.fault_list().is_ordered(number));
    }
    recorder.set_invalid_token(reply.invalid_token);
    recorder.set_late(reply.late);
    recorder.set_refusal(reply.refusal);
}

/// The response to `mock-imds doctor` on this host: that this is a server of ours, and which. Not a request for
/// metadata, so it is neither counted nor logged, and no fault applies to it. No web page gets it.
fn probe_response(head: RequestHead<'_>, connection: &Arc<ConnectionState>) -> Option<Response<ReplyBody>> {
    let nonce = head.headers.get(PROBE_HEADER).filter(|_| connection.ingress == Ingress::Host)?;
    let nonce = nonce.to_str().ok()?.to_owned();
    if head.check_access(&[]).is_some() {
        return None;
    }
    let probed = Probed { nonce, version: env!("CARGO_PKG_VERSION").into(), pid: std::process::id() };
    let body = serde_json::to_vec(&probed).ok()?.into();
    Some(Response::new(ReplyBody::new(body, DeliveryEnd::Whole, connection)))
}

/// What became of a request's body.
enum BodyOutcome {
    Whole,
    /// It is too long or too slow.
    Unread,
    /// It is not framed as its head says: where the next request begins is unknown.
    Malformed,
    /// The connection failed.
    Lost(hyper::Error),
}

/// Reads a body to its end, because the kernel resets a connection that is closed with bytes unread, and the
/// client then loses its reply. `kept` gets of it what it wants.
async fn read_body(
    mut body: Incoming,
    kept: &mut KeptBody,
    limits: &Limits,
    connection: &ConnectionState,
) -> BodyOutcome {
    if body.is_end_stream() {
        return BodyOutcome::Whole;
    }
    connection.slot.enter(ConnectionStage::Body, HTTP_BYTES + kept.most());
    let whole = async {
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => {
                    bytes += frame.data_ref().map_or(0, Bytes::len);
                    frame.data_ref().into_iter().for_each(|data| kept.push(data));
                }
                Err(error) if is_malformed(&error) => return BodyOutcome::Malformed,
                Err(error) => return BodyOutcome::Lost(error),
            }
            if bytes > limits.body_bytes {
                return BodyOutcome::Unread;
            }
        }
        BodyOutcome::Whole
    };
    let outcome = timeout(limits.body, whole).await.unwrap_or(BodyOutcome::Unread);
    connection.slot.enter(ConnectionStage::Answering, HTTP_BYTES);
    outcome
}

/// hyper finds a mistake in the framing, not in the connection.
fn is_malformed(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(<dyn Error>::downcast_ref::<io::Error>);
    cause.is_some_and(|cause| matches!(cause.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData))
}

/// The same as for a head that is no HTTP.
fn bad_request(connection: &Arc<ConnectionState>) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::new(Bytes::new(), DeliveryEnd::Whole, connection));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn response(reply: Reply, shared: &Arc<Shared>, connection: &Arc<ConnectionState>) -> Response<ReplyBody> {
    let body = ReplyBody::new(reply.body, reply.delivery.end, connection);
    let mut response = Response::new(body.after(reply.delivery.body_delay, shared, connection));
    *response.version_mut() = reply.version;
    *response.status_mut() = reply.status;
    for (name, value) in reply.headers {
        response.headers_mut().append(name, value);
    }
    let reason = reply.reason.map(|reason| Bytes::from_static(reason.as_bytes()));
    if let Some(reason) = reason.and_then(|reason| ReasonPhrase::try_from(reason).ok()) {
        response.extensions_mut().insert(reason);
    }
    response
}
