//! Keys and certificates in a directory: `NAME.key` (0600) and `NAME.pem` (0644) for each leaf.
//!
//! An existing pair is used, whoever made it; a missing one is generated, once. Whatever the directory holds, there are
//! keys: what is damaged gets another name, a key without its certificate a new one. No file is ever overwritten.

use std::path::Path;

use chacha20::ChaCha20Rng;
use rsa::rand_core::SeedableRng as _;

use super::SignatureKind;
use super::key_directory::KeyDirectory;
use super::key_files::{KeyPairFiles, PairState, Unusable};
use super::key_pair::KeyPair;
use super::key_ring::{KeyPairs, KeyRing};
use crate::exit::Failure;

#[derive(Debug)]
pub struct OpenedKeyRing {
    pub ring: KeyRing,
    pub storage: KeyStorage,
    /// What was damaged, and what became of it: sentences without a full stop.
    pub repairs: Vec<String>,
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
    /// why: that is no error. Errors are pairs of the user's own, as their certificates show, that cannot be used:
    /// unreadable (77), half a pair, no PEM, a key of another kind or size, a certificate of another key (78).
    pub fn open(directory: &Path, seed: [u8; 32]) -> Result<OpenedKeyRing, Failure> {
        let (pairs, KeyFindings { storage, repairs }) = read_or_generate(directory, seed)?;
        Ok(OpenedKeyRing { ring: pairs.into(), storage, repairs })
    }

    /// The same keys, but read when one is needed for the first time, so that no start waits for it: unless a glance at the
    /// directory has found pairs of the user's own, damage, or none. `report` gets what was found, once.
    pub(crate) fn open_lazily(
        directory: &Path,
        glance: KeyGlance,
        seed: [u8; 32],
        report: impl FnOnce(KeyFindings) + Send + 'static,
    ) -> Result<Self, Failure> {
        if !glance.all_seem_whole_and_ours {
            let (pairs, findings) = read_or_generate(directory, seed)?;
            report(findings);
            return Ok(pairs.into());
        }
        let directory = directory.to_owned();
        Ok(Self::lazily(move || {
            let (pairs, findings) = read_or_generate(&directory, seed).unwrap_or_else(|failure| {
                // Somebody has put a pair of his own there since the glance.
                let storage = KeyStorage::InMemory { why: failure.to_string() };
                (KeyPairs::generate(seed), KeyFindings { storage, repairs: vec![] })
            });
            report(findings);
            pairs
        }))
    }
}

/// What there is to say of the keys of a directory.
pub(crate) struct KeyFindings {
    pub(crate) storage: KeyStorage,
    /// As those of [`OpenedKeyRing`].
    pub(crate) repairs: Vec<String>,
}

/// What a glance at a directory of keys finds. It changes nothing there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyGlance {
    /// Such may be read later. Those that have to be made are made at once: that takes so long that whoever needs one
    /// meanwhile would wait, and others with it.
    all_seem_whole_and_ours: bool,
}

impl KeyGlance {
    pub(crate) fn at(directory: &Path) -> Self {
        let seem_so = |kind: &SignatureKind| KeyPairFiles::of(directory, *kind).seem_whole_and_ours();
        Self { all_seem_whole_and_ours: SignatureKind::ALL.iter().all(seem_so) }
    }
}

fn read_or_generate(directory: &Path, seed: [u8; 32]) -> Result<(KeyPairs, KeyFindings), Failure> {
    let mut store = KeyStore {
        directory: KeyDirectory::new(directory),
        random: ChaCha20Rng::from_seed(seed),
        repairs: vec![],
    };
    store.directory.mend(&mut store.repairs);
    let pairs = KeyPairs {
        signature: store.read_or_generate(SignatureKind::Signature)?,
        pkcs7: store.read_or_generate(SignatureKind::Pkcs7)?,
        rsa2048: store.read_or_generate(SignatureKind::Rsa2048)?,
    };
    let storage =
        store.directory.refused().map_or(KeyStorage::InDirectory, |why| KeyStorage::InMemory { why });
    Ok((pairs, KeyFindings { storage, repairs: store.repairs }))
}

struct KeyStore<'a> {
    directory: KeyDirectory<'a>,
    random: ChaCha20Rng,
    repairs: Vec<String>,
}

impl KeyStore<'_> {
    fn read_or_generate(&mut self, kind: SignatureKind) -> Result<KeyPair, Failure> {
        let files = KeyPairFiles::of(self.directory.path(), kind);
        if let PairState::Complete(pair) = files.read(&mut self.repairs)? {
            return Ok(pair);
        }
        let writable = self.directory.lock(&mut self.repairs);
        if writable {
            files.finish_interrupted();
        }
        // Another process may have made the pair before it gave the lock.
        Ok(match files.read(&mut vec![])? {
            PairState::Complete(pair) => pair,
            PairState::Missing => {
                let pair = KeyPair::generate(kind, &mut self.random);
                if writable && let Err(error) = files.write(&pair) {
                    self.directory.refuse(&error);
                }
                pair
            }
            PairState::Uncertified { key, found } => {
                let pair = KeyPair::certify(kind, key, &mut self.random);
                self.mend(&found, writable, "the key has a new certificate", || {
                    files.write_certificate(&pair)
                });
                pair
            }
            PairState::Damaged { found } => {
                let pair = KeyPair::generate(kind, &mut self.random);
                self.mend(&found, writable, "there is a new pair", || files.write(&pair));
                pair
            }
        })
    }

    /// Writes what takes the place of a damaged file, and says so.
    fn mend(
        &mut self,
        found: &Unusable,
        writable: bool,
        made: &str,
        write: impl FnOnce() -> std::io::Result<Vec<std::path::PathBuf>>,
    ) {
        let what = &found.what;
        if !writable || found.transient {
            self.repairs.push(format!("{what}: it is not used, {made}, in memory"));
            return;
        }
        match write() {
            Ok(aside) if aside.is_empty() => self.repairs.push(format!("{what}: {made}")),
            Ok(aside) => {
                let names =
                    aside.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ");
                self.repairs.push(format!("{what}: {made}; what was there is {names} now"));
            }
            Err(error) => {
                self.repairs.push(format!("{what}: it is not used, {made}, in memory"));
                self.directory.refuse(&error);
            }
        }
    }
}
