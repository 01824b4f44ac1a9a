//! What a report shows of answers: never a value of credentials, tokens or user data.

use super::raw_response::RawResponse;

/// Characters of a value that are shown.
const SHOWN: usize = 160;
/// Bytes of a sentence that are shown: more than the longest that quotes values only.
const PRINTED: usize = 2000;

/// The body of an answer to a request for this path.
pub(super) fn shown_body(path: &str, response: &RawResponse) -> String {
    if response.body.is_empty() {
        return "an empty body".to_owned();
    }
    if response.status == 200 && is_secret(path) {
        return format!("{} bytes that are not shown", response.body.len());
    }
    match response.text() {
        Some(text) => quoted(text),
        None => format!("{} bytes that are no text", response.body.len()),
    }
}

/// A text in quotes, cut where it is long, with its control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{more}")
}

/// A sentence with words of the service in it, as a terminal and a report may have it.
pub(super) fn printable(text: String) -> String {
    if text.len() <= PRINTED && !text.chars().any(char::is_control) {
        return text;
    }
    let mut printed = String::with_capacity(text.len().min(PRINTED));
    for character in text.chars() {
        if printed.len() >= PRINTED {
            return printed + "…";
        }
        if character.is_control() {
            printed.extend(character.escape_default());
        } else {
            printed.push(character);
        }
    }
    printed
}

/// Names of keys that give access, tokens, and what users put into user data.
pub(super) fn is_secret(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let below = |directory: &str| {
        path.split_once(directory).is_some_and(|(_, leaf)| !leaf.trim_matches('/').is_empty())
    };
    below("/security-credentials/")
        || below("/security-credentials-extended/")
        || below("/active-keys/")
        || path.ends_with("/api/token")
        || path.contains("/user-data")
}
