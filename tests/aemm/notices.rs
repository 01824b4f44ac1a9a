//! Notices: what they say, from when, and to whom.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use mock_imds::aemm::{AemmConfig, StartTime};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use support::{Answer, Client, PureService};

use crate::scenario;

const RERUN: &str = "rerun: cargo test --test aemm notices";
const ACTION: &str = "/latest/meta-data/spot/instance-action";
const TERMINATION: &str = "/latest/meta-data/spot/termination-time";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";
const SCHEDULED: &str = "/latest/meta-data/events/maintenance/scheduled";
const STATE: &str = "/latest/meta-data/autoscaling/target-lifecycle-state";

fn service(change: impl FnOnce(&mut AemmConfig)) -> PureService {
    PureService::new(&scenario(change))
}

fn get(service: &mut PureService, path: &str) -> Answer {
    service.ask(Client::HOST, "GET", path, &[])
}

/// The status of each notice.
fn statuses(service: &mut PureService, client: Client) -> [u16; 5] {
    [ACTION, TERMINATION, REBALANCE, SCHEDULED, STATE]
        .map(|path| service.ask(client, "GET", path, &[]).status)
}

fn seconds(delay_sec: i64) -> StartTime {
    StartTime { delay_sec, trigger_time: None }
}

fn trigger(time: &str) -> StartTime {
    StartTime { delay_sec: 0, trigger_time: Some(time.into()) }
}

#[test]
fn times_move_with_each_request() {
    let mut service = service(|_| {});
    let action = |time: &str| format!("{{\n\t\"action\": \"terminate\",\n\t\"time\": \"{time}\"\n}}");
    let notice = |time: &str| format!("{{\n\t\"noticeTime\": \"{time}\"\n}}");
    for (wait, now, later) in [
        (0, "2026-01-15T12:00:00Z", "2026-01-15T12:02:00Z"),
        (90, "2026-01-15T12:01:30Z", "2026-01-15T12:03:30Z"),
    ] {
        service.wait(Duration::from_secs(wait));
        assert_eq!(get(&mut service, ACTION).body, action(later), "{RERUN}");
        assert_eq!(get(&mut service, TERMINATION).body, later, "{RERUN}");
        assert_eq!(get(&mut service, REBALANCE).body, notice(now), "{RERUN}");
    }
    assert_eq!(action("2026-01-15T12:02:00Z").len(), 59, "the length of the original's");
}

#[test]
fn times_that_are_said_are_echoed() {
    let mut service = service(|config| {
        config.spot.action = "stop".into();
        config.spot.time = Some("1994-05-15T00:00:00+02:00".into());
        config.spot.rebalance_rec_time = Some("2020-01-07T01:03:47.25Z".into());
    });
    service.wait(Duration::from_hours(1));
    let expected = "{\n\t\"action\": \"stop\",\n\t\"time\": \"1994-05-15T00:00:00+02:00\"\n}";
    assert_eq!(get(&mut service, ACTION).body, expected, "{RERUN}");
    // Whatever the action.
    assert_eq!(get(&mut service, TERMINATION).body, "1994-05-15T00:00:00+02:00", "{RERUN}");
    assert_eq!(
        get(&mut service, REBALANCE).body,
        "{\n\t\"noticeTime\": \"2020-01-07T01:03:47.25Z\"\n}",
        "{RERUN}"
    );
}

#[test]
fn a_scheduled_event_is_an_array_of_one() {
    let body = |state: &str, not_after: &str| {
        format!(
            "[\n\t{{\n\t\t\"Code\": \"system-reboot\",\n\t\t\
             \"Description\": \"The instance is scheduled for system-reboot\",\n\t\t\"State\": \"{state}\",\n\t\t\
             \"EventId\": \"instance-event-1234567890abcdef0\",\n\t\t\"NotBefore\": \"15 Jan 2026 12:00:00 GMT\",\n\t\t\
             \"NotAfter\": \"{not_after}\",\n\t\t\"NotBeforeDeadline\": \"24 Jan 2026 12:00:00 GMT\"\n\t}}\n]"
        )
    };
    let mut usual = service(|config| config.mock = seconds(30));
    usual.wait(Duration::from_hours(1));
    let found = usual.reply(Client::HOST, "GET", SCHEDULED, &[]);
    assert_eq!(String::from_utf8_lossy(&found.body), body("active", "22 Jan 2026 12:00:00 GMT"), "{RERUN}");
    assert_eq!(found.body.len(), 305, "{RERUN}");
    let json =
        found.headers.iter().any(|(name, value)| name == "content-type" && value == "application/json");
    assert!(json, "{:?}\n{RERUN}", found.headers);
    for state in ["completed", "canceled"] {
        let mut over = service(|config| {
            config.events.state = state.into();
            // In the zone that it is labelled with; the original keeps the digits.
            config.events.not_after = Some("2026-02-01T02:30:00+02:00".into());
        });
        assert_eq!(get(&mut over, SCHEDULED).body, body(state, "1 Feb 2026 00:30:00 GMT"), "{RERUN}");
    }
}

#[test]
fn an_id_may_have_any_form() {
    for id in ["", "my <event> & more", " \n"] {
        let mut service = service(|config| {
            config.metadata.values.insert("event-id".into(), id.into());
        });
        let found = get(&mut service, SCHEDULED).body;
        let parsed: serde_json::Value = serde_json::from_str(&found).expect("JSON");
        assert_eq!(parsed[0]["EventId"], id, "{RERUN}");
        assert!(!found.contains(['<', '&']), "{found}\n{RERUN}");
    }
}

#[test]
fn delays_count_from_the_start_and_hide_no_listing() {
    let mut service = service(|config| {
        config.mock = seconds(10);
        config.rebalance = seconds(20);
        config.asg_termination = seconds(30);
    });
    assert_eq!(
        get(&mut service, "/latest/meta-data/spot").body,
        "instance-action\ntermination-time",
        "{RERUN}"
    );
    assert_eq!(
        get(&mut service, "/latest/meta-data/events").body,
        "maintenance/\nrecommendations/",
        "{RERUN}"
    );
    assert_eq!(get(&mut service, STATE).body, "InService", "{RERUN}");
    for (wait, expected) in [
        (9_999, [404, 404, 404, 404, 200]),
        (1, [200, 200, 404, 200, 200]),
        (10_000, [200, 200, 200, 200, 200]),
    ] {
        service.wait(Duration::from_millis(wait));
        assert_eq!(statuses(&mut service, Client::HOST), expected, "{RERUN}");
        assert_eq!(get(&mut service, STATE).body, "InService", "{RERUN}");
    }
    service.wait(Duration::from_secs(10));
    assert_eq!(get(&mut service, STATE).body, "Terminated", "{RERUN}");
}

#[test]
fn a_trigger_time_takes_the_place_of_a_delay() {
    let mut service = service(|config| {
        config.mock = StartTime { delay_sec: 3600, ..trigger("2026-01-15T12:00:10Z") };
        config.rebalance = trigger("whenever");
        config.asg_termination = trigger("1994-05-15T00:00:00Z");
    });
    assert_eq!(statuses(&mut service, Client::HOST), [404, 404, 200, 404, 200], "{RERUN}");
    assert_eq!(get(&mut service, STATE).body, "Terminated", "{RERUN}");
    service.wait(Duration::from_secs(10));
    assert_eq!(statuses(&mut service, Client::HOST), [200; 5], "{RERUN}");
}

#[test]
fn the_first_clients_see_notices_and_others_do_not() {
    let client = |n: u8| Client::bridged(&format!("172.17.0.{n}"));
    let mut service = service(|config| config.mock_ip_count = 2);
    // Listings and values do not count.
    for n in 2..9 {
        assert_eq!(service.ask(client(n), "GET", "/latest/meta-data/spot", &[]).status, 200, "{RERUN}");
    }
    let status = |service: &mut PureService, n, path| service.ask(client(n), "GET", path, &[]).status;
    // Interruption and recommendation share their clients; the others have sets of their own.
    assert_eq!([status(&mut service, 2, ACTION), status(&mut service, 3, REBALANCE)], [200, 200], "{RERUN}");
    assert_eq!(
        [ACTION, TERMINATION, REBALANCE].map(|path| status(&mut service, 4, path)),
        [404; 3],
        "{RERUN}"
    );
    assert_eq!([2, 3].map(|n| status(&mut service, n, TERMINATION)), [200; 2], "{RERUN}");
    for path in [SCHEDULED, STATE] {
        assert_eq!([4, 5, 2].map(|n| status(&mut service, n, path)), [200, 200, 404], "{path}\n{RERUN}");
    }
    // Another method than GET asks for no state.
    assert_eq!(service.ask(client(2), "POST", STATE, &[]).status, 200, "{RERUN}");
}

#[test]
fn who_asks_before_the_event_counts() {
    let client = |n: u8| Client::bridged(&format!("172.17.0.{n}"));
    let mut service = service(|config| {
        config.mock_ip_count = 1;
        config.mock = seconds(10);
    });
    assert_eq!(service.ask(client(2), "GET", ACTION, &[]).status, 404, "{RERUN}");
    service.wait(Duration::from_secs(10));
    assert_eq!([3, 2].map(|n| service.ask(client(n), "GET", ACTION, &[]).status), [404, 200], "{RERUN}");
}

#[test]
fn nobody_or_everybody_is_a_number_of_clients() {
    let mut nobody = service(|config| config.mock_ip_count = 0);
    assert_eq!(statuses(&mut nobody, Client::HOST), [404; 5], "{RERUN}");
    assert_eq!(get(&mut nobody, "/latest/meta-data/spot").status, 200, "{RERUN}");
    let mut everybody = service(|config| config.mock_ip_count = -1);
    for n in 2..50 {
        assert_eq!(statuses(&mut everybody, Client::bridged(&format!("172.17.0.{n}"))), [200; 5], "{RERUN}");
    }
}

#[test]
fn ipv6_clients_with_one_first_group_are_one_client() {
    let mut service = service(|config| config.mock_ip_count = 1);
    let mut status = |address| service.ask(Client::bridged(address), "GET", ACTION, &[]).status;
    assert_eq!(["fd00:ec2::1", "fd00:1::2", "fd01::1"].map(&mut status), [200, 200, 404], "{RERUN}");
}

/// A GET from an address of the loopback network; the status.
fn get_from(from: [u8; 4], to: SocketAddr, path: &str) -> u16 {
    let [from, to] = [SocketAddr::from((from, 0)), to].map(|address| match address {
        SocketAddr::V4(address) => SockaddrIn::from(address),
        SocketAddr::V6(_) => panic!("an IPv4 address, found {address}"),
    });
    let socket =
        socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    bind(socket.as_raw_fd(), &from).expect("loopback addresses can be bound");
    connect(socket.as_raw_fd(), &to).expect("the server accepts");
    let mut stream = TcpStream::from(socket);
    stream.write_all(support::get(path).as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers and closes");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[test]
fn clients_are_told_apart_by_the_address_of_their_connection() {
    let server = crate::serve(|config| config.mock_ip_count = 2);
    let status = |n| get_from([127, 0, 0, n], server.address, ACTION);
    assert_eq!([1, 2, 3, 1, 2, 3].map(status), [200, 200, 404, 200, 200, 404], "{RERUN}");
}
