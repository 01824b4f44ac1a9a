//! When an event changes something later: the stages that are known as soon as the file is read.

use super::{accepted, problems};

#[test]
fn another_role_in_the_profile_has_no_delay_but_the_next_refresh() {
    let found = problems(
        "[[event]]\ninstance-profile = { role = \"web\", change = \"role-in-profile\" }\npropagation = \"3s\"",
    );
    assert!(found.contains("nothing that the event does is ever late"), "{found}");
}

/// What an event changes for a time, or late, is known as soon as the file is read: the clock stops there.
#[test]
fn what_an_event_changes_later_is_scheduled() {
    for (settings, event, stages) in [
        ("", "hide-interface = { interface = \"0e:49:61:0f:c3:12\", for = \"90s\" }", &[90][..]),
        ("", "managed-ssh-key = { user = \"me\", key = \"ssh-ed25519 AAAA\" }", &[60]),
        ("", "stop-start = { down = \"30s\" }", &[30]),
        ("[propagation]\ntags = \"5s\"\n", "tags = { Name = \"x\" }", &[5]),
        ("[propagation]\ntags = \"5s\"\n", "metadata-options = { http-tokens = \"required\" }", &[]),
    ] {
        let text = format!("{settings}[[event]]\nattach-interface = {{}}\n[[event]]\nat = \"1s\"\n{event}");
        let found = &accepted(&text).events[1].lateness.stages;
        let expected: Vec<_> =
            stages.iter().map(|seconds| std::time::Duration::from_secs(*seconds)).collect();
        assert_eq!(*found, expected, "{text}");
    }
}

#[test]
fn named_instances_have_a_jitter_of_their_own_in_delays_of_one_event() {
    let text = r#"
        [instances.a]
        clients = ["10.0.0.1"]
        derive = true
        [instances.b]
        clients = ["10.0.0.2"]
        derive = true
        [[event]]
        at = "1s"
        attach-interface = {}
        propagation = { ipv6s = { min = "1s", max = "1h" } }
    "#;
    let stages = &accepted(text).events[0].lateness.stages;
    assert_eq!(stages.len(), 3, "one of [instance], of a and of b: {stages:?}");
}
