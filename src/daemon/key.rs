//! The token key: 32 random bytes in `token.key`, so that tokens outlive reloads and restarts.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const NAME: &str = "token.key";
const BYTES: usize = 32;

/// The key in this directory; a new one if there is none, or if what is there is no key.
///
/// A broken key is replaced: clients ask for a new token when theirs is refused, and a server that does not
/// start helps nobody.
pub(super) fn load(directory: &Path) -> io::Result<[u8; BYTES]> {
    let path = directory.join(NAME);
    match fs::read(&path) {
        Ok(bytes) => {
            if let Ok(key) = <[u8; BYTES]>::try_from(bytes.as_slice()) {
                return Ok(key);
            }
            tracing::warn!(
                "{} has {} bytes instead of {BYTES}: replaced; tokens issued before are no longer valid",
                path.display(),
                bytes.len()
            );
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let key = random()?;
    store(directory, &key)?;
    Ok(key)
}

/// Random bytes from the kernel.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// Writes the key beside its place and moves it there: nobody ever reads half of one.
fn store(directory: &Path, key: &[u8; BYTES]) -> io::Result<()> {
    let new = directory.join(format!("{NAME}.{}", std::process::id()));
    let write = || {
        let mut file: File =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(key)?;
        file.sync_all()?;
        fs::rename(&new, directory.join(NAME))
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}
