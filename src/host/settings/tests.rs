//! host.toml: keys, defaults, and what is rejected.

use super::*;

fn parse(text: &str) -> Result<HostSettings, String> {
    HostSettings::parse(&SourceText::new("host.toml", text))
        .map(|(settings, _)| settings)
        .map_err(|report| report.to_string())
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(parse(""), Ok(HostSettings::default()));
    assert_eq!(parse("[host]\n"), Ok(HostSettings::default()));
}

#[test]
fn every_key_is_read() {
    let text = "[host]\nipv6 = true\nallow-takeover = true\nbridges = [\"br-lab\", \"tap*\"]\nredirect = \"none\"\n\
                endpoints = [\"ecs\", \"imds\", \"ecs\"]\n";
    let bridges = vec![InterfacePattern::Exact("br-lab".into()), InterfacePattern::Prefix("tap".into())];
    let redirect = Redirect::None;
    let endpoints = vec![Endpoint::Imds, Endpoint::Ecs];
    let expected = HostSettings { ipv6: true, allow_takeover: true, bridges, redirect, endpoints };
    assert_eq!(parse(text), Ok(expected), "endpoints come in their own order, once each");
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = "[host]\nipv6 = \"yes\"\nbridges = [\"*\", \"br-*\", \"eth0:1\", \"a-name-of-16-char\"]\nbridge = 1\n";
    let report = parse(text).expect_err("four problems");
    for expected in [
        "host.toml:2:8: error: host.ipv6 is a string",
        "host.toml:3:12: error: host.bridges[1] is \"*\"",
        "host.toml:3:25: error: host.bridges[3] is \"eth0:1\"",
        "host.toml:3:35: error: host.bridges[4] is \"a-name-of-16-char\"",
        "accepted: an interface name of at most 15 characters",
        "host.toml:4:1: error: unknown key \"bridge\" in [host]",
        "did you mean \"bridges\"?",
    ] {
        assert!(report.contains(expected), "expected {expected:?} in:\n{report}");
    }
}

#[test]
fn endpoints_are_some_of_those_that_there_are() {
    for (list, expected) in [
        ("[]", "error: host.endpoints is empty"),
        ("[\"imds\", \"eks\"]", "error: host.endpoints[2] is \"eks\""),
        ("\"ecs\"", "error: host.endpoints is a string"),
        ("[\"IMDS\"]", "accepted: \"imds\", \"ecs\", \"pod-identity\""),
    ] {
        let report = parse(&format!("[host]\nendpoints = {list}\n")).expect_err(list);
        assert!(report.contains(expected), "{list}: expected {expected:?} in:\n{report}");
    }
}

#[test]
fn each_endpoint_has_its_addresses() {
    let addresses = |ipv6, endpoints: &[Endpoint]| {
        let settings = HostSettings { ipv6, endpoints: endpoints.to_vec(), ..HostSettings::default() };
        settings.addresses().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(addresses(false, &[Endpoint::Imds]), ["169.254.169.254"]);
    assert_eq!(addresses(true, &[Endpoint::Imds]), ["169.254.169.254", "fd00:ec2::254"]);
    let all = ["169.254.169.254", "169.254.170.2", "169.254.170.23"];
    assert_eq!(addresses(false, Endpoint::VARIANTS), all);
    assert_eq!(addresses(true, &[Endpoint::Ecs]), ["169.254.170.2"], "it has no IPv6 address");
    assert_eq!(addresses(true, &[Endpoint::PodIdentity]), ["169.254.170.23", "fd00:ec2::23"]);
}

/// A record and a status of a host that enables nothing are what they were before there was a choice.
#[test]
fn the_default_endpoint_is_written_nowhere() {
    let written = |endpoints: &[Endpoint]| {
        let settings = HostSettings { endpoints: endpoints.to_vec(), ..HostSettings::default() };
        let json = serde_json::to_string(&settings).expect("plain data");
        assert_eq!(serde_json::from_str::<HostSettings>(&json).ok(), Some(settings), "{json}");
        json.contains("endpoints")
    };
    assert!(!written(&[Endpoint::Imds]));
    assert!(written(&[Endpoint::Imds, Endpoint::Ecs]) && written(&[Endpoint::Ecs]));
}

#[test]
fn too_many_bridges_are_refused() {
    let names: Vec<String> = (0..65).map(|n| format!("\"br{n}\"")).collect();
    let report = parse(&format!("[host]\nbridges = [{}]\n", names.join(","))).expect_err("65 bridges");
    assert!(report.contains("host.bridges names 65 interfaces"), "{report}");
}

#[test]
fn settings_of_an_older_version_are_read() {
    let old = r#"{"ipv6":false,"allow-takeover":false,"bridges":["br-*"]}"#;
    let settings: HostSettings = serde_json::from_str(old).expect("no key is needed that came later");
    assert_eq!(settings.redirect, Redirect::Nftables);
}

#[test]
fn a_named_file_must_exist() {
    let missing = Path::new("/nonexistent/host.toml");
    assert!(HostSettings::load(missing).is_err_and(|report| report.to_string().contains("cannot be read")));
}

#[test]
fn only_the_usual_file_may_be_missing() {
    let usual = Path::new(DEFAULT_PATH);
    // Where the package is installed, it is there.
    if !usual.exists() {
        let (settings, report) = HostSettings::load(usual).expect("the defaults");
        assert_eq!((settings, report.problems.len()), (HostSettings::default(), 0));
    }
    let directory = std::env::temp_dir().join(format!("mock-imds-settings-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("writable");
    let other = directory.join("host.toml");
    assert!(HostSettings::load(&other).is_err(), "a file that was named is there");
    std::fs::write(&other, "[host]\nipv6 = true\n").expect("writable");
    let (settings, _) = HostSettings::load(&other).expect("valid");
    assert_eq!(settings, HostSettings { ipv6: true, ..HostSettings::default() });
    std::fs::remove_dir_all(directory).expect("ours");
}

#[test]
fn as_many_bridges_are_accepted_as_the_sentence_says() {
    let bridges = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("\"br{number}\"")).collect();
        parse(&format!("[host]\nbridges = [{}]\n", names.join(", "))).map(|settings| settings.bridges.len())
    };
    assert_eq!(bridges(MAX_BRIDGES), Ok(MAX_BRIDGES));
    let why = bridges(MAX_BRIDGES + 1).expect_err("too many");
    assert!(why.contains(&format!("names {} interfaces", MAX_BRIDGES + 1)), "{why}");
}
