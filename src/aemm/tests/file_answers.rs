//! What a file itself says, beside the samples that the original saves with it.

use super::*;

/// The notes of a file with these values of metadata, and with these paths.
fn notes(values: &Value, paths: &Value) -> (FileAnswers, Vec<String>) {
    let Value::Object(file) = json!({ "metadata": { "values": values, "paths": paths } }) else {
        panic!("no object")
    };
    let settings = AemmSettings::defaults().with_file(file.clone());
    let found = answers_of_file(&file, &decode(&settings, AemmMode::All).expect("it is valid"));
    let notes = found.notes.clone();
    (found, notes)
}

#[test]
fn of_a_file_that_was_saved_only_what_differs_from_the_samples_is_said() {
    let sample = AemmSettings::defaults().map()["metadata"]["values"].clone();
    let count = sample.as_object().map_or(0, serde_json::Map::len);
    let said = |found: &FileAnswers| {
        found.values.iter().map(|(_, path, value)| (path.clone(), value.clone())).collect::<Vec<_>>()
    };
    // A few values are what somebody wrote, samples or not.
    let (found, told) = notes(&json!({ "ami-id": "ami-0a887e401f7654935", "mac": null }), &json!({}));
    assert_eq!(said(&found), [("meta-data/ami-id".to_owned(), json!("ami-0a887e401f7654935"))]);
    assert_eq!(told, [""; 0]);

    // Sixty may be somebody's own, one more is what the original saves.
    let padded = |count: usize| {
        let mut values = sample.as_object().expect("an object").clone();
        (values.len()..count).for_each(|n| drop(values.insert(format!("own-{n}"), json!("x"))));
        assert_eq!(values.len(), count, "there are no more samples");
        Value::Object(values)
    };
    let (found, told) = notes(&padded(60), &json!({}));
    assert!(said(&found).len() > 30 && told.iter().all(|note| !note.contains("are the samples")), "{told:?}");
    let (found, told) = notes(&padded(61), &json!({}));
    assert_eq!((said(&found), found.credentials), (vec![], None));
    let [note] = told.as_slice() else { panic!("{told:?}") };
    let samples: usize = note.split(' ').next().and_then(|word| word.parse().ok()).expect("a number first");
    assert!(note.contains(" values are the samples of amazon-ec2-metadata-mock"), "{note}");
    assert!(samples > 40 && samples <= count, "{note}, of {count}");

    let mut own = padded(61);
    own["ami-id"] = json!("ami-1");
    // What is moved is said, sample or not, and is no sample of its own path.
    let (found, told) = notes(&own, &json!({ "hostname": "/latest/meta-data/name" }));
    let expected =
        [("meta-data/ami-id", json!("ami-1")), ("meta-data/name", json!("ip-172-16-34-43.ec2.internal"))];
    assert_eq!(said(&found), expected.map(|(path, value)| (path.to_owned(), value)));
    assert!(told.len() == 1 && told[0].starts_with(&format!("{} values", samples - 2)), "{told:?}");
}

#[test]
fn a_role_has_the_members_that_the_file_says_without_the_times_of_the_samples() {
    let answer = |members: Value| {
        let (found, _) = notes(&json!({ "iam-security-credentials": members }), &json!({}));
        let (path, answer, is_example) = found.credentials.expect("the file has a role's answer");
        assert_eq!(path, "meta-data/iam/security-credentials/baskinc-role");
        (serde_json::from_slice::<Value>(&answer).expect("JSON"), is_example)
    };
    let own = json!({ "accesskeyid": "AKIA7", "expiration": "2030-01-02T00:00:00Z" });
    let expected = json!({ "AccessKeyId": "AKIA7", "Expiration": "2030-01-02T00:00:00Z" });
    assert_eq!(answer(own), (expected, false));
    let samples = json!({ "token": "x-EXAMPLE", "expiration": "2020-04-02T00:49:51Z", "lastupdated": "2020-04-02T18:50:40Z" });
    assert_eq!(answer(samples).0, json!({ "Token": "x-EXAMPLE" }));
}

#[test]
fn keys_that_may_be_real_become_the_samples_of_their_names() {
    let key = "iam-security-credentials";
    let with = |answer: Value| {
        let Value::Object(file) = json!({ "metadata": { "values": { key: answer } } }) else {
            panic!("no object")
        };
        decode(&AemmSettings::defaults().with_file(file), AemmMode::All).expect("it is valid")
    };
    let samples = AemmConfig::default().metadata.values.get(key).cloned();
    let mut real = with(json!({ "accesskeyid": "AKIA7", "secretaccesskey": "hunter2", "token": "hunter3" }));
    assert_ne!(real.metadata.values.get(key), samples.as_ref());
    assert!(replace_live_keys(&mut real));
    assert_eq!(real.metadata.values.get(key), samples.as_ref());
    assert!(!replace_live_keys(&mut real), "they are samples");
    let mut example =
        with(json!({ "accesskeyid": "AKIAIOSFODNN7EXAMPLE", "secretaccesskey": "", "token": null }));
    let before = example.metadata.values.get(key).cloned();
    assert!(!replace_live_keys(&mut example));
    assert_eq!(example.metadata.values.get(key), before.as_ref());
}

#[test]
fn the_notices_of_a_file_are_those_that_it_has_settings_of() {
    let none = NoticeSet::default();
    let both = NoticeSet { spot: true, maintenance: true, ..none };
    for (file, expected) in [
        (json!({}), none),
        (json!({ "spot": {}, "events": {}, "mock-delay-sec": null }), none),
        (json!({ "spot": { "action": "stop" } }), NoticeSet { spot: true, ..none }),
        (json!({ "spot": { "time": "2020-01-07T01:00:00Z" } }), NoticeSet { spot: true, ..none }),
        (json!({ "spot": { "action": null } }), none),
        (json!({ "spot": { "rebalance-rec-time": "x" } }), NoticeSet { rebalance: true, ..none }),
        (json!({ "rebalance-delay-sec": 1 }), NoticeSet { rebalance: true, ..none }),
        (json!({ "rebalance-trigger-time": "x" }), NoticeSet { rebalance: true, ..none }),
        (json!({ "events": { "code": "system-reboot" } }), NoticeSet { maintenance: true, ..none }),
        (json!({ "asg-termination-delay-sec": 1 }), NoticeSet { lifecycle: true, ..none }),
        (json!({ "asg-termination-trigger-time": "x" }), NoticeSet { lifecycle: true, ..none }),
        (json!({ "mock-delay-sec": 1 }), both),
        (json!({ "mock-trigger-time": "x" }), both),
        (json!({ "mock-delay-sec": 1, "spot": { "action": "stop" } }), NoticeSet { spot: true, ..none }),
        (
            json!({ "mock-delay-sec": 1, "events": { "code": "system-reboot" } }),
            NoticeSet { maintenance: true, ..none },
        ),
    ] {
        let Value::Object(settings) = &file else { panic!("no object") };
        assert_eq!(mentioned(settings), expected, "{file}");
    }
}

#[test]
fn a_trigger_time_that_is_over_is_the_start() {
    let now = crate::model::Timestamp::from_secs(1_577_934_227);
    let at = |trigger: &str, now| {
        let mut config = AemmConfig::default();
        config.mock.trigger_time = Some(trigger.to_owned());
        let text = events(&config, NoticeSet { spot: true, ..NoticeSet::default() }, now, &mut vec![]);
        let line = text.lines().find_map(|line| line.strip_prefix("at = ")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no time in:\n{text}"))
    };
    for (trigger, ec2, own) in [
        ("2020-01-02T03:03:46Z", "\"start+0s\"", "\"2020-01-02T03:03:46Z\""),
        ("2020-01-02T03:03:47Z", "\"start+0s\"", "\"2020-01-02T03:03:47Z\""),
        ("2020-01-02T03:03:48Z", "\"2020-01-02T03:03:48Z\"", "\"2020-01-02T03:03:48Z\""),
    ] {
        assert_eq!((at(trigger, Some(now)).as_str(), at(trigger, None).as_str()), (ec2, own), "{trigger}");
    }
}
