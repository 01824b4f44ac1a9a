//! Numbers in netlink messages, which have this machine's byte order. What the kernel takes in network order is not here.

/// A number of two bytes in this machine's order. The caller knows that they are there.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

/// A number of four bytes in this machine's order. The caller knows that they are there.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// A constant of the kernel's headers as the 16-bit field that it is used in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the constants fit; checked here"
)]
pub(crate) const fn narrow(constant: i32) -> u16 {
    assert!(constant >= 0 && constant <= u16::MAX as i32, "a 16-bit constant");
    constant as u16
}
