//! What a configuration compiles to: values, paths and events of a scenario, and what is told of the rest.

mod paths;
mod times;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use strum::VariantArray;

use super::*;
use crate::aemm::config::StartTime;
use crate::aemm::path_table::{ConfigValue, PathTable};
use crate::config::SourceText;
use crate::model::{Content, HttpTokens, MOST_CLIENTS, Notice, Override, Profile, Scenario};
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
fn an_object_without_fields_is_a_pair_of_braces() {
    let empty = ConfigValue::Object(vec![]);
    assert_eq!((text::json(&empty, 0), text::compact_json(&empty)), ("{}".to_owned(), "{}".to_owned()));
    let outer = ConfigValue::Object(vec![("a".to_owned(), empty)]);
    assert_eq!(text::json(&outer, 0), "{\n\t\"a\": {}\n}");
}
