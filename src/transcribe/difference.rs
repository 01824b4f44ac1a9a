//! The overrides that a scenario needs besides its facts to answer as the service did.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use serde_json::Value;

use super::draft::DraftTable;
use super::known_paths::DOCUMENT;
use super::observations::{Observations, ObservedValue};
use super::quote;
use crate::model::{Profile, json};
use crate::scenario;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RemainingOverride {
    /// The bytes, and the content type unless it is the usual one.
    Value(Vec<u8>, Option<String>),
    /// Neither the path nor anything below it answered.
    Absent,
}

/// JSON with a time that follows the clock.
pub(super) const DATED: [&str; 2] = ["meta-data/iam/info", "meta-data/identity-credentials/ec2/info"];

/// The differences between what a service answered and what a scenario answers (`ours`, in which signatures are empty).
pub(super) fn remaining_overrides(
    observations: &Observations,
    ours: &BTreeMap<String, Bytes>,
) -> BTreeMap<String, RemainingOverride> {
    let mut overrides = BTreeMap::new();
    for (path, value) in &observations.values {
        let same = |answer: &Bytes| observations.moving.contains_key(path) || same(path, value, answer);
        if !ours.get(path).is_some_and(same) {
            let bytes = whole(path, value, ours.get(path)).unwrap_or_else(|| value.bytes.clone());
            let content_type = value.content_type.clone();
            // Elsewhere the type is the service's.
            overrides.insert(
                path.clone(),
                RemainingOverride::Value(bytes, content_type.filter(|_| observations.is_aemm())),
            );
        }
    }
    for path in ours.keys() {
        if observations.lacks(path) && !below_a_value(observations, path) {
            overrides.insert(highest_absent(observations, path).to_owned(), RemainingOverride::Absent);
        }
    }
    overrides
}

fn same(path: &str, observed: &ObservedValue, answer: &[u8]) -> bool {
    if observed.bytes == answer {
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
    let selected = may_lack_members(path, observed);
    let agrees = |(theirs, ours): (Value, Value)| match (&theirs, &ours) {
        (Value::Object(theirs), Value::Object(ours)) if selected => {
            theirs.iter().all(|(name, value)| ours.get(name) == Some(value))
        }
        _ => theirs == ours,
    };
    (dated || !observed.exact) && undated(&observed.bytes).zip(undated(answer)).is_some_and(agrees)
}

/// True of JSON whose members EC2 always has: of one that lacks some, those that are there are what somebody kept.
fn may_lack_members(path: &str, observed: &ObservedValue) -> bool {
    !observed.exact && (path == DOCUMENT || DATED.contains(&path))
}

/// Somebody's members of JSON in the place of ours, with all others of it.
fn whole(path: &str, observed: &ObservedValue, ours: Option<&Bytes>) -> Option<Vec<u8>> {
    let theirs: Value =
        serde_json::from_slice(&observed.bytes).ok().filter(|_| may_lack_members(path, observed))?;
    let mut all: Value = serde_json::from_slice(ours?).ok()?;
    let (members, all) = (theirs.as_object()?, all.as_object_mut()?);
    all.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
    let members: Vec<(&str, String)> =
        all.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    Some(json::object(&members).into_bytes())
}

/// A value takes the place of the directory that a scenario would have.
fn below_a_value(observations: &Observations, path: &str) -> bool {
    !observations.is_aemm()
        && path.match_indices('/').any(|(at, _)| observations.values.contains_key(&path[..at]))
}

/// The directory highest up that is absent with all that it would have.
fn highest_absent<'p>(observations: &Observations, path: &'p str) -> &'p str {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| &path[..end]).find(|above| observations.lacks(above)).unwrap_or(path)
}

/// `[metadata]`, with the paths that a scenario can name.
pub(super) fn metadata_table(
    overrides: &BTreeMap<String, RemainingOverride>,
    profile: Profile,
) -> DraftTable {
    let named = |path: &&String| scenario::is_override_path(path, profile);
    let mut table = DraftTable::new("[metadata]");
    if overrides.keys().any(|path| named(&path)) {
        table.add_comment(if profile.follows_instance() {
            "Overrides of paths that do not follow from the above; false where nothing answered."
        } else {
            "Every path: with this profile nothing follows from [instance]."
        });
    }
    for (path, value) in overrides.iter().filter(|(path, _)| named(path)) {
        match value {
            RemainingOverride::Value(bytes, content_type) => {
                table.set_toml(path, quote::content(bytes, content_type.as_deref()));
            }
            RemainingOverride::Absent => table.set(path, false),
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::SecretsPolicy;

    #[test]
    fn differences_become_overrides_as_high_up_as_possible() {
        let mut observations = Observations::new("latest", SecretsPolicy::default());
        for (path, text) in [
            ("meta-data/a", "same"),
            ("meta-data/b", "theirs"),
            ("meta-data/c/only", "theirs"),
            ("meta-data/iam/info", r#"{"LastUpdated": "then", "Code": "Success"}"#),
            ("dynamic/instance-identity/document", "{}"),
            ("dynamic/instance-identity/rsa2048", "xyz"),
        ] {
            observations.add_value(path, text.into());
        }
        observations.add_unknown("meta-data/events");
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
        assert_eq!(remaining_overrides(&observations, &ours), expected);
    }
}
