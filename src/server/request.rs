//! One request: its body is read, [`answer`] decides, its reply is written.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::header::{CONNECTION, EXPECT, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use tokio::time::timeout;

use super::delivery::{self, ReplyBody};
use super::limits::Limits;
use super::recorder::RequestRecorder;
use super::service_state::ServiceState;
use super::shared::Shared;
use super::stage::ConnectionStage;
use super::state::{ConnectionEnd, ConnectionState, NoReply};
use super::wire::HTTP_BYTES;
use crate::imds::{DeliveryEnd, Ingress, Reply, RequestHead, Visit, answer, check_access};
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
    let (head, body) = request.into_parts();
    if let Some(probed) = probe_response(&head, &connection) {
        return Ok(probed);
    }
    let mut recorder = RequestRecorder::new(&shared.service, &connection, &head);
    // A client that sent Expect waits for a 100 before it sends the body, and EC2 never sends one.
    if head.headers.contains_key(EXPECT) {
        connection.set_end(ConnectionEnd::Linger);
    } else {
        match read_body(body, &shared.limits, &connection).await {
            BodyOutcome::Whole => {}
            BodyOutcome::Unread => connection.set_end(ConnectionEnd::Linger),
            BodyOutcome::Malformed => {
                connection.set_end(ConnectionEnd::Linger);
                recorder.status = Some(StatusCode::BAD_REQUEST);
                return Ok(bad_request(&connection));
            }
            BodyOutcome::Lost(error) => {
                return Err(connection.abort(ConnectionEnd::Close, &error.to_string()));
            }
        }
    }
    let reply = reply_to(&head, &shared.service, &connection, &mut recorder);
    delivery::prepare(&shared, &connection, reply.delivery, reply.hop_limit).await?;
    recorder.status = Some(reply.status);
    Ok(response(reply, &connection))
}

/// Not async, so that the fleet of this moment is let go before anything waits.
fn reply_to(
    head: &Parts,
    service: &ServiceState,
    connection: &ConnectionState,
    recorder: &mut RequestRecorder<'_>,
) -> Reply {
    let visit = Visit {
        peer: connection.peer.ip().to_canonical(),
        ingress: connection.ingress,
        nonce: service.count_request(),
        counters: &service.counters,
    };
    let request = RequestHead::from(head);
    let fleet = service.fleet.load();
    recorder.instance = fleet.instance_of(visit.peer, visit.ingress).map(Into::into);
    let (reply, change) = answer(&fleet, &service.authority, &visit, request, service.read_clocks());
    service.submit_change(change);
    tracing::debug!(
        IMDS_CLIENT = %visit.peer,
        IMDS_METHOD = %head.method,
        IMDS_PATH = head.uri.path(),
        IMDS_STATUS = reply.status.as_u16(),
        "{} {} {}: {}",
        visit.peer,
        head.method,
        head.uri.path(),
        reply.status.as_u16(),
    );
    recorder.fault = reply.fault;
    recorder.refusal = reply.refusal;
    reply
}

/// The response to `mock-imds doctor` on this host: that this is a server of ours, and which. Not a request for
/// metadata, so it is neither counted nor logged, and no fault applies to it. No web page gets it.
fn probe_response(head: &Parts, connection: &Arc<ConnectionState>) -> Option<Response<ReplyBody>> {
    let nonce = head.headers.get(PROBE_HEADER).filter(|_| connection.ingress == Ingress::Host)?;
    let nonce = nonce.to_str().ok()?.to_owned();
    if check_access(head.into(), &[]).is_some() {
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
/// client then loses its reply.
async fn read_body(mut body: Incoming, limits: &Limits, connection: &ConnectionState) -> BodyOutcome {
    if body.is_end_stream() {
        return BodyOutcome::Whole;
    }
    connection.slot.enter(ConnectionStage::Body, HTTP_BYTES);
    let whole = async {
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes += frame.data_ref().map_or(0, Bytes::len),
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

fn response(reply: Reply, connection: &Arc<ConnectionState>) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::new(reply.body, reply.delivery.end, connection));
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
