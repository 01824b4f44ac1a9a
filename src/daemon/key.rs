//! The token key: 32 random bytes in `token.key`, so that tokens outlive reloads and restarts.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::files::{put_aside, read_secret};

const NAME: &str = "token.key";
const BYTES: usize = 32;

pub(super) struct TokenKey {
    pub(super) bytes: [u8; BYTES],
    /// The reason why it is not in the directory.
    pub(super) unsaved: Option<io::Error>,
}

/// The key in this directory; a new one if there is none, or if what is there is no key.
///
/// What is no key gets another name: clients ask for a new token when theirs is refused, and a server that does not
/// start helps nobody.
pub(super) fn load(directory: &Path) -> io::Result<TokenKey> {
    let path = directory.join(NAME);
    let shown = path.display();
    let found = match read_secret(&path, BYTES as u64) {
        Ok(secret) => match <[u8; BYTES]>::try_from(secret.bytes.as_slice()) {
            Ok(bytes) => {
                if let Some(warning) = secret.warning {
                    tracing::warn!("{warning}");
                }
                return Ok(TokenKey { bytes, unsaved: None });
            }
            Err(_) => format!("has {} bytes instead of {BYTES}", secret.bytes.len()),
        },
        Err(error) if error.is_missing() && !path.is_symlink() => String::new(),
        Err(error) => error.to_string(),
    };
    let bytes = random()?;
    let stored = store(directory, &bytes, !found.is_empty());
    if !found.is_empty() {
        let aside = match &stored {
            Ok(Some(aside)) => format!("it is {aside} now; "),
            _ => String::new(),
        };
        tracing::warn!("{shown} {found}: {aside}tokens issued before are no longer valid");
    }
    Ok(TokenKey { bytes, unsaved: stored.err() })
}

pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// Writes the key beside its place and moves it there: nobody ever reads half of one. What is in its place gets another
/// name, which is given.
fn store(directory: &Path, key: &[u8; BYTES], damaged: bool) -> io::Result<Option<String>> {
    let (new, path) = (directory.join(format!("{NAME}.{}", std::process::id())), directory.join(NAME));
    let write = || {
        // Of a process that had our number.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file: File = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(key)?;
        file.sync_all()?;
        let aside = damaged.then(|| put_aside(&path)).transpose()?;
        fs::rename(&new, &path)?;
        Ok(aside.map(|aside| aside.display().to_string()))
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}
