//! Files that somebody's curl or wget made of a service → [`Observations`].
//!
//! Tolerated: the tree may begin at `latest/`, at a dated version, at `meta-data/`, or within it, and lie some
//! directories down; listings may be in files such as `index.html`, and so may values; a public key may be under
//! `0=name`, or under `0` with its name in the listing; every file may end in a newline that the shell put there.

use std::collections::{BTreeMap, BTreeSet};

use super::known_paths::{EXTENDED, IDENTITY_ROLE, KEYS, ROLES, USER_DATA};
use super::observations::{Observations, SecretsPolicy};
use crate::model::RoleName;

/// Files by the segments of their paths.
pub type DumpFiles = BTreeMap<Vec<String>, Vec<u8>>;

const LISTINGS: [&str; 5] = ["index.html", "index.htm", "index.txt", "index", ".listing"];
const TOPS: [&str; 3] = ["meta-data", "dynamic", USER_DATA];

/// Reads the files; `Err` if they are no tree of a service.
pub fn read(files: &DumpFiles, policy: SecretsPolicy) -> Result<Observations, &'static str> {
    let root = Root::of(files).ok_or(
        "it has neither latest/ nor meta-data/ nor an instance-id; accepted: a directory with one file for each path, \
         such as latest/meta-data/instance-id",
    )?;
    let mut tree = root.below(files);
    let mut observations = Observations::new(&root.version, policy);
    let top_listed = tree.keys().any(|path| path.len() == 1 && LISTINGS.contains(&path[0].as_str()));
    listings(&mut tree, &mut observations);
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
    name_keys(&mut observations);
    add_unknown_paths(&root, &tree, &mut observations);
    if !top_listed && observations.lacks(USER_DATA) {
        observations.add_note(format!("{USER_DATA}: not in the dump; taken to be none"));
    }
    Ok(observations)
}

/// The place where the tree begins.
struct Root {
    above: Vec<String>,
    /// Directories of the tree that are left out: `meta-data`.
    missing: Vec<String>,
    version: String,
}

impl Root {
    fn of(files: &DumpFiles) -> Option<Self> {
        let is_version = |name: &str| name == "latest" || name == "1.0" || is_date(name);
        let versioned = |path: &Vec<String>| {
            let at =
                path.windows(2).position(|pair| is_version(&pair[0]) && TOPS.contains(&pair[1].as_str()))?;
            Some(path[..=at].to_vec())
        };
        // `latest` orders after every date.
        let newest = files.keys().filter_map(versioned).max_by(|a, b| a.last().cmp(&b.last()));
        if let Some(above) = newest {
            let version = above.last().cloned().unwrap_or_default();
            return Some(Self { above, missing: vec![], version });
        }
        let above = |names: &[&str]| {
            let at = |path: &Vec<String>| path.iter().position(|name| names.contains(&name.as_str()));
            let found = files.keys().filter_map(|path| Some(path[..at(path)?].to_vec()));
            found.min_by_key(Vec::len)
        };
        let latest = |above, missing| Self { above, missing, version: "latest".into() };
        if let Some(above) = above(&["meta-data", "dynamic"]) {
            return Some(latest(above, vec![]));
        }
        above(&["instance-id", "ami-id"]).map(|above| latest(above, vec!["meta-data".into()]))
    }

    /// The files of the tree, by their paths below the version.
    fn below(&self, files: &DumpFiles) -> DumpFiles {
        let inside = |(path, bytes): (&Vec<String>, &Vec<u8>)| {
            let rest = path.strip_prefix(self.above.as_slice())?;
            // It lies beside the metadata, as in the service.
            let beside = rest.first().is_some_and(|first| first == USER_DATA);
            let missing = self.missing.iter().filter(|_| !beside);
            Some((missing.chain(rest).cloned().collect(), bytes.clone()))
        };
        files.iter().filter_map(inside).collect()
    }
}

fn is_date(name: &str) -> bool {
    let digit = |(at, b): (usize, u8)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() };
    name.len() == 10 && name.bytes().enumerate().all(digit)
}

/// Removes listings from the tree, and keeps the names of keys and roles that are in them.
fn listings(tree: &mut DumpFiles, observations: &mut Observations) {
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
        roles(text, observations);
    }
}

/// Adds the roles of a listing. A file with other lines may be keys of a role: then nothing of it is a name.
fn roles(text: &str, observations: &mut Observations) {
    let names: Option<Vec<RoleName>> = text.lines().map(|line| line.parse().ok()).collect();
    match names {
        Some(names) => names.iter().for_each(|name| observations.add_role(name.as_str())),
        None => observations.add_note(format!("{ROLES}: the file is no list of roles; left out")),
    }
}

/// Moves values out of directories of their own, where wget puts them when it asks with a slash at the end.
fn fold(tree: DumpFiles) -> DumpFiles {
    let names: Vec<Vec<String>> = tree.keys().cloned().collect();
    let folded = |path: Vec<String>| {
        let Some((name, above)) = path.split_last() else { return path };
        let alone = names.iter().filter(|other| other.starts_with(above)).count() == 1;
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
    let has_more = tree.keys().any(|other| other.len() > path.len() && other.starts_with(path));
    if has_more || (text.lines().any(|line| line.ends_with('/')) && !shown.ends_with(USER_DATA)) {
        observations.add_unknown(&shown);
        observations.add_note(format!(
            "{shown}: the file is a directory's listing; what it lists is not in the dump"
        ));
        return;
    }
    match shown.as_str() {
        ROLES => {
            roles(text, observations);
            observations.add_unknown(ROLES);
        }
        path if path == KEYS || path.starts_with("meta-data/public-keys/") => {
            public_key(path, text, observations);
        }
        path if TOPS.contains(&path.split('/').next().unwrap_or_default()) => {
            observations.add_value(path, bytes.to_vec());
        }
        path => observations.add_note(format!("{path}: no path of a service")),
    }
}

/// `0=name/openssh-key`, `0/openssh-key`, or a file `0=name` that is the key itself.
fn public_key(path: &str, text: &str, observations: &mut Observations) {
    let rest = path.strip_prefix(KEYS).unwrap_or_default().trim_start_matches('/');
    let (entry, leaf) = rest.split_once('/').unwrap_or((rest, ""));
    let (number, name) = entry.split_once('=').map_or((entry, None), |(number, name)| (number, Some(name)));
    let Ok(index) = number.parse::<u32>() else {
        observations.add_note(format!("{path}: no public key"));
        return;
    };
    if let Some(name) = name {
        observations.add_key_name(index, name);
    }
    if matches!(leaf, "" | "openssh-key") && text.split_whitespace().count() >= 2 {
        // The one value that ends in a newline, whatever the dump made of it.
        observations.add_value(
            &format!("{KEYS}/{index}/openssh-key"),
            format!("{}\n", text.trim_end_matches('\n')).into(),
        );
    } else {
        observations.add_note(format!("{path}: no public key"));
    }
}

/// Gives keys that no listing names the names in their comments.
fn name_keys(observations: &mut Observations) {
    let keys: Vec<(u32, String)> = observations
        .below(KEYS)
        .filter_map(|(path, value)| {
            let number = path
                .split('/')
                .next()?
                .parse()
                .ok()
                .filter(|number| !observations.key_names.contains_key(number))?;
            let comment = std::str::from_utf8(&value.bytes).ok()?.split_whitespace().nth(2).unwrap_or("key");
            Some((number, comment.to_owned()))
        })
        .collect();
    for (number, name) in keys {
        observations.add_key_name(number, &name);
        observations.add_note(format!("the name of public key {number}: no listing has it; called {name}"));
    }
}

/// "404 - Not Found", if that is what a file is.
fn error_page(bytes: &[u8]) -> Option<&str> {
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
    // Hosts answer it and list it nowhere, so a walk along listings does not find it.
    if !observations.has("dynamic/fws") {
        observations.add_unknown("dynamic/fws");
    }
    for (roles, sibling) in [
        (ROLES, "meta-data/iam/info"),
        (EXTENDED, "meta-data/iam/info"),
        (IDENTITY_ROLE, "meta-data/identity-credentials/ec2/info"),
    ] {
        if !observations.has(roles) && observations.has(sibling) && observations.knows(roles) {
            observations.add_unknown(roles);
        }
    }
}
