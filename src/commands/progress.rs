//! A sign of life of what takes longer: on a terminal a line that is redrawn once a second, else a line every few seconds.

use std::io::{self, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::print::warn;
use crate::terminal::{StyledText, Terminal};

const REDRAWN_EVERY: Duration = Duration::from_secs(1);
const PRINTED_EVERY: Duration = Duration::from_secs(5);
/// Back to the first column, and erase the line.
const ERASE: &str = "\r\x1b[K";

/// The line, on stderr. Dropping it erases what is drawn.
#[derive(Debug)]
pub(super) struct ProgressLine {
    is_redrawn: bool,
    drawn: bool,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self { is_redrawn: Terminal::of(&io::stderr()).is_addressable, drawn: false }
    }

    /// The time between two lines, and before the first one.
    pub(super) fn interval(&self) -> Duration {
        if self.is_redrawn { REDRAWN_EVERY } else { PRINTED_EVERY }
    }

    pub(super) fn show(&mut self, line: &str) {
        if !self.is_redrawn {
            warn(line);
            return;
        }
        self.drawn = true;
        let terminal = Terminal::of(&io::stderr());
        // A longer line would be wrapped, and only its end erased.
        let columns = terminal.columns.unwrap_or(80) - 1;
        let line = terminal.render(&StyledText::plain(line).truncated(columns));
        let _ = write!(io::stderr(), "{ERASE}{line}");
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.drawn {
            let _ = write!(io::stderr(), "{ERASE}");
        }
    }
}

/// Does something, and meanwhile shows how far it is.
pub(super) fn while_working<T>(progress: impl Fn() -> String + Sync, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (working, done) = mpsc::channel::<()>();
        scope.spawn(|| {
            let done = done;
            let mut line = ProgressLine::new();
            while done.recv_timeout(line.interval()) == Err(RecvTimeoutError::Timeout) {
                line.show(&progress());
            }
        });
        let result = work();
        // Its end ends the line, too, before anything else is printed.
        drop(working);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_ends_with_the_work() {
        assert_eq!(while_working(|| unreachable!("it takes no second"), || 7), 7);
    }
}
