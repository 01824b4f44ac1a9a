//! Every override survives: on known paths and on new ones, of any bytes.

use std::collections::BTreeMap;

use mock_imds::transcribe::SecretsPolicy;
use proptest::prelude::*;
use proptest::test_runner::Config;
use support::{Client, PureService};

use crate::service::{ALL, again, differences, record, same_but_for_the_time, values, written};

/// Paths of the built-in instance, directories among them.
const KNOWN: [&str; 18] = [
    "meta-data/ami-id",
    "meta-data/block-device-mapping/ami",
    "meta-data/events",
    "meta-data/hostname",
    "meta-data/iam/info",
    "meta-data/instance-id",
    "meta-data/instance-type",
    "meta-data/local-ipv4",
    "meta-data/mac",
    "meta-data/metrics",
    "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/local-ipv4s",
    "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/subnet-ipv4-cidr-block",
    "meta-data/placement/availability-zone",
    "meta-data/public-keys/0/openssh-key",
    "meta-data/spot/instance-action",
    "dynamic/instance-identity/document",
    "dynamic/fws",
    "user-data",
];

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9 .=%ü\"'\\\\#?+-]{1,12}".prop_map(|name| format!("meta-data/x{name}")),
        1 => "[a-z]{1,3}/[a-z]{1,3}".prop_map(|path| format!("meta-data/deep/{path}")),
        1 => "[A-Za-z]{1,5}".prop_map(|key| format!("meta-data/tags/instance/{key}")),
    ]
}

fn word() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        1 => Just(None),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Some),
        2 => "(?s)[a-z0-9.:/\n\t é\"'\\\\]{0,40}".prop_map(|text| Some(text.into_bytes())),
        1 => prop::sample::select(&["10.0.0.7", "i-0aaaaaaaaaaaaaaaa", "{}", "[]", "\n", "eu-west-1b", "m6g.large"][..])
            .prop_map(|text| Some(text.as_bytes().to_vec())),
    ]
}

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn any_last_words_survive(words in prop::collection::btree_map(path(), word(), 0..8)) {
        let text = scenario(&words);
        let mut service = PureService::new(&text);
        let seen = record(&mut service, Client::HOST, "1000", ALL).expect("it answers");
        // A fact in one path only is worth a warning, here as there: what is checked is what is answered.
        let transcript = mock_imds::transcribe::transcribe(seen, "a test", &crate::service::keys(), service.now)
            .expect("it can be said");
        let mut found = again(&transcript, &service);
        let differences = differences(
            &values(&mut service, Client::HOST),
            &values(&mut found, Client::HOST),
            |path, one, other| {
                // Made up from the instance's id, which the word may have changed in one path only; and signatures of a
                // document that a word has taken away.
                let made_up = path.contains("/identity-credentials/ec2/security-credentials/")
                    || path.starts_with("/latest/dynamic/instance-identity/") && !path.ends_with("/document");
                (made_up && !one.is_empty() && !other.is_empty())
                    || (path.contains("/iam/") && same_but_for_the_time(one, other))
            },
        );
        prop_assert!(differences.is_empty(), "{}\nof\n{text}\nfound\n{}", differences.join("\n"), transcript.text);
    }
}

/// In base64, so that the test does not rely on the quoting that it tests.
fn scenario(words: &BTreeMap<String, Option<Vec<u8>>>) -> String {
    use base64::Engine as _;
    let base64 = |bytes: &Vec<u8>| base64::prelude::BASE64_STANDARD.encode(bytes);
    let key = |path: &str| serde_json::Value::from(path).to_string();
    let line = |(path, word): (&String, &Option<Vec<u8>>)| match word {
        Some(bytes) => format!("{} = {{ base64 = \"{}\" }}\n", key(path), base64(bytes)),
        None => format!("{} = false\n", key(path)),
    };
    let lines: String = words.iter().filter(|(path, _)| !is_below_another(path, words)).map(line).collect();
    format!("[metadata-options]\ninstance-metadata-tags = \"enabled\"\n[metadata]\n{lines}")
}

/// A value below a value is no scenario.
fn is_below_another(path: &str, words: &BTreeMap<String, Option<Vec<u8>>>) -> bool {
    words.keys().any(|above| path.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/')))
}

#[test]
fn a_value_in_the_place_of_a_directory_survives() {
    let mut service =
        PureService::new("[metadata]\n\"meta-data/iam\" = \"a value\"\n\"meta-data/network\" = \"\"\n");
    let seen = record(&mut service, Client::HOST, "1000", SecretsPolicy::default()).expect("it answers");
    let transcript = written(seen, &service);
    let mut found = again(&transcript, &service);
    let differences =
        differences(&values(&mut service, Client::HOST), &values(&mut found, Client::HOST), |_, _, _| false);
    assert!(differences.is_empty(), "{}\nof\n{}", differences.join("\n"), transcript.text);
}
