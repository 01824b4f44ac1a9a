//! What is warned of, and what is meant: an example of each. The other files have the borders between the two.

mod faults;
mod instances;
mod paths;
mod times;

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
