//! One request: its body is read, [`answer`] decides, its reply is written.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::header::EXPECT;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use tokio::time::timeout;

use super::delivery::{self, ReplyBody};
use super::limits::Limits;
use super::recorder::RequestRecorder;
use super::service_state::ServiceState;
use super::shared::Shared;
use super::state::{ConnectionEnd, ConnectionState, NoReply};
use crate::imds::{DeliveryEnd, Ingress, Reply, RequestHead, Visit, answer};
use crate::model::endpoint::{PROBE_HEADER, Probed};

/// Answers a request, or sets how its connection ends instead.
pub(super) async fn respond(
    shared: Arc<Shared>,
    connection: Arc<ConnectionState>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, NoReply> {
    connection.set_end(ConnectionEnd::Close);
    let (head, body) = request.into_parts();
    if let Some(probed) = probe_response(&head.headers, &connection) {
        return Ok(probed);
    }
    let mut recorder = RequestRecorder::new(&shared.service, &connection, &head);
    // A client that sent Expect waits for a 100 before it sends the body, and EC2 never sends one.
    let complete = !head.headers.contains_key(EXPECT)
        && read_body(body, &shared.limits)
            .await
            .map_err(|error| connection.abort(ConnectionEnd::Close, &error.to_string()))?;
    if !complete {
        connection.set_end(ConnectionEnd::Linger);
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
    let (method, path, query) = (&head.method, head.uri.path(), head.uri.query());
    let request = RequestHead { method, path, query, headers: &head.headers };
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
    reply
}

/// The response to `mock-imds doctor` on this host: that this is a server of ours, and which. Not a request for
/// metadata, so it is neither counted nor logged, and no fault applies to it.
fn probe_response(headers: &HeaderMap, connection: &Arc<ConnectionState>) -> Option<Response<ReplyBody>> {
    let nonce =
        headers.get(PROBE_HEADER).filter(|_| connection.ingress == Ingress::Host)?.to_str().ok()?.to_owned();
    let probed = Probed { nonce, version: env!("CARGO_PKG_VERSION").into(), pid: std::process::id() };
    let body = serde_json::to_vec(&probed).ok()?.into();
    Some(Response::new(ReplyBody::new(body, DeliveryEnd::Whole, connection)))
}

/// Reads a body to its end, because the kernel resets a connection that is closed with bytes unread, and the
/// client then loses its reply. `false` if it is too long or too slow.
async fn read_body(mut body: Incoming, limits: &Limits) -> Result<bool, hyper::Error> {
    if body.is_end_stream() {
        return Ok(true);
    }
    let whole = async {
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
            if bytes > limits.body_bytes {
                return Ok(false);
            }
        }
        Ok(true)
    };
    timeout(limits.body, whole).await.unwrap_or(Ok(false))
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
