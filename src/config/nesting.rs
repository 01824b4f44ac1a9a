//! How deep brackets are nested. The TOML parser has a limit, 80, but miscounts in malformed files, and recurses until
//! its stack is full.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::TokenKind::{
    LeftCurlyBracket, LeftSquareBracket, RightCurlyBracket, RightSquareBracket,
};

/// Far more than a valid file has, and less than any stack has room for.
const DEEPEST: usize = 200;

/// The first bracket that is too deep. A closing bracket counts only if it is the one that is due, so that nothing is
/// deeper for the parser than here.
pub(crate) fn too_deep(text: &str) -> Option<Range<usize>> {
    let mut open = Vec::new();
    for token in Source::new(text).lex() {
        match token.kind() {
            opened @ (LeftSquareBracket | LeftCurlyBracket) => {
                open.push(opened);
                if open.len() > DEEPEST {
                    return Some(token.span().start()..token.span().end());
                }
            }
            RightSquareBracket => _ = open.pop_if(|last| *last == LeftSquareBracket),
            RightCurlyBracket => _ = open.pop_if(|last| *last == LeftCurlyBracket),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_and_those_in_texts_are_not() {
        let nested = |count: usize| format!("a = {}{}", "[".repeat(count), "]".repeat(count));
        assert_eq!(too_deep(&nested(DEEPEST)), None);
        assert_eq!(too_deep(&nested(DEEPEST + 1)), Some(204..205));
        let text = "[a]\nb = { c = [\"[[{{\"] } # [[[\n".repeat(1_000);
        assert_eq!(too_deep(&text), None);
        for part in ["{,[a]''' ", "{]", "[}", "{a=[}"] {
            assert!(too_deep(&format!("a=[{}", part.repeat(1_000))).is_some(), "{part}");
        }
    }

    /// What the parser miscounts.
    #[test]
    fn no_malformed_file_fills_the_stack() {
        let text = format!("a=[{}", "{,[a]''' ".repeat(14_000));
        let report = crate::config::parse(&crate::config::SourceText::new("s.toml", text), |_| ())
            .expect_err("it is malformed");
        assert!(report.to_string().contains("brackets are nested 201 deep"), "{report}");
    }
}
