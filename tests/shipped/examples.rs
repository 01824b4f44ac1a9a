//! The examples for Compose and Kubernetes, and those of pages.

use mock_imds::config::SourceText;
use mock_imds::host::settings::HostSettings;
use mock_imds::imds::ContainerChoice;
use mock_imds::scenario;

use crate::{below, read};

/// The examples for compose and Kubernetes; the scenarios of the library have tests of their own.
#[test]
fn examples_hold_valid_files() {
    let mut found = [0, 0];
    for path in below("packaging/compose").chain(below("packaging/kubernetes")) {
        let source = SourceText::read(&path).expect("it is there and is text");
        let directory = path.parent().expect("it is in a directory");
        match path.file_name().and_then(|name| name.to_str()) {
            Some("scenario.toml" | "endpoints.toml") => {
                let warnings = scenario::read(&source, directory).map(|(_, warnings)| warnings.problems);
                assert_eq!(warnings, Ok(vec![]), "{}", path.display());
                found[0] += 1;
            }
            Some("host.toml" | "host-bind.toml" | "host-endpoints.toml") => {
                let warnings = HostSettings::parse(&source).map(|(_, warnings)| warnings.problems);
                assert_eq!(warnings, Ok(vec![]), "{}", path.display());
                found[1] += 1;
            }
            _ => {}
        }
    }
    assert_eq!(found, [6, 5], "scenarios and host.toml of the examples");
    // In a network namespace of their own they hide no cloud's service, so they must not stop at one.
    for example in [
        "packaging/compose/sidecar.yaml",
        "packaging/compose/sidecar-bind.yaml",
        "packaging/compose/sidecar-endpoints.yaml",
        "packaging/kubernetes/components/sidecar/patch.yaml",
    ] {
        assert!(
            read(example).contains("[net, up, --allow-takeover"),
            "{example} would refuse on a cloud machine"
        );
    }
}

#[test]
fn the_example_for_compose_has_the_variables_of_its_scenario() {
    let scenario = support::sources().join("packaging/compose/imds/endpoints.toml");
    let example = read("packaging/compose/sidecar-endpoints.yaml");
    for (name, value) in support::PureService::read(&scenario).ecs_environment(ContainerChoice::default()) {
        let line = format!("      {name}: \"{value}\"\n");
        assert!(example.contains(&line), "expected in sidecar-endpoints.yaml: {line}found:\n{example}");
    }
}

#[test]
fn scenarios_on_the_page_about_late_metadata_are_accepted() {
    let page = read("docs/late-metadata.md");
    let blocks: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "it has an example");
    for block in blocks {
        let source = SourceText::new("docs/late-metadata.md", block);
        let warnings =
            scenario::read(&source, std::path::Path::new("")).map(|(_, warnings)| warnings.problems);
        assert_eq!(warnings, Ok(vec![]), "{block}");
    }
}
