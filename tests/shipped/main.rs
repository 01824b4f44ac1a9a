//! Files that are shipped beside the program must agree with it, and with each other.

mod binary;
mod oci;
mod release;
mod scripts;
mod tarball;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use mock_imds::config::SourceText;
use mock_imds::host::settings::DEFAULT_BRIDGES;
use mock_imds::host::settings::HostSettings;
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
    ] {
        assert_eq!(value(&read(unit), "ListenStream"), Some(expected.as_str()), "ListenStream= of {unit}");
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
            Some("scenario.toml") => {
                let warnings = scenario::read(&source, directory).map(|(_, warnings)| warnings.problems);
                assert_eq!(warnings, Ok(vec![]), "{}", path.display());
                found[0] += 1;
            }
            Some("host.toml" | "host-bind.toml") => {
                let warnings = HostSettings::parse(&source).map(|(_, warnings)| warnings.problems);
                assert_eq!(warnings, Ok(vec![]), "{}", path.display());
                found[1] += 1;
            }
            _ => {}
        }
    }
    assert_eq!(found, [4, 3], "scenarios and host.toml of the examples");
    // In a network namespace of their own they hide no cloud's service, so they must not stop at one.
    for example in [
        "packaging/compose/sidecar.yaml",
        "packaging/compose/sidecar-bind.yaml",
        "packaging/kubernetes/components/sidecar/patch.yaml",
    ] {
        assert!(
            read(example).contains("[net, up, --allow-takeover"),
            "{example} would refuse on a cloud machine"
        );
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
    let text = read("packaging/dropins/bind.conf");
    let listens: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("ListenStream=")).collect();
    // The empty one takes the unit's own away.
    assert_eq!(listens, ["", &format!("{ADDRESS_V4}:{METADATA_PORT}")]);
}

#[test]
fn the_manual_lists_the_default_bridges() {
    let page = manual("mock-imds-host.toml.5");
    let missing: Vec<_> = DEFAULT_BRIDGES
        .iter()
        .filter(|name| !page.lines().any(|line| line.starts_with(&format!("{name} "))))
        .collect();
    assert!(missing.is_empty(), "packaging/man/mock-imds-host.toml.5 lacks {missing:?}");
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
    ] {
        assert!(read(file).contains(&line), "{file} lacks {line:?}; Cargo.toml has {version}");
    }
    for page in ["mock-imds.8", "mock-imds-view.1", "mock-imds.toml.5", "mock-imds-host.toml.5"] {
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

// === The manual ===

/// The text of a page as its reader sees it, near enough: without macros, fonts and escaped hyphens.
fn manual(page: &str) -> String {
    read(&format!("packaging/man/{page}"))
        .replace("\\-", "-")
        .replace("\\fB", "")
        .replace("\\fI", "")
        .replace("\\fR", "")
}

/// Keys of each table as the page lists them: `.SS [table]`, then the line after each `.TP`.
fn keys_in_manual(page: &str) -> BTreeSet<String> {
    let text = manual(page);
    let mut table = None;
    let mut keys = BTreeSet::new();
    for (line, before) in text.lines().skip(1).zip(text.lines()) {
        if line.starts_with(".S") {
            table = line.strip_prefix(".SS ").map(table_name);
        } else if let (Some(table), ".TP") = (&table, before) {
            let key = line.split_whitespace().nth(1).expect(".B or .BR and a key");
            keys.insert(format!("{table}.{key}"));
        }
    }
    keys
}

/// Keys of each table that default.toml says, or shows as a comment: `#[table]`, `#key = …`.
fn keys_in_default() -> BTreeSet<String> {
    let text = read("packaging/scenarios/default.toml");
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('#').or(Some(line)).filter(|line| line.starts_with('[')) {
            table = table_name(header)
                .replace("instances.web", "instances.NAME")
                .replace("instances.worker", "instances.NAME");
        } else if let Some((key, _)) = line.trim_start_matches('#').split_once(" = ")
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            keys.insert(format!("{table}.{key}"));
        }
    }
    keys
}

fn table_name(line: &str) -> String {
    line.trim_matches(['[', ']']).to_owned()
}

#[test]
fn manual_lists_the_keys_of_default_toml() {
    // Tables whose keys the user invents.
    let free = ["tags", "block-device-mapping", "elastic-inference", "elastic-gpus"]
        .map(|table| format!("instance.{table}."));
    let mut expected = keys_in_default();
    expected.retain(|key| !free.iter().any(|table| key.starts_with(table)));
    // A further instance takes the keys of the others' tables, which the manual explains there.
    expected.retain(|key| {
        key.strip_prefix("instances.NAME.").is_none_or(|key| matches!(key, "clients" | "derive" | "nodes"))
    });
    assert!(expected.len() > 50, "default.toml was misread: {expected:?}");
    let found = keys_in_manual("mock-imds.toml.5");
    let missing: Vec<_> = expected.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&expected).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "packaging/man/mock-imds.toml.5 and packaging/scenarios/default.toml differ\n\
         missing in the manual: {missing:?}\nonly in the manual: {unknown:?}"
    );
}
#[test]
fn manual_lists_the_keys_of_host_toml() {
    let settings = serde_json::to_value(HostSettings::default()).expect("settings are plain data");
    let keys = settings.as_object().expect("a table").keys();
    let expected: BTreeSet<_> = keys.map(|key| format!("host.{key}")).collect();
    assert_eq!(keys_in_manual("mock-imds-host.toml.5"), expected, "packaging/man/mock-imds-host.toml.5");
}

/// Every subcommand and every long option that is shown of the command line, for example `net status` and `--json`.
fn words(command: &clap::Command, path: &str, into: &mut BTreeSet<String>) {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    for argument in shown {
        let aliases = argument.get_visible_aliases().unwrap_or_default();
        into.extend(argument.get_long().into_iter().chain(aliases).map(|long| format!("--{long}")));
    }
    for sub in command.get_subcommands() {
        let path = format!("{path} {}", sub.get_name()).trim().to_owned();
        words(sub, &path, into);
        into.insert(path);
    }
}

#[test]
fn manual_names_every_command_and_option() {
    let mut expected = BTreeSet::new();
    words(&mock_imds::command_line(), "", &mut expected);
    let page = manual("mock-imds.8");
    let missing: Vec<_> = expected.iter().filter(|word| !page.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "packaging/man/mock-imds.8 lacks {missing:?}");
    let options = page
        .split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        .filter(|word| word.starts_with("--"));
    let known = |option: &&str| ["--help", "--version"].contains(option) || expected.contains(*option);
    let unknown: Vec<_> = options.filter(|option| !known(option)).collect();
    assert!(
        unknown.is_empty(),
        "packaging/man/mock-imds.8 names {unknown:?}, which the program does not know"
    );
}
