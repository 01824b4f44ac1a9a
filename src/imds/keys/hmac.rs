//! HMAC with SHA-256: RFC 2104.

use sha2::{Digest as _, Sha256};

/// The block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// The code of a message under a key of 32 bytes.
pub(crate) fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::super::hex::hex;
    use super::*;

    /// RFC 4231, test cases 1 and 2: shorter keys are those with zeros at the end.
    #[test]
    fn codes_are_those_of_the_standard() {
        let code = |key: &[u8], message: &[u8]| {
            let mut whole = [0; 32];
            whole[..key.len()].copy_from_slice(key);
            hex(&hmac_sha256(&whole, message))
        };
        assert_eq!(
            code(&[0x0b; 20], b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            code(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
