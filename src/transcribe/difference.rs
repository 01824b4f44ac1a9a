//! Where a scenario would answer otherwise than the service did: the last words that make it right.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use serde_json::Value;

use super::draft::Block;
use super::observations::{Observations, ObservedValue};
use super::quote;

/// The last word on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RemainingOverride {
    /// It answered this, sent as that unless it is as usual.
    Value(Vec<u8>, Option<String>),
    /// It did not answer, nor did anything below it.
    Absent,
}

/// JSON with a time in it that follows the clock.
const DATED: [&str; 2] = ["meta-data/iam/info", "meta-data/identity-credentials/ec2/info"];

/// What differs between what was seen and what a scenario answers (`ours`, the signatures without a byte).
pub(super) fn remaining_overrides(
    seen: &Observations,
    ours: &BTreeMap<String, Bytes>,
) -> BTreeMap<String, RemainingOverride> {
    let mut words = BTreeMap::new();
    for (path, leaf) in &seen.leaves {
        let same = |answer: &Bytes| seen.moving.contains_key(path) || same(path, leaf, answer);
        if !ours.get(path).is_some_and(same) {
            let (bytes, content_type) = (leaf.bytes.clone(), leaf.content_type.clone());
            // Elsewhere the type is the service's.
            words.insert(
                path.clone(),
                RemainingOverride::Value(bytes, content_type.filter(|_| seen.is_aemm())),
            );
        }
    }
    for path in ours.keys() {
        if seen.lacks(path) && !below_a_value(seen, path) {
            words.insert(highest_absent(seen, path).to_owned(), RemainingOverride::Absent);
        }
    }
    words
}

fn same(path: &str, leaf: &ObservedValue, answer: &[u8]) -> bool {
    if leaf.bytes == answer {
        return true;
    }
    let dated = DATED.contains(&path);
    let undated = |bytes: &[u8]| {
        let mut value: Value = serde_json::from_slice(bytes).ok()?;
        if let Some(members) = value.as_object_mut().filter(|_| dated) {
            members.remove("LastUpdated");
        }
        Some(value)
    };
    (dated || !leaf.exact) && undated(&leaf.bytes).is_some_and(|seen| Some(seen) == undated(answer))
}

/// A value takes the place of the directory that a scenario would have.
fn below_a_value(seen: &Observations, path: &str) -> bool {
    !seen.is_aemm() && path.match_indices('/').any(|(at, _)| seen.leaves.contains_key(&path[..at]))
}

/// The directory highest up that is absent with all that it would have.
fn highest_absent<'p>(seen: &Observations, path: &'p str) -> &'p str {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| &path[..end]).find(|above| seen.lacks(above)).unwrap_or(path)
}

/// `[metadata]`
pub(super) fn block(words: &BTreeMap<String, RemainingOverride>, aemm: bool) -> Block {
    let mut block = Block::new("[metadata]");
    if !words.is_empty() {
        block.comment(if aemm {
            "Every path: with this profile nothing follows from [instance]."
        } else {
            "Overrides of paths that do not follow from the above; false where nothing answered."
        });
    }
    for (path, word) in words {
        match word {
            RemainingOverride::Value(bytes, content_type) => {
                block.raw(path, quote::content(bytes, content_type.as_deref()));
            }
            RemainingOverride::Absent => block.say(path, false),
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::super::observations::SecretsPolicy;
    use super::*;

    #[test]
    fn differences_are_said_once_and_as_high_up_as_possible() {
        let mut seen = Observations::new("latest", SecretsPolicy::default());
        for (path, text) in [
            ("meta-data/a", "same"),
            ("meta-data/b", "theirs"),
            ("meta-data/c/only", "theirs"),
            ("meta-data/iam/info", r#"{"LastUpdated": "then", "Code": "Success"}"#),
            ("dynamic/instance-identity/document", "{}"),
            ("dynamic/instance-identity/rsa2048", "xyz"),
        ] {
            seen.value(path, text.into());
        }
        seen.unknown("meta-data/events");
        let ours: BTreeMap<String, Bytes> = [
            ("meta-data/a", "same"),
            ("meta-data/b", "ours"),
            ("meta-data/d/e/f", "ours"),
            ("meta-data/d/e/g", "ours"),
            ("meta-data/events/maintenance/history", "[]"),
            ("meta-data/iam/info", r#"{"Code": "Success", "LastUpdated": "now"}"#),
            ("dynamic/instance-identity/document", "{}"),
            ("dynamic/instance-identity/pkcs7", ""),
            ("dynamic/instance-identity/rsa2048", ""),
            ("dynamic/instance-identity/signature", ""),
        ]
        .map(|(path, text)| (path.to_owned(), Bytes::from(text)))
        .into();
        let value = |text: &str| RemainingOverride::Value(text.into(), None);
        let expected = [
            ("dynamic/instance-identity/pkcs7", RemainingOverride::Absent),
            ("dynamic/instance-identity/signature", RemainingOverride::Absent),
            ("meta-data/b", value("theirs")),
            ("meta-data/c/only", value("theirs")),
            ("meta-data/d", RemainingOverride::Absent),
        ];
        let expected: BTreeMap<String, RemainingOverride> =
            expected.map(|(path, word)| (path.to_owned(), word)).into();
        assert_eq!(remaining_overrides(&seen, &ours), expected);
    }
}
