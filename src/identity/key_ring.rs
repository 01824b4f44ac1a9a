//! The key pairs of the three signed leaves, and the signatures that they make.

use std::fmt;
use std::sync::LazyLock;

use chacha20::ChaCha20Rng;
use rsa::rand_core::SeedableRng as _;

use super::key_pair::KeyPair;
use super::{SignatureKind, cms, pem};
use crate::model::Timestamp;

/// Columns of the base64 that EC2 sends.
const COLUMNS: usize = 76;

/// The signed leaves of one document, each text as it is sent: base64 in lines of 76, LF between, none at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// `signature`: three lines.
    pub signature: String,
    /// `pkcs7`: starts `MIAGCSqGSIb3DQEHAqCAMIACAQExCzAJBgUrDgMC`.
    pub pkcs7: String,
    /// `rsa2048`: starts `MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgEF`.
    pub rsa2048: String,
}

/// The keys of the three signed leaves, each with its certificate.
pub struct KeyRing {
    pairs: LazyLock<KeyPairs, MakePairs>,
}

/// Makes the pairs, or reads them, when one is needed for the first time.
type MakePairs = Box<dyn FnOnce() -> KeyPairs + Send>;

pub(super) struct KeyPairs {
    pub(super) signature: KeyPair,
    pub(super) pkcs7: KeyPair,
    pub(super) rsa2048: KeyPair,
}

impl KeyPairs {
    /// New pairs; equal seeds make equal ones.
    pub(super) fn generate(seed: [u8; 32]) -> Self {
        let mut random = ChaCha20Rng::from_seed(seed);
        let mut generate = |kind| KeyPair::generate(kind, &mut random);
        Self {
            signature: generate(SignatureKind::Signature),
            pkcs7: generate(SignatureKind::Pkcs7),
            rsa2048: generate(SignatureKind::Rsa2048),
        }
    }
}

impl From<KeyPairs> for KeyRing {
    fn from(pairs: KeyPairs) -> Self {
        Self::lazily(move || pairs)
    }
}

impl KeyRing {
    /// New keys that live in memory only.
    ///
    /// The seed is 32 bytes from the system's generator; equal seeds make equal keys and certificates. They are generated
    /// when one is needed for the first time, or by [`KeyRing::load_now`].
    pub fn generate(seed: [u8; 32]) -> Self {
        Self::lazily(move || KeyPairs::generate(seed))
    }

    /// Keys that `make` gives when one is needed for the first time.
    pub(super) fn lazily(make: impl FnOnce() -> KeyPairs + Send + 'static) -> Self {
        Self { pairs: LazyLock::new(Box::new(make)) }
    }

    /// Reads the keys, or generates them, unless it was done. In a release build reading takes about 4 ms, generating 45 ms,
    /// and twice that one time in ten; a caller that needs a key meanwhile waits for it.
    pub(crate) fn load_now(&self) {
        LazyLock::force(&self.pairs);
    }

    fn pairs(&self) -> &KeyPairs {
        &self.pairs
    }

    /// The certificate with which a leaf is verified, as PEM with a final LF.
    pub fn certificate_pem(&self, kind: SignatureKind) -> String {
        pem::encode(pem::CERTIFICATE, &self.pair(kind).certificate.der)
    }

    /// Signs the exact bytes of an identity document.
    ///
    /// On EC2 the signing time is a few seconds after the document's `pendingTime`. The same document and time give
    /// the same texts.
    pub fn sign(&self, document: &[u8], signing_time: Timestamp) -> Signatures {
        let pairs = self.pairs();
        let enveloped = |pair| pem::lines(&cms::signed_data(pair, document, signing_time), COLUMNS);
        Signatures {
            signature: pem::lines(&pairs.signature.key.sign(document), COLUMNS),
            pkcs7: enveloped(&pairs.pkcs7),
            rsa2048: enveloped(&pairs.rsa2048),
        }
    }

    fn pair(&self, kind: SignatureKind) -> &KeyPair {
        match kind {
            SignatureKind::Signature => &self.pairs().signature,
            SignatureKind::Pkcs7 => &self.pairs().pkcs7,
            SignatureKind::Rsa2048 => &self.pairs().rsa2048,
        }
    }
}

impl fmt::Debug for KeyRing {
    /// Prints nothing: private keys never reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}
