//! What is in the past, and what happens when nobody is left to see it.

use super::expect;

#[test]
fn times_that_are_meant_to_be_over_are_no_mistake() {
    let keys = "[credentials]\nsource = \"static\"\naccess-key-id = \"A\"\nsecret-access-key = \"s\"\nexpiration = 2020-01-01T00:00:00Z\n";
    let spot =
        |then: &str| format!("[[event]]\nspot-interruption = {{ time = 2020-01-01T00:00:00Z{then} }}\n");
    expect(keys, &["these keys have expired"]);
    expect(&format!("{keys}state = \"expired\"\n"), &[]);
    expect(&format!("{keys}state = \"failed\"\n"), &["these keys have expired"]);
    expect(&spot(""), &["event[1].spot-interruption.time is in the past"]);
    expect(&spot(", then = \"stay\""), &[]);
    expect(&spot(", then = \"vanish\""), &["event[1].spot-interruption.time is in the past"]);
}

#[test]
fn what_happens_now_is_not_in_the_past() {
    let keys =
        "[credentials]\nsource = \"static\"\naccess-key-id = \"A\"\nsecret-access-key = \"s\"\nexpiration = ";
    for (before, after, expected) in [
        ("[[event]]\nclear = \"all\"\nat = ", "", "event[1].at is in the past"),
        (
            "[[event]]\nclear = \"all\"\nat = 2027-06-01T00:00:00Z\nrepeat = \"1h\"\nuntil = ",
            "",
            "event[1].until is in the past",
        ),
        ("[[event]]\nspot-interruption = { time = ", " }", "event[1].spot-interruption.time is in the past"),
        (keys, "", "these keys have expired"),
    ] {
        expect(&format!("{before}2027-01-01T00:00:00Z{after}\n"), &[]);
        expect(&format!("{before}2027-01-01T00:00:01Z{after}\n"), &[]);
        expect(&format!("{before}2026-12-31T23:59:59Z{after}\n"), &[expected]);
    }
}

#[test]
fn other_events_at_unknown_times_do_not_hide_one_that_nobody_sees() {
    let unseen = "nobody sees this event: from 2m on every connection";
    let vanish = "[[event]]\nspot-interruption = { then = \"vanish\" }\n";
    let late = |at: &str| format!("[[event]]\nat = \"{at}\"\nrebalance-recommendation = {{}}\n");
    for other in [
        "[[event]]\nat = 2030-01-01T00:00:00Z\nrebalance-recommendation = {}\n",
        "[[event]]\nafter-poll = \"meta-data/mac\"\nlife-cycle = \"spot\"\n",
        "[[event]]\nat = \"1s\"\nrepeat = \"1m\"\nset = { \"meta-data/x\" = \"y\" }\n",
        "[[event]]\nat = \"1m\"\nclear = \"maintenance\"\n",
    ] {
        expect(&format!("{vanish}{other}{}", late("3m")), &[unseen]);
    }
    for other in [
        "[[event]]\nat = 2030-01-01T00:00:00Z\nclear = \"all\"\n",
        "[[event]]\nafter-poll = \"meta-data/mac\"\nclear = \"spot-interruption\"\n",
        "[[event]]\nat = \"1m\"\nclear = \"all\"\n",
    ] {
        expect(&format!("{vanish}{other}{}", late("3m")), &[]);
    }
    expect(&format!("{vanish}{}", late("2m")), &[unseen]);
    expect(&format!("{vanish}{}", late("119s")), &[]);
    let for_some = "[[event]]\nfirst-n-clients = 1\nspot-interruption = { then = \"vanish\" }\n";
    expect(&format!("{for_some}{}", late("3m")), &[]);
}

#[test]
fn an_instance_has_ended_for_an_event_when_all_that_it_concerns_have() {
    let instances = "[instances.a]\nclients = [\"10.0.0.0/8\"]\nderive = true\n[instances.b]\nclients = [\"host\"]\nderive = true\n";
    let vanish = |of: &str| format!("[[event]]\n{of}spot-interruption = {{ then = \"vanish\" }}\n");
    let late = |of: &str| format!("[[event]]\nat = \"5m\"\n{of}rebalance-recommendation = {{}}\n");
    let (a, b) = ("instance = \"a\"\n", "instance = \"b\"\n");
    let unseen = "nobody sees this event: from 2m on every connection";
    let event = |ends: &[String], of: &str, expected: &[&str]| {
        expect(&format!("{instances}{}{}", ends.concat(), late(of)), expected);
    };
    event(&[vanish(a)], a, &[unseen]);
    event(&[vanish(a)], b, &[]);
    event(&[vanish(a)], "", &[]);
    event(&[vanish("")], a, &[unseen]);
    event(&[vanish("")], "", &[unseen]);
    let later = format!("[[event]]\nat = \"1m\"\n{a}spot-interruption = {{ then = \"vanish\" }}\n");
    event(&[vanish(""), later.clone()], "", &["from 3m on"]);
    event(&[vanish(""), later.clone()], b, &[unseen]);
    event(&[vanish(""), later], a, &["from 3m on"]);
}
