//! What comes, and the replies that are gathered for it.

use http::StatusCode;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::body::Bytes;

use super::*;
use crate::imds::DeliveryEnd;
use crate::model::Service;
use crate::server::table::Slot;
use crate::server::tests::PEER;

/// The beginning of a head, this long.
fn part(length: usize) -> Vec<u8> {
    let begin = b"GET /latest/meta-data/mac HTTP/1.1\r\nX: ";
    let mut part = begin[..begin.len().min(length)].to_vec();
    part.resize(length, b'a');
    part
}

#[tokio::test]
async fn what_comes_is_answered_up_to_what_is_not_usual() {
    let one = REQUEST.len();
    for (received, answered, next, replies) in [
        (vec![], 0, "read", 0),
        (REQUEST.to_vec(), one, "read", 1),
        ([REQUEST, REQUEST].concat(), 2 * one, "read", 2),
        ([REQUEST, &part(9)].concat(), one, "read", 1),
        ([REQUEST, LAST_REQUEST, REQUEST].concat(), one + LAST_REQUEST.len(), "close", 2),
        ([REQUEST, OTHER_REQUEST].concat(), one, "hyper", 1),
        (OTHER_REQUEST[..20].to_vec(), 0, "read", 0),
        // A head that fills the buffer may still come to its end: for hyper.
        (part(READ_BYTES - 1), 0, "read", 0),
        (part(READ_BYTES), 0, "hyper", 0),
        ([REQUEST, &part(READ_BYTES - one)].concat(), one, "read", 1),
        ([REQUEST, &part(READ_BYTES - 2 * one)].concat(), one, "read", 1),
    ] {
        with_path(Ingress::Host, |path| {
            let mut written = Vec::new();
            let (count, found) = path.answer_all(&received, &mut written);
            let text = String::from_utf8_lossy(&written);
            let what = String::from_utf8_lossy(&received[..received.len().min(200)]);
            assert_eq!((count, name(&found)), (answered, next), "{} bytes: {what}", received.len());
            assert_eq!(text.matches("HTTP/1.1 200 OK").count(), replies, "{what}: {text}");
            assert_eq!(path.connection.requests(), replies, "{what}");
        });
    }
}

/// Others, which may change something or have another head, are hyper's.
#[tokio::test]
async fn of_requests_for_containers_each_get_is_answered() {
    let (ecs, pods, imds) = (Some(Service::Ecs), Some(Service::PodIdentity), Some(Service::Imds));
    let shared = shared();
    for (only, request, next) in [
        (ecs, "GET /v2/metadata", "read"),
        (ecs, "GET /v2/credentials/0", "read"),
        (ecs, "GET //v2", "read"),
        (ecs, "HEAD /v2/metadata", "hyper"),
        (ecs, "PUT /api/0/task-protection/v1/state", "hyper"),
        (pods, "GET /v1/credentials", "read"),
        (pods, "PUT /v1/credentials", "hyper"),
        (imds, "PUT /v1/credentials", "read"),
        // The scenario has no table of either.
        (None, "HEAD /v2/metadata", "read"),
    ] {
        let connection = ConnectionState::new(PEER, Ingress::Bridge, Slot::unlisted()).reaching(only, None);
        let mut path = FastPath::new(&shared, &connection, Instant::now() + Duration::from_hours(1));
        let (mut replies, received) = (Vec::new(), format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let (answered, found) = path.answer_all(received.as_bytes(), &mut replies);
        let expected = if next == "read" { received.len() } else { 0 };
        assert_eq!((name(&found), answered), (next, expected), "{request} at {only:?}");
        assert_eq!(replies.is_empty(), next == "hyper", "{request} at {only:?}");
    }
}

#[tokio::test]
async fn so_many_bytes_of_replies_are_gathered() {
    for (gathered, received, next, unparsed) in [
        (WRITE_BYTES, REQUEST.to_vec(), "read", false),
        (WRITE_BYTES + 1, REQUEST.to_vec(), "deliver", false),
        // What follows is to be answered after that.
        (WRITE_BYTES + 1, [REQUEST, REQUEST].concat(), "deliver", true),
        (WRITE_BYTES, [REQUEST, REQUEST].concat(), "deliver", false),
    ] {
        with_path(Ingress::Host, |path| {
            let mut written = vec![0; gathered];
            let found = path.answer_received(&received, &mut written);
            assert_eq!(name(&found), next, "{gathered} bytes before {} of requests", received.len());
            assert_eq!((path.unparsed, !path.received.is_empty()), (unparsed, unparsed), "{gathered}");
        });
    }
}

#[tokio::test]
async fn a_short_reply_with_the_usual_hop_limit_goes_out_at_once() {
    let reply = |length: usize, hop_limit, delivery| Reply {
        version: Version::HTTP_11,
        status: StatusCode::OK,
        reason: None,
        headers: vec![],
        body: Bytes::from(vec![0; length]),
        hop_limit,
        delivery,
        fault: None,
        refusal: None,
        invalid_token: false,
        late: None,
    };
    let whole = Delivery::default();
    let late = Delivery { delay: Duration::from_millis(1), ..whole };
    let reset = Delivery { end: DeliveryEnd::Reset, ..whole };
    for (ingress, length, hop_limit, delivery, expected) in [
        (Ingress::Host, 0, None, whole, true),
        (Ingress::Bridge, GATHERED_BODY_BYTES, None, whole, true),
        (Ingress::Host, GATHERED_BODY_BYTES + 1, None, whole, false),
        (Ingress::Host, 0, Some(2), whole, true),
        (Ingress::Bridge, 0, Some(2), whole, false),
        (Ingress::Host, 0, None, late, false),
        (Ingress::Host, 0, None, reset, false),
    ] {
        with_path(ingress, |path| {
            let reply = reply(length, hop_limit, delivery);
            let what = format!("{ingress:?}, {length} bytes, {hop_limit:?}, {delivery:?}");
            assert_eq!(path.is_immediate(&reply), expected, "{what}");
            // The socket still has the hop limit of the reply before.
            path.connection.set_hop_limit(Some(3));
            assert!(!path.is_immediate(&reply), "{what}");
        });
    }
}

#[test]
fn a_reply_says_that_the_connection_closes_by_its_header_alone() {
    for (header, value, expected) in [
        (CONNECTION, "close", true),
        (CONNECTION, "keep-alive", false),
        (CONTENT_TYPE, "close", false),
        (HeaderName::from_static("x-other"), "other", false),
    ] {
        let reply = Reply {
            version: Version::HTTP_11,
            status: StatusCode::OK,
            reason: None,
            headers: vec![(header.clone(), HeaderValue::from_static(value))],
            body: Bytes::new(),
            hop_limit: None,
            delivery: Delivery::default(),
            fault: None,
            refusal: None,
            invalid_token: false,
            late: None,
        };
        assert_eq!(write::closes(&reply), expected, "{header}: {value}");
    }
}
