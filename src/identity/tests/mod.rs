//! The key ring: the texts that it signs, and the life of its directory.

mod damage;
mod directory;
mod lazy_open;
mod our_certificates;
mod signed_texts;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::exit::Failure;
use crate::model::Timestamp;

const DOCUMENT: &[u8] = b"{\n  \"accountId\" : \"123456789012\"\n}";
const TIME: Timestamp = Timestamp::from_secs(1_630_704_347);

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mock-imds-identity-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path)
    }

    /// With the keys of seed 1, which are made once for all tests.
    fn with_keys() -> Self {
        static MADE: OnceLock<[String; 6]> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let scratch = Self::new();
            KeyRing::open(&scratch.0, [1; 32]).expect("an empty directory is filled");
            FILES.map(|name| scratch.read(name))
        });
        let copy = Self::new();
        for (name, content) in FILES.iter().zip(made) {
            fs::write(copy.join(name), content).expect("writable");
            fs::set_permissions(copy.join(name), fs::Permissions::from_mode(0o600)).expect("ours");
        }
        copy
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.join(name)).expect(name)
    }

    /// Makes the certificate of a leaf one of the user's own: another issuer, of the same length.
    fn make_own(&self, leaf: &str) {
        let path = format!("{leaf}.pem");
        let Some(mut der) = pem::decode(pem::CERTIFICATE, &self.read(&path)) else { return };
        for part in ["mock-imds", "test key (not from AWS)"] {
            let found = |der: &[u8]| der.windows(part.len()).position(|window| window == part.as_bytes());
            while let Some(at) = found(&der) {
                der[at..at + part.len()].fill(b'x');
            }
        }
        fs::write(self.join(&path), pem::encode(pem::CERTIFICATE, &der)).expect("writable");
    }

    fn open(&self) -> Result<OpenedKeyRing, Failure> {
        KeyRing::open(&self.0, [2; 32])
    }

    /// Opens, and gives the failure that must come of it.
    fn refused(&self) -> Failure {
        self.open().expect_err("this directory must be refused")
    }

    /// What the owner, the group and the others may do with the directory itself.
    fn mode(&self) -> u32 {
        fs::metadata(&self.0).expect("it is there").permissions().mode() & 0o7777
    }

    fn modes(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(&self.0).expect("readable").map(|entry| entry.expect("readable"));
        let mut modes = entries
            .map(|entry| {
                let mode = entry.metadata().expect("stat").permissions().mode() & 0o7777;
                (entry.file_name().into_string().expect("ASCII"), format!("{mode:o}"))
            })
            .collect::<Vec<_>>();
        modes.sort();
        modes
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FILES: [&str; 6] =
    ["pkcs7.key", "pkcs7.pem", "rsa2048.key", "rsa2048.pem", "signature.key", "signature.pem"];

fn certificates(ring: &KeyRing) -> [String; 3] {
    SignatureKind::ALL.map(|leaf| ring.certificate_pem(leaf))
}

/// Opens a directory in which something is damaged; gives what is said of it.
#[track_caller]
fn mended(scratch: &Scratch) -> String {
    let opened = scratch.open().expect("whatever is damaged, there are keys");
    assert_eq!(opened.storage, KeyStorage::InDirectory, "{:?}", opened.repairs);
    let again = scratch.open().expect("they were kept");
    assert_eq!(certificates(&again.ring), certificates(&opened.ring), "of the next start");
    assert_eq!(again.repairs, [""; 0], "at the next start");
    opened.repairs.join("\n")
}
