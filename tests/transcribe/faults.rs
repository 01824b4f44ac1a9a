//! What no recording has: faults, and states between two others.

use std::ops::RangeInclusive;
use std::time::Duration;

use mock_imds::transcribe::SecretsPolicy;
use support::{Client, PureService, library};

use crate::record::{FAULTS, OFFSETS, excepted, rate};
use crate::service::{RERUN, again, differences, record, values, written};

/// A scenario that answers for a while, in seconds, what no fact says; the path where it does, and the remark on it.
pub(crate) struct Between {
    pub(crate) name: &'static str,
    pub(crate) when: RangeInclusive<u64>,
    path: &'static str,
    note: &'static str,
}

pub(crate) const BETWEEN: [Between; 2] = [
    // A name that is listed and answers 404.
    Between {
        name: "eni-detached-listed",
        when: 30..=329,
        path: "/latest/meta-data/network/interfaces/macs/",
        note: "meta-data/network/interfaces/macs/0e:49:61:0f:c3:12/: listed, and answers 404",
    },
    // A leaf that fails more often than it is asked for.
    Between {
        name: "ipv4s-fail-mid-refresh",
        when: 60..=u64::MAX,
        path: "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/local-ipv4s",
        note: "local-ipv4s: answers 503, 6 times in a row",
    },
];

/// No answer tells a fault from a bad network: a request that is repeated gets its value. What is recorded is the instance
/// behind the fault, to the letter.
#[test]
fn of_faults_the_instance_behind_them_is_recorded() {
    let text = |service: &mut PureService, offset, rate: &str| {
        service.wait(Duration::from_secs(offset));
        let seen = record(service, Client::HOST, rate, SecretsPolicy::default()).expect("it answers");
        written(seen, service).text
    };
    for name in FAULTS {
        let file = library().into_iter().find(|(found, _)| found == name).expect("it is shipped").1;
        for offset in OFFSETS {
            let plain = text(&mut PureService::new(""), offset, "1000");
            let found = text(&mut PureService::read(&file), offset, rate(name));
            assert_eq!(found, plain, "{name} at {offset} s\n{RERUN}");
        }
    }
}

/// For a while these answer what no fact says: it is where they differ, nowhere else, and a remark says so.
#[test]
fn states_that_no_scenario_says_differ_where_it_is_said() {
    let keep = SecretsPolicy::default();
    for Between { name, when, path, note } in &BETWEEN {
        let file = library().into_iter().find(|(found, _)| found == name).expect("it is shipped").1;
        for offset in OFFSETS.into_iter().filter(|offset| when.contains(offset)) {
            let mut service = PureService::read(&file);
            service.wait(Duration::from_secs(offset));
            let seen = record(&mut service, Client::HOST, "1000", keep).expect("it answers");
            let transcript = written(seen, &service);
            let mut found = again(&transcript, &service);
            let mut reference = PureService::read(&file);
            reference.now = service.now;
            let (expected, found) = (values(&mut reference, Client::HOST), values(&mut found, Client::HOST));
            let elsewhere = differences(&expected, &found, |at, one, other| {
                at.starts_with(path) || excepted(name, offset, keep, at, one, other)
            });
            let notes = transcript.notes.join("\n");
            assert!(
                elsewhere.is_empty() && notes.contains(note) && !notes.contains("not said as a fact"),
                "{name} at {offset} s: expected differences below {path} alone, and {note:?}; found\n{}\n{notes}\nof\n{}\n{RERUN}",
                elsewhere.join("\n"),
                transcript.text
            );
            assert!(
                differences(&expected, &found, |_, _, _| false).iter().any(|at| at.starts_with(path)),
                "{name}"
            );
        }
    }
}
