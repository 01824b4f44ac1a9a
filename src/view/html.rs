//! HTML, written. Whatever is text is escaped: names and values are those of files and of clients.

use std::fmt::{Display, Write as _};

#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// A part that is markup, and is the program's own.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    pub(super) fn text(&mut self, text: impl Display) -> &mut Self {
        for c in text.to_string().chars() {
            match c {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // A reader of the source is not to be misled either.
                c if c.is_control() && !matches!(c, '\n' | '\t') => _ = write!(self.0, "&#xfffd;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// An element with a text in it.
    pub(super) fn element(&mut self, tag: &'static str, text: impl Display) -> &mut Self {
        self.markup("<").markup(tag).markup(">").text(text).markup("</").markup(tag).markup(">")
    }

    /// A row of a `<dl>`.
    pub(super) fn term(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.element("dt", name).element("dd", value)
    }

    /// A row of a table.
    pub(super) fn row(&mut self, cells: &[&dyn Display]) -> &mut Self {
        self.markup("<tr>");
        for cell in cells {
            self.element("td", cell);
        }
        self.markup("</tr>\n")
    }

    /// The head of a table.
    pub(super) fn table(&mut self, names: &[&'static str]) -> &mut Self {
        self.markup("<div class=\"table\" tabindex=\"0\"><table><thead><tr>");
        for name in names {
            self.markup("<th scope=\"col\">").text(name).markup("</th>");
        }
        self.markup("</tr></thead><tbody>\n")
    }

    pub(super) fn end_table(&mut self) -> &mut Self {
        self.markup("</tbody></table></div>\n")
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let mut html = Html::default();
        html.element("dd", "<script>alert(\"1\" & '2')</script>\u{1b}[2J");
        let expected =
            "<dd>&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;&#xfffd;[2J</dd>";
        assert_eq!(html.into_text(), expected);
        let mut html = Html::default();
        html.term("Name", "<b>").table(&["A", "B"]).row(&[&"<i>", &7]).end_table();
        let expected = "<dt>Name</dt><dd>&lt;b&gt;</dd>\
            <div class=\"table\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead><tbody>\n\
            <tr><td>&lt;i&gt;</td><td>7</td></tr>\n</tbody></table></div>\n";
        assert_eq!(html.into_text(), expected);
    }
}
