//! The only unsafe code of this crate's host part: two calls.
#![expect(
    unsafe_code,
    reason = "libnftnl's batch is written through a pointer; a descriptor comes from a number"
)]

use std::ffi::c_void;
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use nftnl::{MsgType, NlMsg};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{NetlinkAddr, getsockname};

use crate::host::netlink::NetlinkMessage;

/// A message that was built by hand, as a part of libnftnl's batch. nftnl's own table message can't leave out
/// the flags, and can't set one.
pub(super) struct RawMessage(pub(super) NetlinkMessage);

// SAFETY: the trait asks that a message never be larger than `nft_nlmsg_maxsize`; `write` checks it.
unsafe impl NlMsg for RawMessage {
    unsafe fn write(&self, buffer: *mut c_void, sequence: u32, _: MsgType) {
        let bytes = self.0.clone().finish_acked(sequence);
        let room = usize::try_from(nftnl::nft_nlmsg_maxsize()).expect("64 KiB fit");
        assert!(bytes.len() <= room, "a table message is short");
        // SAFETY: the caller guarantees `nft_nlmsg_maxsize` bytes at `buffer`, and `bytes` has at most as many; the
        // two can't overlap, since `bytes` was just allocated.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast::<u8>(), bytes.len()) }
    }
}

/// Takes a netlink socket that the former image of this process left open; `None` if the number is none.
pub(super) fn inherited_socket(fd: RawFd) -> Option<OwnedFd> {
    let fd = inherited(fd)?;
    let netlink = getsockname::<NetlinkAddr>(std::os::fd::AsRawFd::as_raw_fd(&fd)).is_ok();
    netlink.then_some(fd)
}

/// Takes a descriptor that the former image of this process left open, and closes it for the next.
pub(in crate::host) fn inherited(fd: RawFd) -> Option<OwnedFd> {
    if fd <= 2 {
        return None;
    }
    // SAFETY: only looked at; a number that is no open descriptor makes fcntl fail with EBADF.
    let flags = fcntl(unsafe { BorrowedFd::borrow_raw(fd) }, FcntlArg::F_GETFD).ok()?;
    // Only our former image clears close-on-exec; a descriptor that this image opened has it, and an owner.
    if FdFlag::from_bits_truncate(flags).contains(FdFlag::FD_CLOEXEC) {
        return None;
    }
    // SAFETY: it is open, it came over the re-execution, and nothing else of this image knows its number.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).ok()?;
    Some(fd)
}
