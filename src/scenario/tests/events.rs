//! What an event says of interfaces and tasks: mistakes are told once each, and what nobody can know is no mistake.

use super::{accepted, problems};
use crate::model::{EventEffect, InterfaceChange};

/// The sentences of a report.
fn found(event: &str) -> Vec<String> {
    let report = problems(&format!("[ecs]\n[pod-identity]\n[[event]]\nat = \"1s\"\n{event}\n"));
    let sentence = |line: &str| line.split_once(": error: ").map(|(_, sentence)| sentence.to_owned());
    report.lines().filter_map(sentence).collect()
}

#[test]
fn a_change_that_changes_nothing_is_told_unless_another_mistake_says_why() {
    let interface = "interface = \"0e:49:61:0f:c3:11\"";
    for (event, expected) in [
        (format!("modify-interface = {{ {interface} }}"), "nothing is modified"),
        (
            format!("modify-interface = {{ {interface}, security-groups = 7 }}"),
            "security-groups is an integer",
        ),
        (
            format!("modify-interface = {{ {interface}, security-grups = [\"a\"] }}"),
            "unknown key \"security-grups\"",
        ),
        ("ecs-task = {}".to_owned(), "nothing happens to the task"),
        ("ecs-task = { desired-status = \"ENDED\" }".to_owned(), "desired-status is \"ENDED\""),
        ("ecs-task = { known-status = 7 }".to_owned(), "known-status is an integer"),
        ("pod-identity = {}".to_owned(), "nothing happens to the association"),
        ("pod-identity = { association = 7 }".to_owned(), "association is an integer"),
        ("task-protection = {}".to_owned(), "the protection is neither set nor ended"),
        ("task-protection = { enabled = true, for = \"1s\" }".to_owned(), "task-protection.for is 1s"),
        ("ecs-container = {}".to_owned(), "nothing happens to the container"),
        ("ecs-container = { health = \"ODD\" }".to_owned(), "health is \"ODD\""),
        ("agent = { down = \"soon\" }".to_owned(), "agent.down is \"soon\""),
        ("agent = { for = \"5s\" }".to_owned(), "unknown key \"for\""),
        (
            "agent = { endpoint = \"pod-identity\", credentials-ready-after = \"5s\" }".to_owned(),
            "has no credentials of its own",
        ),
        ("task-protection = { enabled = 7 }".to_owned(), "enabled is an integer"),
        ("managed-ssh-key = {}".to_owned(), "a pushed key needs user and key"),
        ("managed-ssh-key = { user = \"me\" }".to_owned(), "a pushed key needs user and key"),
        (
            "managed-ssh-key = { user = \"a/b\", key = \"ssh-ed25519 AAAA\" }".to_owned(),
            "\"a/b\" cannot be part of a path",
        ),
        (
            "managed-ssh-key = { user = \"..\", key = \"ssh-ed25519 AAAA\" }".to_owned(),
            "\"..\" cannot be part of a path",
        ),
        ("managed-ssh-key = { key = \"ssh-ed25519 AAAA\" }".to_owned(), "a pushed key needs user and key"),
        ("stop-start = { down = \"soon\" }".to_owned(), "stop-start.down is \"soon\""),
        ("stop-start = { user-data = 7 }".to_owned(), "stop-start.user-data is an integer"),
    ] {
        let found = found(&event);
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "expected {expected:?} alone, found {found:?} of {event}"
        );
    }
}

#[test]
fn an_interface_is_not_missed_where_times_depend_on_clients() {
    let attach = "[[event]]\nat = \"1m\"\nattach-interface = {}\n";
    let hide = "hide-interface = { interface = \"0e:49:61:0f:c3:12\", for = \"5s\" }\n";
    let early = |key: &str| format!("{attach}[[event]]\nat = \"30s\"\n{key}{hide}");
    let hide_at = |at: &str| format!("[[event]]\nat = \"{at}\"\n{hide}");
    let cleared =
        |what: &str| format!("{attach}[[event]]\nat = \"2m\"\nclear = \"{what}\"\n{}", hide_at("3m"));
    for (what, is_there) in [("all", false), ("network", false), ("spot-interruption", true)] {
        let found = problems(&cleared(what));
        assert_eq!(!found.contains("0e:49:61:0f:c3:12 is not attached"), is_there, "{what}: {found}");
    }
    let missed = problems(&early(""));
    assert!(missed.contains("0e:49:61:0f:c3:12 is not attached"), "{missed}");
    for key in ["repeat = \"1m\"\n", "client = \"10.0.0.7\"\n"] {
        let found = accepted(&early(key));
        assert!(matches!(found.events[1].effects[..], [EventEffect::Interface(_)]), "{key}: {found:?}");
    }
}

#[test]
fn an_attached_interface_counts_on_where_neither_its_mac_nor_its_address_is_taken() {
    for taken in [
        "mac = \"0e:49:61:0f:c3:12\"\nprivate-ipv4s = [\"172.16.34.99\"]\n",
        "mac = \"0e:00:00:00:00:09\"\nprivate-ipv4s = [\"172.16.34.44\"]\n",
    ] {
        let interfaces = format!(
            "[[instance.network-interface]]\n[[instance.network-interface]]\ndevice-number = 5\n{taken}"
        );
        let found = accepted(&format!("{interfaces}[[event]]\nat = \"1s\"\nattach-interface = {{}}\n"));
        let [EventEffect::Interface(InterfaceChange::Attach(attached))] = &found.events[0].effects[..] else {
            panic!("{:?}", found.events)
        };
        let addresses: Vec<String> = attached.private_ipv4s.iter().map(ToString::to_string).collect();
        assert_eq!(
            (attached.device_number, attached.mac.as_str(), addresses),
            (1, "0e:49:61:0f:c3:13", vec!["172.16.34.45".to_owned()]),
            "beside {taken}"
        );
    }
}

#[test]
fn a_change_that_one_of_the_instances_takes_is_possible() {
    let instances = "[instances.web]\nclients = [\"10.0.0.1\"]\n\
                     [[instances.web.network-interface]]\nmac = \"0e:00:00:00:00:01\"\n\
                     [[instances.web.network-interface]]\nmac = \"0e:00:00:00:00:02\"\n";
    let detach = |mac: &str| {
        problems(&format!(
            "{instances}[[event]]\nat = \"1s\"\ndetach-interface = {{ interface = \"0e:00:00:00:00:{mac}\" }}\n"
        ))
    };
    assert!(!detach("02").contains("error"), "{}", detach("02"));
    assert!(detach("03").contains("0e:00:00:00:00:03 is not attached"), "{}", detach("03"));
}

/// Its interfaces are those of no client: each has one, whose MAC address and id follow from the client's address.
#[test]
fn where_each_client_has_an_identity_of_its_own_no_interface_of_the_file_is_changed() {
    let instances = "[instances.web]\nclients = [\"10.0.0.0/8\"]\nderive = true\n\
                     [[instances.web.network-interface]]\nmac = \"0e:00:00:00:00:01\"\n\
                     [[instances.web.network-interface]]\nmac = \"0e:00:00:00:00:02\"\n";
    let detach = |at: &str, mac: &str| {
        format!(
            "[[event]]\ninstance = \"web\"\nat = \"{at}\"\ndetach-interface = {{ interface = \"{mac}\" }}\n"
        )
    };
    // The last one is that of the built-in instance.
    for mac in ["0e:00:00:00:00:01", "0e:00:00:00:00:02", "0e:49:61:0f:c3:11"] {
        let found = problems(&format!("{instances}{}", detach("1s", mac)));
        let accepted = "derive = true gives each client interfaces of its own";
        assert!(
            found.contains(&format!("{mac} is not attached")) && found.contains(accepted),
            "{mac}: {found}"
        );
    }
    let attach = "[[event]]\ninstance = \"web\"\nattach-interface = { mac = \"0e:00:00:00:00:02\", private-ipv4s = [\"10.0.0.9\"] }\n";
    let found = problems(&format!("{instances}{attach}{}", detach("1s", "0e:00:00:00:00:02")));
    assert!(!found.contains("error"), "{found}");
    let found = problems(&format!("{instances}{attach}{attach}"));
    assert!(found.contains("error") && !found.contains("interfaces of its own"), "{found}");
}
