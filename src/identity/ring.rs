//! The three keys with their certificates, and what they sign.

use std::fmt;
use std::sync::OnceLock;

use chacha20::ChaCha20Rng;
use rsa::rand_core::{Rng as _, SeedableRng as _};

use super::certificate::Certificate;
use super::keys::PrivateKey;
use super::{SignatureKind, Signed, cms, pem};
use crate::model::Timestamp;

/// Columns of the base64 that EC2 sends.
const COLUMNS: usize = 76;

/// A key and the certificate that says its public half.
pub(super) struct KeyPair {
    pub(super) key: PrivateKey,
    pub(super) certificate: Certificate,
}

impl KeyPair {
    /// A new key, certified by itself.
    pub(super) fn generate(leaf: SignatureKind, random: &mut ChaCha20Rng) -> Self {
        let key = PrivateKey::generate(leaf, random);
        let certificate = Certificate::self_signed(leaf, &key, random.next_u64().to_be_bytes());
        Self { key, certificate }
    }
}

/// The keys of the three signed leaves, each with its certificate.
pub struct KeyRing {
    seed: [u8; 32],
    pairs: OnceLock<Pairs>,
}

pub(super) struct Pairs {
    pub(super) signature: KeyPair,
    pub(super) pkcs7: KeyPair,
    pub(super) rsa2048: KeyPair,
}

impl From<Pairs> for KeyRing {
    fn from(pairs: Pairs) -> Self {
        Self { seed: [0; 32], pairs: pairs.into() }
    }
}

impl KeyRing {
    /// New keys that live in memory only.
    ///
    /// The seed is 32 bytes from the system's generator; equal seeds make equal keys and certificates. They are made
    /// when one is needed for the first time, or by [`KeyRing::make`].
    pub fn generate(seed: [u8; 32]) -> Self {
        Self { seed, pairs: OnceLock::new() }
    }

    /// Makes the keys unless they are there. Takes about 45 ms in a release build, and twice that one time in ten;
    /// who needs a key meanwhile waits for it.
    pub(crate) fn make(&self) {
        self.pairs();
    }

    fn pairs(&self) -> &Pairs {
        self.pairs.get_or_init(|| {
            let mut random = ChaCha20Rng::from_seed(self.seed);
            let mut generate = |leaf| KeyPair::generate(leaf, &mut random);
            Pairs {
                signature: generate(SignatureKind::Signature),
                pkcs7: generate(SignatureKind::Pkcs7),
                rsa2048: generate(SignatureKind::Rsa2048),
            }
        })
    }

    /// The certificate with which a leaf is verified, as PEM with a final LF.
    pub fn certificate_pem(&self, leaf: SignatureKind) -> String {
        pem::encode(pem::CERTIFICATE, &self.pair(leaf).certificate.der)
    }

    /// Signs the exact bytes of an identity document.
    ///
    /// On EC2 the signing time is a few seconds after the document's `pendingTime`. The same document and time give
    /// the same texts.
    pub fn sign(&self, document: &[u8], signing_time: Timestamp) -> Signed {
        let pairs = self.pairs();
        let enveloped = |pair| pem::lines(&cms::signed_data(pair, document, signing_time), COLUMNS);
        Signed {
            signature: pem::lines(&pairs.signature.key.sign(document), COLUMNS),
            pkcs7: enveloped(&pairs.pkcs7),
            rsa2048: enveloped(&pairs.rsa2048),
        }
    }

    fn pair(&self, leaf: SignatureKind) -> &KeyPair {
        match leaf {
            SignatureKind::Signature => &self.pairs().signature,
            SignatureKind::Pkcs7 => &self.pairs().pkcs7,
            SignatureKind::Rsa2048 => &self.pairs().rsa2048,
        }
    }
}

impl fmt::Debug for KeyRing {
    /// Says nothing: private keys never reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}
