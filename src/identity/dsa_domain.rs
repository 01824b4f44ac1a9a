//! The DSA domain parameters: the group that the `pkcs7` key lives in.
//!
//! A group of 1024/160 bits takes seconds to find, a key in a known one is made at once. Groups are public and meant to
//! be shared; this is the default of every JDK (JCA Reference Guide, "Algorithms and Sample Parameters" of the SUN
//! provider), published with the seed from which FIPS 186 derives it, so that a test can derive it again.

use dsa::{BoxedUint, Components};

const P: &str = "fd7f53811d75122952df4a9c2eece4e7f611b7523cef4400c31e3f80b6512669\
                 455d402251fb593d8d58fabfc5f5ba30f6cb9b556cd7813b801d346ff26660b7\
                 6b9950a5a49f9fe8047b1022c24fbba9d7feb7c61bf83b57e7c6a8a6150f04fb\
                 83f6d3c51ec3023554135a169132f675f3ae2b61d72aeff22203199dd14801c7";
const Q: &str = "9760508f15230bccb292b982a2eb840bf0581cf5";
const G: &str = "f7e1a085d69b3ddecbbcab5c36b857b97994afbbfa3aea82f9574c0b3d078267\
                 5159578ebad4594fe67107108180b449167123e84c281613b7cf09328cc8a6e1\
                 3c167a8b547c8d28e0a3ae1e2bb3a675916ea37f0bfa213562f1fb627a01243b\
                 cca4f1bea8519089a883dfe15ae59f06928b665e807b552564014c3bfecf492a";

pub(super) fn components() -> Components {
    Components::from_components(number(P, 1024), number(Q, 192), number(G, 1024))
        .expect("the constants are a group of 1024/160 bits; a test derives them")
}

/// A number from hexadecimal digits, with room for `bits`, a multiple of 64.
fn number(hex: &str, bits: u32) -> BoxedUint {
    let width = bits as usize / 4;
    BoxedUint::from_be_hex(&format!("{hex:0>width$}"), bits).expect("the constants are hexadecimal")
}

#[cfg(test)]
mod tests {
    use sha1::{Digest as _, Sha1};

    use super::*;

    const SEED: &str = "8d5155894229d5e689ee01e6018a237e2cae64cd";
    const COUNTER: u32 = 92;

    /// SHA-1 of the seed plus `offset`, both numbers of 160 bits.
    fn hash(offset: u32) -> [u8; 20] {
        let sum = number(SEED, 192).wrapping_add(number(&format!("{offset:x}"), 192));
        Sha1::digest(&sum.to_be_bytes()[4..]).into()
    }

    fn hex(bytes: &[u8]) -> String {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }

    // FIPS 186-2, appendix 2.2, with L = 1024: n = 6, b = 63. Only the round that found p is gone through.

    #[test]
    fn q_follows_from_the_published_seed() {
        let mut q: [u8; 20] = std::array::from_fn(|at| hash(0)[at] ^ hash(1)[at]);
        q[0] |= 0x80;
        q[19] |= 1;
        assert_eq!(hex(&q), Q);
    }

    #[test]
    fn p_follows_from_the_published_seed_and_counter() {
        let offset = 2 + COUNTER * 7;
        let w = (0..7).rev().flat_map(|k| hash(offset + k)).collect::<Vec<_>>();
        let mut x = w[w.len() - 128..].to_vec();
        x[0] |= 0x80;
        let x = number(&hex(&x), 1024);
        let q = number(Q, 1024);
        let remainder = x.clone() % q.wrapping_add(&q).to_nz().expect("q is not zero");
        assert_eq!(x.wrapping_sub(remainder).wrapping_add(number("1", 1024)), number(P, 1024));
    }
}
