//! Private keys: generation, PKCS#8, signatures.

use chacha20::ChaCha20Rng;
use rsa::pkcs1v15;
use rsa::pkcs8::{
    DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, ObjectIdentifier, PrivateKeyInfoRef,
    SecretDocument,
};
use rsa::signature::SignatureEncoding as _;
use rsa::signature::hazmat::PrehashSigner as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, sha2};
use sha1::Digest as _;

use super::asn1::Algorithm;
use super::dsa_domain;
use super::signature_kind::{KeySize, SignatureKind};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

pub(super) enum PrivateKey {
    Rsa(pkcs1v15::SigningKey<sha2::Sha256>),
    Dsa(dsa::SigningKey),
}

impl PrivateKey {
    /// A new key for this leaf: about 40 ms for RSA-2048, 3 ms for RSA-1024, under 1 ms for DSA.
    pub(super) fn generate(kind: SignatureKind, random: &mut ChaCha20Rng) -> Self {
        match kind {
            SignatureKind::Signature => Self::generate_rsa(1024, random),
            SignatureKind::Rsa2048 => Self::generate_rsa(2048, random),
            SignatureKind::Pkcs7 => {
                let Ok(key) =
                    dsa::SigningKey::try_generate_from_rng_with_components(random, dsa_domain::components());
                Self::Dsa(key)
            }
        }
    }

    fn generate_rsa(bits: usize, random: &mut ChaCha20Rng) -> Self {
        let key = RsaPrivateKey::new(random, bits).expect("1024 and 2048 are sizes that RSA keys have");
        Self::Rsa(key.into())
    }

    /// Reads an unencrypted PKCS#8 key.
    ///
    /// The error is a phrase that follows the name of the file.
    pub(super) fn from_pkcs8(kind: SignatureKind, der: &[u8]) -> Result<Self, String> {
        let algorithm = PrivateKeyInfoRef::try_from(der).map_err(|_| "holds no PKCS#8 key")?.algorithm.oid;
        let key = match algorithm {
            RSA => RsaPrivateKey::from_pkcs8_der(der).map(|key| Self::Rsa(key.into())),
            dsa::OID => dsa::SigningKey::from_pkcs8_der(der).map(Self::Dsa),
            EC => return Err("holds an elliptic-curve key".into()),
            other => return Err(format!("holds a key of another kind ({other})")),
        };
        let key = key.map_err(|_| "holds a key whose numbers do not fit together")?;
        if key.size() != kind.key_size() {
            return Err(format!("holds {}", key.size()));
        }
        Ok(key)
    }

    /// The outer form of a PKCS#8 key of a kind that we use.
    pub(super) fn is_pkcs8(der: &[u8]) -> bool {
        PrivateKeyInfoRef::try_from(der).is_ok_and(|key| matches!(key.algorithm.oid, RSA | dsa::OID))
    }

    pub(super) fn to_pkcs8(&self) -> SecretDocument {
        let document = match self {
            Self::Rsa(key) => key.to_pkcs8_der(),
            Self::Dsa(key) => key.to_pkcs8_der(),
        };
        document.expect("a checked key has a PKCS#8 form")
    }

    /// The public half as a `SubjectPublicKeyInfo`.
    pub(super) fn public_key(&self) -> Vec<u8> {
        let document = match self {
            Self::Rsa(key) => key.as_ref().to_public_key().to_public_key_der(),
            Self::Dsa(key) => key.verifying_key().to_public_key_der(),
        };
        document.expect("a checked key has a SubjectPublicKeyInfo").into_vec()
    }

    /// The digest of the key's signature algorithm.
    pub(super) fn digest(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sha2::Sha256::digest(message).to_vec(),
            Self::Dsa(_) => sha1::Sha1::digest(message).to_vec(),
        }
    }

    pub(super) const fn digest_algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::SHA256,
            Self::Dsa(_) => Algorithm::SHA1,
        }
    }

    pub(super) const fn signature_algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::SHA256_WITH_RSA,
            Self::Dsa(_) => Algorithm::DSA_WITH_SHA1,
        }
    }

    /// A signature; the same message gives the same bytes (PKCS#1 v1.5 pads without randomness, DSA nonces follow RFC 6979).
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let digest = self.digest(message);
        match self {
            Self::Rsa(key) => {
                key.sign_prehash(&digest).expect("1024 bits hold a digest, and the key was checked").to_vec()
            }
            Self::Dsa(key) => {
                let signature = key.sign_prehashed_rfc6979::<sha1::Sha1>(&digest);
                signature.expect("one nonce in 2^160 gives zero").to_vec()
            }
        }
    }

    /// Bits of the RSA modulus, or of the two DSA primes.
    fn size(&self) -> KeySize {
        match self {
            Self::Rsa(key) => KeySize::Rsa(key.as_ref().n().bits()),
            Self::Dsa(key) => {
                let group = key.verifying_key().components();
                KeySize::Dsa(group.p().bits(), group.q().bits())
            }
        }
    }
}
