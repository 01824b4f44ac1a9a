//! The token key: 32 random bytes in `token.key`, so that tokens outlive reloads and restarts.

use std::io;
use std::path::Path;

use crate::files::{StagedFile, put_aside, read_secret};

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
        // The key is there for the next start.
        Err(error) if error.is_transient() => return Err(error.into()),
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

/// Nobody ever reads half of a key. What is in its place gets another name, which is given.
fn store(directory: &Path, key: &[u8; BYTES], damaged: bool) -> io::Result<Option<String>> {
    let path = directory.join(NAME);
    let staged = StagedFile::write(&path, key, 0o600)?;
    let aside = damaged.then(|| put_aside(&path)).transpose()?;
    staged.place()?;
    Ok(aside.map(|aside| aside.display().to_string()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// As on a disk that fails for a moment: whether there is a key is unknown, and the tokens of it are not given up.
    #[test]
    fn a_key_that_cannot_be_read_now_is_left_for_the_next_start() {
        let process = std::process::id();
        let directory = std::env::temp_dir().join(format!("mock-imds-key-{process}"));
        fs::create_dir_all(&directory).expect("writable");
        // A regular file of which no byte can be read at its beginning: EIO.
        symlink(format!("/proc/{process}/mem"), directory.join(NAME)).expect("writable");
        let found = load(&directory).map(|key| key.unsaved);
        let names: Vec<_> = fs::read_dir(&directory).expect("it is there").flatten().collect();
        let names: Vec<_> = names.iter().map(fs::DirEntry::file_name).collect();
        fs::remove_dir_all(&directory).expect("ours");
        assert!(matches!(&found, Err(error) if error.raw_os_error() == Some(libc::EIO)), "{found:?}");
        assert_eq!(names, [NAME], "it has its name, and nothing is beside it");
    }
}
