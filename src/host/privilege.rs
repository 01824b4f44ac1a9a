//! The capability that changing the network needs.

use std::fs;

use super::HostError;

/// The bit of `CAP_NET_ADMIN`, linux/capability.h.
const CAP_NET_ADMIN: u32 = 12;

/// Fails with the sentence for the operator when `CAP_NET_ADMIN` is not effective.
pub(super) fn check() -> Result<(), HostError> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if may_administer(&status) { Ok(()) } else { Err(HostError::NotPermitted) }
}

/// Without /proc nothing is known: let the kernel decide.
fn may_administer(status: &str) -> bool {
    effective(status).is_none_or(|bits| bits & (1 << CAP_NET_ADMIN) != 0)
}

fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{effective, may_administer};

    #[test]
    fn the_effective_set_is_read() {
        assert_eq!(effective("Name:\tx\nCapPrm:\t0\nCapEff:\t0000000000001000\n"), Some(1 << 12));
        assert_eq!(effective("Name:\tx\n"), None);
    }

    #[test]
    fn one_capability_is_needed() {
        for (effective, expected) in [
            ("0000000000001000", true),
            ("000001ffffffffff", true),
            ("0000000000000000", false),
            ("000001ffffffefff", false),
        ] {
            assert_eq!(may_administer(&format!("CapEff:\t{effective}\n")), expected, "{effective}");
        }
        assert!(may_administer(""), "the kernel decides");
    }
}
