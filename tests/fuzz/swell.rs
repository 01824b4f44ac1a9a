//! Inputs that are long in one of their parts: what costs more than linear time shows there only.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// As long as this, about.
const LENGTH: usize = 128 << 10;
/// One input of so many is swollen, too: it costs as much as hundreds of others.
const ONE_OF: u64 = 64;

/// Repeats a part between two commas or line ends; the same for the same input. Zeros in it count up, so that names
/// differ. `None` for most inputs.
pub fn swollen(input: &[u8]) -> Option<Vec<u8>> {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let hash = hasher.finish();
    if !hash.is_multiple_of(ONE_OF) {
        return None;
    }
    let ends: Vec<usize> =
        input.iter().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b',')).map(|(at, _)| at).collect();
    let pick = |hash: u64, count: usize| usize::try_from(hash % u64::try_from(count).ok()?).ok();
    let first = pick(hash / ONE_OF, ends.len().checked_sub(1).filter(|count| *count > 0)?)?;
    // Short parts, mostly: a line, or some.
    let last = (first + 1 + pick(hash >> 32, 3)?).min(ends.len() - 1);
    let (start, end) = (ends[first], ends[last]);
    let mut swollen = input[..end].to_vec();
    for number in 1.. {
        for &byte in &input[start..end] {
            match byte {
                b'0' => swollen.extend(number.to_string().bytes()),
                byte => swollen.push(byte),
            }
        }
        if swollen.len() >= LENGTH {
            break;
        }
    }
    swollen.extend(&input[end..]);
    Some(swollen)
}
