//! Text with styles, whose width is known: it can be wrapped between words, and truncated.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

/// What a part of a text is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TextStyle {
    #[default]
    Plain,
    Bold,
    /// Less important than what is around it.
    Dim,
    Good,
    Warning,
    Bad,
    Accent,
}

impl TextStyle {
    /// The parameters of SGR: ECMA-48, 8.3.117.
    fn parameters(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
            Self::Accent => "36",
        }
    }
}

/// A line. No control character is in it: what comes from files and clients can't act on the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StyledText(Vec<(TextStyle, char)>);

impl StyledText {
    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::default().with(TextStyle::Plain, text)
    }

    pub(crate) fn styled(style: TextStyle, text: impl AsRef<str>) -> Self {
        Self::default().with(style, text)
    }

    /// The same with a text at its end.
    #[must_use]
    pub(crate) fn with(mut self, style: TextStyle, text: impl AsRef<str>) -> Self {
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        self.0.extend(text.as_ref().chars().map(|c| (style, printable(c))));
        self
    }

    /// The same with another text at its end.
    #[must_use]
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The columns that it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, c)| columns(*c)).sum()
    }

    /// The same with spaces up to this width.
    #[must_use]
    pub(crate) fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.with(TextStyle::Plain, " ".repeat(missing))
    }

    /// Its beginning, with an ellipsis for what takes more than this width.
    #[must_use]
    pub(crate) fn truncated(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let style = self.0.last().map(|(style, _)| *style).unwrap_or_default();
        let mut kept = Self(fitting(self.0.into_iter(), width.saturating_sub(1)));
        if width > 0 {
            kept.0.push((style, '…'));
        }
        kept
    }

    /// Its end, with an ellipsis for what takes more than this width: of a path it tells more.
    #[must_use]
    pub(crate) fn truncated_at_the_start(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let style = self.0.first().map(|(style, _)| *style).unwrap_or_default();
        let mut kept = fitting(self.0.into_iter().rev(), width.saturating_sub(1));
        if width > 0 {
            kept.push((style, '…'));
        }
        kept.reverse();
        Self(kept)
    }

    /// Lines of this width at most, broken between words. A word that is longer is truncated.
    pub(crate) fn wrapped(&self, width: usize) -> Vec<Self> {
        self.wrapped_hanging(width, 0)
    }

    /// The same, with all but the first line indented.
    pub(crate) fn wrapped_hanging(&self, width: usize, indent: usize) -> Vec<Self> {
        let indentation = || Self::plain(" ".repeat(indent));
        let (mut lines, mut line, mut has_words) = (Vec::new(), Self::default(), false);
        for word in self.0.split(|(_, c)| *c == ' ') {
            let word = Self(word.to_vec());
            if has_words && line.width() + 1 + word.width() > width {
                lines.push(std::mem::replace(&mut line, indentation()));
                has_words = false;
            }
            if has_words {
                // The space has the style of both sides, or none.
                let before = line.0.last().map(|(style, _)| *style);
                let same = word.0.first().map(|(style, _)| *style).filter(|style| Some(*style) == before);
                line.0.push((same.unwrap_or_default(), ' '));
            }
            let room = width.saturating_sub(line.width());
            line.0.extend(word.truncated(room).0);
            has_words = true;
        }
        lines.push(line);
        lines
    }

    pub(super) fn render(&self, color: bool) -> String {
        let mut rendered = String::with_capacity(self.0.len());
        let mut current = TextStyle::Plain;
        for (style, c) in self.0.iter().map(|(style, c)| (if color { *style } else { TextStyle::Plain }, *c))
        {
            if style != current {
                if current != TextStyle::Plain {
                    rendered.push_str("\x1b[0m");
                }
                if style != TextStyle::Plain {
                    let _ = write!(rendered, "\x1b[{}m", style.parameters());
                }
                current = style;
            }
            // A space that only breaks no line.
            rendered.push(if c == '\u{a0}' { ' ' } else { c });
        }
        if current != TextStyle::Plain {
            rendered.push_str("\x1b[0m");
        }
        rendered
    }
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

fn fitting(cells: impl Iterator<Item = (TextStyle, char)>, width: usize) -> Vec<(TextStyle, char)> {
    let mut left = width;
    let fits = |(_, c): &(TextStyle, char)| {
        let fits = columns(*c) <= left;
        left = left.saturating_sub(columns(*c));
        fits
    };
    cells.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        StyledText::plain(text).wrapped(width).iter().map(|line| line.render(false)).collect()
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("one /a/very/long/path end", 8), ["one", "/a/very…", "end"]);
        assert_eq!(lines("", 8), [""]);
        let hanging = StyledText::plain("one two three").wrapped_hanging(7, 2);
        assert_eq!(hanging.iter().map(|line| line.render(false)).collect::<Vec<_>>(), ["one two", "  three"]);
        assert_eq!(
            StyledText::plain("/a/very/long/path").truncated_at_the_start(8).render(false),
            "…ng/path"
        );
        assert_eq!(StyledText::plain("日本語").truncated(5).render(false), "日本…");
    }

    #[test]
    fn colours_end_where_they_should() {
        let text = StyledText::plain("a ").with(TextStyle::Bad, "b c").with(TextStyle::Plain, "d");
        assert_eq!(text.render(true), "a \x1b[31mb c\x1b[0md");
        assert_eq!(text.render(false), "a b cd");
        assert_eq!(text.wrapped(3)[1].render(true), "\x1b[31mc\x1b[0md");
    }

    #[test]
    fn nothing_acts_on_the_terminal() {
        assert_eq!(StyledText::plain("a\x1b[2J\r\nb").render(true), "a [2J  b");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_it_may_be(text in "\\PC{0,60}", width in 1_usize..40) {
            let text = StyledText::plain(&text);
            for line in text.wrapped(width) {
                prop_assert!(line.width() <= width, "{line:?}");
            }
            prop_assert!(text.clone().truncated(width).width() <= width);
            prop_assert!(text.truncated_at_the_start(width).width() <= width);
        }
    }
}
