//! Paths as records show them: whoever knows a credential id gets the credentials.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The characters of a credential id that are shown.
const SHOWN: usize = 6;
/// A shorter path has no whole id in it, as nearly all of the metadata service have not: an id has 36 characters.
const SHORTEST: usize = "/credentials/".len() + 36;
/// A path is decoded so often. Clients that encode twice get no credentials, but have the id all the same.
const DECODINGS: usize = 3;

/// A path without the rest of a credential id, whatever form of it a client sends and whoever answers. Others stay as they
/// are.
pub(crate) fn credential_path_shortened(path: &str) -> Cow<'_, str> {
    if path.len() < SHORTEST || !may_have_id(path.as_bytes()) {
        return path.into();
    }
    let mut decoded = Cow::Borrowed(path);
    for _ in 0..DECODINGS {
        if !decoded.contains('%') {
            break;
        }
        decoded = percent_decode_str(&decoded).decode_utf8_lossy().into_owned().into();
    }
    // "..", too: what comes before it would hide the id from this look, not from readers.
    let segments: Vec<&str> =
        decoded.split('/').filter(|segment| !matches!(*segment, "" | "." | "..")).collect();
    let Some(at) = segments.iter().position(|segment| segment.eq_ignore_ascii_case("credentials")) else {
        return path.into();
    };
    let (before, id) = segments.split_at(at + 1);
    let id = id.join("/");
    match id.char_indices().nth(SHOWN) {
        // In ASCII, as the journal has paths.
        Some((end, _)) => format!("/{}/{}...", before.join("/"), &id[..end]).into(),
        None => path.into(),
    }
}

/// A quick look that rules out nearly all paths of the metadata service. It looks at every byte, without an end before: so
/// the compiler takes many at once.
fn may_have_id(path: &[u8]) -> bool {
    let pairs = path.iter().zip(path.get(1..).unwrap_or_default());
    let begins = u8::from(path.first() == Some(&b'%'));
    let found = pairs.fold(begins, |found, (before, byte)| {
        let name = u8::from(*before == b'/') & u8::from(byte | 0x20 == b'c');
        found | name | u8::from(*byte == b'%')
    });
    found != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "01234567-89ab-4cde-8f01-23456789abcd";

    #[test]
    fn of_a_credential_id_six_characters_are_recorded() {
        let shown = "/v2/credentials/012345...";
        for (path, expected) in [
            ("/v2/credentials/01234567-89ab", shown),
            ("//v2/credentials/01234567-89ab", shown),
            ("/v2//credentials//01234567-89ab", shown),
            ("/v2/./credentials/./01234567-89ab/..", shown),
            ("/v2/credential%73/01234567-89ab", shown),
            ("/v2%2Fcredentials%2f01234567-89ab", shown),
            ("/v2/credential%2573/01234567-89ab", shown),
            ("/v2/credentials/%30%31234567-89ab", shown),
            ("/V2/Credentials/01234567-89ab", "/V2/Credentials/012345..."),
            ("/latest/../v2/credentials/01234567-89ab", "/latest/v2/credentials/012345..."),
            ("/v2/credentials/012345", "/v2/credentials/012345"),
            ("/v2/credentials/", "/v2/credentials/"),
            ("/v4/0123456789", "/v4/0123456789"),
            (
                "/latest/meta-data/iam/security-credentials/a-long-role",
                "/latest/meta-data/iam/security-credentials/a-long-role",
            ),
            ("/latest/%6deta-data", "/latest/%6deta-data"),
        ] {
            let path = path.replace("234567-89ab", &ID[2..]);
            assert_eq!(credential_path_shortened(&path), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_form_of_a_path_shows_an_id(
            parts in prop::collection::vec(prop::sample::select(vec!["", ".", "..", "a", "%2e"]), 0..4),
            encoded in prop::collection::vec(any::<bool>(), 64),
        ) {
            let path = format!("/{}/v2/credentials/{ID}", parts.join("/"));
            let written: String = path
                .chars()
                .zip(encoded.iter().cycle())
                .map(|(c, encoded)| match c {
                    c if *encoded && c != '%' => format!("%{:02x}", u32::from(c)),
                    c => c.into(),
                })
                .collect();
            let shown = credential_path_shortened(&written);
            let decoded = percent_decode_str(&shown).decode_utf8_lossy().into_owned();
            prop_assert!(!decoded.contains(&ID[..7]), "{written} is shown as {shown}");
        }
    }
}
