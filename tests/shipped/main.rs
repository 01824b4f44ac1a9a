//! Files that are shipped beside the program must agree with it, and with each other.

mod binary;
mod examples;
mod manual;
mod oci;
mod pages;
mod release;
mod scripts;
mod tarball;
mod units;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn read(path: &str) -> String {
    let file = support::sources().join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
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
