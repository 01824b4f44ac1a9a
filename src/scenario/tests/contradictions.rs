//! What is rejected, in which words, and all of it at once.

use std::path::Path;

use proptest::prelude::*;

use super::{DEFAULT, problems, read};
use crate::config::SourceText;

#[test]
fn a_token_among_the_paths_names_the_key_for_it() {
    for path in ["api/token", "/latest/api/token"] {
        let found = problems(&format!("[metadata]\n{path:?} = \"x\"\n"));
        assert!(
            found.contains("to serve a fixed session token, set token = \"…\" in [http]"),
            "{path}: {found}"
        );
    }
}

#[test]
fn contradictions_are_problems() {
    let cases = [
        (
            "[instance]\nregion = \"eu-west-1\"",
            "test.toml:2:10: error: region \"eu-west-1\" does not own the zone \"us-east-1a\"",
        ),
        ("[instance.tags]\n\"a b\" = \"c\"", "test.toml:2:1: error: \"a b\" is not a tag key"),
        ("[instance.placement]\npartition-number = 2", "partition-number is set without group-name"),
        (
            "[[instance.network-interface]]\nprivate-ipv4s = [\"10.0.0.1\", \"10.9.0.1\"]",
            "10.9.0.1 lies outside of the subnet 10.0.0.0/20",
        ),
        (
            "[[instance.network-interface]]\nsubnet-ipv4-cidr-block = \"172.16.32.0/20\"\nvpc-ipv4-cidr-blocks = [\"10.0.0.0/8\"]",
            "the subnet 172.16.32.0/20 lies outside of the VPC's 10.0.0.0/8",
        ),
        (
            "[[instance.network-interface]]\npublic-ipv4s = [\"192.0.2.1\", \"192.0.2.2\"]",
            "2 public addresses, 1 private ones",
        ),
        ("[[instance.network-interface]]\nprivate-ipv4s = []", "the primary interface has no address"),
        ("[[instance.network-interface]]\ndevice-number = 1", "no network interface has device-number 0"),
        (
            "[[instance.network-interface]]\n[[instance.network-interface]]\nmac = \"0e:49:61:0f:c3:11\"",
            "network interface 2 has the MAC address 0e:49:61:0f:c3:11 of network interface 1",
        ),
        (
            "[metadata]\n\"meta-data/a\" = \"x\"\n\"meta-data/a/b\" = \"y\"",
            "meta-data/a/b lies below meta-data/a, which is a value",
        ),
        ("[metadata]\n\"metadata/a\" = \"x\"", "\"metadata/a\" is not a path of the tree"),
        ("[metadata]\n\"meta-data/a\" = true", "metadata.meta-data/a is true"),
        ("[credentials]\nlifetime = \"1h\"\nrefresh = \"1h\"", "credentials.refresh is 1h, the lifetime 1h"),
        (
            "[instance]\nuser-data = { text = \"a\", base64 = \"YQ==\" }",
            "instance.user-data has several forms of value",
        ),
        ("[instance]\nuser-data = { file = \"/nonexistent\" }", "/nonexistent cannot be read"),
        ("[instance]\npublic-keys = [{ name = \"me\" }]", "a public key needs name and key"),
        ("[http]\ntoken = \"a b\"", "accepted: 1 to 256 visible characters of ASCII"),
        (
            "[http]\ntoken = \"t\"\n[credentials]\nsource = \"static\"\naccess-key-id = \"AKIAIOSFODNN7REALKEY\"\n\
             secret-access-key = \"x\"",
            "test.toml:2:1: error: token is set, and the credentials are real",
        ),
        ("[instance]\ninstance_id = \"i-1234abcd\"", "did you mean \"instance-id\"?"),
        ("[instnace]\ninstance-id = \"i-1234abcd\"", "did you mean \"instance\"?"),
        ("[[event]]\nat = \"30s\"", "the event does nothing"),
        (
            "[[event]]\ndetach-interface = { interface = \"0e:49:61:0f:c3:12\" }",
            "test.toml:1:1: error: 0e:49:61:0f:c3:12 is not attached",
        ),
        (
            "[[event]]\nat = \"1m\"\nattach-interface = {}\n[[event]]\nat = \"30s\"\n\
             hide-interface = { interface = \"0e:49:61:0f:c3:12\", for = \"5s\" }",
            "test.toml:4:1: error: 0e:49:61:0f:c3:12 is not attached",
        ),
        (
            "[[event]]\nattach-interface = {}\n[[event]]\nattach-interface = { mac = \"0e:49:61:0f:c3:13\" }",
            "device number 1 on network card 0 is that of 0e:49:61:0f:c3:12",
        ),
        ("[[event]]\nassign = { interface = \"0e:49:61:0f:c3:11\" }", "no address is named"),
        ("[[event]]\ninstance-profile = \"web\"", "event[1].instance-profile is \"web\""),
        ("[[event]]\nclear = \"all\"\npropagation = \"3s\"", "nothing that the event does is ever late"),
        (
            "[propagation]\ntags = \"5s\"\n[[event]]\nat = \"1s\"\nrepeat = \"1m\"\ntags = { Name = \"x\" }",
            "an event that repeats makes a change that is visible late",
        ),
        (
            "[[event]]\nat = \"1s\"\nrepeat = \"1m\"\npropagation = \"5s\"\ntags = { Name = \"x\" }",
            "accepted: repeat with propagation = \"0s\" in the event",
        ),
        ("[propagation.attach]\ndevice-numbr = \"3s\"", "did you mean \"device-number\"?"),
        (
            "[propagation.detach]\nlisted = { after = \"3s\", meanwhile = \"x\" }",
            "propagation.detach.listed has a meanwhile",
        ),
        ("[propagation]\ntags = { min = \"3s\", max = \"1s\" }", "min is longer than max"),
        ("[[event]]\nclear = \"all\"\nuntil = \"1m\"", "until is set without repeat"),
        ("[[event]]\nclear = \"all\"\nrepeat = \"0s\"", "repeat is less than a second"),
        ("[[event]]\nclear = \"everything\"", "event[1].clear is \"everything\""),
        (
            "[[event]]\nspot-interruption = { notice = \"2m\", time = 2030-01-01T00:00:00Z }",
            "both notice and time are set",
        ),
        ("[[event]]\nmaintenance = { id = \"event-1\" }", "accepted: \"instance-event-\" and 17"),
        ("[[event]]\nclear = \"all\"\ninstance = \"web\"", "there is no instance \"web\""),
        ("[[event]]\nat = \"soon\"\nclear = \"all\"", "event[1].at is \"soon\""),
        ("[instances.Web]\nclients = [\"10.0.0.0/8\"]", "\"Web\" is not a name for an instance"),
        ("[instances.web]\nderive = true", "the instance web has no clients"),
        ("[instances.web]\nderive = true\nclients = [\"ten\"]", "instances.web.clients[1] is \"ten\""),
        (
            "[instances.a]\nderive = true\nclients = [\"10.0.0.0/8\"]\n[instances.b]\nderive = true\nclients = [\"10.1.0.0/8\"]",
            "the clients 10.0.0.0/8 belong to both a and b",
        ),
    ];
    for (text, expected) in cases {
        let found = problems(text);
        assert!(found.contains(expected), "expected {expected:?} in the report of:\n{text}\nfound:\n{found}");
        assert!(!found.contains("warning:"), "expected an error for:\n{text}\nfound:\n{found}");
    }
}

#[test]
fn all_problems_of_a_file_are_reported_at_once() {
    let text = "\
[instance]
instance-id = \"i/123\"
ami-launch-index = \"0\"
colour = \"blue\"
[metadata-options]
http-tokens = \"maybe\"
http-put-response-hop-limit = 65
";
    let expected = "\
test.toml:2:15: error: instance.instance-id is \"i/123\"
  2 | instance-id = \"i/123\"
    |               ^^^^^^^
  accepted: \"i-\" and 8 or 17 lower-case hexadecimal digits, such as \"i-1234567890abcdef0\"; an id of another form: up to 64 letters, digits and - _ . : that start with a letter or a digit
test.toml:3:20: error: instance.ami-launch-index is a string
  3 | ami-launch-index = \"0\"
    |                    ^^^
  accepted: a whole number from 0 to 4294967295
test.toml:4:1: error: unknown key \"colour\" in [instance]
  4 | colour = \"blue\"
    | ^^^^^^
";
    let found = problems(text);
    assert!(found.starts_with(expected), "expected:\n{expected}\nfound:\n{found}");
    assert!(found.contains("test.toml:6:15: error: metadata-options.http-tokens is \"maybe\""), "{found}");
    assert!(
        found.contains(
            "test.toml:7:31: error: metadata-options.http-put-response-hop-limit is 65, out of range"
        ),
        "{found}"
    );
}

proptest! {
    #[test]
    fn any_text_is_accepted_or_reported(text in "\\PC{0,200}") {
        if let Err(report) = read(&SourceText::new("test.toml", text), Path::new("")) {
            prop_assert!(report.has_errors());
        }
    }

    #[test]
    fn a_default_with_one_changed_byte_is_accepted_or_reported(at in 0..DEFAULT.len(), byte in 32_u8..127) {
        let mut bytes = DEFAULT.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Err(report) = read(&SourceText::new("test.toml", text), Path::new("")) {
            prop_assert!(report.has_errors());
            prop_assert!(report.to_string().contains("accepted") || report.to_string().contains("did you mean") || report.problems.iter().all(|p| p.help.is_empty()));
        }
    }
}
