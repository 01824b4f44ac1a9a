//! The whole screen of a terminal, without the lines that were there before: these come back with the end, whatever ends
//! the process but SIGKILL.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::{StyledText, Terminal};

/// The alternate screen, and no cursor: xterm's control sequences, DECSET 1049 and 25.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// The modes that the terminal had, while the screen is ours.
static TAKEN: Mutex<Option<TakenModes>> = Mutex::new(None);

/// `None`: stdin is no terminal, and stays as it is.
struct TakenModes(Option<Termios>);

/// The screen of stdout. Dropping it gives the screen back.
#[derive(Debug)]
pub(crate) struct FullScreen(());

impl FullScreen {
    /// Takes the screen. Keys are not shown, and come one by one; signals from keys stay.
    pub(crate) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            // A panic aborts the process, and its message is to be seen.
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                leave();
                report(panic);
            }));
        });
        let stdin = io::stdin();
        let modes = if stdin.is_terminal() { Some(tcgetattr(&stdin)?) } else { None };
        if let Some(modes) = &modes {
            let mut keys = modes.clone();
            keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            tcsetattr(&stdin, OptionalActions::Now, &keys)?;
        }
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(TakenModes(modes));
        let screen = Self(());
        write(ENTER)?;
        Ok(screen)
    }

    /// Shows these lines, and this one at the bottom. What does not fit is left out. It is written at once, and nothing is
    /// erased before, so that it does not flicker.
    #[expect(clippy::unused_self, reason = "only who has the screen draws on it")]
    pub(crate) fn draw(
        &self,
        terminal: Terminal,
        lines: &[StyledText],
        bottom: &StyledText,
    ) -> io::Result<()> {
        write(&frame(terminal, lines, bottom))
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        leave();
    }
}

/// What is written to show these lines, from the first row to the last one.
fn frame(terminal: Terminal, lines: &[StyledText], bottom: &StyledText) -> String {
    let (rows, columns) = (terminal.rows.unwrap_or(24), terminal.columns.unwrap_or(80));
    let mut frame = String::new();
    for row in 0..rows {
        let line = match lines.get(row).filter(|_| row + 1 < rows) {
            Some(line) => line.clone(),
            None if row + 1 == rows => bottom.clone(),
            None => StyledText::default(),
        };
        let line = line.truncated(columns);
        let _ = write!(frame, "\x1b[{};1H{}", row + 1, terminal.render(&line));
        // In the last column there is nothing to erase, and the cursor may still be on its character.
        if line.width() < columns {
            frame.push_str("\x1b[K");
        }
    }
    frame
}

/// Gives the screen back, if it is taken.
fn leave() {
    let Some(TakenModes(modes)) = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let _ = write(LEAVE);
    if let Some(modes) = modes {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_written_and_the_rest_of_it_erased() {
        let shown = |rows, lines: &[&str]| {
            let terminal = Terminal { columns: Some(4), rows: Some(rows), ..Terminal::PLAIN };
            let lines: Vec<StyledText> = lines.iter().map(StyledText::plain).collect();
            frame(terminal, &lines, &StyledText::plain("end"))
        };
        let expected = "\x1b[1;1Habc\x1b[K\x1b[2;1Habcd\x1b[3;1Habc…\x1b[4;1H\x1b[K\x1b[5;1Hend\x1b[K";
        assert_eq!(shown(5, &["abc", "abcd", "abcde"]), expected);
        assert_eq!(shown(2, &["a", "b", "c"]), "\x1b[1;1Ha\x1b[K\x1b[2;1Hend\x1b[K", "as many as fit");
        assert_eq!(shown(1, &["a"]), "\x1b[1;1Hend\x1b[K");
        assert_eq!(shown(0, &["a"]), "");
    }
}
