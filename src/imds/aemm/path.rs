//! Paths: decoded, one slash at the end dropped, and then clean or redirected.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The bytes that the original encodes in the path of a `Location`.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AemmPath {
    /// Decoded; with a slash at its start and, unless there were two, none at its end.
    Clean(String),
    /// The clean path, encoded, in place of one that is not.
    Redirect(String),
}

/// Reads a path. An encoded slash or dot counts as a plain one.
pub(crate) fn read(raw: &str) -> AemmPath {
    let decoded = percent_decode_str(raw).decode_utf8_lossy();
    let path = match decoded.strip_suffix('/') {
        Some(stripped) if !stripped.is_empty() => stripped,
        _ => &decoded,
    };
    let clean = clean(path);
    if clean == path {
        AemmPath::Clean(clean)
    } else {
        AemmPath::Redirect(utf8_percent_encode(&clean, PATH).to_string())
    }
}

/// The shortest path to the same place, with a slash at its end if there was one.
fn clean(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    let slash = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_clean_or_redirected() {
        let clean = |path: &str| AemmPath::Clean(path.to_owned());
        let redirect = |path: &str| AemmPath::Redirect(path.to_owned());
        let cases = [
            ("/", clean("/")),
            ("/latest", clean("/latest")),
            ("/latest/", clean("/latest")),
            ("/latest/meta-data//", clean("/latest/meta-data/")),
            ("/latest%2fmeta-data", clean("/latest/meta-data")),
            ("/latest/0e%3A49", clean("/latest/0e:49")),
            ("/Latest", clean("/Latest")),
            ("//latest", redirect("/latest")),
            ("//latest/", redirect("/latest")),
            ("/latest//meta-data/", redirect("/latest/meta-data")),
            ("/latest/./meta-data", redirect("/latest/meta-data")),
            ("/latest/../latest", redirect("/latest")),
            ("/latest/..", redirect("/")),
            ("/..", redirect("/")),
            ("/a%2f%2fb%3f", redirect("/a/b%3F")),
            ("/%2e%2e/a:b c", redirect("/a:b%20c")),
        ];
        for (raw, expected) in cases {
            assert_eq!(read(raw), expected, "{raw}");
        }
    }
}
