//! The two things that neither std nor nix offers: taking over inherited descriptors, and reading the control messages
//! that the kernel keeps with a TCP socket. The only unsafe code of the server.
#![expect(unsafe_code, reason = "each block says why it is sound")]

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// Room for the control messages of one socket; a packet info takes 32 or 40 bytes.
pub(super) const CONTROL_BYTES: usize = 256;

/// The descriptors that a service manager passed by `LISTEN_FDS`, each with `FD_CLOEXEC` set.
///
/// The first call takes them; later calls find none.
pub(super) fn take_listen_fds() -> io::Result<Vec<OwnedFd>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    let descriptors = sd_notify::listen_fds()?;
    // SAFETY: `LISTEN_PID` names this process, so the service manager opened these numbers for it and nothing in
    // it opened them; `listen_fds` found each open; `TAKEN` lets each have one owner only.
    Ok(descriptors.map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) }).collect())
}

/// The descriptor of this number, with `FD_CLOEXEC` set: one that the process was started with and that nothing has
/// taken over.
pub(crate) fn take_inherited_for_writing(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: these calls read the flags of a number, and fail where that is not open.
    let (flags, modes) = unsafe { (libc::fcntl(number, libc::F_GETFD), libc::fcntl(number, libc::F_GETFL)) };
    if flags.min(modes) < 0 {
        return Err(io::Error::last_os_error());
    }
    // Whatever this process has opened or taken over is closed when it executes another program; what it was started
    // with cannot be, or it would not be here.
    if flags & libc::FD_CLOEXEC != 0 {
        return Err(io::Error::other("it is not inherited, or a listening socket"));
    }
    if modes & libc::O_ACCMODE == libc::O_RDONLY {
        return Err(io::Error::other("it is open for reading only"));
    }
    // SAFETY: `number` is open and was inherited, so nothing in this process opened it; the flag that is set below keeps
    // this from being done twice, and `take_listen_fds` sets it on what it takes.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(descriptor)
}

/// Copies the control messages that the kernel keeps with a TCP socket, and returns their length in bytes.
pub(super) fn packet_options(
    socket: BorrowedFd<'_>,
    level: i32,
    option: i32,
    buffer: &mut [u8; CONTROL_BYTES],
) -> io::Result<usize> {
    let mut length = libc::socklen_t::try_from(CONTROL_BYTES).expect("256 fits into 32 bits");
    let descriptor = socket.as_raw_fd();
    // SAFETY: the descriptor is open while it is borrowed; `buffer` and `length` outlive the call; the kernel
    // writes at most `length` bytes to `buffer` and their count to `length`.
    let result =
        unsafe { libc::getsockopt(descriptor, level, option, buffer.as_mut_ptr().cast(), &raw mut length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok((length as usize).min(CONTROL_BYTES)) }
}
