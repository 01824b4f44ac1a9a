//! The body of a request, where the reply depends on it.

/// Bytes of a body that are kept: several times what the agent's API takes. What is longer is cut, and so no JSON.
const MOST: usize = 4 * 1024;

/// A body as far as it is kept. It counts in the connection's slot while it comes; the reply to it waits for nothing.
pub(super) struct KeptBody {
    bytes: Vec<u8>,
    most: usize,
}

impl KeptBody {
    /// Keeps nothing unless it is wanted.
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { bytes: Vec::new(), most: if is_wanted { MOST } else { 0 } }
    }

    /// Bytes that it takes at the most.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        let room = self.most - self.bytes.len();
        self.bytes.extend_from_slice(&data[..room.min(data.len())]);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_where_it_is_wanted_and_never_more_than_4_kib_of_it() {
        for (is_wanted, expected) in [(true, 4096), (false, 0)] {
            let mut kept = KeptBody::new(is_wanted);
            for _ in 0..60 {
                kept.push(&[b'x'; 1000]);
            }
            assert_eq!((kept.bytes().len(), kept.most()), (expected, expected), "wanted: {is_wanted}");
        }
    }
}
