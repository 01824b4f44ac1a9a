//! Files of other programs, below a root.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::doctor::facts::{CloudInit, Observation};
use crate::files::{self, DAMAGED};
use crate::host::plan::TABLE;
use crate::scenario;

/// The scenario of the packaged service.
const SCENARIO: &str = "etc/mock-imds/scenario.toml";

/// Far more than configuration files have.
const MAX_BYTES: u64 = 1 << 20;

fn read(root: &Path, path: &str) -> Option<String> {
    read_text(&root.join(path))
}

/// The text of a file, if it is one that can be read.
pub(super) fn read_text(file: &Path) -> Option<String> {
    String::from_utf8(files::read(file, MAX_BYTES).ok()?).ok()
}

/// The files of a directory with this ending, in the order of their names.
fn listed(root: &Path, directory: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(directory)).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(ending));
    files.sort();
    files
}

/// The report of the service's scenario, if the file is rejected.
pub(super) fn scenario_report(root: &Path) -> Observation<Option<String>> {
    let file = root.join(SCENARIO);
    if file.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(None);
    }
    let Err(report) = scenario::load(&file) else { return Ok(None) };
    let report = report.to_string();
    // The service may read what this user may not.
    if !geteuid().is_root() && report.contains("ermission denied") {
        return Err(format!("{} cannot be read by this user", file.display()));
    }
    Ok(Some(report))
}

/// Firewalls that their own files enable.
pub(super) fn firewalls(root: &Path) -> Vec<&'static str> {
    let has_setting = |path: &str, key: &str, value: &str| {
        read(root, path).unwrap_or_default().lines().any(|line| {
            line.split_once('=').is_some_and(|(name, value_found)| {
                name.trim() == key && value_found.trim().trim_matches('"').eq_ignore_ascii_case(value)
            })
        })
    };
    let mut found = Vec::new();
    let ufw = has_setting("etc/ufw/ufw.conf", "ENABLED", "yes");
    if ufw && !has_setting("etc/default/ufw", "DEFAULT_INPUT_POLICY", "ACCEPT") {
        found.push("ufw");
    }
    if root.join("sys/fs/cgroup/system.slice/firewalld.service").exists() {
        found.push("firewalld");
    }
    found
}

/// The saved rulesets that hold our tables.
pub(super) fn saved_rulesets(root: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = [
        "etc/nftables.conf",
        "etc/sysconfig/nftables.conf",
        "etc/nftables.rules",
        "var/lib/nftables/rules-save",
    ]
    .map(|path| root.join(path))
    .into();
    for (directory, ending) in [
        ("etc/nftables", ".nft"),
        ("etc/nftables.d", ".nft"),
        ("etc/nftables.d", ".conf"),
        ("etc/nftables", ".conf"),
    ] {
        files.extend(listed(root, directory, ending));
    }
    files.retain(|file| {
        let text = read_text(file).unwrap_or_default();
        let ours = [format!("table inet {TABLE}"), format!("table arp {TABLE}")];
        text.lines().any(|line| ours.iter().any(|table| line.trim_start().starts_with(table.as_str())))
    });
    files
}

/// cloud-init's configuration as its generator reads it: the last file that sets a key wins.
pub(super) fn cloud_init(root: &Path) -> Option<CloudInit> {
    let installed = ["usr/bin/cloud-init", "usr/lib/cloud-init/ds-identify", "etc/cloud/cloud.cfg"];
    if !installed.iter().any(|path| root.join(path).exists()) {
        return None;
    }
    let boot = read(root, "proc/cmdline").unwrap_or_default();
    let disabled = root.join("etc/cloud/cloud-init.disabled").exists()
        || boot.split_whitespace().any(|word| word == "cloud-init=disabled");
    let mut found = CloudInit { disabled, ..CloudInit::default() };
    let files =
        [root.join("etc/cloud/cloud.cfg")].into_iter().chain(listed(root, "etc/cloud/cloud.cfg.d", ".cfg"));
    for file in files {
        let text = read_text(&file).unwrap_or_default();
        if let Some(sources) = sources(&text) {
            found.sources = Some((sources, file));
        }
        if let Some(lax) = last_value(&text, "strict_id") {
            found.strict_id_disabled = ["false", "no", "off"].contains(&lax.to_lowercase().as_str());
        }
    }
    Some(found)
}

/// `datasource_list: [ Ec2, None ]`, or one a line with dashes.
fn sources(text: &str) -> Option<Vec<String>> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("datasource_list:"))?.split('#').next()?.trim();
    let names: Vec<String> = if value.is_empty() {
        let items = lines.map_while(|line| line.trim().strip_prefix('-'));
        items.map(|item| item.trim().to_owned()).collect()
    } else {
        value.trim_matches(['[', ']']).split(',').map(|name| name.trim().to_owned()).collect()
    };
    Some(names.into_iter().filter(|name| !name.is_empty()).collect())
}

fn last_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.trim().strip_prefix(key)?.trim_start().strip_prefix(':').map(str::trim);
    text.lines().filter_map(value).next_back()
}

/// Files of an older install: units that hide the shipped ones, and backups of dpkg and rpm.
pub(super) fn leftovers(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in ["etc/systemd/system", "usr/local/lib/systemd/system"] {
        let units = listed(root, directory, "").into_iter().filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ours =
                name.starts_with("mock-imds") && (name.ends_with(".service") || name.ends_with(".socket"));
            ours && file.symlink_metadata().is_ok_and(|data| data.is_file())
        });
        found.extend(units);
    }
    for ending in [".dpkg-dist", ".dpkg-new", ".dpkg-old", ".rpmnew", ".rpmsave"] {
        found.extend(listed(root, "etc/mock-imds", ending));
    }
    for directory in ["var/lib/mock-imds", "var/lib/mock-imds/identity", "run/mock-imds"] {
        let entries = listed(root, directory, "").into_iter();
        found.extend(entries.filter(|file| file.to_string_lossy().contains(DAMAGED)));
    }
    found.extend(
        [root.join("usr/local/bin/mock-imds")]
            .into_iter()
            .filter(|file| file.exists() && root.join("usr/bin/mock-imds").exists()),
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_aside_is_found() {
        let root = std::env::temp_dir().join(format!("mock-imds-leftovers-{}", std::process::id()));
        let identity = root.join("var/lib/mock-imds/identity");
        fs::create_dir_all(&identity).expect("writable");
        for name in ["rsa2048.key", "rsa2048.key.damaged-2", "../token.key.damaged"] {
            fs::write(identity.join(name), "").expect("writable");
        }
        let expected = ["token.key.damaged", "identity/rsa2048.key.damaged-2"];
        assert_eq!(leftovers(&root), expected.map(|name| root.join("var/lib/mock-imds").join(name)));
        fs::remove_dir_all(root).expect("ours");
    }

    #[test]
    fn data_sources_are_read_in_both_forms() {
        let expected = Some(vec!["Ec2".to_owned(), "None".to_owned()]);
        assert_eq!(sources("# x\ndatasource_list: [ Ec2, None ] # why\n"), expected);
        assert_eq!(sources("datasource_list:\n  - Ec2\n  - None\nother: 1\n"), expected);
        assert_eq!(sources("#datasource_list: [ Ec2 ]\n"), None);
    }
}
