//! What a user without rights to the key directory gets. Root may read everything, so as root the test starts
//! itself again as another user.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mock_imds::exit::ExitStatus;
use mock_imds::identity::{KeyRing, KeyStorage};

const DIRECTORY: &str = "MOCK_IMDS_TEST_DIRECTORY";
const NOBODY: u32 = 65534;
const SOMEBODY: u32 = NOBODY - 1;

#[test]
fn without_rights_to_the_directory() {
    if let Some(prepared) = std::env::var_os(DIRECTORY) {
        return check(Path::new(&prepared));
    }
    let scratch = Scratch::new();
    if nix::unistd::geteuid().is_root() {
        // By this link, because the user may not get through the directories above the program.
        let child = Command::new("/proc/self/exe")
            .args(["--exact", "permissions::without_rights_to_the_directory", "--nocapture"])
            .env(DIRECTORY, &scratch.0)
            .current_dir("/")
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
            .expect("this program can be started");
        let said = [child.stdout, child.stderr].concat();
        assert!(child.status.success(), "as user {NOBODY}:\n{}", String::from_utf8_lossy(&said));
    } else {
        check(&scratch.0);
    }
}

/// Runs as somebody who may not read `secret` and `closed/`, and not write `readonly/`.
fn check(scratch: &Path) {
    for name in ["secret", "closed", "readonly"] {
        let directory = scratch.join(name);
        let opened = KeyRing::open(&directory, [1; 32]).expect("keys in memory");
        let why = format!("cannot write {}: permission denied", directory.display());
        assert_eq!(opened.storage, KeyStorage::InMemory { why });
        let said = format!("{}/signature.key cannot be read: permission denied", directory.display());
        let expected = name != "readonly";
        assert_eq!(
            opened.repairs.iter().any(|repair| repair.starts_with(&said)),
            expected,
            "{said} in {:?}",
            opened.repairs
        );
    }
    // Of another user, in a directory of ours: it gets another name.
    if scratch.join("ours").exists() {
        let directory = scratch.join("ours/identity");
        let opened = KeyRing::open(&directory, [1; 32]).expect("keys");
        let said = format!(
            "{0} belongs to user 0 and cannot be written: it is {0}.damaged now",
            directory.display()
        );
        assert_eq!((opened.storage, opened.repairs), (KeyStorage::InDirectory, vec![said]));
    }
    // So does what another user put there, but not the whole directory, which can be written.
    if scratch.join("ours").exists() {
        let directory = scratch.join("ours/shared");
        let opened = KeyRing::open(&directory, [1; 32]).expect("keys");
        let why = format!("cannot write {0}: {0}/.lock belongs to user {SOMEBODY}", directory.display());
        assert_eq!((opened.storage, opened.repairs), (KeyStorage::InMemory { why }, vec![]));
        assert!(directory.join(".lock").exists(), "{} keeps its name", directory.display());
    }
    // The user's own, as its certificate shows: no other would do.
    let failure = KeyRing::open(&scratch.join("own"), [1; 32]).expect_err("a key that may not be read");
    let message = format!("{}/own/rsa2048.key cannot be read: permission denied: ", scratch.display());
    assert_eq!(failure.status, ExitStatus::NoPermission);
    assert!(failure.message.starts_with(&message), "{}", failure.message);
}

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("mock-imds-permissions-{}", std::process::id()));
        for name in ["secret", "closed", "readonly"] {
            fs::create_dir_all(path.join(name)).expect("the temporary directory is writable");
        }
        let scratch = Self(path);
        KeyRing::open(&scratch.0.join("secret"), [1; 32]).expect("a writable directory");
        fs::create_dir(scratch.0.join("own")).expect("writable");
        for name in ["rsa2048.key", "rsa2048.pem"] {
            fs::copy(scratch.0.join("secret").join(name), scratch.0.join("own").join(name))
                .expect("writable");
        }
        scratch.certify_as_own("own/rsa2048.pem");
        scratch.set("own/rsa2048.key", 0o000);
        scratch.set("", 0o755);
        scratch.set("secret/signature.key", 0o000);
        scratch.set("closed", 0o000);
        scratch.set("readonly", 0o555);
        if nix::unistd::geteuid().is_root() {
            fs::create_dir_all(scratch.0.join("ours/identity")).expect("writable");
            // Sticky: everybody may add files, and rename only their own.
            fs::create_dir_all(scratch.0.join("ours/shared")).expect("writable");
            scratch.set("ours/shared", 0o1777);
            fs::write(scratch.0.join("ours/shared/.lock"), "").expect("writable");
            scratch.set("ours/shared/.lock", 0o666);
            for name in ["ours/shared", "ours/shared/.lock"] {
                std::os::unix::fs::chown(scratch.0.join(name), Some(SOMEBODY), None).expect("root may");
            }
            std::os::unix::fs::chown(scratch.0.join("ours"), Some(NOBODY), None).expect("root may");
        }
        scratch
    }

    /// Gives a certificate another issuer, of the same length.
    fn certify_as_own(&self, name: &str) {
        let path = self.0.join(name);
        let text = fs::read_to_string(&path).expect("there");
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = STANDARD.decode(body).expect("base64");
        for part in [&b"mock-imds"[..], b"not from AWS"] {
            while let Some(at) = der.windows(part.len()).position(|window| window == part) {
                der[at..at + part.len()].fill(b'x');
            }
        }
        let body = STANDARD.encode(der);
        fs::write(path, format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"))
            .expect("writable");
    }

    fn set(&self, name: &str, mode: u32) {
        fs::set_permissions(self.0.join(name), Permissions::from_mode(mode)).expect(name);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.set("closed", 0o755);
        let _ = fs::remove_dir_all(&self.0);
    }
}
