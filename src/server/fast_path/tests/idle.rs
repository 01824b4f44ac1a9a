//! A connection between two requests: what it keeps, and how old it is.

use super::*;

#[tokio::test]
async fn a_connection_that_hyper_gives_back_goes_on_with_what_has_come() {
    for received in [&b""[..], b"GET /la"] {
        with_path(Ingress::Host, |path| {
            path.resume(received.to_vec());
            assert_eq!((path.received.as_slice(), path.unparsed), (received, !received.is_empty()));
            // Its last reply went out before it was found idle.
            assert!(path.active.elapsed() >= path.shared.limits.keep_http, "{:?}", path.active.elapsed());
            assert!(
                path.active <= path.connection.replied_at(),
                "its time for a head begins with its last reply"
            );
        });
    }
}

#[tokio::test]
async fn an_idle_connection_keeps_little_of_its_last_request() {
    for (capacity, kept) in [(KEPT_BYTES, KEPT_BYTES), (KEPT_BYTES + 1, 0)] {
        with_path(Ingress::Host, |path| {
            path.received = Vec::with_capacity(capacity);
            assert_eq!(path.received.capacity(), capacity, "before");
            path.connection.slot.enter(ConnectionStage::Answering, 0);
            path.wait();
            assert_eq!(path.received.capacity(), kept);
            assert_eq!(path.connection.slot.stage(), ConnectionStage::Idle);
        });
    }
    with_path(Ingress::Host, |path| {
        path.received = b"GET".to_vec();
        path.wait();
        assert_eq!(path.received, b"GET", "a part of the next request");
        assert_eq!(path.connection.slot.stage(), ConnectionStage::Head);
    });
}

#[tokio::test]
async fn the_table_has_the_age_of_the_last_request_more_or_less() {
    with_path(Ingress::Host, |path| {
        let (begin, half) = (path.idle_since, path.shared.limits.fresh / 2);
        for (active, moves) in [(half, false), (half + Duration::from_nanos(1), true)] {
            path.active = begin + active;
            path.wait();
            assert_eq!(path.idle_since, if moves { path.active } else { begin }, "after {active:?}");
        }
    });
}

#[test]
fn headers_are_remembered_unless_they_are_long() {
    let head = |length: usize| format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(length - 7));
    for (length, limit, kept) in [(1_024, 1_024, 1), (1_025, 1_024, 0), (10, 9, 0), (10, 0, 0), (10, 10, 1)] {
        let mut last = LastHeaders::default();
        let head = head(length);
        let found = last.parse(head.as_bytes());
        assert!(matches!(found, Parsed::Request(_)), "{length} bytes: {found:?}");
        last.forget_beyond(limit);
        assert_eq!(last.headers().len(), kept, "{length} bytes, {limit} may be kept");
    }
}
