use std::fs;
use std::path::Path;

use proptest::prelude::*;
use strum::VariantArray;

use super::*;
use crate::aemm::config::StartTime;
use crate::aemm::path_table::{ConfigValue, PathTable};
use crate::config::SourceText;
use crate::model::{
    Content, EventEffect, EventTime, HttpTokens, MOST_CLIENTS, Notice, NoticeDue, Override, Profile, Scenario,
};
use crate::scenario;

/// The scenario of a configuration, read back; every configuration makes a valid one.
fn scenario(config: &AemmConfig) -> Scenario {
    let CompiledConfig { toml, .. } = compile(config);
    match scenario::read(&SourceText::new("compiled.toml", &*toml), Path::new("")) {
        Ok((scenario, report)) if report.problems.is_empty() => scenario,
        Ok((_, report)) | Err(report) => panic!("expected no problem, found:\n{report}\nin:\n{toml}"),
    }
}

fn default_but(change: impl FnOnce(&mut AemmConfig)) -> AemmConfig {
    let mut config = AemmConfig::default();
    change(&mut config);
    config
}

fn put(tree: &mut PathTable, key: &str, path: &str) {
    tree.paths.insert(key.to_owned(), path.to_owned());
}

fn text(scenario: &Scenario, path: &str) -> String {
    match scenario.instance.overrides.get(path) {
        Some(Override::Value(Content { bytes, .. })) => String::from_utf8(bytes.to_vec()).expect("text"),
        other => panic!("{path}: expected a value, found {other:?}"),
    }
}

#[test]
fn the_library_has_what_the_default_compiles_to() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/scenarios/aemm.toml");
    let compiled = compile(&AemmConfig::default());
    if std::env::var_os("UPDATE_SHIPPED").is_some() {
        fs::write(&file, &compiled.toml).expect("the library is writable");
    }
    let shipped = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        shipped == compiled.toml,
        "packaging/scenarios/aemm.toml is not what the default configuration compiles to\n\
         rerun with UPDATE_SHIPPED=1 to write it: cargo test --lib the_library_has"
    );
    assert_eq!(compiled.not_carried, [""; 0]);
}

#[test]
fn the_default_is_carried_whole() {
    let found = scenario(&AemmConfig::default());
    assert_eq!(
        (found.http.profile, found.instance.metadata_options.http_tokens),
        (Profile::Aemm, HttpTokens::Optional)
    );
    assert_eq!(found.instance.user_data.as_deref(), Some(&b"1234,john,reboot,true\n"[..]));
    // 59 values of metadata, and four dynamic ones.
    assert_eq!(found.instance.overrides.len(), 63, "{:#?}", found.instance.overrides.keys());
    assert_eq!(text(&found, "meta-data/iam/info").len(), 191);
    assert_eq!(text(&found, "meta-data/iam/security-credentials/baskinc-role").len(), 272);
    let accelerator = "meta-data/elastic-inference/associations/eia-bfa21c7904f64a82a21b9f4540169ce1";
    assert_eq!(text(&found, accelerator).len(), 149);
    assert_eq!(text(&found, "dynamic/instance-identity/document").len(), 442);
    assert_eq!(text(&found, "meta-data/public-keys/0/openssh-key").len(), 386);
    let limits: Vec<_> = found.events.iter().map(|event| event.first_n_clients).collect();
    assert_eq!(limits, [Some(2); 4]);
}

#[test]
fn each_mode_announces_its_own() {
    let cases = [
        (AemmMode::Spot, vec![Notice::InstanceAction, Notice::TerminationTime, Notice::Rebalance]),
        (AemmMode::Events, vec![Notice::Scheduled]),
        (AemmMode::AsgLifecycle, vec![Notice::TargetLifecycleState]),
    ];
    for (mode, expected) in cases {
        let found = scenario(&default_but(|config| config.mode = mode));
        let notices = Notice::VARIANTS.iter().copied();
        let announced = notices.filter(|notice| found.events.iter().any(|event| event.announces(*notice)));
        assert_eq!(announced.collect::<Vec<_>>(), expected, "{mode:?}");
    }
}

#[test]
fn delays_and_trigger_times_say_when() {
    let at = |delay_sec, trigger: Option<&str>| {
        let start = StartTime { delay_sec, trigger_time: trigger.map(str::to_owned) };
        let found = scenario(&default_but(|config| config.mock = start));
        found.events[0].at.clone()
    };
    let start = |seconds| EventTime::AfterStart(std::time::Duration::from_secs(seconds));
    assert_eq!(at(0, None), start(0));
    assert_eq!(at(-5, None), start(0));
    assert_eq!(at(90, None), start(90));
    assert!(matches!(at(i64::MAX, None), EventTime::AfterStart(_)));
    let instant = EventTime::At(crate::model::Timestamp::from_secs(1_577_934_227));
    for text in
        ["2020-01-02T03:03:47Z", "2020-01-02T03:03:47.9Z", "2020-01-02T3:03:47Z", "2020-01-02T05:03:47+02:00"]
    {
        assert_eq!(at(90, Some(text)), instant, "{text}");
    }
    for text in ["soon", "2999-01-01 00:00:00Z", "2999-01-01t00:00:00Z", "2999-01-01T00:00:00+0000"] {
        assert_eq!(at(90, Some(text)), start(0), "{text}");
    }
    let latest = EventTime::At(crate::model::Timestamp::from_secs(253_402_207_200));
    for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.1234567890123Z", "9999-12-31T00:00:00-24:00"] {
        assert_eq!(at(0, Some(text)), latest, "{text}");
    }
    let fraction = EventTime::At(crate::model::Timestamp::from_secs(32_472_144_000));
    assert_eq!(at(0, Some("2999-01-01T00:00:00.0000000000001Z")), fraction);
}

#[test]
fn times_are_kept_as_they_were_said() {
    let config = default_but(|config| {
        config.spot.time = Some("2020-01-07T03:03:47.5+02:00".into());
        config.spot.rebalance_rec_time = Some("2020-01-07T3:03:47Z".into());
        config.events.not_after = Some("1994-05-15T00:00:00Z".into());
    });
    let found = scenario(&config);
    let text_of = |due: &NoticeDue| match due {
        NoticeDue::At(instant) => instant.text.clone(),
        other => panic!("expected an instant, found {other:?}"),
    };
    match (&found.events[0].effects[0], &found.events[1].effects[0], &found.events[2].effects[0]) {
        (
            EventEffect::SpotInterruption { due, .. },
            EventEffect::Rebalance(noticed),
            EventEffect::Maintenance(notice),
        ) => {
            assert_eq!(text_of(due), "2020-01-07T03:03:47.5+02:00");
            assert_eq!(text_of(noticed), "2020-01-07T03:03:47Z");
            assert_eq!(notice.not_after.as_ref().map(text_of).as_deref(), Some("1994-05-15T00:00:00Z"));
            assert_eq!(notice.not_before, Some(NoticeDue::AfterStart(std::time::Duration::ZERO)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        compile(&config).not_carried,
        ["spot.rebalance-rec-time is sent as \"2020-01-07T03:03:47Z\" instead of \"2020-01-07T3:03:47Z\"."]
    );
}

#[test]
fn times_that_a_scenario_cannot_hold_are_the_nearest() {
    let config = default_but(|config| {
        config.spot.time = Some("9999-12-31T23:59:59Z".into());
        config.spot.rebalance_rec_time = Some("2030-01-07T03:03:47.12345678901+02:00".into());
        config.events.not_after = Some("2030-01-07T03:03:47+00:60".into());
    });
    scenario(&config);
    assert_eq!(
        compile(&config).not_carried,
        [
            "spot.time is sent as \"9999-12-30T22:00:00Z\" instead of \"9999-12-31T23:59:59Z\".",
            "spot.rebalance-rec-time is sent as \"2030-01-07T03:03:47.123456789+02:00\" instead of \"2030-01-07T03:03:47.12345678901+02:00\".",
            "events.not-after is sent as \"2030-01-07T02:03:47Z\" instead of \"2030-01-07T03:03:47+00:60\".",
        ]
    );
}

#[test]
fn another_value_may_be_where_a_notice_was() {
    let place = "/latest/meta-data/spot/instance-action";
    for key in ["ami-id", "tags-instance-test"] {
        let config = default_but(|config| {
            put(&mut config.metadata, "spot", "");
            put(&mut config.metadata, key, place);
            config.metadata.values.insert(key.into(), "here".into());
        });
        assert_eq!(text(&scenario(&config), "meta-data/spot/instance-action"), "here", "{key}");
        assert_eq!(compile(&config).not_carried, [""; 0], "{key}");
    }
    let two = default_but(|config| {
        put(&mut config.metadata, "ami-id", "/one");
        put(&mut config.metadata, "hostname", "/one");
        config.metadata.values.insert("ami-id".into(), "false".into());
    });
    assert_eq!(compile(&two).not_carried, ["Of two values at /one only hostname is served."]);
}

#[test]
fn paths_are_where_they_are_said_to_be() {
    let found = scenario(&default_but(|config| {
        put(&mut config.metadata, "ami-id", "/meta-data/ami");
        put(&mut config.metadata, "instance-id", "");
        put(&mut config.metadata, "hostname", "/latest/elsewhere/name");
        put(&mut config.metadata, "events", "/notices/maintenance");
        put(&mut config.metadata, "spot", "");
        put(&mut config.metadata, "elastic-inference-accelerator", "/latest/meta-data/accelerator");
        put(&mut config.userdata, "userdata", "/mine");
    }));
    assert_eq!(text(&found, "/meta-data/ami"), "ami-0a887e401f7654935");
    assert_eq!(text(&found, "/latest/elsewhere/name"), "ip-172-16-34-43.ec2.internal");
    assert_eq!(text(&found, "/mine"), "1234,john,reboot,true\n");
    assert!(text(&found, "meta-data/accelerator").contains("\n\t\t\"elastic-inference-accelerator-id\": "));
    let overrides = &found.instance.overrides;
    assert_eq!(overrides.get("/notices/maintenance"), Some(&Override::Moved(Notice::Scheduled)));
    assert_eq!(overrides.get("meta-data/spot/instance-action"), Some(&Override::Removed));
    for gone in ["meta-data/ami-id", "meta-data/instance-id", "meta-data/hostname"] {
        assert_eq!(overrides.get(gone), None, "{gone}");
    }
    assert_eq!(found.instance.user_data, None);
}

#[test]
fn what_no_request_reaches_is_told_and_left_out() {
    let config = default_but(|config| {
        put(&mut config.metadata, "ami-id", "relative");
        put(&mut config.metadata, "hostname", "/a//b");
        put(&mut config.metadata, "mac", "/latest");
        config.mock_ip_count = 20_000;
        config.userdata.values.insert("userdata".into(), "?".into());
    });
    scenario(&config);
    assert_eq!(
        compile(&config).not_carried,
        [
            "ami-id is not served at \"relative\", which no request reaches.",
            "hostname is not served at \"/a//b\", which no request reaches.",
            "mac is not served at \"/latest\", which no request reaches.",
            "The user data is not base64.",
            "mock-ip-count is 20000; notices go to the first 10000 clients.",
        ]
    );
}

#[test]
fn any_text_is_carried() {
    let texts = ["", "'''\n'", "\"\\\r\n\u{1}", "a\tb\n\n", "é", "# [metadata]"];
    for value in texts {
        let config = default_but(|config| {
            config.metadata.values.insert("ami-id".into(), value.into());
            config.metadata.values.insert("event-id".into(), value.into());
            let bytes = BASE64_STANDARD.encode(value);
            config.userdata.values.insert("userdata".into(), ConfigValue::Text(bytes));
        });
        let found = scenario(&config);
        assert_eq!(text(&found, "meta-data/ami-id"), value);
        assert_eq!(found.instance.user_data.as_deref(), Some(value.as_bytes()));
    }
    let bytes = vec![0xff; USER_DATA_LIMIT + 1];
    let long = default_but(|config| {
        config.userdata.values.insert("userdata".into(), ConfigValue::Text(BASE64_STANDARD.encode(&bytes)));
    });
    match scenario(&long).instance.overrides.get("user-data") {
        Some(Override::Value(content)) => assert!(content.bytes == bytes, "other bytes"),
        other => panic!("expected the user data, found {other:?}"),
    }
}

proptest! {
    #[test]
    fn whatever_is_configured_makes_a_good_scenario(value: String, path: String, id: String, time: String, count: i64, delay: i64) {
        scenario(&default_but(|config| {
            config.metadata.values.insert("ami-id".into(), value.as_str().into());
            config.metadata.values.insert("event-id".into(), id.as_str().into());
            put(&mut config.metadata, "hostname", &path);
            put(&mut config.metadata, "mac", &format!("/{path}"));
            put(&mut config.metadata, "spot", &format!("/latest/meta-data/{path}"));
            config.spot.time = Some(time.clone());
            config.events.not_before = Some(time.clone());
            config.mock = StartTime { delay_sec: delay, trigger_time: None };
            config.rebalance = StartTime { delay_sec: delay, trigger_time: Some(time.clone()) };
            config.mock_ip_count = count;
        }));
    }
}

#[test]
fn clients_are_limited_unless_the_number_is_negative() {
    for (count, expected) in [(-1, None), (0, Some(0)), (2, Some(2))] {
        let found = scenario(&default_but(|config| config.mock_ip_count = count));
        assert_eq!(found.events[0].first_n_clients, expected, "{count}");
    }
}

#[test]
fn user_data_alone_may_be_at_its_path() {
    let not_carried = |config: &AemmConfig| compile(config).not_carried.join("\n");
    let other = default_but(|config| put(&mut config.metadata, "ami-id", "/latest/user-data"));
    assert_eq!(
        not_carried(&other),
        "ami-id is not served at \"/latest/user-data\", which no request reaches."
    );
    let elsewhere = default_but(|config| put(&mut config.userdata, "userdata", "/latest/meta-data"));
    assert_eq!(
        not_carried(&elsewhere),
        "userdata is not served at \"/latest/meta-data\", which no request reaches."
    );
}

#[test]
fn as_many_clients_as_a_scenario_takes_are_carried() {
    for (count, clients, message) in [
        (-1, None, ""),
        (0, Some(0), ""),
        (MOST_CLIENTS, Some(MOST_CLIENTS), ""),
        (MOST_CLIENTS + 1, Some(MOST_CLIENTS), "notices go to the first "),
        (MOST_CLIENTS + 2, Some(MOST_CLIENTS), "notices go to the first "),
    ] {
        let config = default_but(|config| config.mock_ip_count = count);
        let found = compile(&config).not_carried.join("\n");
        assert!(found.contains(message) && found.is_empty() == message.is_empty(), "{count}: {found}");
        let events = scenario(&config).events;
        let expected = clients.map(|clients| u32::try_from(clients).expect("it fits"));
        assert!(events.iter().all(|event| event.first_n_clients == expected), "{count}: {events:#?}");
    }
}

#[test]
fn a_time_is_sent_in_its_own_zone() {
    for (time, expected) in [
        ("2020-01-07T01:03:47Z", "2020-01-07T01:03:47Z"),
        ("2020-01-07T1:03:47+02:00", "2020-01-07T01:03:47+02:00"),
        ("2020-01-07T11:03:47-02:00", "2020-01-07T11:03:47-02:00"),
        ("2020-01-07T1:03:47.1234567891+02:00", "2020-01-07T01:03:47.123456789+02:00"),
        ("2020-01-07T01:03:47,5Z", "2020-01-07T01:03:47,5Z"),
    ] {
        let config = default_but(|config| config.spot.time = Some(time.to_owned()));
        let CompiledConfig { toml, not_carried, .. } = compile(&config);
        assert!(toml.contains(&format!("time = \"{expected}\"")), "{time}:\n{toml}");
        let told = format!("spot.time is sent as {expected:?} instead of {time:?}.");
        assert_eq!(not_carried, if time == expected { vec![] } else { vec![told] }, "{time}");
        scenario(&config);
    }
}

#[test]
fn an_object_without_fields_is_a_pair_of_braces() {
    let empty = ConfigValue::Object(vec![]);
    assert_eq!((text::json(&empty, 0), text::compact_json(&empty)), ("{}".to_owned(), "{}".to_owned()));
    let outer = ConfigValue::Object(vec![("a".to_owned(), empty)]);
    assert_eq!(text::json(&outer, 0), "{\n\t\"a\": {}\n}");
}

#[test]
fn the_paths_of_notices_that_are_not_served_are_empty() {
    for (mode, expected) in [(AemmMode::All, true), (AemmMode::Events, true), (AemmMode::Spot, false)] {
        let config = default_but(|config| {
            config.mode = mode;
            put(&mut config.metadata, "events", "/elsewhere/events");
        });
        let found = scenario(&config).instance.overrides.contains_key("/elsewhere/events");
        assert_eq!(found, expected, "{mode:?}");
    }
}
