//! The program `mock-imds`.
#![cfg_attr(all(target_env = "gnu", not(test)), no_main)]
#![cfg_attr(
    all(target_env = "gnu", not(test)),
    expect(unsafe_code, reason = "each block says why it is sound")
)]

#[cfg(all(target_env = "gnu", not(test)))]
use std::io::{self, Write as _};

#[cfg(all(target_env = "gnu", not(test)))]
use libc::{c_char, c_int};

/// What the C library calls.
///
/// Rust's own `main` finds the limits of this thread's stack, so that an overflow is told before it ends the process. It
/// reads `/proc/self/maps` for that, which is a tenth of a start. Here an overflow ends the process at the guard page, untold.
/// Arguments need no set-up with this C library; with others the usual `main` stays.
#[cfg(all(target_env = "gnu", not(test)))]
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    /// Of a panic, where it does not abort.
    const PANICKED: u8 = 101;
    open_standard_streams();
    // SAFETY: no other thread runs yet, and signal(2) takes numbers. A write to a pipe that nobody reads is an error then,
    // and does not end the process. Programs that it starts get the usual disposition.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
    let code = std::panic::catch_unwind(mock_imds::run).unwrap_or(PANICKED);
    // It is buffered up to the end of a line.
    let _ = io::stdout().flush();
    code.into()
}

/// Opens `/dev/null` for each standard stream that is closed. Else the next file that is opened would be taken for it.
#[cfg(all(target_env = "gnu", not(test)))]
fn open_standard_streams() {
    for stream in [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: both calls take numbers and a string that ends in NUL. An open descriptor stays as it is, and the least
        // closed one is that which open(2) gives.
        unsafe {
            if libc::fcntl(stream, libc::F_GETFD) == -1
                && libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) == -1
            {
                libc::abort();
            }
        }
    }
}

#[cfg(not(all(target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    mock_imds::run().into()
}
