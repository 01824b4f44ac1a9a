use super::crowd::READING;
use super::*;

const ROOT: u32 = 0;
const OWN: u32 = 990;
const USER: u32 = 1000;

fn admission() -> Arc<Admission> {
    Admission::new(Uid::from_raw(OWN))
}

/// So many connections of a user, each in its place.
fn crowd(admission: &Arc<Admission>, uid: u32, count: usize) -> Vec<Arc<Place>> {
    (0..count).map(|_| admit(admission, uid).expect("there are places")).collect()
}

fn admit(admission: &Arc<Admission>, uid: u32) -> Result<Arc<Place>, Crowded> {
    admission.admit(by_group(uid), Instant::now())
}

fn by_group(uid: u32) -> Caller {
    Caller { uid, as_owner: false }
}

fn evicted(place: &Place) -> bool {
    place.admission.crowd().own(place.number).is_err()
}

#[test]
fn a_newcomer_takes_the_place_of_the_oldest_that_has_not_sent_its_request() {
    let admission = admission();
    let mut places = crowd(&admission, USER, CONNECTIONS);
    places[0].execute(false).expect("there is a place");
    for next in 1..10 {
        places.push(admit(&admission, USER).expect("one goes"));
        let gone: Vec<usize> = (0..places.len()).filter(|at| evicted(&places[*at])).collect();
        assert_eq!(gone, (1..=next).collect::<Vec<_>>());
    }
    assert_eq!(
        places[1].execute(false),
        Err(Crowded("another connection took the place of this one".into())),
        "what lost its place is not carried out"
    );
}

#[test]
fn who_does_not_read_goes_next_and_what_is_carried_out_never() {
    let admission = admission();
    let places = crowd(&admission, USER, CONNECTIONS);
    for (at, place) in places.iter().enumerate() {
        place.execute(at >= REQUESTS).expect("the last ones are urgent");
    }
    let full = admit(&admission, USER).expect_err("all are carried out");
    assert_eq!(full.0, "user 1000 has too many connections here at one time; end some of them");
    let sent = Instant::now();
    places[7].send(sent);
    assert!(admission.admit(by_group(USER), sent + READING / 2).is_err(), "it may be reading");
    let newcomer = admission.admit(by_group(USER), sent + READING).expect("one does not read");
    assert!(evicted(&places[7]));
    drop(newcomer);
    assert!(admit(&admission, USER).is_ok(), "a place that is left is free");
}

#[test]
fn bodies_have_a_limit_for_each_user_and_short_ones_none() {
    let admission = admission();
    let places = crowd(&admission, USER, 4);
    for place in &places[..2] {
        assert_eq!(place.receive(BODIES / 2), Ok(()));
    }
    assert_eq!(places[2].receive(SHORT_BODY), Ok(()));
    let crowded = places[2].receive(1).expect_err("it is long now");
    assert!(crowded.0.contains("too many bytes of request bodies"), "{crowded:?}");
    let root = admit(&admission, ROOT).expect("there are places");
    assert_eq!(root.receive(BODIES / 2), Ok(()), "another user");
    places[0].execute(false).expect("within the share");
    places[0].send(Instant::now());
    assert_eq!(places[3].receive(BODIES / 2), Ok(()), "the body of a request that is answered is gone");
}

#[test]
fn a_user_with_many_requests_can_still_reload() {
    let admission = admission();
    let places = crowd(&admission, USER, CONNECTIONS - 1);
    for place in &places[..REQUESTS] {
        place.execute(false).expect("within the share");
    }
    let crowded = places[REQUESTS].execute(false).expect_err("above the share");
    assert!(crowded.0.contains("too many requests that are being carried out"), "{crowded:?}");
    for place in &places[REQUESTS..] {
        assert_eq!(place.execute(true), Ok(()), "a reload");
    }
}

#[test]
fn other_users_and_root_have_their_own_places() {
    let admission = admission();
    let mut busy = Vec::new();
    for uid in [USER, USER + 1, USER + 2] {
        let places = crowd(&admission, uid, (OTHERS_CONNECTIONS - busy.len()).min(REQUESTS));
        for place in &places {
            place.execute(false).expect("within the share");
        }
        busy.extend(places);
    }
    assert!(admit(&admission, USER + 4).is_err(), "128 of these are carried out, which is bounded");
    for uid in [ROOT, OWN] {
        let place = admit(&admission, uid).expect("root and the service have places of their own");
        assert_eq!(place.execute(true), Ok(()));
    }
    drop(busy.pop());
    assert!(admit(&admission, USER + 4).is_ok());
}

#[test]
fn by_the_owners_socket_a_user_has_a_second_share() {
    let admission = admission();
    let first = admission.admit(Caller { uid: ROOT, as_owner: true }, Instant::now()).expect("a place");
    let _crowd = crowd(&admission, ROOT, 2 * CONNECTIONS);
    assert!(!evicted(&first), "the others came by another socket");
}

#[test]
fn of_several_users_the_one_with_most_connections_loses_one() {
    let admission = admission();
    let few = crowd(&admission, USER, 4);
    let many = [crowd(&admission, USER + 1, CONNECTIONS), crowd(&admission, USER + 2, 60)];
    let _newcomer = admit(&admission, USER + 4).expect("one goes");
    assert!(!few.iter().any(|place| evicted(place)), "the user with few is older, and keeps them");
    assert_eq!(many.iter().flatten().filter(|place| evicted(place)).count(), 1);
    assert!(evicted(&many[0][0]), "it is the oldest of the user with most");
}

#[test]
fn those_who_wait_have_places_of_their_own() {
    let admission = admission();
    let waiting = |uid, count| -> Vec<_> {
        let wait = |_| {
            let place = admit(&admission, uid).expect("who waits needs no place");
            place.wait().map(|()| place)
        };
        (0..count).map(wait).collect()
    };
    let first = waiting(USER, 1000);
    assert_eq!(first.iter().filter(|place| place.is_ok()).count(), WAITING);
    let crowded = first.last().expect("there are some").as_ref().expect_err("too many");
    assert!(crowded.0.contains("too many clients that wait for requests"), "{crowded:?}");
    let others = [waiting(USER + 1, WAITING), waiting(USER + 2, 1)];
    assert!(others[0].iter().all(Result::is_ok), "another user");
    assert!(others[1][0].is_err(), "128 of users at most");
    assert!(waiting(ROOT, WAITING).iter().all(Result::is_ok), "root");
    let place = admit(&admission, USER).expect("waiting costs no place");
    assert_eq!(place.execute(false), Ok(()));
}

#[test]
fn what_is_urgent_has_a_share_of_its_own_and_no_more() {
    let admission = admission();
    let places = crowd(&admission, USER, CONNECTIONS);
    for place in &places[..URGENT_REQUESTS] {
        place.execute(true).expect("within the share");
    }
    let crowded = places[URGENT_REQUESTS].execute(true).expect_err("it is one too many");
    assert!(crowded.0.contains("too many statuses and reloads"), "{crowded:?}");
    assert_eq!(places[URGENT_REQUESTS].execute(false), Ok(()), "another share");
    admit(&admission, ROOT).expect("there are places").execute(true).expect("another user");
    places[0].send(Instant::now());
    assert_eq!(places[20].execute(true), Ok(()), "one is answered");
}

#[tokio::test]
async fn an_urgent_response_waits_for_its_own_kind_alone() {
    let admission = admission();
    let [user, root] = [USER, ROOT].map(|uid| admit(&admission, uid).expect("there are places"));
    let mut permits = Vec::new();
    for urgent in [false, true] {
        for _ in 0..COMPUTING {
            permits.push(user.computing(urgent).await.expect("it is never closed"));
        }
        let mut next = std::pin::pin!(user.computing(urgent));
        let pending =
            std::future::poll_fn(|context| std::task::Poll::Ready(next.as_mut().poll(context).is_pending()));
        assert!(pending.await, "expected a wait, urgent: {urgent}");
    }
    assert!(root.computing(true).await.is_some(), "it waits for no other user");
}
