//! Files that are shipped beside the program must agree with it, and with each other.

mod binary;
mod manual;
mod oci;
mod release;
mod scripts;
mod tarball;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use mock_imds::config::SourceText;
use mock_imds::host::settings::HostSettings;
use mock_imds::imds::ContainerChoice;
use mock_imds::model::Service;
use mock_imds::model::endpoint::{ADDRESS_V4, ADDRESS_V6, METADATA_PORT, SERVICE_PORT};
use mock_imds::scenario;

fn read(path: &str) -> String {
    let file = support::sources().join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn value<'a>(unit: &'a str, key: &str) -> Option<&'a str> {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn sockets_listen_where_the_redirect_ends() {
    for (unit, expected) in [
        ("systemd/mock-imds.socket", format!("{ADDRESS_V4}:{SERVICE_PORT}")),
        ("systemd/mock-imds-ipv6.socket", format!("[{ADDRESS_V6}]:{SERVICE_PORT}")),
        ("systemd/mock-imds-ecs.socket", format!("{}:{SERVICE_PORT}", Service::Ecs.ipv4())),
        ("systemd/mock-imds-pod-identity.socket", format!("{}:{SERVICE_PORT}", Service::PodIdentity.ipv4())),
        (
            "systemd/mock-imds-pod-identity-ipv6.socket",
            format!("[{}]:{SERVICE_PORT}", Service::PodIdentity.ipv6().expect("it has one")),
        ),
    ] {
        assert_eq!(value(&read(unit), "ListenStream"), Some(expected.as_str()), "ListenStream= of {unit}");
    }
}

/// The sockets of other endpoints are there only while the guardian holds their addresses: by a file of its own. They wait
/// for it, and it waits for basic.target, so that the default dependencies of a socket would close a circle.
#[test]
fn sockets_of_other_endpoints_wait_for_the_guardian() {
    for (unit, endpoint) in [
        ("mock-imds-ecs.socket", Service::Ecs),
        ("mock-imds-pod-identity.socket", Service::PodIdentity),
        ("mock-imds-pod-identity-ipv6.socket", Service::PodIdentity),
    ] {
        let unit = read(&format!("systemd/{unit}"));
        let condition = format!("\nConditionPathExists=/run/mock-imds-net/{}\n", endpoint.name());
        for line in
            [&*condition, "\nDefaultDependencies=no\n", "\nAfter=sysinit.target mock-imds-net.service\n"]
        {
            assert!(unit.contains(line), "expected {line:?} in:\n{unit}");
        }
    }
}

/// Each socket comes with the service, ends with it, and is closed before its package is removed.
#[test]
fn every_socket_is_known_where_sockets_are_listed() {
    let service = read("systemd/mock-imds.service");
    let names = |key: &str| {
        let lines = service.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        lines.flat_map(str::split_whitespace).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let units = fs::read_dir(support::sources().join("systemd")).expect("the units").flatten();
    let units = units.map(|unit| unit.file_name().to_string_lossy().into_owned());
    let sockets: BTreeSet<String> = units.filter(|name| name.ends_with(".socket")).collect();
    assert_eq!(names("Sockets"), sockets, "Sockets= of mock-imds.service");
    for socket in &sockets {
        assert!(names("After").contains(socket), "After= of mock-imds.service lacks {socket}");
        for file in
            ["debian/mock-imds.prerm", "packaging/rpm/mock-imds.spec", "packaging/tarball/uninstall.sh"]
        {
            let text = read(file);
            let listed = text.split(|c: char| c.is_whitespace() || c == ';').any(|word| word == socket);
            assert!(listed, "{file} does not stop {socket}");
        }
        let text = read(&format!("systemd/{socket}"));
        assert!(text.contains("\nStopWhenUnneeded=yes\n"), "{socket} would stay when the service stops");
        assert!(
            socket == "mock-imds.socket" || value(&text, "Service") == Some("mock-imds.service"),
            "{socket}"
        );
    }
}

/// The process itself forbids core dumps; a child, such as a credential process, could still make one.
#[test]
fn no_unit_may_dump_core() {
    for unit in ["mock-imds.service", "mock-imds-net.service", "mock-imds-view.service"] {
        let unit = format!("systemd/{unit}");
        assert_eq!(value(&read(&unit), "LimitCORE"), Some("0"), "LimitCORE= of {unit}");
    }
}

/// The view is off until somebody enables it; a preset would enable it where that is the system's default.
#[test]
fn no_package_enables_the_view() {
    let spec = read("packaging/rpm/mock-imds.spec");
    let post: Vec<&str> = spec.lines().filter(|line| line.starts_with("%systemd_post ")).collect();
    assert_eq!(post, ["%systemd_post mock-imds.service"], "what the rpm enables");
    let enabled = "dh_installsystemd --no-enable --no-start --no-stop-on-upgrade mock-imds-view.service";
    assert!(read("debian/rules").contains(enabled), "debian/rules lacks {enabled:?}");
}

/// Files in /etc are the administrator's: tools lay them down before the first installation, and no package manager asks.
#[test]
fn no_package_owns_a_file_in_etc() {
    let install = read("debian/mock-imds.install");
    assert!(!install.contains(" etc/"), "debian/mock-imds.install puts a file into /etc:\n{install}");
    let spec = read("packaging/rpm/mock-imds.spec");
    let files = spec.split_once("\n%files\n").expect("the spec lists files").1;
    let owned: Vec<_> = files.lines().filter(|line| line.contains("%{_sysconfdir}")).collect();
    assert_eq!(owned, ["%dir %{_sysconfdir}/mock-imds"], "what the rpm owns in /etc");
    assert!(!files.contains("%config"), "the rpm has no configuration file of its own");
    // As builds before the first release had them: an upgrade from one removes these, since nobody edited them.
    for checksum in [
        "28c32e6ed99d9330f9c45ceb00411bb9bf143a147608cd4f3c61095a759d915e",
        "19fd1becce37af06e62d39592ecf33bbd3f893263c10d2b2d1740df8cca9066b",
    ] {
        assert!(spec.contains(checksum), "packaging/rpm/mock-imds.spec lacks the checksum {checksum}");
    }
}

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

/// Pages send readers to files; one that was moved would send them nowhere.
#[test]
fn the_files_that_pages_name_are_there() {
    let mut named = 0;
    for page in below("docs") {
        let text = fs::read_to_string(&page).expect("pages are text");
        let words = text.split(|c: char| c.is_whitespace() || "`()|:;,".contains(c));
        for word in words.filter(|word| word.starts_with("packaging/") || word.starts_with("scripts/")) {
            let file = support::sources().join(word.trim_end_matches('.'));
            assert!(file.exists(), "{} names {word}, which is not there", page.display());
            named += 1;
        }
    }
    assert!(named > 5, "found only {named} names: are the pages still read?");
}

/// Every file below a directory of the sources.
fn below(directory: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let mut directories = vec![support::sources().join(directory)];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the sources").flatten() {
            let into = if entry.path().is_dir() { &mut directories } else { &mut files };
            into.push(entry.path());
        }
    }
    files.into_iter()
}

#[test]
fn the_drop_in_of_bind_mode_listens_where_programs_ask() {
    for (drop_in, unit) in [
        ("bind", "mock-imds"),
        ("bind-ecs", "mock-imds-ecs"),
        ("bind-pod-identity", "mock-imds-pod-identity"),
        ("bind-pod-identity-ipv6", "mock-imds-pod-identity-ipv6"),
    ] {
        let listens = |file: &str| -> Vec<String> {
            let text = read(file);
            text.lines().filter_map(|line| line.strip_prefix("ListenStream=")).map(str::to_owned).collect()
        };
        let own = listens(&format!("systemd/{unit}.socket"));
        let [own] = own.as_slice() else { panic!("expected one ListenStream of {unit}, found {own:?}") };
        let (address, _) = own.rsplit_once(':').expect("an address and a port");
        let file = format!("packaging/dropins/{drop_in}.conf");
        // The empty one takes the unit's own away.
        assert_eq!(listens(&file), ["", &format!("{address}:{METADATA_PORT}")], "{file}");
        let place = format!("/etc/systemd/system/{unit}.socket.d/");
        assert!(read(&file).contains(&place), "{file} says that it goes to {place}");
    }
}

/// The lines of docs/packages.md are run on a booted machine; those that README.md shows before the first release are not.
#[test]
fn the_readme_installs_as_the_page_about_packages_does() {
    let (readme, page) = (read("README.md"), read("docs/packages.md"));
    let block =
        readme.split_once("```sh\n").and_then(|(_, below)| below.split_once("```")).map(|(block, _)| block);
    let lines: Vec<&str> = block.expect("README.md has a block of sh").lines().collect();
    assert!(lines.len() > 1, "found only {lines:?}");
    for line in lines {
        assert!(page.contains(&format!("$ {line}\n")), "README.md has '{line}', docs/packages.md has not");
    }
}

/// It is read on a terminal, by somebody in the middle of something else. A command is one line.
#[test]
fn the_readme_is_short() {
    let readme = read("README.md");
    let lines = readme.lines().count();
    assert!(lines < 150, "expected README.md to have fewer than 150 lines, found {lines}");
    let long = readme
        .lines()
        .find(|line| line.chars().count() > 100 && !line.starts_with("curl ") && !line.starts_with("$ "));
    assert_eq!(long, None, "README.md has a line of more than 100 characters");
    let first_screen: Vec<&str> = readme.lines().take(45).collect();
    for command in ["$ ./scripts/run ", "$ ./scripts/test "] {
        assert!(
            first_screen.iter().any(|line| line.starts_with(command)),
            "the first screen lacks {command}"
        );
    }
}

/// Who reads one page finds the others: docs/README.md has each, and leads nowhere else.
#[test]
fn every_page_is_in_the_index() {
    let index = read("docs/README.md");
    let directory = support::sources().join("docs");
    let links: Vec<&str> = index.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let lost: Vec<&&str> = links.iter().filter(|link| !directory.join(link).exists()).collect();
    assert!(lost.is_empty(), "docs/README.md leads to what is not there: {lost:?}");
    for entry in fs::read_dir(&directory).expect("the pages are there") {
        let name = entry.expect("they are readable").file_name().into_string().expect("UTF-8");
        // Folders have an index of their own.
        let is_page = name != "README.md" && name.contains('.');
        assert!(!is_page || links.contains(&name.as_str()), "docs/README.md lacks a link to {name}");
    }
    for link in links.iter().filter(|link| !link.contains('/')) {
        let page = read(&format!("docs/{link}"));
        let first = page.lines().nth(2).unwrap_or_default();
        let is_sentence = !first.starts_with('|') && !first.starts_with("```");
        assert!(is_sentence, "docs/{link} does not begin with a sentence");
    }
}

#[test]
fn versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = read("debian/changelog");
    let newest = changelog.lines().next().unwrap_or_default();
    assert!(
        newest.starts_with(&format!("mock-imds ({version}) ")),
        "debian/changelog says '{newest}', Cargo.toml {version}"
    );
    let chart = read("packaging/helm/mock-imds/Chart.yaml");
    for line in [format!("\nversion: {version}\n"), format!("\nappVersion: \"{version}\"\n")] {
        assert!(
            chart.contains(&line),
            "Chart.yaml of packaging/helm/mock-imds lacks {line:?}; Cargo.toml has {version}"
        );
    }
    let spec = read("packaging/rpm/mock-imds.spec");
    let found = spec.lines().find_map(|line| line.strip_prefix("Version:")).map(str::trim);
    assert_eq!(found, Some(version), "Version: of packaging/rpm/mock-imds.spec, against Cargo.toml");
    assert!(
        spec.contains(&format!("> - {version}-1\n")),
        "packaging/rpm/mock-imds.spec has no entry for {version} below %changelog"
    );
    let feature = read("packaging/devcontainer-feature/devcontainer-feature.json");
    let feature: serde_json::Value = serde_json::from_str(&feature).expect("it is JSON");
    assert_eq!(feature["version"], version, "devcontainer-feature.json, against Cargo.toml");
    for (file, line) in [
        ("packaging/kits/python/pyproject.toml", format!("\nversion = \"{version}\"\n")),
        ("packaging/kits/rust/Cargo.toml", format!("\nversion = \"{version}\"\n")),
        ("packaging/kits/node/package.json", format!("\n  \"version\": \"{version}\",\n")),
        ("packaging/kits/java/pom.xml", format!("\n  <version>{version}</version>\n")),
    ] {
        assert!(read(file).contains(&line), "{file} lacks {line:?}; Cargo.toml has {version}");
    }
    for page in manual::pages() {
        let text = read(&format!("packaging/man/{page}"));
        let header = text.lines().find(|line| line.starts_with(".TH")).unwrap_or_default();
        assert!(
            header.contains(&format!("\"mock-imds {version}\"")),
            "{page} says '{header}', Cargo.toml {version}"
        );
    }
}

/// The action's script is also run by other systems' jobs, so each of its inputs is a variable, and each has a description.
#[test]
fn the_action_and_its_script_know_the_same_inputs() {
    let action = read("packaging/github-action/action.yml");
    let script = read("packaging/github-action/install.sh");
    let (inputs, runs) = action.split_once("\nruns:\n").expect("the action runs something");
    let named = |line: &str| {
        line.strip_prefix("  ")?.strip_suffix(':').filter(|name| !name.starts_with(' ')).map(str::to_owned)
    };
    let inputs: Vec<String> = inputs.lines().filter_map(named).collect();
    assert!(inputs.len() > 4, "action.yml was misread: {inputs:?}");
    for input in &inputs {
        let variable = format!("INPUT_{}", input.to_uppercase());
        let handed_on = format!("{variable}: ${{{{ inputs.{input} }}}}");
        assert!(runs.contains(&handed_on), "action.yml lacks {handed_on:?}");
        assert!(script.contains(&variable), "install.sh does not know {variable}");
    }
    let used = script
        .split("INPUT_")
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_uppercase).collect::<String>().to_lowercase());
    let unknown: BTreeSet<String> = used.filter(|name| !inputs.contains(name)).collect();
    assert!(unknown.is_empty(), "install.sh reads {unknown:?}, which action.yml does not have");
}
