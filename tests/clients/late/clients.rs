//! The clients: where their code is, in which version, and how it is called.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use support::{given, installed, installed_program, sources};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Debian {
    Twelve,
    Thirteen,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    NetUtils(Debian),
    CloudInit(Debian),
    Botocore,
    JavaScript,
    Rust,
    Go1,
    Go2,
}

impl Debian {
    fn directory(self) -> &'static str {
        match self {
            Self::Twelve => "bookworm",
            Self::Thirteen => "trixie",
        }
    }
}

impl Client {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NetUtils(_) => "amazon-ec2-net-utils",
            Self::CloudInit(_) => "cloud-init",
            Self::Botocore => "botocore",
            Self::JavaScript => "@smithy/credential-provider-imds",
            Self::Rust => "aws-config",
            Self::Go1 => "aws-sdk-go",
            Self::Go2 => "aws-sdk-go-v2",
        }
    }

    /// The release that the package is of, where it is Debian's; or the language.
    pub(super) fn origin(self) -> &'static str {
        match self {
            Self::NetUtils(Debian::Twelve) | Self::CloudInit(Debian::Twelve) => "Debian 12",
            Self::NetUtils(Debian::Thirteen) | Self::CloudInit(Debian::Thirteen) => "Debian 13",
            Self::Botocore => "Python",
            Self::JavaScript => "JavaScript",
            Self::Rust => "Rust",
            Self::Go1 | Self::Go2 => "Go, Debian 12",
        }
    }

    pub(super) fn version(self) -> &'static str {
        match self {
            Self::NetUtils(Debian::Twelve) => "2.3.0",
            Self::NetUtils(Debian::Thirteen) => "2.4.1",
            Self::CloudInit(Debian::Twelve) => "22.4.2",
            Self::CloudInit(Debian::Thirteen) => "25.1.4",
            Self::Botocore => "1.44.5",
            Self::JavaScript => "4.2.7",
            Self::Rust => "1.8.14",
            Self::Go1 => "1.44.133",
            Self::Go2 => "1.17.1",
        }
    }

    /// Whether it is shell functions, which print what they print.
    pub(super) fn prints_text(self) -> bool {
        matches!(self, Self::NetUtils(_))
    }

    /// A crate does not know its own.
    pub(super) fn says_its_version(self) -> bool {
        self != Self::Rust
    }

    /// Program and arguments. `None`, after saying why, if something is not installed.
    pub(super) fn command(self, words: &[&str]) -> Option<Vec<OsString>> {
        let mut command: Vec<OsString> = match self {
            Self::NetUtils(debian) => {
                self.has_its_version(debian)?;
                let library = "root/usr/share/amazon-ec2-net-utils/lib.sh";
                installed_program("curl")?;
                vec![given("net-utils/late.sh").into(), late(debian, library)?.into()]
            }
            Self::CloudInit(debian) => {
                self.has_its_version(debian)?;
                let script = given("cloud-init/late.py").into();
                vec![given("cloud-init/machine.sh").into(), "ec2".into(), "/usr/bin/python3".into(), script]
            }
            Self::Botocore => vec![installed("python/bin/python")?.into(), given("python/late.py").into()],
            Self::JavaScript => vec![installed_program("node")?.into(), installed("js/late.mjs")?.into()],
            Self::Rust => vec![installed("rust/debug/late")?.into()],
            Self::Go1 => vec![installed("go/late-v1")?.into()],
            Self::Go2 => vec![installed("go/late-v2")?.into()],
        };
        command.extend(words.iter().map(OsString::from));
        Some(command)
    }

    pub(super) fn environment(self) -> Option<(&'static str, OsString)> {
        let Self::CloudInit(debian) = self else { return None };
        let modules = "root/usr/lib/python3/dist-packages";
        // What it imports is this machine's Debian's.
        let paths = [late(debian, modules)?, installed(&format!("debian/{modules}"))?];
        Some(("PYTHONPATH", std::env::join_paths(paths).expect("the repository's path has no colon")))
    }

    /// Compares the version of the package with the one that the table has.
    fn has_its_version(self, debian: Debian) -> Option<()> {
        let versions = fs::read_to_string(late(debian, "versions")?).expect("scripts/clients wrote it");
        let wanted = format!("{} {}-", self.name(), self.version());
        assert!(
            versions.lines().any(|line| line.starts_with(&wanted)),
            "expected {wanted}… in Debian's {}, found\n{versions}\
             a new version: try it, and write it into tests/clients/late/clients.rs",
            debian.directory()
        );
        Some(())
    }
}

fn late(debian: Debian, name: &str) -> Option<PathBuf> {
    installed(&format!("late/{}/{name}", debian.directory()))
}

/// The Rust program can't ask for the version of a crate that it links; its manifest says it.
#[test]
fn the_manifest_says_the_version_of_aws_config() {
    let manifest = fs::read_to_string(sources().join("tests/clients/rust/Cargo.toml")).expect("a manifest");
    let wanted = format!("aws-config = {{ version = \"={}\"", Client::Rust.version());
    assert!(manifest.contains(&wanted), "expected {wanted}… in\n{manifest}");
}
