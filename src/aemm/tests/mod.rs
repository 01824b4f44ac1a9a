//! Files, times and flags of the drop-in, at the limits of what they may have.

use serde_json::{Value, json};

use super::flags::AemmCommand;
use super::*;

fn yaml(text: &str) -> Result<Value, String> {
    file::parse("yaml", text).map(Value::Object)
}

// === YAML ===

#[test]
fn switches_and_nothing_have_three_spellings_each() {
    for (text, expected) in [
        ("true", json!(true)),
        ("True", json!(true)),
        ("TRUE", json!(true)),
        ("false", json!(false)),
        ("False", json!(false)),
        ("FALSE", json!(false)),
        ("null", Value::Null),
        ("Null", Value::Null),
        ("NULL", Value::Null),
        ("~", Value::Null),
        ("tRUE", json!("tRUE")),
        ("'false'", json!("false")),
        ("!!str false", json!("false")),
        ("-7", json!(-7)),
        ("+7", json!(7)),
        (".5", json!(0.5)),
        ("7 days", json!("7 days")),
    ] {
        assert_eq!(yaml(&format!("a: {text}\n")), Ok(json!({ "a": expected })), "{text}");
    }
}

#[test]
fn an_alias_is_a_key_as_any_other() {
    assert_eq!(yaml("a: &k name\n*k : 2\n"), Ok(json!({ "a": "name", "name": 2 })));
    assert_eq!(yaml("a: &k 7\nb: {*k : 2}\n"), Ok(json!({ "a": 7, "b": { "7": 2 } })));
    assert_eq!(yaml("? [a]\n: 1\n"), Err("While parsing config: yaml: a key is no text".to_owned()));
}

#[test]
fn a_document_has_64_levels_below_the_first_at_most() {
    let deep = "While parsing config: yaml: more than 64 levels";
    let list = |levels: usize| yaml(&format!("a: {}{}\n", "[".repeat(levels), "]".repeat(levels)));
    assert!(list(64).is_ok(), "{:?}", list(64).err());
    assert_eq!(list(65), Err(deep.to_owned()));
    assert_eq!(list(66), Err(deep.to_owned()));
    let object = |levels: usize| yaml(&format!("{}{}\n", "{a: ".repeat(levels), "}".repeat(levels)));
    assert!(object(64).is_ok(), "{:?}", object(64).err());
    assert_eq!(object(65), Err(deep.to_owned()));
    assert_eq!(object(66), Err(deep.to_owned()));
}

/// Each value is counted once on its own level and once on each above it.
#[test]
fn a_document_has_100_000_values_at_most() {
    let grown = Err("While parsing config: yaml: document contains excessive aliasing".to_owned());
    let list = |length: usize| format!("[{}]", "x,".repeat(length));
    // One for the outermost object, and one more on its level for each value in it.
    let of = |values: &str| yaml(&format!("a: {values}\n"));
    // 3 n + 3: each element on three levels, the list on two, the object.
    assert!(of(&list(33_332)).is_ok());
    assert_eq!(of(&list(33_333)), grown);
    let exactly = format!("{}\nb: x\nc: x", list(33_331));
    assert!(of(&exactly).is_ok(), "it has 100,000");
    let object = |length: usize| {
        let fields: Vec<String> = (0..length).map(|n| format!("k{n}: x,")).collect();
        format!("{{{}}}", fields.concat())
    };
    assert!(of(&object(33_332)).is_ok());
    assert_eq!(of(&object(33_333)), grown);
}

// === The other formats ===

#[test]
fn toml_has_a_limit_of_its_own_for_brackets() {
    let text = format!("a = {}{}", "[".repeat(201), "]".repeat(201));
    let why = file::parse("toml", &text).expect_err("it is too deep");
    assert_eq!(why, "While parsing config: brackets are nested too deep");
    assert!(file::parse("toml", "a = [[1]]").is_ok());
}

// === Values ===

#[test]
fn a_whole_number_keeps_all_its_digits() {
    for text in ["9007199254740993", "-9007199254740993", "18446744073709551615", "0", "-1"] {
        assert_eq!(plain(&serde_json::from_str(text).expect("a number")), text);
    }
    for (text, expected) in [("1e3", "1000"), ("-0.5", "-0.5"), ("2.0", "2")] {
        assert_eq!(plain(&serde_json::from_str(text).expect("a number")), expected);
    }
}

#[test]
fn a_time_has_24_hours_of_60_minutes_of_60_seconds() {
    for (text, expected) in [
        ("2020-01-07T23:59:59Z", true),
        ("2020-01-07T24:00:00Z", false),
        ("2020-01-07T25:00:00Z", false),
        ("2020-01-07T01:60:00Z", false),
        ("2020-01-07T01:61:00Z", false),
        ("2020-01-07T01:00:60Z", false),
        ("2020-01-07T01:00:61Z", false),
        ("2020-01-07T01:00:00+24:60", true),
        ("2020-01-07T01:00:00+25:00", false),
        ("2020-01-07T01:00:00+00:61", false),
        ("2020-01-07T01:00:00+01:00x", false),
    ] {
        assert_eq!(go::is_rfc3339(text), expected, "{text}");
    }
    for (text, expected) in [
        ("1970-01-01T01:02:03Z", 3_723),
        ("1970-01-01T01:02:03+01:02", 3),
        ("1970-01-01T01:02:03-01:02", 7_443),
        ("1970-01-02T00:00:00Z", 86_400),
    ] {
        assert_eq!(go::instant(text).map(jiff::Timestamp::as_second), Some(expected), "{text}");
    }
}

#[test]
fn an_empty_list_says_nothing_where_an_object_may_be() {
    let with = |file: Value| {
        let Value::Object(file) = file else { panic!("no object") };
        decode(&AemmSettings::defaults().with_file(file), AemmMode::All)
    };
    for key in ["spot", "server", "events"] {
        assert!(with(json!({ key: [] })).is_ok(), "{key}");
        let why = with(json!({ key: [1] })).expect_err("a list is no object");
        assert!(why.ends_with(&format!("\n* '{key}' must be an object; got [1]")), "{why}");
    }
}

#[test]
fn a_text_is_a_list_of_what_stands_between_its_commas() {
    let list = |text: &str| {
        let document = json!({ "marketplaceproductcodes": text });
        let file = json!({ "dynamic": { "values": { "instance-identity-document": document } } });
        let Value::Object(file) = file else { panic!("no object") };
        let config = decode(&AemmSettings::defaults().with_file(file), AemmMode::All).expect("it is valid");
        let Some(ConfigValue::Object(fields)) = config.dynamic.values.get("instance-identity-document")
        else {
            panic!("no document")
        };
        let codes = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("marketplaceproductcodes"));
        codes.map(|(_, value)| value.clone())
    };
    let texts =
        |texts: &[&str]| Some(ConfigValue::List(texts.iter().map(|text| (*text).to_owned()).collect()));
    assert_eq!(list(""), texts(&[]));
    assert_eq!(list("a"), texts(&["a"]));
    assert_eq!(list("a,b"), texts(&["a", "b"]));
}

#[test]
fn exactly_a_hundred_problems_are_all_listed() {
    let with = |count: usize| {
        let codes: Vec<Value> = (0..count).map(|_| json!({})).collect();
        let document = json!({ "marketplaceproductcodes": codes });
        let file = json!({ "dynamic": { "values": { "instance-identity-document": document } } });
        let Value::Object(file) = file else { panic!("no object") };
        decode(&AemmSettings::defaults().with_file(file), AemmMode::All).expect_err("none is a text")
    };
    for (count, listed, more) in
        [(99, 99, None), (100, 100, None), (101, 101, Some("\n* 1 more are not listed"))]
    {
        let found = with(count);
        assert_eq!(found.matches("\n* ").count(), listed, "{found}");
        assert_eq!(found.contains("not listed"), more.is_some(), "{found}");
        assert!(more.is_none_or(|more| found.ends_with(more)), "{found}");
    }
}

// === Help ===

#[test]
fn help_says_what_a_command_is_for_and_gives_an_example() {
    let commands = AemmCommand::SUBCOMMANDS.into_iter().chain([AemmCommand::Root]);
    for (command, about) in commands.map(|command| (command, help(command))) {
        let name = command.path();
        let (first, rest) = about.split_once("\n\nUsage:\n").expect("it has a usage");
        assert!(first.contains(' ') && !first.contains('\n'), "{name}: {first}");
        assert!(rest.starts_with(&format!("  {name} [flags]\n")), "{name}: {rest}");
        let example = rest.split_once("\nExamples:\n  ").and_then(|(_, rest)| rest.lines().next());
        if command == AemmCommand::Help {
            assert_eq!(example, None);
            continue;
        }
        let words: Vec<String> =
            example.expect("it has an example").split(' ').skip(1).map(str::to_owned).collect();
        assert!(parse(&words).is_ok_and(|said| said != Invocation::Help(command)), "{name}: {words:?}");
        assert!(
            example.is_some_and(|example| example.starts_with(&format!("{name} "))),
            "{name}: {example:?}"
        );
    }
    let root = help(AemmCommand::Root);
    assert!(
        root.contains("\nUsage:\n  ec2-metadata-mock [flags]\n  ec2-metadata-mock [command]\n"),
        "{root}"
    );
    for (command, about) in [
        (AemmCommand::Spot, "Serve spot interruption notices and rebalance recommendations only"),
        (AemmCommand::Events, "Serve scheduled maintenance events only"),
        (AemmCommand::AsgLifecycle, "Serve the target lifecycle state of an Auto Scaling group only"),
    ] {
        assert!(help(command).starts_with(about), "{}", help(command));
        assert!(root.contains(about), "{root}");
    }
}

// === More ===

#[test]
fn words_that_only_begin_as_numbers_stay_words() {
    for word in ["x7", "e7", "E5", "-e", "+.", ".", "1e", "1.2.3", "0x", "1 2", "é7", "٣"] {
        assert_eq!(yaml(&format!("a: {word}\n")), Ok(json!({ "a": word })), "{word}");
    }
}

#[test]
fn what_follows_a_document_is_read_to_its_end() {
    assert_eq!(yaml("a: 1\n---\nb: 2\n"), Ok(json!({ "a": 1 })), "the first one counts");
    assert_eq!(yaml("a: 1\n...\n"), Ok(json!({ "a": 1 })));
    for text in ["{a: 1} x\n", "{a: 1}\n}\n", "[1]\n]\n", "a: 1\n...\n}\n"] {
        let why = yaml(text).expect_err("it goes on wrong");
        assert!(why.starts_with("While parsing config: yaml: "), "{text}: {why}");
    }
}

#[test]
fn a_dash_alone_is_a_word_and_a_short_flag_has_its_value_beside_it() {
    let parse = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match parse(&words) {
            Ok(Invocation::Run(parsed)) => (parsed.command, parsed.words),
            other => panic!("{line}: expected a command, found {other:?}"),
        }
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(parse("spot -"), (AemmCommand::Spot, words(&["-"])));
    assert_eq!(parse("- spot"), (AemmCommand::Spot, words(&["-"])));
    assert_eq!(parse("-p80 spot"), (AemmCommand::Spot, vec![]));
    assert_eq!(parse("-p 80 spot"), (AemmCommand::Spot, vec![]));
    assert_eq!(parse("-I spot"), (AemmCommand::Spot, vec![]));
}

#[test]
fn a_number_turns_a_switch_on_unless_it_is_zero() {
    for (value, expected) in [
        (json!(1), true),
        (json!(-1), true),
        (json!(0.5), true),
        (json!(0), false),
        (json!(0.0), false),
        (json!(""), false),
        (json!("t"), true),
        (json!("0"), false),
        (Value::Null, false),
    ] {
        let Value::Object(file) = json!({ "imdsv2": value }) else { panic!("no object") };
        let config = decode(&AemmSettings::defaults().with_file(file), AemmMode::All);
        assert_eq!(config.map(|config| config.imdsv2), Ok(expected), "{value}");
    }
}

// === What a file says ===

/// The notes of a file with these values of metadata, and with these paths.
fn notes(values: &Value, paths: &Value) -> (SaidAnswers, Vec<String>) {
    let Value::Object(file) = json!({ "metadata": { "values": values, "paths": paths } }) else {
        panic!("no object")
    };
    let settings = AemmSettings::defaults().with_file(file.clone());
    let found = said(&file, &decode(&settings, AemmMode::All).expect("it is valid"));
    let notes = found.notes.clone();
    (found, notes)
}

#[test]
fn of_a_file_that_was_saved_only_what_differs_from_the_samples_is_said() {
    let sample = AemmSettings::defaults().map()["metadata"]["values"].clone();
    let count = sample.as_object().map_or(0, serde_json::Map::len);
    let said = |found: &SaidAnswers| {
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
