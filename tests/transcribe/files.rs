//! Files of every shape, as people keep them: what they are taken for, and what becomes of them.

use std::fs;

use mock_imds::transcribe::shapes::{self, Reading};
use mock_imds::transcribe::{SecretsPolicy, Transcript};
use support::{Client, PureService, library};

use crate::record::{FAULTS, excepted, rate};
use crate::service::{ALL, RERUN, differences, record, same_but_for_the_time, values, written};

/// A file, what it is, lines of its scenario, and remarks.
struct Case {
    file: &'static str,
    shape: &'static str,
    certainty: &'static str,
    lines: &'static [&'static str],
    notes: &'static [&'static str],
}

const CLOUD_INIT: &str = "cloud-init's instance-data.json";
const TREE: &str = "a tree of the service in JSON";
const ID: &str = "instance-id = \"i-0123456789abcdef0\"";
const KEY: &str = "name = \"me\"\nkey = \"ssh-ed25519 AAAA me\"";
const ZONE: &str = "availability-zone = \"eu-west-1b\"";
const ACCOUNT: &str = "account-id = \"111122223333\"";
const NO_ROLE: &str = "[credentials]\nsource = \"none\"";

const CASES: [Case; 18] = [
    Case {
        file: "cloud-init.json",
        shape: CLOUD_INIT,
        certainty: "certain",
        lines: &[ID, KEY, ZONE, ACCOUNT, "instance-profile-id = \"AIPA00000000000000WEB\"", "role = \"web\""],
        notes: &["sys_info, v1: cloud-init's own, not of the service"],
    },
    Case {
        file: "cloud-init-old.json",
        shape: CLOUD_INIT,
        certainty: "certain",
        lines: &[ID, KEY, NO_ROLE, "user-data = \"\"\"\n#!/bin/sh\n\"\"\""],
        notes: &["v1: cloud-init's own, not of the service"],
    },
    Case {
        file: "query-all.json",
        shape: CLOUD_INIT,
        certainty: "certain",
        lines: &[ID, NO_ROLE, "ami = \"xvda\""],
        notes: &["ds.meta_data, ds_, merged_cfg, v1: cloud-init's own, or the same in another spelling"],
    },
    Case {
        file: "openstack.json",
        shape: CLOUD_INIT,
        certainty: "likely",
        lines: &["instance-id = \"i-00000001\"", NO_ROLE],
        notes: &["what is OpenStack's own: only its EC2 part is taken", "ds.meta_data, v1: "],
    },
    Case {
        file: "facter.json",
        shape: "facter's facts",
        certainty: "certain",
        lines: &[ID, KEY, ACCOUNT, "role = \"web\""],
        notes: &["architecture, os: facts of the host, not of the metadata", "the name of public key 0"],
    },
    Case {
        file: "facter-flat.json",
        shape: "facter's facts",
        certainty: "certain",
        lines: &[ID, KEY, ZONE],
        notes: &["uptime: facts of the host"],
    },
    Case {
        file: "ohai.json",
        shape: "Ohai's attributes",
        certainty: "certain",
        lines: &[
            ID,
            ZONE,
            ACCOUNT,
            "mac = \"06:00:00:00:00:01\"",
            "private-ipv4s = [\"10.0.1.23\"]",
            "role = \"web\"",
        ],
        notes: &["automatic.ec2.userdata, automatic.languages: facts of the host"],
    },
    Case {
        file: "ansible.json",
        shape: "Ansible's facts",
        certainty: "certain",
        lines: &[ID, ZONE, ACCOUNT, "private-ipv4s = [\"10.0.1.23\"]"],
        notes: &[
            "ansible_facts.ansible_ec2_new_thing, ansible_facts.ansible_ec2_user_data, changed: facts of the host",
        ],
    },
    Case {
        file: "ec2-metadata.txt",
        shape: "the text of ec2-metadata",
        certainty: "certain",
        lines: &[ID, KEY, ZONE, "root = \"/dev/xvda\"", "private-ipv4s = [\"10.0.1.23\"]"],
        notes: &["what the file does not say: the values of the built-in instance"],
    },
    Case {
        file: "describe-instances.json",
        shape: "the output of aws ec2 describe-instances",
        certainty: "certain",
        lines: &[
            ID,
            ZONE,
            ACCOUNT,
            "launch-time = 2024-05-01T08:00:00Z",
            "private-ipv4s = [\"10.0.1.23\", \"10.0.1.24\"]",
            "security-groups = [\"web\", \"ssh\"]",
            "http-tokens = \"required\"\nhttp-put-response-hop-limit = 1",
            "Name = \"web-1\"",
            "monitoring = \"enabled\"",
            "instance-profile-id = \"AIPA00000000000000WEB\"",
        ],
        notes: &[
            "the public key me: the API has its name only, not the key",
            "the other instances, i-0123456789abcdef1: a scenario is of",
        ],
    },
    Case {
        file: "describe-instances.xml",
        shape: "the output of aws ec2 describe-instances",
        certainty: "certain",
        lines: &[
            ID,
            ZONE,
            ACCOUNT,
            "launch-time = 2024-05-01T08:00:00Z",
            "private-ipv4s = [\"10.0.1.23\", \"10.0.1.24\"]",
            "public-ipv4s = [\"203.0.113.7\"]",
            "ipv6s = [\"2001:db8:1234:1a00::7\"]",
            "security-groups = [\"web\", \"ssh\"]",
            "http-tokens = \"required\"\nhttp-put-response-hop-limit = 1",
            "Name = \"web & more\"",
            "role = \"web\"",
        ],
        notes: &["the other instances, i-0123456789abcdef1: a scenario is of"],
    },
    Case {
        file: "identity-document.json",
        shape: "an instance identity document",
        certainty: "certain",
        lines: &[ID, ZONE, ACCOUNT, "instance-type = \"m6g.large\"", "private-ipv4s = [\"10.0.1.23\"]"],
        notes: &["what the file does not say"],
    },
    Case {
        file: "latest.json",
        shape: TREE,
        certainty: "certain",
        lines: &[ID, "hostname = \"web-1\"", "user-data = \"hello\""],
        notes: &["2019-08-01: outside of the tree that is read"],
    },
    Case {
        file: "bare.json",
        shape: "metadata in JSON",
        certainty: "likely",
        lines: &[
            "instance-id = \"i-0test123456\"",
            "other-ids = true",
            "hibernation = false",
            KEY,
            "code = \"system-reboot\"",
            NO_ROLE,
        ],
        notes: &[
            "meta-data/public-keys/1: no public key",
            "meta-data/spot: a page that says 404 - Not Found, not a value",
        ],
    },
    Case {
        file: "paths.json",
        shape: "answers by path, in JSON",
        certainty: "certain",
        lines: &[ID, ZONE, ACCOUNT, "role = \"web\""],
        notes: &["/health: no path of a service"],
    },
    Case {
        file: "mock-config.json",
        shape: TREE,
        certainty: "certain",
        lines: &[
            "instance-id = \"id-12345\"",
            "ami-id = \"ami-12345\"",
            "user-data = \"\"\"\n#!/bin/sh\necho\"\"\"",
        ],
        notes: &["MetadataPrefixes: no path of a service"],
    },
    Case {
        file: "two-documents.json",
        shape: "metadata in JSON",
        certainty: "likely",
        lines: &[ID, ZONE, ACCOUNT],
        notes: &[],
    },
    Case {
        file: "capture.har",
        shape: "a HAR",
        certainty: "certain",
        lines: &[ID, ZONE],
        notes: &["log.entries.0, log.entries.3: no GET of a metadata path"],
    },
];

fn read(file: &str, policy: SecretsPolicy) -> Reading {
    let path = support::sources().join("tests/transcribe/files").join(file);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    shapes::read(&bytes, policy)
        .unwrap_or_else(|found| panic!("{file}: expected a reading, found {found:?}\n{RERUN}"))
}

#[test]
fn every_file_is_taken_for_what_it_is() {
    for Case { file, shape, certainty, lines, notes } in CASES {
        let reading = read(file, ALL);
        assert_eq!((reading.shape, reading.certainty.word()), (shape, certainty), "{file}\n{RERUN}");
        let Transcript { text, notes: said, .. } = written(reading.observations, &PureService::new(""));
        for line in lines {
            assert!(text.contains(line), "expected {line:?} of {file}, found\n{text}\n{RERUN}");
        }
        for note in notes {
            assert!(
                said.iter().any(|found| found.contains(note)),
                "expected {note:?} of {file}, found {said:#?}\n{RERUN}"
            );
        }
    }
}

#[test]
fn every_file_of_the_folder_has_its_case() {
    let directory = support::sources().join("tests/transcribe/files");
    let mut files: Vec<String> = fs::read_dir(directory)
        .expect("it is there")
        .map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut cases: Vec<String> = CASES.iter().map(|case| case.file.to_owned()).collect();
    cases.sort();
    assert_eq!(files, cases, "{RERUN}");
}

/// Import, serve, record: the recording answers the same, and is the same when it is served and recorded again.
#[test]
fn what_is_imported_is_recorded_as_it_is() {
    for Case { file, .. } in CASES {
        let transcript = written(read(file, ALL).observations, &PureService::new(""));
        survives(file, &transcript.text);
    }
    for (name, path) in library() {
        survives(&name, &fs::read_to_string(path).expect("it is shipped"));
    }
}

fn survives(what: &str, text: &str) {
    // Keys that are recorded are real, and change how the service is set.
    let policy = SecretsPolicy { credentials: false, user_data: true };
    let mut service = PureService::new(text);
    let recorded = |service: &mut PureService| {
        let seen = record(service, Client::HOST, rate(what), policy).expect("it answers");
        written(seen, service).text
    };
    let first = recorded(&mut service);
    let mut found = PureService::new(&first);
    found.now = service.now;
    let mut reference = if FAULTS.contains(&what) { PureService::new("") } else { service };
    reference.now = found.now;
    let expected = values(&mut reference, Client::HOST);
    let differing = differences(&expected, &values(&mut found, Client::HOST), |path, one, other| {
        let is_dated = path.contains("/iam/") && same_but_for_the_time(one, other);
        is_dated || excepted(what, 0, policy, path, one, other)
    });
    assert!(differing.is_empty(), "{what}:\n{}\nof\n{first}\n{RERUN}", differing.join("\n"));
    let second = recorded(&mut found);
    assert_eq!(first, second, "{what}, recorded again\n{RERUN}");
}

#[test]
fn a_dump_survives_as_its_scenario_does() {
    for file in ["cloud-init.json", "describe-instances.json", "describe-instances.xml"] {
        let transcript = written(read(file, ALL).observations, &PureService::new(""));
        assert_eq!(
            transcript.overrides, 0,
            "expected facts alone of {file}, found\n{}\n{RERUN}",
            transcript.text
        );
    }
}
