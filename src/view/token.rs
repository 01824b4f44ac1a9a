//! The token that opens the view: in a file that only its user can read, or in a unit its group too.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::exit::{ExitStatus, Failure};
use crate::files::{FileError, io_error_text, read, read_secret, replace};

/// Random bytes of a token.
const BYTES: usize = 32;
/// The length of a token: those bytes in base64.
const LENGTH: usize = 43;

/// A token. It is shown nowhere but where its user asks for it.
pub(crate) struct ViewToken {
    text: String,
    pub(crate) file: PathBuf,
}

impl fmt::Debug for ViewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewToken").field("file", &self.file).finish_non_exhaustive()
    }
}

impl ViewToken {
    /// The token in this file; a new one if there is none. `shared`: the group of the process may read it, too.
    pub(crate) fn load_or_make(file: &Path, shared: bool) -> Result<Self, Failure> {
        match Self::load(file, shared) {
            Err(error) if error.is_missing() => Self::make(file, shared),
            found => found.map_err(|error| {
                let advice = "it has to be a token; remove it, and a new one is made";
                unusable(file, &format!("{error}; {advice}"))
            }),
        }
    }

    /// The token of a view that runs.
    pub(crate) fn load(file: &Path, shared: bool) -> Result<Self, FileError> {
        let limit = LENGTH as u64 + 1;
        let bytes = if shared { read(file, limit)? } else { read_secret(file, limit)?.bytes };
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let is_token = text.len() == LENGTH && BASE64_URL_SAFE_NO_PAD.decode(&text).is_ok();
        if is_token {
            Ok(Self { text, file: file.to_owned() })
        } else {
            Err(std::io::Error::other("is no token").into())
        }
    }

    fn make(file: &Path, shared: bool) -> Result<Self, Failure> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            Failure::new(ExitStatus::OsError, format!("cannot get random bytes from the kernel: {error}"))
        })?;
        let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
        let mode = if shared { 0o640 } else { 0o600 };
        directory
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| replace(file, format!("{text}\n").as_bytes(), mode))
            .map_err(|error| {
                let failure = unusable(file, &format!("cannot be written: {}", io_error_text(&error)));
                match error.kind() {
                    ErrorKind::PermissionDenied => Failure { status: ExitStatus::NoPermission, ..failure },
                    _ => failure,
                }
            })?;
        Ok(Self { text, file: file.to_owned() })
    }

    /// Compares in a time that does not depend on where a guess is wrong.
    pub(super) fn is(&self, guess: &[u8]) -> bool {
        let text = self.text.as_bytes();
        guess.len() == text.len()
            && text.iter().zip(guess).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }

    /// The address that opens the page. The fragment stays in the browser: it is in no request and in no log of one.
    pub(crate) fn url(&self, address: impl fmt::Display) -> String {
        format!("http://{address}/#token={}", self.text)
    }
}

fn unusable(file: &Path, why: &str) -> Failure {
    let place = file.display();
    Failure::new(
        ExitStatus::CantCreate,
        format!("the file of the token, {place}, cannot be used: {why}; --token-file names another one"),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_stays_the_same_and_is_for_its_user_alone() {
        let directory = std::env::temp_dir().join(format!("mock-imds-view-{}", std::process::id()));
        let file = directory.join("below/view.token");
        let made = ViewToken::load_or_make(&file, false).expect("writable");
        let again = ViewToken::load_or_make(&file, false).expect("it is there");
        assert_eq!(made.text, again.text);
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert!(made.is(again.text.as_bytes()));
        // Two differences, of which one undoes the other.
        let mut swapped = again.text.clone().into_bytes();
        swapped[0] ^= 1;
        swapped[1] ^= 1;
        assert!(!made.is(&swapped));
        for wrong in ["", "x", &again.text[1..], &format!("{}x", again.text), &"A".repeat(LENGTH)] {
            assert!(!made.is(wrong.as_bytes()), "{wrong:?}");
        }
        let shown = format!("{made:?}");
        assert!(shown.contains("view.token") && !shown.contains(&made.text), "what a log has: {shown}");
        fs::write(&file, "hunter2").expect("writable");
        let refused = ViewToken::load_or_make(&file, false).expect_err("it is no token").message;
        assert!(refused.contains("is no token") && !refused.contains("hunter2"), "{refused}");
        for text in ["!".repeat(LENGTH), "A".repeat(LENGTH - 1), "A".repeat(LENGTH + 1)] {
            fs::write(&file, &text).expect("writable");
            assert!(ViewToken::load_or_make(&file, false).is_err(), "{text} is no token");
        }
        let shared = directory.join("shared");
        ViewToken::load_or_make(&shared, true).expect("writable");
        assert_eq!(fs::metadata(&shared).expect("it is there").permissions().mode() & 0o777, 0o640);
        fs::remove_dir_all(directory).expect("ours");
    }
}
