//! JSON as the service lays it out: two blanks of indentation, blanks around the colon, keys in a given
//! order, no newline at the end. Clients parse it; signatures are made over these very bytes.

use std::borrow::Cow;

/// An object of `"key" : value` lines. The values are JSON already.
pub(crate) fn object(members: &[(&str, String)]) -> String {
    let lines: Vec<String> =
        members.iter().map(|(key, value)| format!("  {} : {value}", string(key))).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// A string in quotes.
pub(crate) fn string(text: &str) -> String {
    serde_json::to_string(text).expect("a string has a form in JSON")
}

/// JSON as Go's encoder writes it, which keeps it harmless within HTML and JavaScript. These characters stand in
/// strings only.
pub(crate) fn harmless(json: &str) -> Cow<'_, str> {
    // Nearly all is; the last two below begin with this byte.
    if !json.bytes().any(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
        return json.into();
    }
    let escapes = [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    escapes.iter().fold(json.to_owned(), |json, (c, escape)| json.replace(*c, escape)).into()
}

/// `null` or a string.
pub(crate) fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), string)
}

/// `null` or an array on one line, with a blank inside the brackets.
pub(crate) fn array_or_null(texts: &[String]) -> String {
    if texts.is_empty() {
        return "null".to_owned();
    }
    let items: Vec<String> = texts.iter().map(|text| string(text)).collect();
    format!("[ {} ]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_would_read_is_escaped() {
        let json = string("<a>&\u{2028}\u{2029}\"");
        assert_eq!(harmless(&json), r#""\u003ca\u003e\u0026\u2028\u2029\"""#);
        for (one, expected) in
            [("<", "\\u003c"), ("&", "\\u0026"), ("\u{2029}", "\\u2029"), ("\u{2027}", "\u{2027}")]
        {
            assert_eq!(harmless(one), expected, "{one:?} alone");
        }
    }

    #[test]
    fn the_layout_is_the_services() {
        let members = [
            ("a", string("x\"y")),
            ("b", optional(None)),
            ("c", array_or_null(&["p".into(), "q".into()])),
            ("d", array_or_null(&[])),
        ];
        assert_eq!(
            object(&members),
            "{\n  \"a\" : \"x\\\"y\",\n  \"b\" : null,\n  \"c\" : [ \"p\", \"q\" ],\n  \"d\" : null\n}"
        );
    }
}
