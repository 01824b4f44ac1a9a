//! The instance identity document and its signatures.
//!
//! | leaf of `dynamic/instance-identity/` | what it is |
//! |---|---|
//! | `signature` | RSA-1024, PKCS#1 v1.5 over SHA-256 of the document, base64 |
//! | `pkcs7` | `SignedData` with the document inside, DSA-1024/160 over SHA-1, base64 |
//! | `rsa2048` | the same, RSA-2048 over SHA-256 |
//!
//! Shapes and framing: EC2 user guide, "Instance identity documents", and samples that real instances sent.
//! The keys are ours, so a verifier has to be given our certificates; `KeyRing::open_lazily` keeps them in a
//! directory.
//!
//! All of it is Rust. OpenSSL would sign with DSA and SHA-1 only where the host's crypto policy allows, RHEL 9's does
//! not, and would bind the program to a version of libcrypto.

mod asn1;
mod certificate;
mod cms;
mod document;
mod dsa_domain;
mod key_directory;
mod key_files;
mod key_pair;
mod key_ring;
mod key_store;
mod pem;
mod private_key;
mod signature_kind;
#[cfg(test)]
mod tests;
mod verification_key;

pub(crate) use document::SignedDocument;
pub use key_ring::KeyRing;
pub(crate) use key_ring::Signatures;
pub(crate) use key_store::{KeyFindings, KeyGlance};
pub use key_store::{KeyStorage, OpenedKeyRing};
pub use signature_kind::SignatureKind;
pub(crate) use verification_key::VerificationKey;
