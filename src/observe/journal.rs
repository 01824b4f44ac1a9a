//! The journal of systemd, if stderr goes there.

use std::{env, io};

use nix::sys::stat::fstat;
use tracing_journald::{Layer, Priority, PriorityMappings};

/// `true` if stderr is the stream that systemd connected.
///
/// Terminals of desktop sessions inherit `JOURNAL_STREAM` from the session's own service, so its device and
/// inode must be those of our stderr.
pub(super) fn is_stderr() -> bool {
    let Ok(status) = fstat(io::stderr()) else { return false };
    names(env::var("JOURNAL_STREAM").ok().as_deref(), status.st_dev, status.st_ino)
}

/// `true` if `JOURNAL_STREAM`, "device:inode", names this file.
fn names(stream: Option<&str>, device: u64, inode: u64) -> bool {
    stream
        .and_then(|stream| stream.split_once(':'))
        .is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// Fields without the prefix that is the default, and INFO as the journal's "info", not "notice".
pub(super) fn layer() -> io::Result<Layer> {
    let mappings =
        PriorityMappings { info: Priority::Informational, debug: Priority::Debug, ..PriorityMappings::new() };
    let layer = Layer::new()?.with_field_prefix(None).with_priority_mappings(mappings);
    Ok(layer.with_syslog_identifier("mock-imds".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn only_our_own_stderr_counts() {
        let cases = [
            (Some("8:1234"), true),
            (Some("8:1235"), false),
            (Some("9:1234"), false),
            (Some("8"), false),
            (Some(""), false),
            (Some("8:1234:5"), false),
            (None, false),
        ];
        for (stream, expected) in cases {
            assert_eq!(names(stream, 8, 1234), expected, "JOURNAL_STREAM={stream:?} for 8:1234");
        }
    }
}
