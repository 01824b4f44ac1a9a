//! The three signed leaves, and the key that EC2 signs each with.

use std::fmt;

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
    pub const ALL: [Self; 3] = [Self::Signature, Self::Pkcs7, Self::Rsa2048];

    /// The leaf's name, which is also the name of its files: `NAME.key` and `NAME.pem`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Pkcs7 => "pkcs7",
            Self::Rsa2048 => "rsa2048",
        }
    }

    /// The size of the key that EC2 signs this leaf with.
    pub(super) const fn key_size(self) -> KeySize {
        match self {
            Self::Signature => KeySize::Rsa(1024),
            Self::Pkcs7 => KeySize::Dsa(1024, 160),
            Self::Rsa2048 => KeySize::Rsa(2048),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeySize {
    /// Bits of the modulus.
    Rsa(u32),
    /// Bits of the primes p and q.
    Dsa(u32, u32),
}

impl fmt::Display for KeySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(modulus) => write!(f, "an RSA key of {modulus} bits"),
            Self::Dsa(p, q) => write!(f, "a DSA key of {p}/{q} bits"),
        }
    }
}
