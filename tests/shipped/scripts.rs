//! The scripts judge a system by what is there, whatever its package manager: systems are made up as a directory of
//! programs, which alone is in PATH.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use support::{Outcome, Sandbox};

/// What every system has, and what a build takes.
const TOOLS: &[&str] = &[
    "as",
    "awk",
    "basename",
    "bash",
    "cat",
    "cc",
    "cut",
    "dirname",
    "env",
    "head",
    "id",
    "ld",
    "mkdir",
    "mktemp",
    "pkg-config",
    "rm",
    "sed",
    "sort",
    "tr",
    "uname",
];

const CARGO: &str = "echo cargo 1.95.0";
const RUSTC: &str = "echo host: x86_64-unknown-linux-gnu";
/// Another user than root, who may not become it.
const ORDINARY: &str = "echo 1000";

struct System {
    sandbox: Sandbox,
}

impl System {
    /// One with all that a build takes, and Rust.
    fn new() -> Self {
        let system = Self { sandbox: Sandbox::new() };
        fs::create_dir(system.programs()).expect("the temporary directory is writable");
        for tool in TOOLS {
            symlink(in_path(tool), system.programs().join(tool))
                .expect("the temporary directory is writable");
        }
        system.with("cargo", CARGO).with("rustc", RUSTC)
    }

    fn programs(&self) -> PathBuf {
        self.sandbox.path("bin")
    }

    /// With this program, in place of the real one if there is one.
    fn with(self, name: &str, script: &str) -> Self {
        let program = self.programs().join(name);
        if program.is_symlink() {
            fs::remove_file(&program).expect("the temporary directory is writable");
        }
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("the temporary directory is writable");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
            .expect("the temporary directory is writable");
        self
    }

    fn without(self, name: &str) -> Self {
        fs::remove_file(self.programs().join(name)).expect("the temporary directory is writable");
        self
    }

    /// Without the libraries; `directory` is where an installation would lay what describes them.
    fn run(&self, program: &str, arguments: &[&str], libraries: Option<&Path>) -> Outcome {
        let mut command = self.sandbox.prepared(Path::new(program), arguments);
        command.env("PATH", self.programs()).env("CARGO_TARGET_DIR", self.sandbox.path("target"));
        if let Some(directory) = libraries {
            command.env("PKG_CONFIG_LIBDIR", directory);
        }
        support::finish(&mut command)
    }

    fn need_build(&self, libraries: Option<&Path>) -> Outcome {
        let library = support::sources().join("scripts/lib.sh");
        let script =
            format!("set -euo pipefail; . '{}'; need_build; echo met ${{RUSTFLAGS:-}}", library.display());
        self.run("bash", &["-c", &script], libraries)
    }

    fn need_build_without_libraries(&self) -> Outcome {
        self.need_build(Some(&self.sandbox.path("pkgconfig")))
    }

    /// A package manager that keeps what it was asked for, and then does this.
    fn with_manager(self, name: &str, does: &str) -> Self {
        let asked = self.sandbox.path("asked");
        self.with(name, &format!("echo \"$@\" >>'{}'\n{does}", asked.display()))
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.sandbox.path("asked")).unwrap_or_default()
    }
}

fn in_path(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("PATH is set");
    std::env::split_paths(&path)
        .map(|directory| directory.join(tool))
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("expected '{tool}' in PATH; install it"))
}

#[track_caller]
fn assert_refused(outcome: &Outcome, code: i32, expected: &[&str]) {
    assert_eq!(outcome.code, Some(code), "the exit code; found: {outcome:?}");
    for words in expected {
        assert!(outcome.stderr.contains(words), "expected '{words}', found: {}", outcome.stderr);
    }
}

#[test]
fn nothing_is_installed_where_everything_is_there() {
    for manager in [None, Some("apt-get"), Some("dnf"), Some("zypper"), Some("pacman"), Some("apk")] {
        let mut system = System::new().with("id", ORDINARY);
        if let Some(manager) = manager {
            system = system.with_manager(manager, "exit 1");
        }
        let outcome = system.need_build(None);
        assert_eq!((outcome.code, outcome.stdout.trim()), (Some(0), "met"), "with {manager:?}: {outcome:?}");
        assert_eq!(system.asked(), "", "what {manager:?} was asked for");
    }
}

#[test]
fn a_package_manager_is_asked_for_what_is_missing_by_its_own_names() {
    for (manager, expected) in [
        ("dnf", "-y install libmnl-devel libnftnl-devel\n"),
        ("zypper", "--non-interactive install libmnl-devel libnftnl-devel\n"),
        ("pacman", "-S --needed --noconfirm libmnl libnftnl\n"),
        ("apk", "add libmnl-dev libnftnl-dev\n"),
    ] {
        let system = System::new().with("sudo", "shift; exec \"$@\"").with("id", ORDINARY);
        let libraries = system.sandbox.path("pkgconfig");
        let real = "env -u PKG_CONFIG_LIBDIR pkg-config --variable=pcfiledir";
        let installs = format!(
            "mkdir '{0}'\nfor name in libmnl libnftnl; do\ncat \"$({real} $name)/$name.pc\" >'{0}'/$name.pc\ndone",
            libraries.display()
        );
        let system = system.with_manager(manager, &installs);
        let outcome = system.need_build(Some(&libraries));
        assert_eq!(outcome.code, Some(0), "{manager}: {outcome:?}");
        assert_eq!(system.asked(), expected, "what {manager} was asked for");
    }
}

#[test]
fn an_installation_that_changes_nothing_is_told() {
    let system = System::new().with("sudo", "shift; exec \"$@\"").with_manager("dnf", "");
    assert_refused(
        &system.need_build_without_libraries(),
        69,
        &[
            "dnf installed libmnl-devel libnftnl-devel, yet libmnl-dev is not found: expected libmnl>=1.0.0 by pkg-config",
        ],
    );
}

#[test]
fn a_failed_installation_shows_the_words_of_the_package_manager() {
    let system =
        System::new().with("sudo", "shift; exec \"$@\"").with_manager("apk", "echo no such host; exit 1");
    assert_refused(
        &system.need_build_without_libraries(),
        69,
        &["no such host", "could not install libmnl-dev"],
    );
}

#[test]
fn a_user_who_may_not_install_is_told_what_to_ask_for() {
    let system = System::new().with("id", ORDINARY).with_manager("dnf", "");
    let expected = "these packages are missing: libmnl-devel libnftnl-devel. Install them as root with dnf";
    assert_refused(&system.need_build_without_libraries(), 77, &[expected]);
    assert_eq!(system.asked(), "", "what dnf was asked for");
}

#[test]
fn a_system_without_a_known_package_manager_is_told_what_is_missing() {
    let system = System::new();
    let expected = ["missing: libmnl-dev libnftnl-dev", "No package manager known here"];
    assert_refused(&system.need_build_without_libraries(), 69, &expected);
    assert_refused(&System::new().without("cc").need_build(None), 69, &["missing: gcc libc6-dev"]);
}

#[test]
fn an_old_or_missing_rust_is_told() {
    assert_refused(
        &System::new().with("cargo", "echo cargo 1.63.0").need_build(None),
        69,
        &["cargo 1.63.0 is too old"],
    );
    assert_refused(
        &System::new().without("cargo").need_build(None),
        69,
        &["cargo is missing", "https://rustup.rs"],
    );
}

/// Rust for musl links statically by default; there are only shared libraries of nftables.
#[test]
fn shared_libraries_are_linked_where_the_c_library_is_musl() {
    let outcome = System::new().with("rustc", "echo host: x86_64-unknown-linux-musl").need_build(None);
    assert_eq!(outcome.stdout.trim(), "met -C target-feature=-crt-static", "{outcome:?}");
}

/// Debian has a package of a compiler for each other architecture, and none for its own.
#[test]
fn a_machine_compiles_for_itself_with_its_own_compiler() {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let system = System::new().with_manager("dnf", "exit 1");
    let scripts = support::sources().join("scripts").display().to_string();
    let script =
        format!("set -euo pipefail; . '{scripts}/lib.sh'; . '{scripts}/cross.sh'; compiler_for {arch}");
    let outcome = system.run("bash", &["-c", &script], None);
    assert_eq!((outcome.code, outcome.stdout.trim()), (Some(0), "cc"), "{outcome:?}");
    assert_eq!(system.asked(), "", "what dnf was asked for");
}

#[test]
fn run_builds_and_serves_for_an_ordinary_user() {
    let builds = "[ \"$1\" = build ] || { echo cargo 1.95.0; exit; }
        mkdir -p \"$CARGO_TARGET_DIR/debug\"
        printf '#!/bin/sh\\necho \"$@\"\\n' >\"$CARGO_TARGET_DIR/debug/mock-imds\"
        chmod 755 \"$CARGO_TARGET_DIR/debug/mock-imds\"";
    let system =
        System::new().with("id", ORDINARY).with("cargo", builds).with("chmod", "exec /bin/chmod \"$@\"");
    let run = support::sources().join("scripts/run");
    let outcome = system.run(run.to_str().expect("a path in UTF-8"), &["--listen", "127.0.0.1:0"], None);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().last(), Some("serve --listen 127.0.0.1:0"), "{outcome:?}");
    let outcome = system.without("bash").run(run.to_str().expect("a path in UTF-8"), &[], None);
    assert_refused(&outcome, 69, &["bash is missing"]);
}
