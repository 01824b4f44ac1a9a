//! A rename that takes nobody's place.

use std::io;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

/// Renames a file or a directory, unless the new name is taken: `AlreadyExists`. Some file systems (NFS) and kernels
/// have no such rename: `InvalidInput` or `Unsupported`.
pub(crate) fn rename_unless_taken(from: &Path, to: &Path) -> io::Result<()> {
    // nix and std have it with the GNU C library only, or not at all; the static program has another one.
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}
