//! The instance identity document and its signatures.
//!
//! | leaf of `dynamic/instance-identity/` | what it is |
//! |---|---|
//! | `signature` | RSA-1024, PKCS#1 v1.5 over SHA-256 of the document, base64 |
//! | `pkcs7` | `SignedData` with the document inside, DSA-1024/160 over SHA-1, base64 |
//! | `rsa2048` | the same, RSA-2048 over SHA-256 |
//!
//! Shapes and framing: EC2 user guide, "Instance identity documents", and samples that real instances sent.
//! The keys are ours, so a verifier has to be given our certificates; [`KeyRing::open`] keeps them where it finds
//! them.
//!
//! All of it is Rust. OpenSSL would sign with DSA and SHA-1 only where the host's crypto policy allows, RHEL 9's does
//! not, and would bind the program to a version of libcrypto.

mod asn1;
mod certificate;
mod cms;
mod document;
mod domain;
mod files;
mod keys;
mod pem;
mod ring;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use document::SignedDocument;
pub use ring::KeyRing;
pub use store::{KeyStorage, OpenedKeyRing};

use keys::Bits;

/// A leaf that carries a signature, and the key and certificate behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureKind {
    /// `signature`.
    Signature,
    /// `pkcs7`.
    Pkcs7,
    /// `rsa2048`.
    Rsa2048,
}

impl SignatureKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Signature, Self::Pkcs7, Self::Rsa2048];

    /// The leaf's name, which is also the name of its files: `NAME.key` and `NAME.pem`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Pkcs7 => "pkcs7",
            Self::Rsa2048 => "rsa2048",
        }
    }

    /// The key that EC2 signs this leaf with.
    const fn bits(self) -> Bits {
        match self {
            Self::Signature => Bits::Rsa(1024),
            Self::Pkcs7 => Bits::Dsa(1024, 160),
            Self::Rsa2048 => Bits::Rsa(2048),
        }
    }
}

/// The signed leaves of one document, each text as it is sent: base64 in lines of 76, LF between, none at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `signature`: three lines.
    pub signature: String,
    /// `pkcs7`: starts `MIAGCSqGSIb3DQEHAqCAMIACAQExCzAJBgUrDgMC`.
    pub pkcs7: String,
    /// `rsa2048`: starts `MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgEF`.
    pub rsa2048: String,
}
