//! `[http.paths]`: answers by whole paths, from the root.

use std::collections::BTreeMap;

use super::fault::reject_real_keys;
use super::named_files::NamedFiles;
use super::overrides::{is_clean, read_override};
use crate::config::Item;
use crate::model::{Content, Override, Profile};

/// Reads the table. `None` is a path that is not found.
pub(super) fn read(
    item: &Item<'_>,
    files: &NamedFiles<'_>,
    profile: Profile,
) -> BTreeMap<String, Option<Content>> {
    let mut paths = BTreeMap::new();
    let Some(section) = item.section() else { return paths };
    let entries = section.entries();
    if !profile.follows_instance() && !entries.is_empty() {
        item.error_at_key(
            "paths has no effect with profile = \"aemm\"",
            "accepted: such paths in [metadata], with this profile",
        );
    }
    for (key, item) in entries {
        let Some(path) = path_of(key, &item) else { continue };
        let content = match read_override(&item, files, Profile::default()) {
            Some(Override::Value(content)) => {
                reject_real_keys(&item, &String::from_utf8_lossy(&content.bytes));
                Some(content)
            }
            Some(Override::Removed) => None,
            // There is an error, or it is of the other profile.
            Some(Override::Moved(_)) | None => continue,
        };
        if paths.insert(path.clone(), content).is_some() {
            item.error_at_key(format!("{path} is set twice"), "accepted: each path once");
        }
    }
    paths
}

/// The normal form of a path: without slashes at its end, and without several in a row.
fn path_of(key: &str, item: &Item<'_>) -> Option<String> {
    let segments: Vec<&str> = key.split('/').filter(|segment| !segment.is_empty()).collect();
    let below = segments.join("/");
    let is_token = segments.get(1..) == Some(&["api", "token"][..]);
    if key.starts_with('/') && !is_token && (below.is_empty() || is_clean(&below)) {
        return Some(format!("/{below}"));
    }
    let help = if is_token {
        "to serve a fixed session token, set token = \"…\" in [http]"
    } else {
        "accepted: a path from the root, such as \"/\", \"/health\" or \"/2009-04-04/meta-data/ami-id\"; of \
         those below the version, \"meta-data/ami-id\", set in [metadata]"
    };
    item.error_at_key(format!("{key:?} is not a path from the root"), help);
    None
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::SourceText;
    use crate::scenario::read;

    fn report(keys: &str) -> String {
        let source = SourceText::new("test.toml", format!("[http]\n{keys}"));
        match read(&source, Path::new("/")) {
            Ok((_, warnings)) => warnings.to_string(),
            Err(report) => report.to_string(),
        }
    }

    #[test]
    fn paths_are_read_in_their_normal_form() {
        let text = "[http.paths]\n\"/\" = \"OK\"\n\"//a//b/\" = { text = \"x\", headers = { ETag = \"1\" } }\n\"/c\" = false\n";
        let (scenario, warnings) = read(&SourceText::new("test", text), Path::new("/")).expect("accepted");
        assert_eq!(warnings.to_string(), "");
        let paths: Vec<(&str, Option<usize>)> = scenario
            .http
            .paths
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_ref().map(|content| content.headers.len())))
            .collect();
        assert_eq!(paths, [("/", Some(0)), ("/a/b", Some(1)), ("/c", None)]);
    }

    #[test]
    fn what_is_no_path_from_the_root_is_an_error_that_says_so() {
        for (keys, expected) in [
            ("paths = { \"health\" = \"x\" }", "\"health\" is not a path from the root"),
            ("paths = { \"/a/../b\" = \"x\" }", "\"/a/../b\" is not a path from the root"),
            ("paths = { \"/latest/api/token\" = \"x\" }", "set token = \"…\" in [http]"),
            ("paths = { \"/a\" = \"x\", \"/a/\" = \"y\" }", "/a is set twice"),
            ("paths = { \"/a\" = true }", "or false, which removes the path"),
            ("paths = { \"/a\" = \"AKIAIOSFODNN7ABCDEFG\" }", "an access key id that may be valid"),
            ("paths = { \"/a\" = { text = \"x\", headers = {} } }", "has 0 headers"),
            ("profile = \"aemm\"\npaths = { \"/a\" = \"x\" }", "paths has no effect with profile = \"aemm\""),
        ] {
            let found = report(keys);
            assert!(found.contains(expected), "{keys}\nexpected {expected:?}, found:\n{found}");
        }
    }
}
