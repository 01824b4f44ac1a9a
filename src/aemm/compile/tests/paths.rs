//! Values at other paths than their own, and those that no request reaches.

use super::*;

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
