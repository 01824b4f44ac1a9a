mod containers;
mod events;
mod limits;
mod named_instances;
mod words;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::{keys, read};
use crate::config::SourceText;
use crate::model::{CredentialSource, HttpTokens, NetworkInterface, Override, Scenario};

const DEFAULT: &str = include_str!("../../../packaging/scenarios/default.toml");

fn scenario(text: &str) -> Scenario {
    match read(&SourceText::new("test.toml", text), Path::new("")) {
        Ok((scenario, report)) if report.problems.is_empty() => scenario,
        Ok((_, report)) | Err(report) => panic!("expected no problem, found:\n{report}\nin:\n{text}"),
    }
}

/// The same, whatever it warns of.
fn accepted(text: &str) -> Scenario {
    match read(&SourceText::new("test.toml", text), Path::new("")) {
        Ok((scenario, _)) => scenario,
        Err(report) => panic!("expected no error, found:\n{report}\nin:\n{text}"),
    }
}

fn problems(text: &str) -> String {
    match read(&SourceText::new("test.toml", text), Path::new("")) {
        Ok((_, report)) | Err(report) => report.to_string(),
    }
}

/// `default.toml` with its absent keys made present.
fn uncommented() -> String {
    let mut text = String::new();
    for line in DEFAULT.lines() {
        let present =
            |rest: &&str| rest.starts_with('[') || rest.contains(" = ") && !rest.starts_with([' ', '#']);
        let key = line.strip_prefix('#').filter(present);
        writeln!(text, "{}", key.unwrap_or(line)).expect("a string takes everything");
    }
    text
}

#[test]
fn an_empty_file_is_the_built_in_instance() {
    assert_eq!(scenario(""), Scenario::default());
}

#[test]
fn the_shipped_default_is_the_built_in_instance() {
    assert_eq!(scenario(DEFAULT), Scenario::default());
}

#[test]
fn the_shipped_default_names_every_key() {
    let text = uncommented();
    // Each source of credentials has keys of its own, and the file chooses one.
    let of_other_sources =
        ["access-key-id", "secret-access-key", "session-token", "expiration", "file", "command", "timeout"];
    let is_of_another =
        |line: &&str| of_other_sources.iter().any(|key| line.starts_with(&format!("{key} = ")));
    let consistent: Vec<&str> = text.lines().filter(|line| !is_of_another(line)).collect();
    let consistent = consistent.join("\n");
    let outcome = read(&SourceText::new("default.toml", &*consistent), Path::new(""));
    assert!(outcome.is_ok(), "expected examples that are accepted, found:\n{}", problems(&consistent));
    let source = SourceText::new("default.toml", &*text);
    let table: toml::Table = text.parse().expect("default.toml with all keys is TOML");
    let mut documented = BTreeSet::new();
    collect("", &toml::Value::Table(table), &mut documented);
    let requested = keys(&source, Path::new(""));
    // Forms of a value, not keys of the scenario.
    let forms =
        |key: &&String| !["text", "file", "base64"].iter().any(|form| key.ends_with(&format!(".{form}")));
    // Any of several tables may name a key, and a further instance takes those of [instance] and its tables.
    let plain = |key: &str| key.split(['[', ']']).step_by(2).collect::<String>();
    let documented: BTreeSet<String> = documented.iter().map(|key| plain(key)).collect();
    let is_documented = |key: &String| {
        let key = plain(key);
        let of_instance =
            ["instances.web.", "instances.worker."].iter().find_map(|name| key.strip_prefix(name));
        let inherited = of_instance.unwrap_or_default();
        // One of the two has clients, the other one nodes.
        let named = |name: &str| documented.contains(&format!("instances.{name}.{inherited}"));
        documented.contains(&key)
            || documented.contains(inherited)
            // A task's own credentials have the keys of [credentials].
            || key.strip_prefix("ecs.").is_some_and(|key| documented.contains(key))
            || named("web")
            || named("worker")
            || documented.contains(&format!("instance.{inherited}"))
    };
    let missing: Vec<_> = requested.keys().filter(forms).filter(|key| !is_documented(key)).collect();
    assert!(missing.is_empty(), "packaging/scenarios/default.toml does not name {missing:?}");
}

fn collect(prefix: &str, value: &toml::Value, into: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                collect(&name, value, into);
                into.insert(name);
            }
        }
        toml::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{prefix}[{index}]"), item, into);
            }
        }
        _ => {}
    }
}

#[test]
fn derived_facts_follow_from_set_ones() {
    let found = scenario(
        "[instance]\navailability-zone = \"us-west-2-lax-1a\"\n\
         [[instance.network-interface]]\nprivate-ipv4s = [\"10.20.30.40\"]\n\
         [[instance.network-interface]]\n[[instance.network-interface]]\nsubnet-ipv4-cidr-block = \"10.20.48.0/24\"\n\
         private-ipv4s = [\"10.20.48.9\"]\n",
    );
    let instance = found.instance;
    assert_eq!(instance.region().as_str(), "us-west-2");
    assert_eq!(instance.zone_id(), "usw2-lax1-az1");
    assert_eq!(instance.local_hostname(), "ip-10-20-30-40.us-west-2.compute.internal");
    let blocks =
        |i: usize| instance.interfaces[i].subnet_ipv4_cidr_block.map(|b| b.to_string()).unwrap_or_default();
    assert_eq!(
        (blocks(0), blocks(1), blocks(2)),
        ("10.20.16.0/20".into(), "10.20.16.0/20".into(), "10.20.48.0/24".into())
    );
    assert_eq!(instance.interfaces[1].private_ipv4s[0].to_string(), "10.20.30.41");
    assert_eq!(instance.interfaces[1].mac.as_str(), "0e:49:61:0f:c3:12");
    assert_eq!(instance.interfaces[2].vpc_ipv4_cidr_blocks[0].to_string(), "10.20.0.0/16");
}

/// On c6in.32xlarge: device number 0 on each card, and interfaces for EFA alone.
#[test]
fn device_numbers_begin_again_on_each_network_card() {
    let interface = |keys: &str| format!("[[instance.network-interface]]\n{keys}\n");
    let found = scenario(
        &[
            interface("device-number = 0\nnetwork-card = 1"),
            interface("device-number = 1\nnetwork-card = 1\nprivate-ipv4s = []"),
            interface("device-number = 1\nnetwork-card = 0"),
            interface("device-number = 0\nnetwork-card = 0"),
        ]
        .concat(),
    );
    let instance = found.instance;
    let attachments: Vec<_> = instance.interfaces.iter().map(NetworkInterface::attachment).collect();
    assert_eq!(attachments, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    let macs: BTreeSet<&str> = instance.interfaces.iter().map(|i| i.mac.as_str()).collect();
    assert_eq!(macs.len(), 4, "MAC addresses that follow differ: {macs:?}");
    let efa = &instance.interfaces[3];
    assert_eq!((&efa.subnet_id, efa.subnet_ipv4_cidr_block), {
        let primary = instance.primary();
        (&primary.subnet_id, primary.subnet_ipv4_cidr_block)
    });
    let found = problems(&[interface(""), interface("device-number = 0\nnetwork-card = 0")].concat());
    assert!(found.contains("interface 2 has the device number 0 of network interface 1"), "{found}");
    assert_eq!(found.matches("error:").count(), 1, "what follows from the number is not said too:\n{found}");
}

#[test]
fn as_many_network_cards_as_an_instance_type_has_are_told_apart() {
    let card =
        |card: usize| format!("[[instance.network-interface]]\nnetwork-card = {card}\ndevice-number = 0\n");
    let instance = scenario(&(0..32).map(card).collect::<String>()).instance;
    let macs: BTreeSet<&str> = instance.interfaces.iter().map(|interface| interface.mac.as_str()).collect();
    assert_eq!(macs.len(), 32, "{macs:?}");
    let addresses: Vec<_> = instance.interfaces.iter().map(|interface| interface.private_ipv4s[0]).collect();
    assert_eq!((addresses[0], addresses[31]), ([172, 16, 34, 43].into(), [172, 16, 34, 74].into()));
    // What follows counts on from the first one, as on one card.
    let second =
        scenario("[[instance.network-interface]]\n[[instance.network-interface]]\nnetwork-card = 1\n");
    let second = &second.instance.interfaces[1];
    assert_eq!((second.mac.as_str(), second.device_number), ("0e:49:61:0f:c3:12", 1));
    assert_eq!(second.private_ipv4s, [std::net::Ipv4Addr::from([172, 16, 34, 44])]);
}

/// Custom networking, and a subnet that is said on a further interface alone.
#[test]
fn a_further_subnet_leaves_the_blocks_of_the_vpc_alone() {
    let text = |blocks: &str, more: &str| {
        format!(
            "[[instance.network-interface]]\nprivate-ipv4s = [\"10.0.33.10\"]\nsubnet-ipv4-cidr-block = \"10.0.33.0/24\"\n\
         vpc-ipv4-cidr-blocks = [{blocks}]\n[[instance.network-interface]]\nprivate-ipv4s = [\"10.0.34.11\"]\n\
         subnet-ipv4-cidr-block = \"10.0.34.0/24\"\n{more}"
        )
    };
    for blocks in ["\"10.0.32.0/20\"", "\"10.0.0.0/16\", \"100.64.0.0/16\""] {
        let instance = scenario(&text(blocks, "")).instance;
        let [first, second] = &instance.interfaces[..] else { panic!("two interfaces") };
        assert_eq!(first.vpc_ipv4_cidr_blocks, second.vpc_ipv4_cidr_blocks, "with {blocks}");
        assert_eq!(first.vpc_id, second.vpc_id);
    }
    let found = problems(&text("\"10.0.32.0/20\"", "vpc-ipv4-cidr-blocks = [\"10.0.0.0/16\"]\n"));
    assert!(found.contains("has other IPv4 blocks on network interface 1: 10.0.32.0/20"), "{found}");
}

#[test]
fn options_credentials_and_overrides_are_read() {
    let found = scenario(
        "[metadata-options]\nhttp-tokens = \"required\"\n[credentials]\nrole = \"web\"\nlifetime = \"1h\"\n\
         [metadata]\n\"/latest/meta-data/x/\" = \"y\"\n\"meta-data/public-ipv4\" = false\n\
         \"meta-data/raw\" = { base64 = \"AAE=\" }\n",
    );
    assert_eq!(found.instance.metadata_options.http_tokens, HttpTokens::Required);
    let credentials = found.instance.credentials.expect("a role");
    assert_eq!(credentials.role.as_str(), "web");
    assert_eq!((credentials.lifetime.as_secs(), credentials.refresh.as_secs()), (3600, 600));
    let overrides = found.instance.overrides;
    assert_eq!(overrides["meta-data/x"], Override::Value(b"y".to_vec().into()));
    assert_eq!(overrides["meta-data/raw"], Override::Value(vec![0, 1].into()));
    assert_eq!(overrides["meta-data/public-ipv4"], Override::Removed);
}

#[test]
fn real_credentials_need_tokens_unless_set_otherwise() {
    let sources = [
        "source = \"static\"\naccess-key-id = \"AKIAX\"\nsecret-access-key = \"s\"\n",
        "source = \"file\"\nfile = \"keys.json\"\n",
        "source = \"process\"\ncommand = [\"/usr/bin/aws\", \"configure\", \"export-credentials\"]\n",
    ];
    for source in sources {
        let text = format!("[credentials]\n{source}");
        let found = accepted(&text).instance;
        assert_eq!(found.metadata_options.http_tokens, HttpTokens::Required, "{text}");
        assert!(found.credentials.is_some_and(|c| c.source != CredentialSource::Generated), "{text}");
        let open = format!("{text}[metadata-options]\nhttp-tokens = \"optional\"\n");
        assert_eq!(accepted(&open).instance.metadata_options.http_tokens, HttpTokens::Optional, "{open}");
    }
    let wrong = [
        ("source = \"static\"", "credentials has no access-key-id"),
        (
            "source = \"static\"\naccess-key-id = \"A\"\nsecret-access-key = \"a b\"",
            "secret-access-key is empty, or has",
        ),
        ("source = \"file\"", "credentials has no file"),
        ("source = \"process\"\ncommand = [\"aws\"]", "does not start with an absolute path"),
        ("source = \"process\"\ncommand = \"/usr/bin/aws\"", "credentials.command is a string"),
    ];
    for (source, expected) in wrong {
        let found = problems(&format!("[credentials]\n{source}\n"));
        assert!(found.contains(expected), "expected {expected:?} for {source}, found:\n{found}");
    }
}

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
fn what_may_surprise_is_a_warning() {
    let cases = [
        ("[credentials]\nlifetime = \"5m\"", "less than 15 minutes"),
        ("[metadata]\n\"meta-data/instance-id\" = \"i-other\"", "only meta-data/instance-id changes"),
        ("[instances.web]\nclients = [\"10.0.0.0/8\"]", "web has the instance-id of [instance]"),
    ];
    for (text, expected) in cases {
        let outcome = read(&SourceText::new("test.toml", text), Path::new(""));
        let (_, report) =
            outcome.unwrap_or_else(|report| panic!("expected acceptance of:\n{text}\nfound:\n{report}"));
        assert!(report.to_string().contains(expected), "expected {expected:?}, found:\n{report}");
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

#[test]
fn facts_without_effect_have_a_warning() {
    let text = "[instance]\ninstance-type = \"m4.xlarge\"\nuser-data = \"x\"\n[http]\nprofile = \"aemm\"\n";
    let (_, report) = read(&SourceText::new("test.toml", text), Path::new("")).expect("it is accepted");
    let found: Vec<&str> = report.problems.iter().map(|problem| problem.found.as_str()).collect();
    assert_eq!(found, ["instance.instance-type has no effect with profile = \"aemm\""]);
    let (_, report) =
        read(&SourceText::new("test.toml", text.replace("aemm", "modern")), Path::new("")).expect("it too");
    assert!(report.problems.is_empty(), "{report}");
}

#[test]
fn an_unset_without_effect_is_a_warning() {
    let text = r#"
        [metadata]
        "meta-data/public-ipv4" = false
        "meta-data/x" = "file"
        [[event]]
        at = "1s"
        unset = ["meta-data/public-ipv4", "meta-data/x", "meta-data/mac"]
        [[event]]
        set = { "meta-data/x" = "event" }
    "#;
    accepted(text);
    let found = problems(text);
    let expected = "test.toml:7:18: warning: unset of meta-data/public-ipv4 has no effect: no event sets it, and \
                    [metadata] keeps overriding it";
    assert!(found.starts_with(expected), "expected {expected}, found {found}");
    let other = "test.toml:7:58: warning: unset of meta-data/mac has no effect: no event sets it\n";
    assert!(found.contains(other), "expected {other}, found {found}");
    assert_eq!(found.matches("warning:").count(), 2, "{found}");
}

#[test]
fn a_set_without_effect_is_a_warning() {
    let set = |value: &str, more: &str| {
        format!(
            "[metadata]\n\"meta-data/x\" = \"file\"\n[[event]]\nat = \"1s\"\nset = {{ \"meta-data/x\" = \"{value}\" }}\n{more}"
        )
    };
    for (text, warned) in [
        (set("file", ""), true),
        (set("other", ""), false),
        (set("file", "[[event]]\nset = { \"meta-data/x\" = false }\n"), false),
        (
            set(
                "file",
                "[instances.a]\nderive = true\nclients = [\"host\"]\nmetadata = { \"meta-data/x\" = \"own\" }\n",
            ),
            false,
        ),
    ] {
        let found = if warned { problems(&text) } else { String::new() };
        accepted(&text);
        let expected = "set of meta-data/x has no effect: [metadata] has the same value";
        assert_eq!(found.contains(expected), warned, "{text}\nexpected {expected}, found {found}");
    }
}

#[test]
fn keys_of_credentials_without_effect_are_errors() {
    let named = "[instances.a]\nderive = true\nclients = [\"host\"]\n[instances.a.credentials]\n";
    for (table, text, key, source) in [
        ("[credentials]\n", "source = \"none\"\nrole = \"x\"\n", "credentials.role", "none"),
        ("[credentials]\n", "source = \"none\"\nextended = true\n", "credentials.extended", "none"),
        ("[credentials]\n", "access-key-id = \"AKIAEXAMPLE\"\n", "credentials.access-key-id", "generated"),
        (
            "[credentials]\n",
            "source = \"process\"\ncommand = [\"/bin/true\"]\nfile = \"x\"\n",
            "credentials.file",
            "process",
        ),
        (named, "source = \"none\"\nlifetime = \"1h\"\n", "instances.a.credentials.lifetime", "none"),
    ] {
        let found = problems(&format!("{table}{text}"));
        let expected = format!("error: {key} has no effect: source is \"{source}\"");
        assert!(found.contains(&expected), "{table}{text}\nexpected {expected}, found {found}");
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
