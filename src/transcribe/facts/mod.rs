//! Facts: what follows from a service's answers, as keys of a scenario.
//!
//! A value that a key does not accept is left out here; its paths then become overrides. So nothing here has to be
//! right for the scenario to answer as the service did, only for it to be pleasant to read and to change.

mod aemm;
mod credentials;
mod document;
mod events;
mod instance;
mod instance_tables;
mod interface;
mod service;

use super::draft::Draft;
use super::observations::Observations;
use crate::model::Timestamp;

use document::Document;

/// The tables of a scenario but `[metadata]`.
pub(super) fn draft(observations: &mut Observations, now: Timestamp) -> Draft {
    if observations.is_aemm() {
        return aemm::draft(observations);
    }
    let mut draft = Draft::default();
    let document = Document::of(observations);
    let interfaces = interface::all(observations);
    instance::write(observations, &document, interfaces.first(), &mut draft);
    interface::write(observations, &interfaces, &mut draft);
    service::metadata_options(observations, &mut draft);
    credentials::write(observations, now, &mut draft);
    service::http(observations, &mut draft);
    events::write(observations, &mut draft);
    if draft.has_other_ids() {
        let keys = draft.other_ids().join(", ");
        draft.allow_other_ids(true);
        observations.add_note(format!(
            "ids of other forms than EC2's ({keys}): they are taken as they are, and `other-ids` says so"
        ));
    }
    draft
}
