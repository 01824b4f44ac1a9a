//! Other programs: systemctl, nft, iptables-save. The doctor may run them; the guardian never does.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::files::read_text;
use crate::doctor::facts::Unit;
use crate::doctor::ruleset::Ruleset;
use crate::host::plan::TABLE;

const UNITS: [&str; 7] = [
    "mock-imds.service",
    "mock-imds-net.service",
    "mock-imds.socket",
    "mock-imds-ipv6.socket",
    "mock-imds-ecs.socket",
    "mock-imds-pod-identity.socket",
    "mock-imds-pod-identity-ipv6.socket",
];

/// A program's output; `None` if it is not there or fails.
pub(super) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).env("LC_ALL", "C");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = command.env("PATH", format!("{path}:/usr/sbin:/sbin")).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The packet rules of all programs except ours.
pub(super) fn rules() -> Ruleset {
    let mut rules = Ruleset { iptables: output("iptables-save", &[]), ..Ruleset::default() };
    let tables = output("nft", &["list", "tables"]).unwrap_or_default();
    for line in tables.lines() {
        let Some((family, name)) = line.strip_prefix("table ").and_then(|table| table.split_once(' ')) else {
            continue;
        };
        if name == TABLE || !["ip", "inet"].contains(&family) {
            continue;
        }
        let listed = output("nft", &["-j", "list", "table", family, name]);
        match listed.filter(|text| serde_json::from_str::<serde_json::Value>(text).is_ok()) {
            Some(text) => rules.nft.push(text),
            None => rules.unlisted.push(format!("{family} {name}")),
        }
    }
    rules
}

/// Our units: by systemctl where systemd runs, by their files below another root.
pub(super) fn units(root: &Path) -> Vec<Unit> {
    if root != Path::new("/") {
        return UNITS.iter().filter_map(|name| by_file(root, name)).collect();
    }
    if !Path::new("/run/systemd/system").exists() {
        return vec![];
    }
    let mut arguments = vec!["show", "--property=Id,LoadState,ActiveState,UnitFileState,StatusText"];
    arguments.extend(UNITS);
    output("systemctl", &arguments).map(|text| parse(&text)).unwrap_or_default()
}

/// Blocks of `Key=value`, apart by an empty line.
fn parse(text: &str) -> Vec<Unit> {
    let block = |block: &str| {
        let value = |key: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().to_owned()
        };
        Unit {
            name: value("Id"),
            load: value("LoadState"),
            active: value("ActiveState"),
            file: value("UnitFileState"),
            status_text: value("StatusText"),
        }
    };
    text.split("\n\n").map(block).filter(|unit| !unit.name.is_empty()).collect()
}

/// The unit by its files; `None` if it is not installed.
fn by_file(root: &Path, name: &str) -> Option<Unit> {
    let local = root.join("etc/systemd/system");
    let masked = fs::read_link(local.join(name)).is_ok_and(|target| target == Path::new("/dev/null"));
    let shipped = ["lib/systemd/system", "usr/lib/systemd/system"].map(|place| root.join(place).join(name));
    let installable = |text: String| text.contains("\n[Install]");
    let shipped = shipped.iter().find_map(|path| read_text(path))?;
    let wanted = local.join("multi-user.target.wants").join(name).symlink_metadata().is_ok();
    let file = match (masked, wanted, installable(shipped)) {
        (true, ..) => "masked",
        (_, true, _) => "enabled",
        (_, _, true) => "disabled",
        (_, _, false) => "static",
    };
    let load = if masked { "masked" } else { "loaded" };
    Some(Unit { name: name.into(), load: load.into(), file: file.into(), ..Unit::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemctl_shows_is_read() {
        let text = "Id=mock-imds.service\nLoadState=loaded\nActiveState=failed\nUnitFileState=disabled\nStatusText=x = y\n\n\
                    Id=mock-imds-net.service\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked\nStatusText=\n";
        let units = parse(text);
        assert_eq!(units.len(), 2);
        assert_eq!((units[0].active.as_str(), units[0].status_text.as_str()), ("failed", "x = y"));
        assert_eq!(units[1].load, "masked");
    }
}
