//! UUIDs of version 4: RFC 9562, 5.4.

use super::hex::hex;

/// The UUID of the first 16 of these bytes; of fewer, with zeros at the end.
pub(crate) fn uuid(bytes: &[u8]) -> String {
    let mut id = [0; 16];
    id.iter_mut().zip(bytes).for_each(|(byte, given)| *byte = *given);
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = hex(&id);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn version_and_variant_are_set() {
        assert_eq!(uuid(&[0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid(&[]), "00000000-0000-4000-8000-000000000000");
    }
}
