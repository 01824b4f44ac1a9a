//! Keys and certificates in a directory: `NAME.key` (0600) and `NAME.pem` (0644) for each leaf.
//!
//! An existing pair is used, whoever made it; a missing one is generated, once. No existing file is ever overwritten.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use chacha20::ChaCha20Rng;
use nix::fcntl::{Flock, FlockArg};
use rsa::rand_core::SeedableRng as _;

use super::SignatureKind;
use super::key_files::KeyPairFiles;
use super::key_pair::KeyPair;
use super::key_ring::{KeyPairs, KeyRing};
use crate::exit::Failure;

#[derive(Debug)]
pub struct OpenedKeyRing {
    pub ring: KeyRing,
    pub storage: KeyStorage,
}

/// The place of the keys, which decides whether they outlive the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStorage {
    InDirectory,
    /// Those that the directory lacked, because it could not be written.
    InMemory {
        /// A sentence without a full stop, with the path and the system's error.
        why: String,
    },
}

impl KeyRing {
    /// The keys of `directory`; what is missing there is made from `seed` and kept there.
    ///
    /// The seed is 32 bytes from the system's generator, and is not used when all keys are there. The directory is
    /// made when it is missing. When it cannot be written, the missing keys are made in memory and [`KeyStorage`] says
    /// why: that is no error. Errors are files that are there and cannot be used: unreadable (77), half a pair, no
    /// PEM, a key of another kind or size, a certificate of another key (78).
    pub fn open(directory: &Path, seed: [u8; 32]) -> Result<OpenedKeyRing, Failure> {
        let mut keys = KeyDirectory {
            directory,
            random: ChaCha20Rng::from_seed(seed),
            lock: None,
            storage: KeyStorage::InDirectory,
        };
        let pairs = KeyPairs {
            signature: keys.read_or_generate(SignatureKind::Signature)?,
            pkcs7: keys.read_or_generate(SignatureKind::Pkcs7)?,
            rsa2048: keys.read_or_generate(SignatureKind::Rsa2048)?,
        };
        Ok(OpenedKeyRing { ring: pairs.into(), storage: keys.storage })
    }
}

struct KeyDirectory<'a> {
    directory: &'a Path,
    random: ChaCha20Rng,
    /// Held from the first missing pair to the end, so that two servers that start at once make one set of keys.
    lock: Option<Flock<File>>,
    storage: KeyStorage,
}

impl KeyDirectory<'_> {
    fn read_or_generate(&mut self, kind: SignatureKind) -> Result<KeyPair, Failure> {
        let files = KeyPairFiles::of(self.directory, kind);
        if let Some(pair) = files.read_complete()? {
            return Ok(pair);
        }
        let writable = self.lock();
        if writable {
            files.finish_interrupted();
        }
        // Another process may have made the pair before it gave the lock.
        if let Some(pair) = files.read()? {
            return Ok(pair);
        }
        let pair = KeyPair::generate(kind, &mut self.random);
        if writable && let Err(error) = files.write(&pair) {
            self.fall_back_to_memory(&error);
        }
        Ok(pair)
    }

    /// Locks the directory; false when it cannot be written.
    fn lock(&mut self) -> bool {
        if self.lock.is_none() && self.storage == KeyStorage::InDirectory {
            match lock(self.directory) {
                Ok(lock) => self.lock = Some(lock),
                Err(error) => self.fall_back_to_memory(&error),
            }
        }
        self.lock.is_some()
    }

    fn fall_back_to_memory(&mut self, error: &io::Error) {
        self.lock = None;
        self.storage =
            KeyStorage::InMemory { why: format!("cannot write {}: {error}", self.directory.display()) };
    }
}

/// Makes the directory where it is missing, and locks it against other processes that would make keys in it.
fn lock(directory: &Path) -> io::Result<Flock<File>> {
    if !directory.is_dir() {
        fs::create_dir_all(directory)?;
        // Whatever the umask says: an unprivileged verifier reads the certificates.
        fs::set_permissions(directory, Permissions::from_mode(0o755))?;
    }
    // Not the directory itself, which anybody who may read it could lock.
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join(".lock"))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error.into())
}
