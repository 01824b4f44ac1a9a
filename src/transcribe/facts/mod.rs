//! Facts: what a service's answers say, in the words of a scenario.
//!
//! A value that a key does not take is left out here; its paths are then said one by one. So nothing here has to be
//! right for the scenario to answer as the service did, only for it to be pleasant to read and to change.

mod aemm;
mod credentials;
mod events;
mod instance;
mod interface;
mod service;

use serde_json::Value;

use super::draft::Draft;
use super::known_paths::DOCUMENT;
use super::observations::Observations;
use crate::model::Timestamp;

/// The tables of a scenario that says what was seen.
pub(super) fn draft(observations: &mut Observations, now: Timestamp) -> Draft {
    if observations.is_aemm() {
        return aemm::draft(observations);
    }
    let mut draft = Draft::default();
    let document = Document(observations.read_json(DOCUMENT).unwrap_or_default());
    let interfaces = interface::all(observations);
    instance::write(observations, &document, interfaces.first(), &mut draft);
    interface::write(observations, &interfaces, &mut draft);
    service::metadata_options(observations, &mut draft);
    credentials::write(observations, now, &mut draft);
    service::http(observations, &mut draft);
    events::write(observations, &mut draft);
    draft
}

/// The instance identity document.
struct Document(Value);

impl Document {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn list(&self, key: &str) -> Vec<&str> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }
}
