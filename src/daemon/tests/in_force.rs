//! What the status lists as in force: how far instances differ from the file, what was announced, and what is late.

use std::time::Duration;

use super::fleets::{LOADED, fleet};
use crate::daemon::describe;
use crate::daemon::in_force::in_force;

/// Each difference as a line, with its time in seconds after the load.
fn differences(text: &str, seconds: u64) -> Vec<String> {
    let found = in_force(&fleet(text), LOADED.plus(Duration::from_secs(seconds)));
    let line = |found: crate::control::api::InForceStatus| {
        let at = found.at.map(|at| format!(" +{}s", at.since(LOADED).as_secs())).unwrap_or_default();
        format!("{}: {}{at}", found.what, found.text)
    };
    found.into_iter().map(line).collect()
}

#[test]
fn an_interface_is_told_by_what_differs() {
    let primary = "interface = \"0e:49:61:0f:c3:11\"";
    let of = |event: &str| differences(&format!("[[event]]\nat = \"1s\"\n{event}\n"), 1);
    for (event, expected) in [
        ("attach-interface = {}".to_owned(), &["0e:49:61:0f:c3:12 is attached as device 1"][..]),
        (
            "attach-interface = { network-card = 1 }".to_owned(),
            &["0e:49:61:0f:c3:12 is attached as device 1 on network card 1"],
        ),
        (
            format!("assign = {{ {primary}, private-ipv4s = [\"172.16.34.99\"] }}"),
            &["0e:49:61:0f:c3:11 has other addresses"],
        ),
        (
            format!("modify-interface = {{ {primary}, security-group-ids = [\"sg-0123456789abcdef0\"] }}"),
            &["0e:49:61:0f:c3:11 has other security groups"],
        ),
    ] {
        let expected: Vec<String> = expected.iter().map(|text| format!("interface: {text}")).collect();
        let found: Vec<String> =
            of(&event).into_iter().filter(|line| line.starts_with("interface: ")).collect();
        assert_eq!(found, expected, "{event}");
    }
    assert_eq!(of("tags = { Name = \"web\" }"), ["tags: Name = web"], "no interface differs");
}

/// The public addresses and the groups of the primary one are facts of the instance.
#[test]
fn a_further_interface_has_public_addresses_and_groups_of_its_own() {
    let [primary, second] = ["0e:00:00:00:00:01", "0e:00:00:00:00:02"];
    let interface = |mac: &str, own: u8| {
        format!(
            "[[instance.network-interface]]\nmac = \"{mac}\"\nprivate-ipv4s = [\"172.16.34.{own}\", \"172.16.35.{own}\"]\n\
             public-ipv4s = [\"192.0.2.{own}\"]\n"
        )
    };
    let interfaces = interface(primary, 1) + &interface(second, 2);
    let (addresses, groups) = ("has other addresses", "has other security groups");
    for (event, mac, expected) in [
        ("assign = { PLACE, private-ipv4s = [\"172.16.34.99\"] }", second, Some(addresses)),
        ("assign = { PLACE, public-ipv4s = [\"192.0.2.99\"] }", second, Some(addresses)),
        ("assign = { PLACE, public-ipv4s = [\"192.0.2.99\"] }", primary, None),
        ("modify-interface = { PLACE, security-groups = [\"x\"] }", second, Some(groups)),
        ("modify-interface = { PLACE, security-groups = [\"x\"] }", primary, None),
        (
            "modify-interface = { PLACE, security-group-ids = [\"sg-0123456789abcdef0\"] }",
            second,
            Some(groups),
        ),
    ] {
        let event = event.replace("PLACE", &format!("interface = \"{mac}\""));
        let found = differences(&format!("{interfaces}[[event]]\nat = \"1s\"\n{event}\n"), 1);
        let found: Vec<&str> = found.iter().filter_map(|line| line.strip_prefix("interface: ")).collect();
        let expected: Vec<String> = expected.iter().map(|what| format!("{mac} {what}")).collect();
        assert_eq!(found, expected, "{event}");
    }
    let detached =
        format!("{interfaces}[[event]]\nat = \"1s\"\ndetach-interface = {{ interface = \"{second}\" }}\n");
    assert_eq!(differences(&detached, 1), [format!("interface: {second} is detached")]);
}

#[test]
fn what_is_announced_has_its_time() {
    for (event, expected) in [
        ("spot-interruption = { notice = \"2m\" }", "spot-interruption: terminate +121s"),
        ("rebalance-recommendation = {}", "rebalance-recommendation: noticed +1s"),
        ("credentials = { rotate = true }", "credentials: rotated +1s"),
        ("stop-start = { down = \"30s\" }", "stop-start: stopped, until +31s"),
    ] {
        let found = differences(&format!("[[event]]\nat = \"1s\"\n{event}\n"), 1);
        assert!(found.contains(&expected.to_owned()), "expected {expected:?} of {event}, found {found:?}");
    }
    let found = differences("[[event]]\nat = \"1s\"\nmaintenance = { not-before = \"1h\" }\n", 1);
    assert!(
        found.len() == 1
            && found[0].starts_with("maintenance: system-reboot instance-event-")
            && found[0].ends_with(", not before +3601s"),
        "{found:?}"
    );
}

#[test]
fn what_is_late_says_until_when() {
    let tags = "[metadata-options]\ninstance-metadata-tags = \"enabled\"\n[propagation]\ntags = \"5s\"\n\
                [[event]]\nat = \"1s\"\ntags = { Name = \"web\" }\n";
    let late = |seconds| {
        let found = differences(tags, seconds).into_iter();
        found.filter(|line| line.starts_with("late: ")).collect::<Vec<_>>()
    };
    assert_eq!(late(0), [""; 0]);
    assert_eq!(late(2), ["late: meta-data/tags/instance/Name is as it was until +6s"]);
    assert_eq!(late(6), [""; 0]);
}

#[test]
fn a_restart_of_agents_tells_how_long_credentials_are_missing() {
    for (event, expected) in [
        ("{ down = \"5s\", credentials-ready-after = \"0s\" }", "both agents down for 5s"),
        (
            "{ down = \"5s\", credentials-ready-after = \"10s\" }",
            "both agents down for 5s, of ecs without credentials for 10s more",
        ),
        ("{ endpoint = \"pod-identity\", down = \"5s\" }", "pod-identity down for 5s"),
    ] {
        let fleet = fleet(&format!("[ecs]\n[pod-identity]\n[[event]]\nat = \"1s\"\nagent = {event}\n"));
        let found = describe::effect(&fleet.events()[0].effects[0], None);
        assert_eq!((found.what.as_str(), found.text.as_str()), ("agent", expected), "{event}");
    }
}
