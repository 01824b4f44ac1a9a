//! Bytes that follow from a name.

use sha2::{Digest as _, Sha256};

use crate::model::Instance;

pub(crate) const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub(crate) const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes that follow from the instance, a name and a number. They guard nothing.
pub(crate) struct Seed(String);

impl Seed {
    pub(crate) fn new(instance: &Instance, name: &str, number: u64) -> Self {
        Self(format!("{}\0{}\0{name}\0{number}", instance.account_id, instance.instance_id))
    }

    pub(crate) fn bytes(&self, label: &str, length: usize) -> Vec<u8> {
        let block = |counter: u32| Sha256::digest(format!("{}\0{label}\0{counter}", self.0));
        (0..).flat_map(block).take(length).collect()
    }

    pub(crate) fn text(&self, label: &str, length: usize, alphabet: &[u8]) -> String {
        let letter = |byte: u8| char::from(alphabet[usize::from(byte) % alphabet.len()]);
        self.bytes(label, length).into_iter().map(letter).collect()
    }
}
