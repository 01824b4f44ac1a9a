//! A reload is a new image of the same process: `execve` of the installed path, so that a new binary runs after an
//! upgrade, with two descriptors left open: the socket that owns the tables, and the lock.
//!
//! Signals stay blocked over it, so that one that comes in between waits for the new image.

use std::env;
use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::execve;

use super::nft;
use super::runtime::Lock;

/// "process:socket:lock", in decimal.
const VARIABLE: &str = "MOCK_IMDS_NET_KEPT";

#[derive(Debug)]
pub(super) struct InheritedState {
    pub(super) tables: nft::NftClient,
    /// The lock on the runtime directory.
    pub(super) lock: Lock,
}

/// The state of the former image of this process, if there was one.
pub(super) fn inherit() -> Option<InheritedState> {
    let value = env::var(VARIABLE).ok()?;
    let (tables, lock) = parse(&value, std::process::id())?;
    let (tables, lock) = (nft::NftClient::inherit(tables)?, nft::inherited(lock)?);
    Some(InheritedState { tables, lock: Lock::inherit(lock)? })
}

/// The two numbers; `None` when they are for another process, or no numbers.
fn parse(value: &str, process: u32) -> Option<(RawFd, RawFd)> {
    let mut parts = value.split(':');
    let ours = parts.next()?.parse() == Ok(process);
    let (tables, lock) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (ours && parts.next().is_none() && tables != lock).then_some((tables, lock))
}

/// The path that this program was started by. Called at the start, because after an upgrade the link ends in
/// " (deleted)".
pub(super) fn program() -> PathBuf {
    let path = env::current_exe().unwrap_or_else(|_| "/usr/bin/mock-imds".into()).into_os_string().into_vec();
    let path = path.strip_suffix(b" (deleted)").unwrap_or(&path);
    PathBuf::from(OsStr::from_bytes(path))
}

/// Replaces this image by the program at `path` with the same arguments. Returns only when that fails, and leaves
/// everything as before.
pub(super) fn exec(path: &Path, tables: &impl AsFd, lock: &impl AsFd) -> Errno {
    match try_exec(path, tables.as_fd(), lock.as_fd()) {
        Ok(never) => match never {},
        Err(error) => {
            // Whatever runs on must not leak them into a child.
            let _ = set_descriptor_flags(tables.as_fd(), FdFlag::FD_CLOEXEC);
            let _ = set_descriptor_flags(lock.as_fd(), FdFlag::FD_CLOEXEC);
            error
        }
    }
}

fn try_exec(
    path: &Path,
    tables: BorrowedFd<'_>,
    lock: BorrowedFd<'_>,
) -> Result<std::convert::Infallible, Errno> {
    let text = |bytes: Vec<u8>| CString::new(bytes).map_err(|_| Errno::EINVAL);
    let program = text(path.as_os_str().as_bytes().to_vec())?;
    let arguments: Vec<CString> =
        env::args_os().map(|argument| text(argument.into_vec())).collect::<Result<_, _>>()?;
    let others = env::vars_os().filter(|(name, _)| name != VARIABLE);
    let joined = others.map(|(name, value)| text([name.as_bytes(), b"=", value.as_bytes()].concat()));
    let mut environment: Vec<CString> = joined.collect::<Result<_, _>>()?;
    let kept = format!("{VARIABLE}={}:{}:{}", std::process::id(), tables.as_raw_fd(), lock.as_raw_fd());
    environment.push(text(kept.into_bytes())?);
    set_descriptor_flags(tables, FdFlag::empty())?;
    set_descriptor_flags(lock, FdFlag::empty())?;
    execve(&program, &arguments, &environment)
}

fn set_descriptor_flags(fd: BorrowedFd<'_>, flags: FdFlag) -> Result<(), Errno> {
    fcntl(fd, FcntlArg::F_SETFD(flags)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_this_process_takes_what_was_kept() {
        assert_eq!(parse("42:5:6", 42), Some((5, 6)));
        for (value, why) in [
            ("43:5:6", "another process"),
            ("42:5", "one missing"),
            ("42:5:6:7", "one too many"),
            ("42:5:5", "the same twice"),
            ("42:x:6", "no number"),
            ("", "empty"),
        ] {
            assert_eq!(parse(value, 42), None, "{why}");
        }
    }
}
