//! Timestamps as people and programs read them: `2026-11-21T03:14:11Z`. For serde's `with`.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "serde's `with` passes references"
)]

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

use crate::model::Timestamp;

pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.rfc3339())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
    Ok(time.into())
}

/// A timestamp that may be absent.
pub(super) mod optional {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Timestamp;

    #[derive(Deserialize)]
    struct Present(#[serde(with = "super")] Timestamp);

    pub(in super::super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Present>::deserialize(deserializer)?.map(|Present(time)| time))
    }
}

/// The form of a timestamp, for the API's description.
#[cfg(test)]
pub(super) struct Text;

#[cfg(test)]
impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }

    fn inline_schema() -> bool {
        true
    }
}
