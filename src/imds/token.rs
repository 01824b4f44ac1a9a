//! Session tokens.

/// Seals and opens tokens.
pub struct TokenAuthority {
    #[expect(dead_code, reason = "the sealing comes with the protocol")]
    key: [u8; 32],
}

impl TokenAuthority {
    /// An authority for this key: 32 random bytes that the daemon keeps in its state directory.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }
}
