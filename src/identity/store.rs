//! Keys and certificates in a directory: `NAME.key` (0600) and `NAME.pem` (0644) for each leaf.
//!
//! A pair that is there is used, whoever made it; a pair that is not there is made, once. Nothing that is there is
//! ever written over.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use chacha20::ChaCha20Rng;
use nix::fcntl::{Flock, FlockArg};
use rsa::rand_core::SeedableRng as _;

use super::SignatureKind;
use super::files::KeyPairFiles;
use super::ring::{KeyPair, KeyRing, Pairs};
use crate::exit::Failure;

/// Keys, and where they are.
#[derive(Debug)]
pub struct OpenedKeyRing {
    /// The keys.
    pub ring: KeyRing,
    /// Whether they outlive the process.
    pub kept: KeyStorage,
}

/// Where the keys live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStorage {
    /// In the directory, all of them.
    InDirectory,
    /// What the directory lacked is in memory only, because it could not be written.
    InMemory {
        /// A sentence without a full stop: which path, and what the system said.
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
        let mut store = Store {
            directory,
            random: ChaCha20Rng::from_seed(seed),
            lock: None,
            kept: KeyStorage::InDirectory,
        };
        let pairs = Pairs {
            signature: store.pair(SignatureKind::Signature)?,
            pkcs7: store.pair(SignatureKind::Pkcs7)?,
            rsa2048: store.pair(SignatureKind::Rsa2048)?,
        };
        Ok(OpenedKeyRing { ring: pairs.into(), kept: store.kept })
    }
}

/// A directory while its keys are read or made.
struct Store<'a> {
    directory: &'a Path,
    random: ChaCha20Rng,
    /// Held from the first missing pair to the end, so that two servers that start at once make one set of keys.
    lock: Option<Flock<File>>,
    kept: KeyStorage,
}

impl Store<'_> {
    fn pair(&mut self, leaf: SignatureKind) -> Result<KeyPair, Failure> {
        let files = KeyPairFiles::of(self.directory, leaf);
        if let Some(pair) = files.whole()? {
            return Ok(pair);
        }
        let writable = self.lock();
        if writable {
            files.finish_interrupted();
        }
        // Another process may have made the pair before it gave the lock.
        if let Some(pair) = files.pair()? {
            return Ok(pair);
        }
        let pair = KeyPair::generate(leaf, &mut self.random);
        if writable && let Err(error) = files.write(&pair) {
            self.give_up(&error);
        }
        Ok(pair)
    }

    /// Whether the directory can be written; its lock is held then.
    fn lock(&mut self) -> bool {
        if self.lock.is_none() && self.kept == KeyStorage::InDirectory {
            match lock(self.directory) {
                Ok(lock) => self.lock = Some(lock),
                Err(error) => self.give_up(&error),
            }
        }
        self.lock.is_some()
    }

    fn give_up(&mut self, error: &io::Error) {
        self.lock = None;
        self.kept =
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
