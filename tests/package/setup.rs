//! What the tests need from outside, and what happens where it is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a machine runs, and thereby which package it gets.
#[derive(Debug, Clone, Copy)]
pub enum System {
    /// Debian 12 with the .deb.
    Debian12,
    /// Debian 13 with the .deb.
    Debian13,
    /// Debian 12 with rpm, dnf and the .rpm: no root file system of an RPM distribution is needed.
    Rpm,
}

/// Where the things are that `scripts/test package` makes.
pub struct Setup {
    /// The package under test; `MOCK_IMDS_DEB` or `MOCK_IMDS_RPM`, else the one in target/dist.
    pub package: PathBuf,
    /// The root file system below the machine; `MOCK_IMDS_ROOTFS`, `MOCK_IMDS_TRIXIE_ROOTFS` or
    /// `MOCK_IMDS_RPM_ROOTFS`, else the one in target/rootfs.
    pub rootfs: PathBuf,
    /// A virtual environment with boto3; `MOCK_IMDS_PYTHON`, else target/python.
    pub python: PathBuf,
}

impl Setup {
    /// Finds everything. Where something is missing says so and gives `None`; with CI=true that is a failure.
    #[expect(clippy::print_stderr, reason = "a skip must be seen")]
    pub fn find(test: &str, system: System) -> Option<Self> {
        match Self::look(system) {
            Ok(setup) => Some(setup),
            Err(why) => {
                let sentence = format!("SKIP package::{test}: {why}");
                assert!(
                    std::env::var_os("CI").is_none_or(|ci| ci != "true"),
                    "{sentence}; with CI=true a skip is a failure"
                );
                eprintln!("{sentence}");
                None
            }
        }
    }

    fn look(system: System) -> Result<Self, String> {
        if !nix::unistd::geteuid().is_root() {
            return Err("booting a machine needs root: sudo scripts/test package".to_owned());
        }
        if Command::new("systemd-nspawn").arg("--version").output().is_err() {
            return Err("systemd-nspawn is missing: apt-get install systemd-container".to_owned());
        }
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        let (dist, systems) = (target.join("dist"), target.join("rootfs"));
        let deb = || find("MOCK_IMDS_DEB", &dist, "mock-imds_", ".deb", "scripts/package deb");
        let rpm = || find("MOCK_IMDS_RPM", &dist, "mock-imds-", ".rpm", "scripts/package rpm");
        let root = |variable, kind| {
            find(variable, &systems, &format!("{kind}-"), "", &format!("scripts/rootfs {kind}"))
        };
        let (package, rootfs) = match system {
            System::Debian12 => (deb()?, root("MOCK_IMDS_ROOTFS", "bookworm")?),
            System::Debian13 => (deb()?, root("MOCK_IMDS_TRIXIE_ROOTFS", "trixie")?),
            System::Rpm => (rpm()?, root("MOCK_IMDS_RPM_ROOTFS", "rpm")?),
        };
        let python = find("MOCK_IMDS_PYTHON", &target, "python", "", "scripts/test package")?;
        Ok(Self { package, rootfs, python })
    }
}

/// The path that the environment names, else the newest entry of `folder` whose name starts and ends so.
fn find(variable: &str, folder: &Path, start: &str, end: &str, cure: &str) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        return path
            .canonicalize()
            .map_err(|error| format!("{variable}={}: {error}; run {cure}", path.display()));
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        // `.part`: a root file system in the making.
        name.starts_with(start) && name.ends_with(end) && !name.contains(".part")
    });
    entries
        .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
        .map(|entry| entry.path())
        .ok_or_else(|| format!("no {start}*{end} in {}: run {cure}", folder.display()))
}
