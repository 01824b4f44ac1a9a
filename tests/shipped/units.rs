//! Units of systemd: where sockets listen, what they wait for, and where they are listed.

use std::collections::BTreeSet;
use std::fs;

use mock_imds::model::Service;
use mock_imds::model::endpoint::{ADDRESS_V4, ADDRESS_V6, METADATA_PORT, SERVICE_PORT};

use crate::read;

fn value<'a>(unit: &'a str, key: &str) -> Option<&'a str> {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn sockets_listen_where_the_redirect_ends() {
    for (unit, expected) in [
        ("systemd/mock-imds.socket", format!("{ADDRESS_V4}:{SERVICE_PORT}")),
        ("systemd/mock-imds-ipv6.socket", format!("[{ADDRESS_V6}]:{SERVICE_PORT}")),
        ("systemd/mock-imds-ecs.socket", format!("{}:{SERVICE_PORT}", Service::Ecs.ipv4())),
        ("systemd/mock-imds-pod-identity.socket", format!("{}:{SERVICE_PORT}", Service::PodIdentity.ipv4())),
        (
            "systemd/mock-imds-pod-identity-ipv6.socket",
            format!("[{}]:{SERVICE_PORT}", Service::PodIdentity.ipv6().expect("it has one")),
        ),
    ] {
        assert_eq!(value(&read(unit), "ListenStream"), Some(expected.as_str()), "ListenStream= of {unit}");
    }
}

/// The sockets of other endpoints are there only while the guardian holds their addresses: by a file of its own. They wait
/// for it, and it waits for basic.target, so that the default dependencies of a socket would close a circle.
#[test]
fn sockets_of_other_endpoints_wait_for_the_guardian() {
    for (unit, endpoint) in [
        ("mock-imds-ecs.socket", Service::Ecs),
        ("mock-imds-pod-identity.socket", Service::PodIdentity),
        ("mock-imds-pod-identity-ipv6.socket", Service::PodIdentity),
    ] {
        let unit = read(&format!("systemd/{unit}"));
        let condition = format!("\nConditionPathExists=/run/mock-imds-net/{}\n", endpoint.name());
        for line in
            [&*condition, "\nDefaultDependencies=no\n", "\nAfter=sysinit.target mock-imds-net.service\n"]
        {
            assert!(unit.contains(line), "expected {line:?} in:\n{unit}");
        }
    }
}

/// Each socket comes with the service, ends with it, and is closed before its package is removed.
#[test]
fn every_socket_is_known_where_sockets_are_listed() {
    let service = read("systemd/mock-imds.service");
    let names = |key: &str| {
        let lines = service.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        lines.flat_map(str::split_whitespace).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let units = fs::read_dir(support::sources().join("systemd")).expect("the units").flatten();
    let units = units.map(|unit| unit.file_name().to_string_lossy().into_owned());
    let sockets: BTreeSet<String> = units.filter(|name| name.ends_with(".socket")).collect();
    assert_eq!(names("Sockets"), sockets, "Sockets= of mock-imds.service");
    for socket in &sockets {
        assert!(names("After").contains(socket), "After= of mock-imds.service lacks {socket}");
        for file in
            ["debian/mock-imds.prerm", "packaging/rpm/mock-imds.spec", "packaging/tarball/uninstall.sh"]
        {
            let text = read(file);
            let listed = text.split(|c: char| c.is_whitespace() || c == ';').any(|word| word == socket);
            assert!(listed, "{file} does not stop {socket}");
        }
        let text = read(&format!("systemd/{socket}"));
        assert!(text.contains("\nStopWhenUnneeded=yes\n"), "{socket} would stay when the service stops");
        assert!(
            socket == "mock-imds.socket" || value(&text, "Service") == Some("mock-imds.service"),
            "{socket}"
        );
    }
}

/// The process itself forbids core dumps; a child, such as a credential process, could still make one.
#[test]
fn no_unit_may_dump_core() {
    for unit in ["mock-imds.service", "mock-imds-net.service", "mock-imds-view.service"] {
        let unit = format!("systemd/{unit}");
        assert_eq!(value(&read(&unit), "LimitCORE"), Some("0"), "LimitCORE= of {unit}");
    }
}

#[test]
fn the_drop_in_of_bind_mode_listens_where_programs_ask() {
    for (drop_in, unit) in [
        ("bind", "mock-imds"),
        ("bind-ecs", "mock-imds-ecs"),
        ("bind-pod-identity", "mock-imds-pod-identity"),
        ("bind-pod-identity-ipv6", "mock-imds-pod-identity-ipv6"),
    ] {
        let listens = |file: &str| -> Vec<String> {
            let text = read(file);
            text.lines().filter_map(|line| line.strip_prefix("ListenStream=")).map(str::to_owned).collect()
        };
        let own = listens(&format!("systemd/{unit}.socket"));
        let [own] = own.as_slice() else { panic!("expected one ListenStream of {unit}, found {own:?}") };
        let (address, _) = own.rsplit_once(':').expect("an address and a port");
        let file = format!("packaging/dropins/{drop_in}.conf");
        // The empty one takes the unit's own away.
        assert_eq!(listens(&file), ["", &format!("{address}:{METADATA_PORT}")], "{file}");
        let place = format!("/etc/systemd/system/{unit}.socket.d/");
        assert!(read(&file).contains(&place), "{file} says that it goes to {place}");
    }
}
