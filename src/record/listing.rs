//! The lines of listings, and the paths that they lead to.

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ListingLine {
    Directory(String),
    Leaf(String),
    /// The number and the name of a public key.
    Key(u32, String),
    /// A line that no path leads to.
    Invalid,
}

/// Directories that are listed without a slash.
const TOPS: [&str; 2] = ["dynamic", "meta-data"];

/// Parses a line in the listing of a directory, whose path is below the version.
pub(super) fn parse_line(directory: &str, line: &str) -> ListingLine {
    if directory == "meta-data/public-keys"
        && let Some((number, name)) = line.split_once('=')
        && let Ok(number) = number.parse()
    {
        return ListingLine::Key(number, name.trim_end_matches('/').to_owned());
    }
    let name = line.strip_suffix('/').unwrap_or(line);
    let legal = |c: char| !c.is_control() && c != '/';
    if name.is_empty() || matches!(name, "." | "..") || !name.chars().all(legal) {
        return ListingLine::Invalid;
    }
    let top = directory.is_empty() && TOPS.contains(&name);
    if top || name.len() < line.len() {
        ListingLine::Directory(name.to_owned())
    } else {
        ListingLine::Leaf(name.to_owned())
    }
}

/// Values that hosts answer though no listing may lead to them.
pub(super) const UNLISTED: [&str; 6] = [
    "dynamic/fws/instance-monitoring",
    "meta-data/autoscaling/target-lifecycle-state",
    "meta-data/events/recommendations/rebalance",
    "meta-data/spot/instance-action",
    "meta-data/spot/termination-time",
    "user-data",
];

/// Encodes a path as it is sent.
pub(super) fn encoded(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const SENT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
    utf8_percent_encode(path, SENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_listings_lead_to_directories_values_and_keys() {
        let directory = |name: &str| ListingLine::Directory(name.into());
        let leaf = |name: &str| ListingLine::Leaf(name.into());
        for (parent, line, expected) in [
            ("", "meta-data", directory("meta-data")),
            ("", "user-data", leaf("user-data")),
            ("meta-data", "iam/", directory("iam")),
            ("meta-data", "mac", leaf("mac")),
            ("meta-data", "dynamic", leaf("dynamic")),
            ("meta-data/public-keys", "0=my, key", ListingLine::Key(0, "my, key".into())),
            ("meta-data/public-keys", "0=a=b/", ListingLine::Key(0, "a=b".into())),
            ("meta-data/public-keys", "x=y", leaf("x=y")),
            ("meta-data/tags/instance", "0=zero", leaf("0=zero")),
            ("meta-data", "", ListingLine::Invalid),
            ("meta-data", "/", ListingLine::Invalid),
            ("meta-data", "../", ListingLine::Invalid),
            ("meta-data", "a/b", ListingLine::Invalid),
            ("meta-data", "a\r", ListingLine::Invalid),
        ] {
            assert_eq!(parse_line(parent, line), expected, "{line:?} in {parent:?}");
        }
        assert_eq!(encoded("a b/0e:1%/ü"), "a%20b/0e:1%25/%C3%BC");
    }
}
