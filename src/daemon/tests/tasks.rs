//! Tasks, threads and signals of the process.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, ThreadId};
use std::time::{Duration, SystemTime};

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
use crate::daemon::connection_faults::ConnectionFaultPlace;
use crate::daemon::live::LiveFleet;
use crate::daemon::open::random;
use crate::daemon::preparer;
use crate::daemon::signals::{ends, stop_signal, stopped_at_start};
use crate::imds::{FleetChange, TokenAuthority};
use crate::model::endpoint::SERVICE_PORT;
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
pub(super) fn serve(service: &Arc<ServiceState>) -> (Server, SocketAddr) {
    let listeners = bind(&[SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]).expect("a free port");
    let address = listeners[0].address;
    (Server::start(listeners, Arc::clone(service), Limits::default()), address)
}

/// The whole reply to a request with this method and path, and with this body.
pub(super) fn ask(address: SocketAddr, line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!("{line} HTTP/1.1\r\nHost: x\r\n{length}Connection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    reply
}

fn status(address: SocketAddr, path: &str) -> String {
    ask(address, &format!("GET {path}"), "").split(' ').nth(1).unwrap_or_default().to_owned()
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
    live.apply(FleetChange::RestoreFaults);
    for replaced in [first, second] {
        assert!(timeout(PATIENCE, replaced.notified()).await.is_ok());
    }
}

// === The list of connections that fail ===

/// Waits until the list is there, or is not.
async fn listed(path: &Path, expected: bool, when: &str) {
    let listed = timeout(PATIENCE, async {
        while path.is_file() != expected {
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(listed.await.is_ok(), "{when}: expected a list: {expected}");
}

/// A directory for the list, the list, and what keeps it.
fn list(name: &str, scenario_text: &str) -> (PathBuf, LiveFleet, impl Future<Output = ()> + use<>) {
    let directory = std::env::temp_dir().join(format!("mock-imds-list-{}-{name}", std::process::id()));
    fs::create_dir_all(&directory).expect("writable");
    let path = directory.join("connection-faults.json");
    let service = service(fleet_at(scenario(scenario_text), clock::read()));
    let mut live = LiveFleet::new(Arc::clone(&service));
    let replaced = live.replaced();
    let place = ConnectionFaultPlace::new(Some(path.clone()), [SERVICE_PORT].into_iter());
    (path, live, place.run(service, replaced))
}

#[tokio::test]
async fn there_is_a_list_while_connections_shall_fail() {
    let (path, live, run) = list("lives", "");
    fs::write(&path, "of a server that was killed").expect("writable");
    let keeper = tokio::spawn(run);
    listed(&path, false, "after the start").await;
    for words in ["refused", "lost"] {
        let order = json!({"name": "x", "connection": words});
        live.add(OrderSource::Signal, LiveOrder::Fault(order)).await.expect("it is accepted");
        listed(&path, true, words).await;
        let text = fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, format!("{{\"faults\":[{{\"connection\":\"{words}\"}}]}}"));
        live.apply(FleetChange::RemoveFaults([0].into()));
        listed(&path, false, "without the fault").await;
    }
    keeper.abort();
    fs::remove_dir_all(path.parent().expect("it has one")).expect("ours");
}

/// Without another event: the fault is there already, and nobody orders one.
#[tokio::test]
async fn a_list_that_cannot_be_written_is_tried_again() {
    let (path, _live, run) = list("later", "[[fault]]\nconnection = \"refused\"\n");
    let directory = path.parent().expect("it has one");
    // A directory has its name. What is staged beside that changes the time of the directory above.
    fs::create_dir(&path).expect("writable");
    let changed = || fs::metadata(directory).expect("it is there").modified().expect("it has a time");
    fs::File::open(directory).expect("ours").set_modified(SystemTime::UNIX_EPOCH).expect("ours");
    let keeper = tokio::spawn(run);
    let tried = timeout(PATIENCE, async {
        while changed() == SystemTime::UNIX_EPOCH || fs::read_dir(directory).expect("it is there").count() > 1
        {
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(tried.await.is_ok(), "nothing was written");
    fs::remove_dir(&path).expect("empty");
    listed(&path, true, "with room for it").await;
    keeper.abort();
    fs::remove_dir_all(directory).expect("ours");
}
