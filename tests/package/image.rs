//! The container image of the packaged program: small, and complete. What it does, the docker tests show.

use std::fs;
use std::process::Command;

use support::machine::System;

/// The image holds no more than this: it is pulled by every CI job.
const LARGEST: u64 = 16_000_000;

#[test]
fn the_image_of_the_package_is_small_and_lacks_nothing() {
    let Some(setup) = System::Debian12.find() else {
        return;
    };
    let sources = support::sources();
    let scratch = sources.join(format!("target/machines/image-{}", std::process::id()));
    let (package, root) = (scratch.join("package"), scratch.join("root"));
    fs::create_dir_all(&root).expect("target/ is writable");
    done(Command::new("dpkg-deb").arg("--extract").args([&setup.package, &package]));
    let program = package.join("usr/bin/mock-imds");
    done(Command::new(sources.join("scripts/image")).arg("--root-only").arg(program));

    let archive = sources.join("target/image/root.tar");
    let size = fs::metadata(&archive).expect("scripts/image made it").len();
    assert!(size < LARGEST, "expected an image below {LARGEST} bytes, found {size}");
    done(Command::new("tar").arg("--extract").arg("--file").arg(archive).arg("--directory").arg(&root));
    let scenario = "/usr/share/mock-imds/scenarios/default.toml";
    let inside =
        ["--userspec=1000:1000", &root.display().to_string(), "/usr/bin/mock-imds", "check", scenario];
    done(Command::new("chroot").args(inside));
    fs::remove_dir_all(scratch).expect("it was made here");
}

#[track_caller]
fn done(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "expected success of {command:?}\n{said}\nrerun: scripts/test package -- image"
    );
}
