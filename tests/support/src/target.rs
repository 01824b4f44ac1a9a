//! The test target that runs: its name, the program that cargo built beside it, and tests that it can't run.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs, thread};

use nix::unistd::Uid;

/// A test's executable is `target/PROFILE/deps/NAME-HASH`. What cargo tells a target about itself when it compiles it,
/// it doesn't tell a library.
static EXECUTABLE: LazyLock<PathBuf> = LazyLock::new(|| env::current_exe().expect("a program knows itself"));
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| profile().join("mock-imds"));

fn profile() -> &'static Path {
    EXECUTABLE.parent().and_then(Path::parent).expect("cargo runs it in target/PROFILE/deps")
}

/// The program under test, which cargo builds before it runs a target.
pub fn program() -> &'static Path {
    &PROGRAM
}

/// The root of the sources.
pub fn sources() -> &'static Path {
    let support = Path::new(env!("CARGO_MANIFEST_DIR"));
    support.parent().and_then(Path::parent).expect("it is tests/support")
}

/// A directory in target/ that is shared by all tests.
pub fn shared_directory() -> PathBuf {
    let directory = profile().join("test-files");
    fs::create_dir_all(&directory).expect("target/ is writable");
    directory
}

/// The name of this target: the name of its folder.
pub fn name() -> String {
    let file = EXECUTABLE.file_name().expect("an executable has a name").to_string_lossy();
    // Cargo writes "_" for "-" in the names of executables, and no target has "_" in its own.
    file.rsplit_once('-').map_or(&*file, |(name, _)| name).replace('_', "-")
}

/// The name of the running test, as `module::test`.
pub fn test() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

/// Whether this process may become another user or make network namespaces; says so if not.
pub fn is_root() -> bool {
    let root = Uid::effective().is_root();
    if !root {
        skip("needs root");
    }
    root
}

/// Says that a test did not run, and why. In CI that is a failure.
#[expect(clippy::print_stdout, reason = "a skip is counted by scripts/test")]
pub fn skip(why: &str) {
    let line = format!("SKIP {}::{}: {why}", name(), test());
    assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{line}; with CI=true a skip is a failure");
    println!("{line}");
}
