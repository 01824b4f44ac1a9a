//! Messages to `nf_tables`, and what its refusals mean.

use nix::errno::Errno;
use nix::libc;

use crate::host::netlink::{NetlinkMessage, narrow};
use crate::host::plan::Family;

/// The fixed part of an `nf_tables` message: struct nfgenmsg.
pub(super) const HEAD_LENGTH: usize = 4;

/// Whether the kernel has nothing of what was asked for: no such table, no `nf_tables`, or not this family.
pub(super) fn says_absent(error: Errno) -> bool {
    matches!(error, Errno::ENOENT | Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)
}

fn head(family: Family) -> [u8; HEAD_LENGTH] {
    [family_number(family), 0, 0, 0]
}

fn family_number(family: Family) -> u8 {
    let number = match family {
        Family::Inet => libc::NFPROTO_INET,
        Family::Arp => libc::NFPROTO_ARP,
    };
    u8::try_from(number).expect("a protocol family of one byte")
}

/// An `nf_tables` message of this type about all that this protocol family has.
pub(super) fn message_for(kind: i32, family: i32) -> NetlinkMessage {
    let kind = narrow(libc::NFNL_SUBSYS_NFTABLES) << 8 | narrow(kind);
    let family = u8::try_from(family).expect("a protocol family of one byte");
    NetlinkMessage::new(kind, 0, &[family, 0, 0, 0])
}

/// An `nf_tables` message of this type about our table of this family.
pub(super) fn message(kind: i32, flags: i32, family: Family) -> NetlinkMessage {
    let kind = narrow(libc::NFNL_SUBSYS_NFTABLES) << 8 | narrow(kind);
    NetlinkMessage::new(kind, narrow(flags), &head(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_from_what_is_refused() {
        let absent = [Errno::ENOENT, Errno::EOPNOTSUPP, Errno::EAFNOSUPPORT];
        assert!(absent.into_iter().all(says_absent));
        assert!(![Errno::EPERM, Errno::EBUSY, Errno::ENOMEM].into_iter().any(says_absent));
    }
}
