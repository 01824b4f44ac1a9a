//! What became of each value of a file: the path whose answer it is, or the reason why it is left out.

use std::collections::BTreeMap;

/// The place of a value in a file: the names of the objects around it, and its own.
pub(super) type InputName = Vec<String>;

/// Names in one note.
const NAMES: usize = 500;
/// Characters of the names in one note.
const LINE: usize = 400;

/// What became of the values of a file. A name stands for all below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Paths of the service, by the names of the values that they answer.
    pub taken: BTreeMap<Vec<String>, String>,
    /// Paths that do not answer, by the names of what says so, be it by its absence.
    pub absent: BTreeMap<Vec<String>, String>,
    /// Reasons, by the names of what is left out.
    pub left_out: BTreeMap<Vec<String>, String>,
}

impl Account {
    /// The entry of a value, or of an object around it.
    pub fn of(&self, name: &[String]) -> Option<Result<&str, &str>> {
        (0..=name.len()).rev().find_map(|length| {
            let name = &name[..length];
            let taken = self.taken.get(name).or_else(|| self.absent.get(name));
            let taken = taken.map(|path| Ok(path.as_str()));
            taken.or_else(|| self.left_out.get(name).map(|reason| Err(reason.as_str())))
        })
    }
}

/// "a, b.c: reason", in notes of a readable length.
pub(super) fn lines_of(names: &[InputName], reason: &str) -> Vec<String> {
    lines_of_names(names).into_iter().map(|names| format!("{names}: {reason}")).collect()
}

/// "a, b.c", in lines of a readable length.
pub(super) fn lines_of_names(names: &[InputName]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names.iter().take(NAMES).map(|name| shown(name)) {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < LINE => line.extend([", ", &name]),
            _ => lines.push(name),
        }
    }
    if names.len() > NAMES
        && let Some(line) = lines.last_mut()
    {
        line.extend([", and ", &(names.len() - NAMES).to_string(), " more"]);
    }
    lines
}

/// The name as people write it.
pub(super) fn shown(name: &[String]) -> String {
    if name.is_empty() { "the whole".to_owned() } else { name.join(".") }
}
