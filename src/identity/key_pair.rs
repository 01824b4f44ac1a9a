//! A private key with its certificate.

use chacha20::ChaCha20Rng;
use rsa::rand_core::Rng as _;

use super::SignatureKind;
use super::certificate::Certificate;
use super::private_key::PrivateKey;

pub(super) struct KeyPair {
    pub(super) key: PrivateKey,
    pub(super) certificate: Certificate,
}

impl KeyPair {
    /// A new key, certified by itself.
    pub(super) fn generate(kind: SignatureKind, random: &mut ChaCha20Rng) -> Self {
        Self::certify(kind, PrivateKey::generate(kind, random), random)
    }

    /// A key that is there, with a new certificate.
    pub(super) fn certify(kind: SignatureKind, key: PrivateKey, random: &mut ChaCha20Rng) -> Self {
        let certificate = Certificate::self_signed(kind, &key, random.next_u64().to_be_bytes());
        Self { key, certificate }
    }
}
