//! What a machine needs from outside, and what happens where it is missing.

use std::env::consts::ARCH;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;

use crate::target::{program, skip, sources};

/// What a machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Debian 12 with the .deb.
    Debian12,
    /// Debian 13 with the .deb.
    Debian13,
    /// Debian 12 with rpm, dnf and the .rpm: no root file system of an RPM distribution is needed.
    Rpm,
    /// Debian 12 with Docker, ufw, firewalld and the program of this tree.
    Containers,
    /// Debian 13 with Podman.
    Podman,
}

/// Where the things are that `scripts/test package` and `scripts/test docker` make.
pub struct Setup {
    /// The root file system below the machine; `MOCK_IMDS_ROOTFS`, `MOCK_IMDS_TRIXIE_ROOTFS`, `MOCK_IMDS_RPM_ROOTFS`,
    /// `MOCK_IMDS_CONTAINERS_ROOTFS` or `MOCK_IMDS_PODMAN_ROOTFS`, else the one in target/rootfs.
    pub rootfs: PathBuf,
    /// The package under test; `MOCK_IMDS_DEB` or `MOCK_IMDS_RPM`, else the one in target/dist. For containers the
    /// program.
    pub package: PathBuf,
}

impl System {
    /// Finds everything. Where something is missing says so and gives `None`; with CI=true that is a failure.
    pub fn find(self) -> Option<Setup> {
        self.look().map_err(|why| skip(&why)).ok()
    }

    fn look(self) -> Result<Setup, String> {
        if !Uid::effective().is_root() {
            return Err("booting a machine needs root: sudo scripts/test".to_owned());
        }
        if Command::new("systemd-nspawn").arg("--version").output().is_err() {
            return Err("systemd-nspawn is missing: apt-get install systemd-container".to_owned());
        }
        let target = sources().join("target");
        let (dist, systems) = (target.join("dist"), target.join("rootfs"));
        // Beside them there may be those of another architecture.
        let deb = || {
            find(
                "MOCK_IMDS_DEB",
                &dist,
                "mock-imds_",
                &format!("_{}.deb", debian_arch()),
                "scripts/package deb",
            )
        };
        let rpm =
            || find("MOCK_IMDS_RPM", &dist, "mock-imds-", &format!(".{ARCH}.rpm"), "scripts/package rpm");
        let root = |variable, kind| {
            find(variable, &systems, &format!("{kind}-"), "", &format!("scripts/rootfs {kind}"))
        };
        let (package, rootfs) = match self {
            Self::Debian12 => (deb()?, root("MOCK_IMDS_ROOTFS", "bookworm")?),
            Self::Debian13 => (deb()?, root("MOCK_IMDS_TRIXIE_ROOTFS", "trixie")?),
            Self::Rpm => (rpm()?, root("MOCK_IMDS_RPM_ROOTFS", "rpm")?),
            Self::Containers => (program().to_owned(), root("MOCK_IMDS_CONTAINERS_ROOTFS", "containers")?),
            Self::Podman => (program().to_owned(), root("MOCK_IMDS_PODMAN_ROOTFS", "podman")?),
        };
        if !matches!(self, Self::Containers | Self::Podman) {
            python()?;
        }
        Ok(Setup { rootfs, package })
    }

    /// What is run with a machine's directory before it boots.
    pub(super) fn preparation(self) -> PathBuf {
        match self {
            Self::Debian12 | Self::Debian13 | Self::Rpm => "true".into(),
            Self::Containers | Self::Podman => super::script("containers.sh"),
        }
    }

    /// The options of systemd-nspawn. A package is /srv/mock-imds.deb or .rpm in its machine, and the sources are
    /// /srv/source. An engine needs more than a host has:
    /// keyrings and bpf, and a data root that is no overlay.
    pub(super) fn options(self, setup: &Setup) -> Vec<OsString> {
        let bind = |from: &Path, to: &str| {
            let mut option = OsString::from("--bind-ro=");
            option.push(from);
            option.push(format!(":/srv/{to}"));
            option
        };
        let Setup { rootfs, package } = setup;
        match self {
            Self::Debian12 | Self::Debian13 => {
                vec![bind(package, "mock-imds.deb"), bind(sources(), "source")]
            }
            Self::Rpm => vec![bind(package, "mock-imds.rpm"), bind(sources(), "source")],
            Self::Containers | Self::Podman => [
                "--system-call-filter=@keyring bpf".into(),
                "--tmpfs=/var/lib/docker".into(),
                "--tmpfs=/var/lib/containers".into(),
                bind(rootfs, "rootfs"),
                bind(&sources().join("packaging"), "packaging"),
                bind(&sources().join("tests/docker"), "tests"),
                bind(&sources().join("target/image"), "image"),
                bind(&sources().join("target/kubernetes"), "kubernetes"),
                bind(&sources().join("tests/clients/python"), "client"),
            ]
            .into_iter()
            // What `scripts/clients` installs, if it has.
            .chain(
                sources().join("target/clients").canonicalize().ok().map(|clients| bind(&clients, "clients")),
            )
            .collect(),
        }
    }

    /// What bash does before each script. What an engine says goes to either of its outputs.
    pub(super) fn prologue(self) -> &'static str {
        match self {
            Self::Debian12 | Self::Debian13 | Self::Rpm => "set -o pipefail; ",
            Self::Containers | Self::Podman => "exec 2>&1; ",
        }
    }
}

/// What Debian calls the architecture of this host.
fn debian_arch() -> &'static str {
    match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// A virtual environment with boto3; `MOCK_IMDS_PYTHON`, else target/python.
pub fn python() -> Result<PathBuf, String> {
    find("MOCK_IMDS_PYTHON", &sources().join("target"), "python", "", "scripts/test package")
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
