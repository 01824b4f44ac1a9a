//! What people read on a terminal: colours, widths, and times as they are spoken.
//!
//! Whether there are colours is decided in [`color`] for every stream of this program. A pipe gets whole lines, whatever
//! their width.

mod color;
mod fitted;
mod screen;
mod styled;
mod times;

use std::env;
use std::io::IsTerminal;
use std::os::fd::AsFd;

pub(crate) use color::{has_color, is_dumb};
pub(crate) use fitted::fitted;
pub(crate) use screen::FullScreen;
pub(crate) use styled::{StyledText, TextStyle};
pub(crate) use times::{
    ago, clock_time, local_date, local_instants, local_time, spoken, spoken_instants, time_left,
};

/// Narrower terminals are written as if they were this wide.
const MIN_COLUMNS: usize = 40;

/// What a stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Characters of a line; `None` if it is no terminal, so that lines may have any length.
    pub columns: Option<usize>,
    pub rows: Option<usize>,
    pub color: bool,
    /// The locale has more than ASCII.
    pub unicode: bool,
    /// Its cursor can be moved.
    pub is_addressable: bool,
}

impl Terminal {
    /// No terminal: whole lines without colours.
    pub(crate) const PLAIN: Self =
        Self { columns: None, rows: None, color: false, unicode: true, is_addressable: false };

    /// What this stream can show at present: somebody may change the size of a window.
    pub(crate) fn of(stream: &(impl AsFd + IsTerminal)) -> Self {
        let is_terminal = stream.is_terminal();
        let size = is_terminal.then(|| rustix::termios::tcgetwinsize(stream).ok()).flatten();
        let known = |cells: u16| (cells > 0).then_some(usize::from(cells));
        let columns = size.and_then(|size| known(size.ws_col)).map(|columns| columns.max(MIN_COLUMNS));
        Self {
            columns: columns.or(is_terminal.then_some(80)),
            rows: size.and_then(|size| known(size.ws_row)),
            color: has_color(is_terminal),
            unicode: is_unicode(|name| env::var(name).ok()),
            is_addressable: is_terminal && !is_dumb(),
        }
    }

    /// A text for it. Without Unicode each character that we draw with has a stand-in of ASCII.
    pub(crate) fn render(self, text: &StyledText) -> String {
        let rendered = text.render(self.color);
        if self.unicode { rendered } else { rendered.chars().map(stand_in).collect() }
    }
}

/// The first of these variables that is set has the locale: locale(7).
fn is_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn stand_in(drawn: char) -> char {
    match drawn {
        '…' => '~',
        '━' => '=',
        '─' => '-',
        '●' => '*',
        '○' => 'o',
        '▼' => 'V',
        'µ' => 'u',
        '×' | '✗' => 'x',
        '✓' => '+',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use nix::pty::{Winsize, openpty};

    use super::*;

    #[test]
    fn the_locale_decides_on_unicode() {
        let locale = |set: &'static [(&str, &str)]| {
            is_unicode(|name| set.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(locale(&[("LANG", "de_DE.UTF-8")]) && locale(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!locale(&[]) && !locale(&[("LC_ALL", "C"), ("LANG", "C.UTF-8")]));
    }

    #[test]
    fn a_terminal_without_a_known_size_has_80_columns() {
        let size = |columns, rows| Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        for (size, columns, rows) in [
            (size(0, 0), 80, None),
            (size(0, 10), 80, Some(10)),
            (size(20, 0), 40, None),
            (size(100, 30), 100, Some(30)),
        ] {
            let pty = openpty(&size, None).expect("terminals are left");
            let found = Terminal::of(&File::from(pty.slave));
            assert_eq!((found.columns, found.rows), (Some(columns), rows), "{size:?}");
        }
    }

    #[test]
    fn a_text_is_cut_to_any_width_even_to_none() {
        let text = || StyledText::plain("abcd");
        for (width, end, start) in [(0, "", ""), (1, "…", "…"), (3, "ab…", "…cd"), (4, "abcd", "abcd")]
        {
            assert_eq!(text().truncated(width).render(false), end, "{width}");
            assert_eq!(text().truncated_at_the_start(width).render(false), start, "{width}");
        }
    }

    #[test]
    fn a_space_between_words_of_one_style_has_it() {
        let shown = |one, other| {
            let text = StyledText::styled(one, "a").with(one, " ").with(other, "b");
            text.wrapped(10).iter().map(|line| line.render(true)).collect::<Vec<_>>()
        };
        assert_eq!(shown(TextStyle::Bold, TextStyle::Bold), ["\x1b[1ma b\x1b[0m"]);
        assert_eq!(shown(TextStyle::Bold, TextStyle::Dim), ["\x1b[1ma\x1b[0m \x1b[2mb\x1b[0m"]);
        let wrapped: Vec<String> = StyledText::plain("aa bb cc")
            .wrapped_hanging(5, 1)
            .iter()
            .map(|line| line.render(false))
            .collect();
        assert_eq!(wrapped, ["aa bb", " cc"]);
    }

    #[test]
    fn a_file_is_no_terminal() {
        let file = File::open("/dev/null").expect("every system has it");
        let found = Terminal::of(&file);
        assert_eq!((found.columns, found.rows, found.is_addressable), (None, None, false));
    }

    #[test]
    fn without_unicode_a_line_has_the_same_width() {
        let text = StyledText::plain("━●─ 3 µs…");
        let terminal = Terminal { unicode: false, ..Terminal::PLAIN };
        assert_eq!(terminal.render(&text), "=*- 3 us~");
        assert_eq!(Terminal::PLAIN.render(&text), "━●─ 3 µs…");
    }
}
