//! Paths that the agent's router cleans with a redirect before anything else looks at them.

/// The clean form of a path with its query, if the path is not clean already.
pub(super) fn cleaned(path: &str, query: Option<&str>) -> Option<String> {
    // Nearly all are: without an empty segment, and without one that begins with a dot.
    let is_odd = |pair: &[u8]| matches!(pair, [b'/', b'/' | b'.']);
    if path.starts_with('/') && !path.as_bytes().windows(2).any(is_odd) {
        return None;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let slash = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    let clean = format!("/{}{slash}", segments.join("/"));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    (clean != path).then(|| format!("{clean}{query}"))
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn only_what_is_not_clean_is_redirected() {
        let cases = [
            ("/v4//x", None, Some("/v4/x")),
            ("/v4/x/../y/", Some("a=b"), Some("/v4/y/?a=b")),
            ("/../v4/./x", None, Some("/v4/x")),
            ("//", None, Some("/")),
            ("/v4/x/", None, None),
            ("/v4/.x/..y/...", None, None),
            ("/v4/.", None, Some("/v4")),
            ("/", None, None),
        ];
        for (path, query, expected) in cases {
            assert_eq!(cleaned(path, query).as_deref(), expected, "{path}");
        }
    }
}
