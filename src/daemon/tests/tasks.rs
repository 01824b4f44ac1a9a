//! Tasks, threads and signals of the process.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, ThreadId};
use std::time::Duration;

use libc::{SIGHUP, SIGINT, SIGTERM};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_stream::iter;

use super::fleets::{LOADED, PATIENCE, fleet, fleet_at, live, scenario, service};
use crate::clock;
use crate::control::OrderSource;
use crate::control::api::LiveOrder;
use crate::daemon::build::asked_port;
use crate::daemon::compute::{compute, free, retire};
use crate::daemon::live::LiveFleet;
use crate::daemon::open::random;
use crate::daemon::preparer;
use crate::daemon::signals::{ends, stop_signal, stopped_at_start};
use crate::imds::TokenAuthority;
use crate::model::{ClockReading, Timestamp};
use crate::server::{InheritedSockets, Limits, Server, ServiceState, bind};

// === The wall clock ===

#[tokio::test]
async fn a_step_of_the_wall_clock_is_noted_once() {
    assert!(!live("").note_wall_clock().await, "nobody has set it");
    let now = clock::read();
    let before = ClockReading { wall: now.wall.before(Duration::from_hours(1)), ..now };
    let live = LiveFleet::new(service(fleet_at(scenario(""), before)));
    assert!(live.note_wall_clock().await, "it was set an hour ahead");
    assert!(!live.note_wall_clock().await, "it is noted");
}

// === Signals ===

#[test]
fn a_signal_ends_the_process_unless_it_asks_for_a_reload() {
    for (signal, was_on_terminal, is_on_terminal, expected) in [
        (SIGTERM, false, false, true),
        (SIGINT, true, true, true),
        (SIGHUP, false, false, false),
        (SIGHUP, true, true, false),
        (SIGHUP, true, false, true),
        (SIGHUP, false, true, false),
    ] {
        let found = ends(signal, was_on_terminal, is_on_terminal);
        assert_eq!(found, expected, "{signal} on a terminal: {was_on_terminal}, then {is_on_terminal}");
    }
}

#[tokio::test]
async fn a_reload_during_the_start_is_remembered_and_any_other_signal_ends_it() {
    for (sent, drop_in, expected, remembered) in [
        (&[SIGTERM][..], false, SIGTERM, false),
        (&[SIGHUP, SIGHUP, SIGINT], false, SIGINT, true),
        (&[SIGHUP], true, SIGHUP, false),
        (&[], false, SIGTERM, false),
    ] {
        let mut hung_up = false;
        let found = stopped_at_start(&mut iter(sent.to_vec()), &mut hung_up, drop_in).await;
        assert_eq!((found, hung_up), (expected, remembered), "after {sent:?}");
    }
}

/// While the server stops, a reload is no reason to stop at once.
#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let mut signals = iter([SIGHUP, SIGHUP, SIGINT, SIGTERM]);
    stop_signal(&mut signals).await;
    assert_eq!(tokio_stream::StreamExt::next(&mut signals).await, Some(SIGTERM));
}

#[test]
fn the_port_that_is_asked_for_tells_servers_apart() {
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let none = InheritedSockets::default();
    assert_eq!(asked_port(&[address(1338).into(), address(80).into()], &none), Some(1338));
    assert_eq!(asked_port(&[address(0).into()], &none), None);
    assert_eq!(asked_port(&[], &none), None);
}

// === Threads ===

#[tokio::test]
async fn a_computation_that_panics_ends_whoever_waits_for_it() {
    let waiting = tokio::spawn(compute::<()>(|| panic!("a test's")));
    let end = timeout(PATIENCE, waiting).await.expect("nobody waits for ever");
    assert!(end.expect_err("the panic goes on").is_panic());
}

/// Tells the thread that drops it.
struct Tells(Sender<ThreadId>);

impl Drop for Tells {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().id());
    }
}

#[tokio::test]
async fn what_may_be_large_is_freed_on_another_thread() {
    let (freed, threads) = channel();
    free(Tells(freed.clone()));
    retire(Arc::new(fleet("")), Tells(freed));
    for _ in 0..2 {
        let thread = threads.recv_timeout(PATIENCE).expect("it is freed");
        assert_ne!(thread, thread::current().id());
    }
}

/// Whoever drops the last reference frees all of it: that must be no request.
#[tokio::test]
async fn a_fleet_that_requests_still_use_is_kept_for_them() {
    let fleet = Arc::new(fleet(""));
    let left = Arc::downgrade(&fleet);
    retire(Arc::clone(&fleet), ());
    // Longer than it would take to drop it.
    for _ in 0..100 {
        tokio::task::spawn_blocking(|| ()).await.expect("no panic");
    }
    assert_eq!(left.strong_count(), 2, "the other one waits for this one");
    drop(fleet);
    let freed = timeout(PATIENCE, async {
        while left.strong_count() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(freed.await.is_ok(), "found {} references", left.strong_count());
}

#[test]
fn random_bytes_differ() {
    let one = random::<32>().expect("the kernel has some");
    assert_ne!(one, random::<32>().expect("the kernel has some"));
}

// === A server ===

/// A server of this service, at this address.
fn serve(service: &Arc<ServiceState>) -> (Server, SocketAddr) {
    let listeners = bind(&[SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]).expect("a free port");
    let address = listeners[0].address;
    (Server::start(listeners, Arc::clone(service), Limits::default()), address)
}

fn status(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    reply.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// A fault that takes the place of another one with its name.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_is_ordered_again_counts_from_0() {
    let service = service(fleet(""));
    let (_server, address) = serve(&service);
    let live = LiveFleet::new(service);
    for _ in 0..2 {
        let order = json!({"name": "x", "status": 503, "count": 1, "path": "meta-data/mac"});
        live.add(OrderSource::Signal, LiveOrder::Fault(order)).await.expect("it is accepted");
        let statuses = [(); 2].map(|()| status(address, "/latest/meta-data/mac"));
        assert_eq!(statuses, ["503", "200"]);
    }
}

/// Between the request and the event nobody asks: what it makes of the instance is compiled before.
#[tokio::test(flavor = "multi_thread")]
async fn what_clients_meet_after_an_event_is_compiled_before() {
    const SHORTLY_BEFORE: fn() -> Timestamp = || LOADED.plus(Duration::from_millis(990));
    let fleet = fleet("[[event]]\nat = \"1s\"\nset = { \"meta-data/a\" = \"x\" }\n");
    let service = ServiceState::new(fleet, TokenAuthority::new([7; 32]), SHORTLY_BEFORE, [0; 12]);
    let service = Arc::new(service);
    let (_server, address) = serve(&service);
    assert_eq!(status(address, "/latest/meta-data/mac"), "200");
    let compiled = || {
        let text = format!("{:?}", service.fleet.load());
        let (_, cache) = text.split_once("Cache(").expect("the cache tells how much it has");
        cache.split(' ').next().map(str::to_owned)
    };
    assert_eq!(compiled().as_deref(), Some("1"), "before it runs");
    let preparer = tokio::spawn(preparer::run(Arc::clone(&service), Arc::new(Notify::new())));
    let both = timeout(PATIENCE, async {
        while compiled().as_deref() != Some("2") {
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(both.await.is_ok(), "expected 2 instances, found {:?}", compiled());
    preparer.abort();
}

#[tokio::test]
async fn another_fleet_is_told() {
    let mut live = live("");
    let (first, second) = (live.replaced(), live.replaced());
    live.apply(crate::imds::FleetChange::RestoreFaults);
    for replaced in [first, second] {
        assert!(timeout(PATIENCE, replaced.notified()).await.is_ok());
    }
}
