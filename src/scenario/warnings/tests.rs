use std::path::Path;

use crate::config::SourceText;
use crate::model::Timestamp;
use crate::scenario::read_at;

fn warnings(text: &str) -> Vec<String> {
    let now: jiff::Timestamp = "2027-01-01T00:00:00Z".parse().expect("an instant");
    let now: Timestamp = now.into();
    let outcome = read_at(&SourceText::new("s.toml", text), Path::new(""), Some(now));
    let (_, report) =
        outcome.unwrap_or_else(|report| panic!("expected no error, found:\n{report}\nin:\n{text}"));
    report
        .problems
        .iter()
        .map(|problem| {
            let span = problem.span.as_ref().expect("a warning has a place");
            format!("{}:{}: {} | {}", span.line, span.column, problem.found, problem.help.join(" | "))
        })
        .collect()
}

#[test]
fn what_contradicts_cannot_happen_or_has_no_effect_is_a_warning() {
    let cases = [
        (
            "[instance]\navailability-zone = \"us-esat-1a\"",
            "2:21: mock-imds knows no region \"us-esat-1\" | did you mean \"us-east-1a\"?",
        ),
        ("[instance]\navailability-zone = \"eu-west-1q\"", "mock-imds knows no zone \"eu-west-1q\""),
        (
            "[instance]\navailability-zone = \"eu-west-99q\"",
            "the region eu-west-99 has no zone \"eu-west-99q\"",
        ),
        (
            "[instances.a]\nclients = [\"host\"]\nderive = true\navailability-zone = \"us-esat-1a\"",
            "4:21: mock-imds knows no region",
        ),
        (
            "[instance]\navailability-zone-id = \"usw2-az1\"",
            "does not belong to the region of the zone us-east-1a | such as \"use1-az1\"",
        ),
        (
            "[instance]\ninstance-type = \"m6g.large\"\narchitecture = \"x86_64\"",
            "3:16: instance type m6g.large is arm64, not x86_64",
        ),
        (
            "[metadata]\n\"meta-data/instnace-id\" = \"i-1\"",
            "2:1: EC2 serves no meta-data/instnace-id | did you mean \"meta-data/instance-id\"?",
        ),
        (
            "[[event]]\nset = { \"meta-data/spot/instance-acton\" = \"x\" }",
            "did you mean \"meta-data/spot/instance-action\"?",
        ),
        (
            "[[event]]\nafter-poll = \"meta-data/spto/instance-action\"\nclear = \"all\"",
            "2:14: nothing serves meta-data/spto/instance-action | did you mean \"meta-data/spot/instance-action\"?",
        ),
        (
            "[[fault]]\npath = \"/latest/meta-data/iamm/**\"\nstatus = 503",
            "2:8: \"/latest/meta-data/iamm/**\" matches no path that is served: the fault never hits",
        ),
        ("[[fault]]\npath = \"metadata/**\"\nstatus = 503", "matches no path that is served"),
        ("[[fault]]\npath = \"/lates/meta-data/**\"\nstatus = 503", "matches no path that is served"),
        (
            "[metadata]\n\"meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/device-number\" = \"1\"\n\
             [[event]]\nattach-interface = { mac = \"0e:49:61:0f:c3:12\" }",
            "3:1: meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/device-number is overridden: what this event changes",
        ),
        ("[[fault]]\nprobability = 0\nstatus = 503", "2:15: probability = 0: the fault never hits"),
        (
            "[[fault]]\nhang = true\n[[fault]]\nstatus = 503",
            "3:1: this fault never hits: fault 1 takes every request",
        ),
        (
            "[instances.a]\nderive = true\nclients = [\"10.0.0.0/8\"]\n[[fault]]\ninstance = \"a\"\nclients = [\"172.16.0.0/12\"]\nstatus = 503",
            "6:11: the fault never hits: none of these clients",
        ),
        ("[instance.tags]\nName = \"x\"", "no program sees these tags"),
        ("[http]\nopen-listings = true", "2:1: open-listings has no effect"),
        ("[http]\nallowed-hosts = [\"x\"]", "2:1: allowed-hosts has no effect"),
        (
            "[[event]]\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
            "4:6: nobody sees this event: from 2m on every connection",
        ),
        (
            "[[event]]\nspot-interruption = { notice = \"10m\", then = \"vanish\" }\n[[event]]\nat = \"1m\"\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
            "7:6: nobody sees this event: from 3m on every connection",
        ),
        (
            "[[event]]\nat = 2026-01-01T00:00:00Z\nclear = \"all\"",
            "2:6: event[1].at is in the past: the event has happened",
        ),
        (
            "[[event]]\nspot-interruption = { time = \"2026-01-01T00:00:00Z\" }",
            "event[1].spot-interruption.time is in the past",
        ),
        (
            "[credentials]\nsource = \"static\"\naccess-key-id = \"A\"\nsecret-access-key = \"s\"\nexpiration = 2026-01-01T00:00:00Z",
            "5:14: these keys have expired",
        ),
    ];
    for (text, expected) in cases {
        let found = warnings(text);
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "expected {expected:?} alone for:\n{text}\nfound:\n{found:#?}"
        );
    }
}

#[test]
fn what_is_meant_has_no_warning() {
    for text in [
        "[instance]\navailability-zone = \"eu-west-3-cmn-wlz-1a\"",
        "[instance]\navailability-zone = \"af-south-1-dkr-wlz-1a\"",
        "[instance]\navailability-zone = \"us-west-2-lax-1a\"\navailability-zone-id = \"usw2-lax1-az1\"",
        "[instance]\navailability-zone = \"eu-west-4a\"",
        "[instance]\navailability-zone = \"xx-new-1a\"",
        "[instance]\ninstance-type = \"m6g.large\"\narchitecture = \"arm64\"",
        "[instance]\narchitecture = \"i386\"",
        "[metadata]\n\"meta-data/example\" = \"x\"\n\"meta-data/a\" = \"x\"\n\"meta-data/public-ipv6\" = \"::1\"\n\"meta-data/iam\" = false",
        "[metadata]\n\"meta-data/own/x\" = \"x\"\n[[fault]]\npath = \"meta-data/own/*\"\nstatus = 503\n[[event]]\nafter-poll = \"meta-data/own/x\"\nclear = \"all\"",
        "[[event]]\nset = { \"meta-data/later\" = \"x\" }\n[[event]]\nunset = [\"meta-data/later\"]",
        "[[fault]]\npath = \"/latest/api/token\"\nstatus = 503\n[[fault]]\npath = \"api/token\"\nstatus = 503",
        "[[fault]]\npath = \"/2021-07-15/meta-data/iam/**\"\nstatus = 503\n[[fault]]\npath = \"**\"\nstatus = 503",
        "[[fault]]\npath = \"/*/meta-data/mac*\"\nstatus = 503\n[[fault]]\npath = \"meta-data/\"\nstatus = 503",
        "[[fault]]\npath = \"**/security-credentials/*\"\nstatus = 503\n[[fault]]\npath = \"meta-data/network/interfaces/macs/*/mac\"\nstatus = 503",
        "[[fault]]\nhang = true\ncount = 1\n[[fault]]\nstatus = 503",
        "[instances.a]\nderive = true\nclients = [\"10.0.0.0/8\"]\n[[fault]]\ninstance = \"a\"\nclients = [\"10.1.0.0/16\", \"host\"]\nstatus = 503",
        "[instance.tags]\nName = \"x\"\n[[event]]\nmetadata-options = { instance-metadata-tags = \"enabled\" }",
        "[[event]]\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"1m\"\nrebalance-recommendation = {}\n[[event]]\nat = \"3m\"\nclear = \"all\"",
        "[[event]]\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"1m\"\nspot-interruption = { then = \"stay\" }\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
        "[[event]]\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"1m30s\"\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
        "[[event]]\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"150s\"\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
        "[[event]]\nat = \"3m\"\nrebalance-recommendation = {}\n[[event]]\nat = \"2m30s\"\nclear = \"all\"\n[[event]]\nspot-interruption = { then = \"vanish\" }\n",
        "[[event]]\nrepeat = \"4m\"\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
        "[[event]]\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"1m\"\nrepeat = \"90s\"\nclear = \"spot-interruption\"\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
        "[instances.a]\nclients = [\"10.0.0.0/8\"]\nderive = true\n[[event]]\nspot-interruption = { then = \"vanish\" }\n[[event]]\nat = \"1m\"\ninstance = \"a\"\nspot-interruption = { then = \"stay\" }\n[[event]]\nat = \"3m\"\nrebalance-recommendation = {}",
        "[[event]]\nat = 2030-01-01T00:00:00Z\nclear = \"all\"",
        "[http]\nprofile = \"aemm\"\n[[event]]\nat = 2020-01-01T00:00:00Z\nspot-interruption = { time = \"2020-01-01T00:02:00Z\" }",
        "[http]\nprofile = \"aemm\"\n[metadata]\n\"meta-data/instnace-id\" = \"i-1\"\n[[fault]]\npath = \"/elsewhere\"\nstatus = 503",
    ] {
        assert_eq!(warnings(text), Vec::<String>::new(), "{text}");
    }
}

/// Expects exactly these warnings, each by a part of it.
fn expect(text: &str, expected: &[&str]) {
    let found = warnings(text);
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(|(found, part)| found.contains(part)),
        "expected {expected:?} alone for:\n{text}\nfound:\n{found:#?}"
    );
}

#[test]
fn only_a_fault_that_takes_every_request_for_ever_hides_the_next() {
    let never = "this fault never hits: fault 1 takes every request";
    let instance = "[instances.a]\nderive = true\nclients = [\"host\"]\n";
    for effect in ["hang = true", "reset = true", "reset = true\nlatency = \"1s\""] {
        expect(&format!("[[fault]]\n{effect}\n[[fault]]\nstatus = 503\n"), &[never]);
    }
    for effect in ["status = 503", "latency = \"1s\"", "tokens = \"lost\"", "throttle = { per-second = 1 }"] {
        expect(&format!("[[fault]]\n{effect}\n[[fault]]\nstatus = 404\n"), &[]);
    }
    for limit in [
        "path = \"meta-data/mac\"",
        "methods = [\"GET\"]",
        "clients = [\"10.0.0.0/8\"]",
        "instance = \"a\"",
        "from = \"1s\"",
        "from = 2030-01-01T00:00:00Z",
        "for = \"1m\"",
        "count = 1",
        "probability = 0.5",
    ] {
        expect(&format!("{instance}[[fault]]\nhang = true\n{limit}\n[[fault]]\nstatus = 503\n"), &[]);
    }
    let several =
        "[[fault]]\nstatus = 404\n[[fault]]\nhang = true\n[[fault]]\nstatus = 503\n[[fault]]\nhang = true\n";
    let never = "this fault never hits: fault 2 takes every request";
    expect(several, &[never, never]);
}

#[test]
fn a_fault_is_for_nobody_if_none_of_its_clients_has_the_instance() {
    let nobody = "the fault never hits: none of these clients has the instance";
    for (audience, clients, expected) in [
        ("clients = [\"10.0.0.0/8\"]", "\"172.16.0.0/12\"", &[nobody][..]),
        ("clients = [\"10.0.0.0/8\"]", "\"172.16.0.0/12\", \"192.168.0.0/16\"", &[nobody]),
        ("clients = [\"10.0.0.0/8\"]", "\"172.16.0.0/12\", \"10.1.0.0/16\"", &[]),
        ("clients = [\"10.0.0.0/8\"]", "\"10.1.0.0/16\"", &[]),
        ("clients = [\"10.1.0.0/16\"]", "\"10.0.0.0/8\"", &[]),
        ("clients = [\"172.16.0.0/12\", \"10.1.0.0/16\"]", "\"10.0.0.0/8\"", &[]),
        ("clients = [\"10.0.0.0/8\"]", "\"host\"", &[]),
        ("clients = [\"host\"]", "\"host\"", &[]),
        ("clients = [\"host\"]", "\"10.0.0.0/8\"", &[]),
        ("nodes = [\"n\"]", "\"10.0.0.0/8\"", &[]),
        ("nodes = [\"n\"]", "\"host\"", &[]),
    ] {
        let text = format!(
            "[instances.a]\nderive = true\n{audience}\n[[fault]]\ninstance = \"a\"\nclients = [{clients}]\nstatus = 503\n"
        );
        expect(&text, expected);
    }
}

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

#[test]
fn keys_without_effect_are_told_of_every_instance() {
    let named = "[instances.a]\nderive = true\nclients = [\"host\"]\n[instances.a.credentials]\n";
    let tags = "no program sees these tags";
    let tagged = "[instances.a]\nderive = true\nclients = [\"host\"]\ntags = { Name = \"x\" }\n";
    expect(tagged, &[tags]);
    expect(&format!("[instance.tags]\nName = \"y\"\n{tagged}"), &[tags, tags]);
    expect(&format!("[metadata-options]\ninstance-metadata-tags = \"enabled\"\n{tagged}"), &[]);
    expect(&format!("{tagged}metadata-options = {{ instance-metadata-tags = \"enabled\" }}\n"), &[]);
    expect("[instance.tags]\n", &[]);
    let event = "[[event]]\nmetadata-options = { instance-metadata-tags = \"disabled\" }\n";
    expect(&format!("[instance.tags]\nName = \"x\"\n{event}"), &[tags]);
    expect("[http]\nopen-listings = false\n", &[]);
    expect("[http]\nprofile = \"aemm\"\nopen-listings = true\n", &[]);
    expect("[http]\nallowed-hosts = []\n", &[]);
    let keys = "source = \"static\"\naccess-key-id = \"A\"\nsecret-access-key = \"s\"\n";
    expect(&format!("[http]\nallowed-hosts = [\"x\"]\n[credentials]\n{keys}"), &[]);
    expect(&format!("[http]\nallowed-hosts = [\"x\"]\n{named}{keys}"), &[]);
}

#[test]
fn the_other_segments_of_a_misspelt_path_are_kept() {
    let overridden = |path: &str| format!("[metadata]\n\"{path}\" = \"x\"\n");
    let fault = |path: &str| format!("[[fault]]\npath = \"{path}\"\nstatus = 503\n");
    let macs = "meta-data/network/interfaces/macs";
    for (text, expected) in [
        (
            overridden(&format!("{macs}/0e:49:61:0f:c3:11/subnte-id")),
            format!("did you mean \"{macs}/0e:49:61:0f:c3:11/subnet-id\"?"),
        ),
        (fault(&format!("{macs}/*/subnte-id")), format!("did you mean \"{macs}/*/subnet-id\"?")),
        (
            fault("meta-data/*/interfaces/macs/*/subnte-id"),
            "did you mean \"meta-data/*/interfaces/macs/*/subnet-id\"?".to_owned(),
        ),
        (fault("meta-data/plaecment/**"), "matches no path that is served".to_owned()),
        (
            format!("{}{}", overridden("meta-data/own/x"), fault("meta-data/plaecment/**")),
            "matches no path that is served".to_owned(),
        ),
    ] {
        expect(&text, &[&expected]);
    }
    for text in [
        // Two mistakes, and another number.
        overridden("meta-data/plaecment/reigon"),
        overridden("meta-data/public-ipv6"),
        overridden("meta-data/placement/region/x"),
        fault("latest/"),
        fault("/2021-07-15"),
        fault("meta-data/placement"),
    ] {
        expect(&text, &[]);
    }
    let named = "[instances.a]\nderive = true\nclients = [\"host\"]\nmetadata = { \"meta-data/instnace-id\" = \"x\" }\n";
    expect(named, &["EC2 serves no meta-data/instnace-id | did you mean \"meta-data/instance-id\"?"]);
}

#[test]
fn zones_and_architectures_are_compared_with_what_there_is() {
    for (zone, expected) in [
        ("us-east-1f", &[][..]),
        ("us-east-1g", &["mock-imds knows no zone \"us-east-1g\""]),
        ("us-east-1z", &["the nearest that it knows: \"us-east-1a\""]),
        ("us-west-2-lax-1a", &[]),
        ("us-west-2-lax-1z", &["the nearest that it knows: \"us-west-2-lax-1a\""]),
        ("us-east-1-wl1-bos-wlz-1", &[]),
        ("us-east-1-wl1-boss-wlz-1", &["the nearest that it knows: \"us-east-1-wl1-bos-wlz-1\""]),
        ("eu-west-1-dub-1a", &["mock-imds knows no zone \"eu-west-1-dub-1a\""]),
        ("eu-west-4f", &[]),
        ("eu-west-4g", &["the region eu-west-4 has no zone \"eu-west-4g\""]),
        ("us-isob-east-1b", &[]),
        ("us-east-3a", &[]),
        ("us-eest-1a", &["did you mean \"us-east-1a\"?"]),
    ] {
        expect(&format!("[instance]\navailability-zone = \"{zone}\"\n"), expected);
    }
    let differs = "does not belong to the region of the zone";
    for (zone, id, expected) in [
        ("us-east-1a", "use1-az6", &[][..]),
        ("us-east-1a", "usw2-az1", &[differs]),
        ("us-west-2a", "usw2-az1", &[]),
        ("us-west-2a", "use1-az1", &[differs]),
    ] {
        let text = format!("[instance]\navailability-zone = \"{zone}\"\navailability-zone-id = \"{id}\"\n");
        expect(&text, expected);
    }
    for (kind, architecture, expected) in [
        ("m6g.large", "arm64", &[][..]),
        ("m6g.large", "i386", &["instance type m6g.large is arm64, not i386"]),
        ("m5.large", "x86_64", &[]),
        ("m5.large", "arm64", &["instance type m5.large is x86_64, not arm64"]),
    ] {
        let text = format!("[instance]\ninstance-type = \"{kind}\"\narchitecture = \"{architecture}\"\n");
        expect(&text, expected);
    }
}

/// They are taken in any case: tests have ids of their own.
#[test]
fn ids_of_other_forms_are_told_unless_they_are_meant() {
    let ids = "instance-id = \"i-0test123456\"\naccount-id = \"0123456789\"\nsecurity-group-ids = [\"sg-0ac62554\", \"mine\"]\n\
               availability-zone = \"eu-west-1q\"\n";
    let interface =
        "[[instance.network-interface]]\nsubnet-id = \"subnet-1\"\n[instance.placement]\nhost-id = \"h-1\"\n";
    let found = warnings(&format!("[instance]\n{ids}{interface}"));
    for expected in [
        "2:15: instance.instance-id is \"i-0test123456\", which is no id of EC2's | on EC2: \"i-\" and 8 or 17",
        "3:14: instance.account-id is \"0123456789\"",
        "is \"mine\", which is no id of EC2's",
        "mock-imds knows no zone \"eu-west-1q\"",
        "is \"subnet-1\", which is no id of EC2's",
        "is \"h-1\", which is no id of EC2's",
    ] {
        assert!(
            found.iter().any(|warning| warning.contains(expected)),
            "expected {expected:?}, found {found:#?}"
        );
    }
    assert_eq!(found.len(), 6, "{found:#?}");
    assert_eq!(warnings(&format!("[instance]\nother-ids = true\n{ids}{interface}")), [""; 0]);
    let named = "[instances.a]\nclients = [\"host\"]\ninstance-id = \"mine\"\n";
    assert_eq!(warnings(named).len(), 1);
    assert_eq!(warnings(&format!("[instance]\nother-ids = true\n{named}")), [""; 0]);
}

#[test]
fn words_that_ec2_may_have_added_are_served_with_a_warning() {
    for (text, expected) in [
        ("[instance]\nlife-cycle = \"interruptible-capacity-reservation\"\n", &[][..]),
        ("[instance]\nlife-cycle = \"sponsored\"\n", &["mock-imds knows no life-cycle \"sponsored\""]),
        ("[instance]\nlife-cycle = \"on-demnad\"\n", &["did you mean \"on-demand\"?"]),
        (
            "[[event]]\nat = \"1s\"\nlife-cycle = \"sponsored\"\n",
            &["mock-imds knows no life-cycle \"sponsored\""],
        ),
        (
            "[[event]]\nat = \"1s\"\nmaintenance = { code = \"system-upgrade\", state = \"deferred\" }\n",
            &["mock-imds knows no code \"system-upgrade\"", "mock-imds knows no state \"deferred\""],
        ),
    ] {
        expect(text, expected);
    }
}

#[test]
fn an_unset_of_what_no_event_sets_is_told() {
    expect(
        "[[event]]\nunset = [\"meta-data/no-such-path\"]\n",
        &[
            "unset of meta-data/no-such-path has no effect",
            "nothing serves meta-data/no-such-path | accepted: a path",
        ],
    );
    expect(
        "[[event]]\nunset = [\"meta-data/mac\"]\n",
        &["unset of meta-data/mac has no effect: no event sets it"],
    );
}

#[test]
fn the_path_of_a_fault_is_one_of_its_endpoint() {
    let never = "matches no path that is served: the fault never hits";
    for (fault, expected) in [
        ("path = \"meta-data/iamm/**\"", &[never][..]),
        ("endpoint = \"imds\"\npath = \"meta-data/iamm/**\"", &[never]),
        ("endpoint = \"imds\"\npath = \"meta-data/iam/**\"", &[]),
        ("endpoint = \"ecs\"\npath = \"/creds\"", &[]),
        ("endpoint = \"pod-identity\"\npath = \"/creds\"", &[]),
    ] {
        expect(&format!("[ecs]\n[pod-identity]\n[[fault]]\n{fault}\nstatus = 503\n"), expected);
    }
}

#[test]
fn an_override_hides_what_an_event_changes_at_or_below_its_path() {
    let macs = "meta-data/network/interfaces/macs";
    let of = |path: &str, value: &str| {
        format!(
            "[metadata]\n\"{path}\" = {value}\n[[event]]\nattach-interface = {{ mac = \"0e:49:61:0f:c3:12\" }}\n"
        )
    };
    for (path, value) in [
        (format!("{macs}/0e:49:61:0f:c3:12"), "false"),
        (format!("{macs}/0e:49:61:0f:c3:12/mac"), "\"x\""),
        (macs.to_owned(), "false"),
    ] {
        expect(
            &of(&path, value),
            &[&format!("{path} is overridden: what this event changes there is not seen")],
        );
    }
    for (path, value) in [
        (format!("{macs}/0e:49:61:0f:c3:11"), "false"),
        (format!("{macs}/0e:49:61:0f:c3:11/mac"), "\"x\""),
        ("meta-data/own".to_owned(), "\"x\""),
    ] {
        expect(&of(&path, value), &[]);
    }
}
