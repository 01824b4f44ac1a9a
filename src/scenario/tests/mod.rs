//! Scenario files: what is read of them, and what is said of them.

mod containers;
mod contradictions;
mod credentials;
mod default_file;
mod derived_facts;
mod events;
mod lateness;
mod limits;
mod named_instances;
mod without_effect;
mod words;

use std::path::Path;

use super::read;
use crate::config::SourceText;
use crate::model::Scenario;

const DEFAULT: &str = include_str!("../../../packaging/scenarios/default.toml");

fn scenario(text: &str) -> Scenario {
    match read(&SourceText::new("test.toml", text), Path::new("")) {
        Ok((scenario, report)) if report.problems.is_empty() => scenario,
        Ok((_, report)) | Err(report) => panic!("expected no problem, found:\n{report}\nin:\n{text}"),
    }
}

/// The same, whatever it warns of.
fn accepted(text: &str) -> Scenario {
    match read(&SourceText::new("test.toml", text), Path::new("")) {
        Ok((scenario, _)) => scenario,
        Err(report) => panic!("expected no error, found:\n{report}\nin:\n{text}"),
    }
}

fn problems(text: &str) -> String {
    match read(&SourceText::new("test.toml", text), Path::new("")) {
        Ok((_, report)) | Err(report) => report.to_string(),
    }
}
