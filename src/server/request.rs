//! One request: read what is left of it, ask [`answer`], write what it says.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::header::EXPECT;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use thiserror::Error;
use tokio::time::timeout;

use super::delivery::{ReplyBody, hold_back};
use super::limits::Limits;
use super::recorder::RequestRecorder;
use super::service_state::ServiceState;
use super::wire::ConnectionState;
use crate::imds::{DeliveryEnd, Ingress, Reply, RequestHead, Visit, answer};
use crate::model::endpoint::{PROBE_HEADER, Probed};

/// Why a connection ends without a reply.
#[derive(Debug, Error)]
pub(super) enum NoReply {
    /// The reply would not arrive: the client hears nothing until it gives up.
    #[error("the hop limit keeps the reply from the client")]
    Hold,
    /// A fault: the client hears nothing until it gives up.
    #[error("a fault keeps the client in silence")]
    Silence,
    /// A fault: the connection is reset.
    #[error("a fault resets the connection")]
    Reset,
    /// A fault would hold the connection up, and there is no room for that.
    #[error("faults hold up too many connections")]
    Crowded,
    /// The client broke its body off, or framed it wrongly.
    #[error("the request's body is broken: {0}")]
    Broken(#[from] hyper::Error),
}

/// Answers a request.
pub(super) async fn respond(
    world: Arc<ServiceState>,
    talk: Arc<ConnectionState>,
    limits: Arc<Limits>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, NoReply> {
    talk.asked();
    let (head, body) = request.into_parts();
    if let Some(probed) = probe(&head.headers, &talk) {
        return Ok(probed);
    }
    let mut recording = RequestRecorder::new(&world, &talk, &head);
    // A client that sent Expect waits for a word before it sends the body, and 100 is never that word.
    let read = !head.headers.contains_key(EXPECT) && read_out(body, &limits).await?;
    if !read {
        talk.left_unread();
    }
    let reply = ask(&world, &talk, &head, &mut recording);
    hold_back(&talk.seat, reply.delivery).await?;
    match hop_limit_for(&reply, talk.ingress) {
        HopLimit::Nowhere => return Err(NoReply::Hold),
        HopLimit::Usual => talk.limit_hops(None),
        HopLimit::Hops(limit) => talk.limit_hops(Some(limit)),
    }
    recording.status = Some(reply.status);
    Ok(response(reply, &talk))
}

/// Asks for the reply. What it reads is given back before anything waits.
fn ask(
    world: &ServiceState,
    talk: &ConnectionState,
    head: &Parts,
    recording: &mut RequestRecorder<'_>,
) -> Reply {
    let visit = Visit {
        peer: talk.peer.ip().to_canonical(),
        ingress: talk.ingress,
        nonce: world.admit(),
        counters: &world.counters,
    };
    let (method, path, query) = (&head.method, head.uri.path(), head.uri.query());
    let asked = RequestHead { method, path, query, headers: &head.headers };
    let fleet = world.fleet.load();
    recording.instance = fleet.instance_of(visit.peer, visit.ingress).map(Into::into);
    let (reply, change) = answer(&fleet, &world.authority, &visit, asked, (world.clock)());
    world.note(change);
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
    recording.fault = reply.fault;
    reply
}

/// The answer to `mock-imds doctor` on this host: that this is a server of ours, and which. Not a request for
/// metadata, so it is neither counted nor logged, and no fault meets it.
fn probe(headers: &HeaderMap, talk: &Arc<ConnectionState>) -> Option<Response<ReplyBody>> {
    let nonce =
        headers.get(PROBE_HEADER).filter(|_| talk.ingress == Ingress::Host)?.to_str().ok()?.to_owned();
    let probed = Probed { nonce, version: env!("CARGO_PKG_VERSION").into(), pid: std::process::id() };
    let body = serde_json::to_vec(&probed).ok()?.into();
    Some(Response::new(ReplyBody::new(body, DeliveryEnd::Whole, talk)))
}

/// Reads a body to its end, because the kernel resets a connection that is closed with bytes unread, and the
/// client then loses its reply. `false` if it is too long or too slow.
async fn read_out(mut body: Incoming, limits: &Limits) -> Result<bool, hyper::Error> {
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

/// How far a reply goes.
#[derive(Debug, PartialEq, Eq)]
enum HopLimit {
    Usual,
    Hops(u8),
    Nowhere,
}

/// On EC2 the reply to a token request starts at the instance's host, so each router takes one hop away. Here it
/// starts on the very bridge that the client is on, one hop nearer than there; and a packet from this host to
/// its bridge passes no router, so the kernel's hop limit can't stop it there.
fn hop_limit_for(reply: &Reply, ingress: Ingress) -> HopLimit {
    match (reply.hop_limit, ingress) {
        (None, _) | (_, Ingress::Host) => HopLimit::Usual,
        (Some(0 | 1), Ingress::Bridge) => HopLimit::Nowhere,
        (Some(limit), Ingress::Bridge) => HopLimit::Hops(limit - 1),
    }
}

fn response(reply: Reply, talk: &Arc<ConnectionState>) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::new(reply.body, reply.delivery.end, talk));
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

/// The parting that ended a connection, if it was one.
pub(super) fn parting(error: &hyper::Error) -> Option<&NoReply> {
    std::error::Error::source(error)?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use hyper::{StatusCode, Version};

    use super::*;
    use crate::imds::Delivery;

    #[test]
    fn only_bridged_clients_are_limited() {
        let cases = [
            (None, Ingress::Bridge, HopLimit::Usual),
            (Some(1), Ingress::Host, HopLimit::Usual),
            (Some(1), Ingress::Bridge, HopLimit::Nowhere),
            (Some(2), Ingress::Bridge, HopLimit::Hops(1)),
            (Some(64), Ingress::Bridge, HopLimit::Hops(63)),
            (Some(2), Ingress::Host, HopLimit::Usual),
        ];
        for (hop_limit, ingress, expected) in cases {
            let (version, status) = (Version::HTTP_11, StatusCode::OK);
            let (headers, body, delivery) = (vec![], Bytes::new(), Delivery::default());
            let reply =
                Reply { version, status, reason: None, headers, body, hop_limit, delivery, fault: None };
            assert_eq!(hop_limit_for(&reply, ingress), expected, "hop limit {hop_limit:?} from {ingress:?}");
        }
    }
}
