//! The scripts in the tarball, where they are stopped on the way. tests/package has the whole of them on a booted machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use support::{Outcome, Sandbox};

/// An unpacked tarball of two files, and the root that it is installed into.
struct Unpacked {
    sandbox: Sandbox,
}

impl Unpacked {
    fn new() -> Self {
        let unpacked = Self { sandbox: Sandbox::new() };
        for directory in ["bin", "tar/root/usr/bin", "tar/root/usr/share/mock-imds", "into"] {
            fs::create_dir_all(unpacked.sandbox.path(directory))
                .expect("the temporary directory is writable");
        }
        unpacked.program("tar/root/usr/bin/mock-imds", "");
        fs::copy(
            support::sources().join("LICENSE-MIT"),
            unpacked.sandbox.path("tar/root/usr/share/mock-imds/text"),
        )
        .expect("the temporary directory is writable");
        unpacked
    }

    fn program(&self, name: &str, script: &str) {
        let file = self.sandbox.path(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("the temporary directory is writable");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("the file is this user's");
    }

    /// `install.sh` or `uninstall.sh`, from beside the files. It finds programs of `bin` first.
    fn run(&self, name: &str) -> Outcome {
        let script = self.sandbox.path("tar").join(name);
        fs::copy(support::sources().join("packaging/tarball").join(name), &script)
            .expect("the temporary directory is writable");
        let mut command = self.sandbox.prepared(&script, &[]);
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.sandbox.path("bin").display());
        command.env("PATH", path).env("DESTDIR", self.sandbox.path("into"));
        support::finish(&mut command)
    }

    /// Stopped after the first file, at half of the second.
    fn stopped_installation() -> Self {
        let unpacked = Self::new();
        unpacked
            .program("bin/cp", "case $* in */text*) echo half >\"$4\"; exit 1 ;; esac; exec /bin/cp \"$@\"");
        let outcome = unpacked.run("install.sh");
        assert!(!outcome.succeeded(), "expected a failure of cp to stop it: {outcome}");
        assert!(
            unpacked.sandbox.path("into/usr/bin/mock-imds").exists(),
            "expected the first file: {outcome}"
        );
        fs::remove_file(unpacked.sandbox.path("bin/cp")).expect("it was made here");
        unpacked
    }

    fn uninstalled(&self) {
        let outcome = self.run("uninstall.sh");
        assert!(outcome.succeeded(), "expected success of uninstall.sh: {outcome}");
        let left: Vec<PathBuf> = fs::read_dir(self.sandbox.path("into"))
            .expect("it is there")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        assert!(left.is_empty(), "uninstall.sh left {left:?}");
    }
}

#[test]
fn an_installation_that_was_stopped_can_be_uninstalled() {
    Unpacked::stopped_installation().uninstalled();
}

#[test]
fn an_installation_that_was_stopped_can_be_repeated() {
    let unpacked = Unpacked::stopped_installation();
    let outcome = unpacked.run("install.sh");
    assert!(outcome.succeeded(), "expected success of install.sh: {outcome}");
    assert!(unpacked.sandbox.path("into/usr/share/mock-imds/text").exists(), "{outcome}");
    let unfinished = unpacked.sandbox.path("into/usr/share/mock-imds/installed-files.unfinished");
    assert!(!unfinished.exists(), "expected no mark of a stopped installation after a whole one");
    unpacked.uninstalled();
}
