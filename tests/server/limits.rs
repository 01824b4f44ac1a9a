//! Clients that take their time, or too much.

use std::time::Duration;

use mock_imds::model::Service;
use mock_imds::server::Limits;
use support::{Connection, ID, InProcessServer, eventually, get, limits, put};

const KEEP_ALIVE: &str = "[http]\nkeep-alive = true\n";

#[test]
fn a_client_that_never_speaks_is_dropped() {
    let server = InProcessServer::new("", limits(|limits, short| limits.head = short));
    let found = Connection::new(server.address).read();
    assert_eq!(found.raw, "");
    server.serves_the_next();
}

#[test]
fn a_slow_head_is_dropped() {
    let server = InProcessServer::new("", limits(|limits, short| limits.head = short));
    let found = Connection::new(server.address).send("GET / HTTP/1.1\r\nHost: ").read();
    assert_eq!(found.raw, "");
    server.serves_the_next();
}

#[test]
fn an_idle_kept_connection_is_dropped() {
    let server = InProcessServer::new(KEEP_ALIVE, limits(|limits, short| limits.head = short));
    let found =
        Connection::new(server.address).send(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", ID.0)).read();
    assert_eq!((found.status, found.body.as_str()), (200, ID.1));
}

/// The agents of containers have times of their own.
#[test]
fn an_idle_connection_to_an_endpoint_is_dropped_in_the_time_of_its_agent() {
    for (service, path) in [(Service::Ecs, "/v2/metadata"), (Service::PodIdentity, "/healthz")] {
        let limits = limits(|limits, short| {
            (limits.head, limits.keep_http) = (Duration::from_hours(1), short);
            (limits.head_at_ecs, limits.head_at_pod_identity) = (limits.head, limits.head);
            match service {
                Service::Ecs => limits.head_at_ecs = short,
                _ => limits.head_at_pod_identity = short,
            }
        });
        let server = InProcessServer::of(service, "", limits);
        let found =
            Connection::new(server.address).send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).read();
        assert_eq!(found.status, 200, "{path}: {found:?}");
    }
    let usual = Limits::default();
    let agents = [usual.head_at_ecs, usual.head_at_pod_identity];
    assert_eq!(agents, [5, 30].map(Duration::from_secs), "as the agents have them");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server =
        InProcessServer::new("", limits(|limits, short| (limits.body, limits.linger) = (short, short)));
    let found = Connection::new(server.address).send(put("Content-Length: 100\r\n\r\n12345")).read();
    assert_eq!((found.status, found.body.len()), (200, 56), "{found:?}");
}

#[test]
fn a_connection_ends_with_its_lifetime_even_if_it_is_used() {
    let server = InProcessServer::new(KEEP_ALIVE, limits(|limits, short| limits.lifetime = short));
    let mut client = Connection::new(server.address);
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", ID.0);
    let mut answers = 0;
    eventually("the end of the connection", || {
        client.try_send(&request);
        match client.try_read_until(ID.1) {
            Ok(_) => {
                answers += 1;
                None
            }
            Err(_) => Some(()),
        }
    });
    assert!(answers > 0, "expected answers before the end");
    server.serves_the_next();
}

#[test]
fn below_the_limit_idle_connections_cost_the_next_client_nothing() {
    let server = InProcessServer::usual();
    let idle: Vec<Connection> = (0..500).map(|_| Connection::new(server.address)).collect();
    for _ in 0..20 {
        server.serves_the_next();
    }
    drop(idle);
    assert_eq!(server.exchange(get(ID.0)).body, ID.1);
}
