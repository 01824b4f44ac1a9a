//! The instance identity document.

use serde_json::Value;

use crate::transcribe::known_paths::DOCUMENT;
use crate::transcribe::observations::Observations;

/// The document as JSON; null if there is none.
pub(super) struct Document(Value);

impl Document {
    pub(super) fn of(observations: &Observations) -> Self {
        Self(observations.read_json(DOCUMENT).unwrap_or_default())
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    pub(super) fn list(&self, key: &str) -> Vec<&str> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }
}
