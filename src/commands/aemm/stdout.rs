//! Messages on stdout.

use std::io::{self, Write as _};

/// Prints and flushes, for scripts that wait for a line. A reader that is gone is no failure.
pub(super) fn print(text: &str) {
    let _ = write!(io::stdout(), "{text}").and_then(|()| io::stdout().flush());
}
