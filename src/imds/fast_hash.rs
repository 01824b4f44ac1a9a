//! A multiplicative hash, as that of Firefox, for keys that come from the scenario: no client chooses them, so collision
//! attacks are no concern.

use std::hash::{BuildHasherDefault, Hasher};

/// What a map of such keys hashes with.
pub(super) type FastHash = BuildHasherDefault<FastHasher>;

#[derive(Debug, Default)]
pub(super) struct FastHasher(u64);

/// One step: the upper bits depend on all words so far.
pub(super) fn mixed(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(size_of::<u64>()) {
            let word = chunk.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
            self.0 = mixed(self.0, word);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.0 = mixed(self.0, number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = mixed(self.0, number.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = mixed(self.0, number as u64);
    }

    /// Maps take the place from the lower bits.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher as _;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use ipnet::IpNet;

    use super::*;

    /// Of as many places as there are keys, random ones leave a bit more than a third empty.
    #[test]
    fn neighbouring_networks_have_places_of_their_own() {
        const KEYS: u32 = 1 << 16;
        let v4 = |number: u32| IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number));
        let v6 = |number: u32| IpAddr::from(Ipv6Addr::from_bits((0xfd00 << 112) | u128::from(number)));
        let v6_by_upper = |number: u32| IpAddr::from(Ipv6Addr::from_bits(u128::from(number) << 64));
        for address in [&v4 as &dyn Fn(u32) -> IpAddr, &v6, &v6_by_upper] {
            let place = |number| FastHash::default().hash_one(IpNet::from(address(number))) % u64::from(KEYS);
            let used: HashSet<u64> = (0..KEYS).map(place).collect();
            assert!(
                used.len() > KEYS as usize / 2,
                "{} of {KEYS} places used, from {}",
                used.len(),
                address(0)
            );
        }
    }
}
