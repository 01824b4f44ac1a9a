//! How many requests there were, by outcome and endpoint.

use super::*;

#[test]
fn every_outcome_has_its_count() {
    let counts = |protocol, status| {
        let journal = Journal::new(1);
        for _ in 0..3 {
            journal.record(RequestRecord { protocol, status, ..record("/x") });
        }
        journal.counts()
    };
    let none = RequestCounts::default();
    for (protocol, status, expected) in [
        (Protocol::V1, Some(200), RequestCounts { v1: 3, ..none }),
        (Protocol::V2, Some(200), RequestCounts { v2: 3, ..none }),
        (Protocol::Token, Some(200), RequestCounts { token: 3, ..none }),
        (Protocol::V2, Some(301), RequestCounts { v2: 3, ..none }),
        (Protocol::V2, Some(399), RequestCounts { v2: 3, ..none }),
        (Protocol::V2, Some(400), RequestCounts { v2: 3, failed: 3, ..none }),
        (Protocol::V2, Some(401), RequestCounts { v2: 3, refused: 3, ..none }),
        (Protocol::V2, Some(403), RequestCounts { v2: 3, refused: 3, ..none }),
        (Protocol::V2, Some(402), RequestCounts { v2: 3, failed: 3, ..none }),
        (Protocol::V2, Some(404), RequestCounts { v2: 3, not_found: 3, ..none }),
        (Protocol::V2, Some(503), RequestCounts { v2: 3, failed: 3, ..none }),
        (Protocol::V2, None, RequestCounts { v2: 3, unanswered: 3, ..none }),
    ] {
        assert_eq!(counts(protocol, status), expected, "{protocol:?} {status:?}");
    }
}

#[test]
fn requests_to_endpoints_of_containers_are_counted_apart() {
    use crate::model::Service;

    let journal = Journal::new(1);
    let of_nobody = (journal.tally().iter().count(), journal.tally().of_containers().count());
    assert_eq!(of_nobody, (0, 0), "of what nobody asked nothing is said");
    for (endpoint, status) in [
        (Service::Ecs, Some(200)),
        (Service::PodIdentity, Some(404)),
        (Service::Ecs, Some(200)),
        (Service::Ecs, Some(500)),
        (Service::Imds, Some(200)),
    ] {
        journal.record(RequestRecord { endpoint, status, ..record("/latest/user-data") });
    }
    assert_eq!(
        journal.tally().of_containers().collect::<Vec<_>>(),
        [
            (Service::Ecs, RequestOutcome::Ok, 2),
            (Service::Ecs, RequestOutcome::ServerError, 1),
            (Service::PodIdentity, RequestOutcome::NotFound, 1),
        ]
    );
    assert_eq!(
        journal.tally().iter().collect::<Vec<_>>(),
        [(Protocol::V2, RequestOutcome::Ok, request_category::RequestCategory::UserData, 1)]
    );
    assert_eq!(journal.counts(), RequestCounts { v2: 1, ..RequestCounts::default() });
}
