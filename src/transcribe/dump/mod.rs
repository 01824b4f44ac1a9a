//! Files that somebody's curl or wget made of a service → [`Observations`].
//!
//! Tolerated: the tree may begin at `latest/`, at a dated version, at `meta-data/`, or within it, and lie some
//! directories down; listings may be in files such as `index.html`, and so may values; a public key may be under
//! `0=name`, or under `0` with its name in the listing; every file may end in a newline that the shell put there.

mod files;
mod keys;
mod listings;
mod root;

use std::collections::BTreeSet;
use std::ops::Bound;

use super::account::lines_of;
use super::known_paths::{IDENTITY, KEYS, ROLES, USER_DATA};
use super::observations::{ObservationSource, Observations, SecretsPolicy};

pub use files::DumpFiles;
use files::{LISTINGS, TOPS};
pub(super) use keys::{add as add_key, name_unlisted};
pub(super) use listings::add_roles;
use root::Root;

/// Names of a path. EC2's have 8 at most; for each directory above a file its path is made, which costs the square of them.
const MAX_NAMES: usize = 64;

/// Reads the files; `Err` if they are no tree of a service.
pub fn read(files: &DumpFiles, policy: SecretsPolicy) -> Result<Observations, &'static str> {
    let deep: Vec<Vec<String>> = files.keys().filter(|path| path.len() > MAX_NAMES).cloned().collect();
    if deep.is_empty() {
        return read_shallow(files, policy);
    }
    let shallow = files.iter().filter(|(path, _)| path.len() <= MAX_NAMES);
    let shallow = shallow.map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
    let mut observations = read_shallow(&shallow, policy)?;
    let beginnings: Vec<Vec<String>> = deep.into_iter().map(|mut path| path.drain(..4).collect()).collect();
    let too_many = format!("a path of more than {MAX_NAMES} names begins like this; left out");
    for line in lines_of(&beginnings, &too_many) {
        observations.add_note(line);
    }
    Ok(observations)
}

fn read_shallow(files: &DumpFiles, policy: SecretsPolicy) -> Result<Observations, &'static str> {
    let root = Root::of(files).ok_or(
        "it has neither latest/ nor meta-data/ nor an instance-id; accepted: a directory with one file for each path, \
         such as latest/meta-data/instance-id",
    )?;
    let mut tree = root.below(files);
    let mut observations = Observations::new(&root.version, policy);
    observations.source = ObservationSource::File;
    note_other_trees(&root, files, &mut observations);
    let top_listed = tree.keys().any(|path| path.len() == 1 && LISTINGS.contains(&path[0].as_str()));
    listings::remove(&mut tree, &mut observations);
    let mut tree = fold(tree);
    if newlines_added(&tree) {
        observations.add_note("a newline at the end of every file, which the service does not send");
        for bytes in tree.values_mut() {
            bytes.pop_if(|last| *last == b'\n');
        }
    }
    for (path, bytes) in &tree {
        file(path, bytes, &tree, &mut observations);
    }
    name_unlisted(&mut observations);
    add_unknown_paths(&root, &tree, &mut observations);
    observations.judge_completeness();
    if !top_listed && observations.lacks(USER_DATA) {
        observations.add_note(format!("{USER_DATA}: not in the dump; taken to be none"));
    }
    Ok(observations)
}

/// Names the files that lie outside of the tree.
fn note_other_trees(root: &Root, files: &DumpFiles, observations: &mut Observations) {
    let outside: Vec<Vec<String>> = files.keys().filter(|path| !root.holds(path)).cloned().collect();
    for line in lines_of(&outside, "outside of the tree that is read") {
        observations.add_note(line);
    }
}

/// Moves values out of directories of their own, where wget puts them when it asks with a slash at the end.
fn fold(tree: DumpFiles) -> DumpFiles {
    let names: BTreeSet<Vec<String>> = tree.keys().cloned().collect();
    let folded = |path: Vec<String>| {
        let Some((name, above)) = path.split_last() else { return path };
        // What begins alike is together, in the order of the names.
        let from = names.range::<[String], _>((Bound::Included(above), Bound::Unbounded));
        let alone = from.take(2).take_while(|other| other.starts_with(above)).count() == 1;
        // A tag may have any name.
        let free = above.iter().any(|segment| segment == "tags");
        let top = above.len() < 2 && above.first().is_none_or(|top| top != USER_DATA);
        if LISTINGS.contains(&name.as_str()) && alone && !free && !top { above.to_vec() } else { path }
    };
    tree.into_iter().map(|(path, bytes)| (folded(path), bytes)).collect()
}

/// True if the shell ended every file with a newline: a service ends an instance's id with nothing.
fn newlines_added(tree: &DumpFiles) -> bool {
    let short = ["meta-data/instance-id", "meta-data/ami-id", "meta-data/mac"];
    short.iter().any(|path| {
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        tree.get(&path).is_some_and(|bytes| bytes.ends_with(b"\n"))
    })
}

fn file(path: &[String], bytes: &[u8], tree: &DumpFiles, observations: &mut Observations) {
    let shown = path.join("/");
    if let Some(status) = error_page(bytes) {
        observations.add_note(format!("{shown}: the file is a page that says {status}, not a value"));
        return;
    }
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut after = tree.range::<[String], _>((Bound::Excluded(path), Bound::Unbounded));
    let has_more = after.next().is_some_and(|(other, _)| other.starts_with(path));
    if has_more || (text.lines().any(|line| line.ends_with('/')) && !shown.ends_with(USER_DATA)) {
        observations.add_unknown(&shown);
        observations.add_note(format!(
            "{shown}: the file is a directory's listing; what it lists is not in the dump"
        ));
        return;
    }
    match shown.as_str() {
        ROLES => {
            listings::role_names(text, observations);
            observations.add_unknown(ROLES);
        }
        path if path == KEYS || path.starts_with("meta-data/public-keys/") => {
            if keys::add(path, text, observations).is_none() {
                observations.add_note(format!("{path}: no public key"));
            }
        }
        path if TOPS.contains(&path.split('/').next().unwrap_or_default()) => {
            observations.add_value(path, bytes.to_vec());
        }
        path => observations.add_note(format!("{path}: no path of a service")),
    }
}

/// "404 - Not Found", if that is what a file is.
pub(super) fn error_page(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    // Not a script that writes such a page.
    let page = text.trim_start().starts_with('<');
    let title = text.split_once("<title>")?.1.split_once("</title>")?.0;
    let status = title.split(' ').next().unwrap_or_default();
    (page && status.len() == 3 && status.starts_with(['4', '5'])).then_some(title)
}

/// Adds what a dump cannot know as unknown, so that it is not taken to be absent.
fn add_unknown_paths(root: &Root, tree: &DumpFiles, observations: &mut Observations) {
    let mut unknown = |path: &str, why: &str| {
        observations.add_unknown(path);
        observations.add_note(format!("{path}: {why}"));
    };
    let has = |top: &str| tree.keys().any(|path| path.first().is_some_and(|first| first == top));
    for top in TOPS {
        // A tree without user data is one of a service without user data, unless the dump began below.
        if !has(top) && (top != USER_DATA || !root.missing.is_empty() || !has("dynamic")) {
            unknown(top, "not in the dump");
        }
    }
    // There is no instance without it.
    if !observations.has(IDENTITY) {
        observations.add_unknown(IDENTITY);
    }
    // Hosts answer it and list it nowhere, so a walk along listings does not find it.
    if !observations.has("dynamic/fws") {
        observations.add_unknown("dynamic/fws");
    }
    observations.settle_role();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It took 20 GB.
    #[test]
    fn a_path_of_very_many_names_is_left_out() {
        let path = |below: &[&str]| {
            [&["latest", "meta-data"], below].concat().into_iter().map(str::to_owned).collect()
        };
        let many: Vec<&str> = std::iter::repeat_n("a", 100_000).collect();
        let files = DumpFiles::from([
            (path(&["instance-id"]), b"i-1234567890abcdef0".to_vec()),
            (path(&["b"; 62]), b"x".to_vec()),
            (path(&many), b"x".to_vec()),
        ]);
        let observations = read(&files, SecretsPolicy::default()).expect("it is a tree of a service");
        assert_eq!(observations.text("meta-data/instance-id"), Some("i-1234567890abcdef0"));
        assert_eq!(
            observations.values.keys().filter(|path| path.ends_with("b/b")).count(),
            1,
            "64 names are taken"
        );
        let note = "latest.meta-data.a.a: a path of more than 64 names begins like this; left out";
        let is_left_out = |note: &&String| note.ends_with("left out");
        let found: Vec<&String> = observations.notes.iter().filter(is_left_out).collect();
        assert_eq!(found, [note], "of the others none is left out");
    }
}
