//! The other side: does a signature come from the holder of a certificate's key?

use rsa::RsaPublicKey;
use rsa::pkcs1v15;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::sha2;
use rsa::signature::hazmat::PrehashVerifier as _;
use rsa::traits::PublicKeyParts as _;
use sha1::Digest as _;

use super::certificate::Certificate;
use super::pem::{self, CERTIFICATE};

/// The public key of a certificate, of one of the two kinds that EC2's have.
#[derive(Debug, Clone)]
pub(crate) enum VerificationKey {
    Rsa(RsaPublicKey),
    Dsa(dsa::VerifyingKey),
}

impl VerificationKey {
    /// Reads the first certificate of a PEM file. The error is a phrase that follows the name of the file. Neither the
    /// issuer nor the validity matters: those of EC2's certificates are over, and verifiers are told to ignore them.
    pub(crate) fn from_pem(text: &str) -> Result<Self, &'static str> {
        let der = pem::decode(CERTIFICATE, text).ok_or("holds no PEM certificate")?;
        let certificate = Certificate::from_der(der).map_err(|_| "holds a certificate that is damaged")?;
        let rsa = RsaPublicKey::from_public_key_der(&certificate.public_key).map(Self::Rsa);
        let dsa = || dsa::VerifyingKey::from_public_key_der(&certificate.public_key).map(Self::Dsa);
        rsa.or_else(|_| dsa()).map_err(|_| "holds a certificate whose key is neither RSA's nor DSA's")
    }

    /// Bytes of a signature by RSA; those of DSA have no fixed number.
    pub(crate) fn signature_length(&self) -> Option<usize> {
        match self {
            Self::Rsa(key) => Some(key.size()),
            Self::Dsa(_) => None,
        }
    }

    /// True if the key's holder signed the message: by RSA with SHA-256, or by DSA with SHA-1.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => {
                let key = pkcs1v15::VerifyingKey::<sha2::Sha256>::new(key.clone());
                let digest = sha2::Sha256::digest(message);
                pkcs1v15::Signature::try_from(signature)
                    .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            }
            Self::Dsa(key) => {
                let digest = sha1::Sha1::digest(message);
                dsa::Signature::try_from(signature)
                    .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            }
        }
    }
}
