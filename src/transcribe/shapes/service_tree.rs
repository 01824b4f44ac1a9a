//! What a shape's reader makes of a file: parts of the service's tree, each with its path.

use serde_json::Value;

use super::input::Part;
use super::reading::Certainty;
use crate::transcribe::account::InputName;
use crate::transcribe::observations::ServiceTraits;

/// What the absence of a path means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// Nothing: the file has what somebody selected.
    Selection,
    /// It was absent on the instance, save for what cloud-init does not ask for.
    CloudInit,
    /// It was absent on the instance.
    Tree,
}

#[derive(Debug)]
pub(super) struct ServiceTree {
    /// What the file is: "facter's facts".
    pub(super) shape: &'static str,
    pub(super) certainty: Certainty,
    /// By what it was recognised: "its key `ec2_metadata`".
    pub(super) evidence: String,
    pub(super) version: Option<String>,
    pub(super) knowledge: Knowledge,
    /// Values and trees of values, by the paths where they begin.
    pub(super) parts: Vec<(String, Part)>,
    /// Members of values that are JSON: path, member, and its value.
    pub(super) members: Vec<(&'static str, &'static str, Part)>,
    /// Values that are no answers themselves: names, and what decides how the service behaves.
    pub(super) used: Vec<(InputName, String)>,
    /// Paths of which the file says that they do not answer, and where it says so.
    pub(super) absent: Vec<(InputName, String)>,
    /// What is left out, and why.
    pub(super) left_out: Vec<(InputName, String)>,
    pub(super) options: ServiceTraits,
    /// MAC addresses of interfaces in the order of a list.
    pub(super) interface_order: Vec<String>,
    /// True if the file would show a role, and has none.
    pub(super) lacks_role: bool,
    pub(super) notes: Vec<String>,
    /// The reason why the rest is left out.
    pub(super) rest: &'static str,
}

impl ServiceTree {
    pub(super) fn new(
        shape: &'static str,
        certainty: Certainty,
        evidence: impl Into<String>,
        knowledge: Knowledge,
    ) -> Self {
        Self {
            shape,
            certainty,
            evidence: evidence.into(),
            version: None,
            knowledge,
            parts: vec![],
            members: vec![],
            used: vec![],
            absent: vec![],
            left_out: vec![],
            options: ServiceTraits::default(),
            interface_order: vec![],
            lacks_role: false,
            notes: vec![],
            rest: "not of the metadata",
        }
    }

    pub(super) fn add(&mut self, path: &str, part: Option<Part>) {
        self.parts.extend(part.map(|part| (path.to_owned(), part)));
    }

    /// Adds what several values are the lines of.
    pub(super) fn add_lines(&mut self, path: &str, parts: Vec<Part>) {
        let lines: Vec<&str> = parts.iter().filter_map(|part| part.value.as_str()).collect();
        let value = Value::String(lines.join("\n"));
        let mut parts = parts.into_iter();
        let Some(Part { at, .. }) = parts.next() else { return };
        self.parts.push((path.to_owned(), Part { at, value }));
        parts.for_each(|part| self.use_as(path, Some(part)));
    }

    /// Accounts for a value that is a part of an answer.
    pub(super) fn use_as(&mut self, path: &str, part: Option<Part>) {
        self.used.extend(part.map(|part| (part.at, path.to_owned())));
    }

    pub(super) fn add_member(&mut self, path: &'static str, member: &'static str, part: Option<Part>) {
        self.members.extend(part.map(|part| (path, member, part)));
    }

    pub(super) fn has_part(&self, path: &str) -> bool {
        self.parts.iter().any(|(found, _)| found == path)
    }

    /// Accounts for what says that a path does not answer.
    pub(super) fn add_absent(&mut self, path: &str, part: Option<Part>) {
        self.absent.extend(part.map(|part| (part.at, path.to_owned())));
    }

    /// Leaves a part out.
    pub(super) fn leave_out(&mut self, part: Option<Part>, reason: &str) {
        self.left_out.extend(part.map(|part| (part.at, reason.to_owned())));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.members.is_empty()
    }
}
