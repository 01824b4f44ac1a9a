//! What the tests need from outside, and what happens where it is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the things are that `scripts/test package` makes.
pub struct Setup {
    /// The package under test; `MOCK_IMDS_DEB`, else the one in target/dist.
    pub package: PathBuf,
    /// The Debian 12 below every machine; `MOCK_IMDS_ROOTFS`, else the one in target/rootfs.
    pub rootfs: PathBuf,
    /// A virtual environment with boto3; `MOCK_IMDS_PYTHON`, else target/python.
    pub python: PathBuf,
}

impl Setup {
    /// Finds everything. Where something is missing says so and gives `None`; with CI=true that is a failure.
    #[expect(clippy::print_stderr, reason = "a skip must be seen")]
    pub fn find(test: &str) -> Option<Self> {
        match Self::look() {
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

    fn look() -> Result<Self, String> {
        if !nix::unistd::geteuid().is_root() {
            return Err("booting a machine needs root: sudo scripts/test package".to_owned());
        }
        if Command::new("systemd-nspawn").arg("--version").output().is_err() {
            return Err("systemd-nspawn is missing: apt-get install systemd-container".to_owned());
        }
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        Ok(Self {
            package: find("MOCK_IMDS_DEB", &target.join("dist"), "mock-imds_", "scripts/package deb")?,
            rootfs: find("MOCK_IMDS_ROOTFS", &target.join("rootfs"), "bookworm-", "scripts/rootfs")?,
            python: find("MOCK_IMDS_PYTHON", &target, "python", "scripts/test package")?,
        })
    }
}

/// The path that the environment names, else the newest entry of `folder` with this prefix.
fn find(variable: &str, folder: &Path, prefix: &str, cure: &str) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        return path
            .canonicalize()
            .map_err(|error| format!("{variable}={}: {error}; run {cure}", path.display()));
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Neither a root file system in the making nor what lies beside a package.
        name.starts_with(prefix)
            && [".part", ".changes", ".buildinfo"].iter().all(|other| !name.contains(other))
    });
    entries
        .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
        .map(|entry| entry.path())
        .ok_or_else(|| format!("no {prefix}* in {}: run {cure}", folder.display()))
}
