//! Listings of directories that are in a dump beside the values.

use std::collections::BTreeSet;

use super::files::{DumpFiles, LISTINGS};
use crate::model::RoleName;
use crate::transcribe::known_paths::{KEYS, ROLES, USER_DATA};
use crate::transcribe::observations::Observations;

/// Removes listings from the tree, and keeps the names of keys and roles that are in them.
pub(super) fn remove(tree: &mut DumpFiles, observations: &mut Observations) {
    let names: BTreeSet<Vec<String>> =
        tree.keys().flat_map(|path| (1..=path.len()).map(|length| path[..length].to_vec())).collect();
    tree.retain(|path, bytes| {
        let Some((name, directory)) = path.split_last() else { return false };
        let Ok(text) = std::str::from_utf8(bytes) else { return true };
        let there = |line: &str| {
            let name = line.trim_end_matches('/');
            let number = name.split_once('=').map(|(number, _)| number);
            [Some(name), number].into_iter().flatten().any(|name| {
                names.contains(&directory.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>())
            })
        };
        // User data has any lines; no listing is there.
        let data = directory.first().is_some_and(|top| top == USER_DATA);
        let listing = !data && LISTINGS.contains(&name.as_str()) && text.lines().any(there);
        if listing {
            read_listing(&directory.join("/"), text, observations);
        }
        !listing
    });
}

fn read_listing(directory: &str, text: &str, observations: &mut Observations) {
    for line in text.lines().filter(|line| !line.is_empty()) {
        if directory == KEYS
            && let Some((number, name)) = line.split_once('=')
            && let Ok(number) = number.parse()
        {
            observations.add_key_name(number, name.trim_end_matches('/'));
        }
    }
    if directory == ROLES {
        role_names(text, observations);
    }
}

/// Adds the roles of a listing, or says that it is none.
pub(super) fn role_names(text: &str, observations: &mut Observations) {
    if !add_roles(text, observations) {
        observations.add_note(format!("{ROLES}: the file is no list of roles; left out"));
    }
}

/// Adds the roles of a listing. One with other lines may be keys of a role: then nothing of it is a name, and it is false.
pub(in crate::transcribe) fn add_roles(text: &str, observations: &mut Observations) -> bool {
    // The id of a key has the form of a name, too.
    let is_key = |line: &str| line.len() == 20 && (line.starts_with("AKIA") || line.starts_with("ASIA"));
    let name = |line: &str| line.parse().ok().filter(|_| !is_key(line));
    let names: Option<Vec<RoleName>> = text.lines().map(name).collect();
    names.iter().flatten().for_each(|name| observations.add_role(name.as_str()));
    names.is_some()
}
