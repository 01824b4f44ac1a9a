//! What the validator warns of is not in a scenario that is made of a file.

use super::{observed, written};
use crate::transcribe::draft::{Draft, DraftTable};
use crate::transcribe::observations::{ObservationSource, Observations};
use crate::transcribe::validate::{DraftStage, settle};

/// A draft with these keys of the instance, and this override.
fn draft(keys: &[(&str, &str)], path: &str) -> Draft {
    let mut draft = Draft::default();
    let mut instance = DraftTable::new("[instance]");
    instance.set("instance-type", "t3.micro");
    for (key, value) in keys {
        instance.set(key, *value);
    }
    let mut metadata = DraftTable::new("[metadata]");
    metadata.set(path, "x");
    metadata.set("meta-data/tags/instance/Name", "web");
    draft.push(instance);
    draft.push(metadata);
    draft
}

fn of_file() -> Observations {
    let mut observations = observed(&[]);
    observations.source = ObservationSource::File;
    observations
}

/// A name with a typing error, which the validator warns of.
const TYPO: &str = "meta-data/instance-idd";

#[test]
fn what_is_warned_of_is_retracted_and_said() {
    let (mut draft, mut observations) = (draft(&[], TYPO), of_file());
    let (scenario, left_out) =
        settle(&mut draft, &mut observations, DraftStage::Overrides).expect("it can be said");
    let text = draft.text();
    assert!(!text.contains(TYPO) && text.contains("meta-data/tags/instance/Name"), "{text}");
    assert!(!text.contains("other-ids"), "no id is of another form:\n{text}");
    assert!(
        !scenario.instance.overrides.keys().any(|path| path == TYPO),
        "the scenario is that of the draft: {:?}",
        scenario.instance.overrides
    );
    assert_eq!(left_out.into_iter().collect::<Vec<_>>(), [format!("\"{TYPO}\"")]);
    let [note] = observations.notes.as_slice() else {
        panic!("expected one remark: {:?}", observations.notes)
    };
    assert!(note.contains(TYPO) && note.contains(" is left out: "), "{note}");
}

#[test]
fn zones_that_nobody_knows_are_meant_and_the_rest_is_retracted() {
    let (mut draft, mut observations) = (draft(&[("availability-zone", "eu-west-1q")], TYPO), of_file());
    settle(&mut draft, &mut observations, DraftStage::Overrides).expect("it can be said");
    let text = draft.text();
    assert!(text.contains("other-ids = true") && text.contains("eu-west-1q"), "{text}");
    assert!(!text.contains(TYPO), "{text}");
    let meant: Vec<&String> =
        observations.notes.iter().filter(|note| note.contains("taken as it is")).collect();
    let [note] = meant.as_slice() else { panic!("expected one such remark: {:?}", observations.notes) };
    assert!(note.contains("eu-west-1q"), "{note}");
}

#[test]
fn what_a_service_answered_is_served_whatever_is_warned_of() {
    let (mut draft, mut observations) = (draft(&[], TYPO), observed(&[]));
    settle(&mut draft, &mut observations, DraftStage::Overrides).expect("it can be said");
    assert!(draft.text().contains(TYPO) && observations.notes.is_empty(), "{:?}", observations.notes);
}

#[test]
fn what_is_left_out_is_not_said_to_answer_otherwise() {
    let mut observations = observed(&[("meta-data/instance-id", "i-0123456789abcdef0"), (TYPO, "x")]);
    observations.source = ObservationSource::File;
    let notes = written(observations).0.notes;
    assert!(notes.iter().any(|note| note.contains(TYPO) && note.contains("left out")), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("answers otherwise")), "{notes:?}");
}
