//! The state of a connection, and bodies of replies.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Body as _, Bytes};
use tokio::time::Instant;

use super::{PEER, connection, service};
use crate::imds::{DeliveryEnd, Ingress};
use crate::model::{Instance, Scenario, Service};
use crate::server::delivery::ReplyBody;
use crate::server::state::{ConnectionEnd, ConnectionState};
use crate::server::table::Slot;

#[test]
fn a_connection_knows_its_requests_and_its_last_reply() {
    let connection = connection(Ingress::Host);
    assert_eq!((connection.requests(), connection.reply_bytes()), (0, 0));
    for number in 1..=3 {
        connection.count_request();
        connection.set_reply_bytes(100 * number);
        assert_eq!((connection.requests(), connection.reply_bytes()), (number, 100 * number));
    }
}

#[test]
fn the_time_of_the_last_reply_is_remembered_in_milliseconds() {
    let start = Instant::now();
    let connection = connection(Ingress::Host);
    let step = Duration::from_millis(5);
    // Without a pause of the thread: a millisecond is not long.
    while start.elapsed() < step {
        std::hint::spin_loop();
    }
    connection.note_reply();
    let (replied, latest) = (connection.replied_at(), Instant::now());
    // Whole milliseconds of it.
    let earliest = start + step.saturating_sub(Duration::from_millis(1));
    assert!((earliest..=latest).contains(&replied), "{replied:?} is not from {earliest:?} to {latest:?}");
}

#[test]
fn a_connection_reaches_a_service_by_its_listener_or_by_its_address() {
    let (ecs, pods) = (Some(Service::Ecs), Some(Service::PodIdentity));
    for (only, at, addressed, by_own_address) in [
        (None, None, None, false),
        (None, ecs, ecs, true),
        (ecs, None, ecs, false),
        (ecs, ecs, ecs, true),
        (ecs, pods, ecs, false),
        (pods, ecs, pods, false),
    ] {
        let found = ConnectionState::new(PEER, Ingress::Bridge, Slot::unlisted()).reaching(only, at);
        let expected = (addressed, by_own_address);
        assert_eq!((found.addressed, found.by_own_address), expected, "{only:?} at {at:?}");
    }
}

/// Unless the address tells, the path does, and only if the scenario has a task or a pod.
#[test]
fn a_request_may_be_for_an_endpoint_by_its_address_or_its_path() {
    let with_pod = Instance { pod_identity: Some(Arc::default()), ..Instance::default() };
    let [without, with] =
        [Instance::default(), with_pod].map(|instance| service(Scenario { instance, ..Scenario::default() }));
    for (addressed, expected) in [
        (None, [false, false, false, true]),
        (Some(Service::Imds), [false; 4]),
        (Some(Service::Ecs), [true; 4]),
        (Some(Service::PodIdentity), [true; 4]),
    ] {
        let connection = ConnectionState::new(PEER, Ingress::Bridge, Slot::unlisted());
        let connection = connection.reaching(addressed, None);
        let asked = [("/latest/", &without), ("/v1/x", &without), ("/latest/", &with), ("/v1/x", &with)];
        let found = asked.map(|(path, service)| connection.may_be_endpoint(path, service));
        assert_eq!(found, expected, "at {addressed:?}");
    }
}

#[test]
fn the_socket_gets_another_hop_limit_when_a_reply_wants_one() {
    let connection = connection(Ingress::Bridge);
    let state = || (connection.hop_limit_to_apply(), connection.has_default_hop_limit());
    assert_eq!(state(), (None, true), "at first");
    connection.set_hop_limit(Some(3));
    assert_eq!(state(), (Some(3), false), "wanted");
    connection.hop_limit_applied(3);
    assert_eq!(state(), (None, false), "applied");
    connection.set_hop_limit(None);
    assert_eq!(state(), (Some(-1), false), "the kernel's own is wanted");
    connection.hop_limit_applied(-1);
    assert_eq!(state(), (None, true), "as at first");
}

#[tokio::test]
async fn a_body_ends_after_what_is_sent_of_it() {
    use DeliveryEnd::{Stalled, Truncated, Whole};
    for (body, end, sent, expected_end) in [
        ("", Whole, None, ConnectionEnd::Unused),
        ("abc", Whole, Some("abc"), ConnectionEnd::Unused),
        ("", Truncated, None, ConnectionEnd::Unused),
        ("a", Truncated, None, ConnectionEnd::Truncate),
        ("abcde", Truncated, Some("ab"), ConnectionEnd::Truncate),
        ("", Stalled, None, ConnectionEnd::Unused),
        ("abc", Stalled, None, ConnectionEnd::Silence),
    ] {
        let connection = connection(Ingress::Host);
        let what = format!("{body:?}, {end:?}");
        let mut reply = ReplyBody::new(Bytes::from_static(body.as_bytes()), end, &connection);
        let length = body.len();
        assert_eq!(connection.reply_bytes(), length, "{what}");
        assert_eq!(reply.size_hint().exact(), Some(length as u64), "{what}");
        let is_unfinished = expected_end != ConnectionEnd::Unused;
        assert_eq!(reply.is_end_stream(), sent.is_none() && !is_unfinished, "{what}: before");
        let mut frames = Vec::new();
        // The end, or what waits for it.
        while let Poll::Ready(Some(frame)) =
            poll_fn(|context| Poll::Ready(Pin::new(&mut reply).poll_frame(context))).await
        {
            let frame = frame.expect("it cannot fail").into_data().expect("data");
            frames.push(String::from_utf8(frame.to_vec()).expect("text"));
        }
        assert_eq!(frames, Vec::from_iter(sent), "{what}");
        assert_eq!(reply.is_end_stream(), !is_unfinished, "{what}: after");
        assert_eq!(connection.end(), expected_end, "{what}");
    }
}
