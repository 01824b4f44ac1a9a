//! Patterns for the paths of requests.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::Accepted;

/// A pattern for paths: `*` matches anything within a segment, `**` any number of whole segments, even none.
///
/// With a slash at its start it matches whole paths: `/latest/meta-data/iam/**`. Without one it also matches the part
/// after the version: `meta-data/spot/*` matches `/latest/meta-data/spot/instance-action`. Like a path it may have
/// runs of slashes, a slash at its end, and `%xx`; `%2a` is a star that is no wild card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathGlob {
    text: String,
    whole: bool,
    segments: Vec<Segment>,
}

/// The longest pattern, in bytes, and the most segments: what a request costs grows with its length times these.
const MAX_BYTES: usize = 1024;
const MAX_SEGMENTS: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// `**`
    Several,
    /// The parts of one segment before, between and after its stars; a single part if it has none.
    One(Vec<String>),
}

impl PathGlob {
    /// The pattern that matches every path.
    pub(crate) fn everything() -> Self {
        Self { text: "/**".to_owned(), whole: true, segments: vec![Segment::Several] }
    }

    /// Whether it matches whole paths only, and never what follows the version.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The names that the first segments of whatever it fits have, up to its first wild card.
    pub(crate) fn first_names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map_while(|segment| match segment {
            Segment::One(parts) if parts.len() == 1 => parts.first().map(String::as_str),
            Segment::One(_) | Segment::Several => None,
        })
    }

    /// Whether a path matches. Its segments are decoded; the first is the version.
    pub(crate) fn matches(&self, path: &[&str]) -> bool {
        fits(&self.segments, path)
            || (!self.whole && path.split_first().is_some_and(|(_, below)| fits(&self.segments, below)))
    }
}

/// Whether all segments of a path match a pattern.
///
/// Only the last `**` is ever extended, so the time is the product of the lengths at most.
fn fits(pattern: &[Segment], path: &[&str]) -> bool {
    // Most requests fail here, the long ones too.
    if let Some((Segment::One(parts), _)) = pattern.split_last()
        && !path.last().is_some_and(|last| has_parts(last, parts))
    {
        return false;
    }
    let (mut at, mut item) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while item < path.len() {
        match pattern.get(at) {
            Some(Segment::Several) => {
                at += 1;
                retry = Some((at, item));
            }
            Some(Segment::One(parts)) if has_parts(path[item], parts) => {
                at += 1;
                item += 1;
            }
            _ => match &mut retry {
                Some((after, taken)) => {
                    *taken += 1;
                    (at, item) = (*after, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|segment| *segment == Segment::Several)
}

/// Whether a segment has all parts in this order, the first at its start and the last at its end.
fn has_parts(name: &str, parts: &[String]) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == name);
    };
    let Some(rest) = name.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

impl FromStr for PathGlob {
    type Err = Accepted;

    fn from_str(text: &str) -> Result<Self, Accepted> {
        const ACCEPTED: Accepted = Accepted(
            "a path, where * matches within a segment and ** any number of segments, such as \"meta-data/iam/**\"",
        );
        const SHORTER: Accepted = Accepted("a path of at most 1,024 bytes and 32 segments");
        if text.len() > MAX_BYTES || text.split('/').filter(|raw| !raw.is_empty()).count() > MAX_SEGMENTS {
            return Err(SHORTER);
        }
        let part = |raw: &str| percent_decode_str(raw).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let segment = |raw: &str| match raw {
            "**" => Some(Segment::Several),
            "." | ".." => None,
            _ if raw.contains("**") => None,
            _ => raw.split('*').map(part).collect::<Option<_>>().map(Segment::One),
        };
        let segments: Option<Vec<_>> = text.split('/').filter(|raw| !raw.is_empty()).map(segment).collect();
        let legal = !text.is_empty() && !text.chars().any(char::is_control);
        match segments {
            Some(segments) if legal => {
                Ok(Self { text: text.to_owned(), whole: text.starts_with('/'), segments })
            }
            _ => Err(ACCEPTED),
        }
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segments(path: &str) -> Vec<&str> {
        path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    #[test]
    fn patterns_fit_whole_paths_or_what_follows_the_version() {
        let cases = [
            ("/latest/meta-data/mac", "/latest/meta-data/mac", true),
            ("/latest/meta-data/mac", "/2021-07-15/meta-data/mac", false),
            ("meta-data/mac", "/2021-07-15/meta-data/mac", true),
            ("latest/meta-data/mac", "/latest/meta-data/mac", true),
            ("meta-data/mac", "/latest/meta-data/mac/x", false),
            ("meta-data/mac", "/latest/x/meta-data/mac", false),
            ("meta-data/", "/latest/meta-data", true),
            ("/*/meta-data/ma*", "/latest/meta-data/mac", true),
            ("*/meta-data/ma*", "/latest/meta-data/mac", true),
            ("/*/mac", "/latest/meta-data/mac", false),
            ("**", "/", true),
            ("/**", "/latest/a/b", true),
            ("/", "/", true),
            ("/", "/latest", false),
            ("meta-data/iam/**", "/latest/meta-data/iam", true),
            ("meta-data/iam/**", "/latest/meta-data/iam/a/b", true),
            ("meta-data/iam/**", "/latest/meta-data/iamb", false),
            ("**/macs/*/mac", "/latest/meta-data/network/interfaces/macs/0e:49/mac", true),
            ("**/a/**/b", "/a/x/a/b/b/c/b", true),
            ("**/a/**/b", "/a/x/a/b/b/c", false),
            ("meta-data/*-*id", "/latest/meta-data/reservation-id", true),
            ("meta-data/*a*a*a*b", "/latest/meta-data/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("/latest//meta-data/", "/latest/meta-data", true),
            ("/a*b*a", "/aba", true),
            ("/a*b*a", "/ab", false),
            ("/aa*aa", "/aaa", false),
            ("/0e%3A49", "/0e:49", true),
            ("/%2a", "/*", true),
            ("/%2a", "/x", false),
        ];
        for (pattern, path, expected) in cases {
            let glob: PathGlob = pattern.parse().unwrap();
            assert_eq!(glob.matches(&segments(path)), expected, "{pattern} for {path}");
            assert_eq!(glob.to_string(), pattern);
        }
    }

    #[test]
    fn dots_and_stars_beside_text_are_refused() {
        let (deep, long) = ("/*".repeat(33), format!("/{}", "a".repeat(1024)));
        for text in [&deep[2..], &long[1..]] {
            assert!(text.parse::<PathGlob>().is_ok(), "expected that {text:?} is accepted");
        }
        for text in [&*deep, &*long] {
            let refused = text.parse::<PathGlob>().expect_err("it is too long").to_string();
            assert!(refused.contains("1,024 bytes and 32 segments"), "{refused}");
        }
        for text in ["", "/a/../b", "/./a", "/a**", "/***", "/%ff", "/a\nb"] {
            assert!(text.parse::<PathGlob>().is_err(), "expected a refusal of {text:?}");
        }
    }

    /// The definition of a glob, written out: tries every way.
    fn meant(glob: &[&str], path: &[&str]) -> bool {
        match (glob.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), None) => meant(rest, path),
            (Some((&"**", rest)), Some((_, others))) => meant(rest, path) || meant(glob, others),
            (Some((pattern, rest)), Some((name, others))) => {
                let (pattern, name): (Vec<_>, Vec<_>) = (pattern.chars().collect(), name.chars().collect());
                meant_within(&pattern, &name) && meant(rest, others)
            }
            _ => false,
        }
    }

    fn meant_within(pattern: &[char], name: &[char]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => meant_within(rest, name),
            (Some(('*', rest)), Some((_, others))) => {
                meant_within(rest, name) || meant_within(pattern, others)
            }
            (Some((wanted, rest)), Some((found, others))) => wanted == found && meant_within(rest, others),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_glob_matches_what_it_means(
            glob in prop::collection::vec(prop_oneof![Just("**".to_owned()), "[ab]{0,2}(\\*[ab]{1,2}){0,2}\\*?".prop_filter("a segment", |s| !s.is_empty())], 0..5),
            path in prop::collection::vec("[ab]{1,4}", 0..6),
        ) {
            let text = format!("/{}", glob.join("/"));
            let segments: Vec<&str> = path.iter().map(String::as_str).collect();
            let patterns: Vec<&str> = glob.iter().map(String::as_str).collect();
            let found = text.parse::<PathGlob>().expect("a glob").matches(&segments);
            prop_assert_eq!(found, meant(&patterns, &segments), "{} and {:?}", text, segments);
        }

        #[test]
        fn a_path_matches_itself(path in "(/[a-z0-9.:-]{1,8}x){1,6}") {
            prop_assert!(path.parse::<PathGlob>().expect("a glob").matches(&segments(&path)));
        }

        #[test]
        fn any_text_is_a_glob_or_refused(text in "\\PC{0,40}", path in prop::collection::vec("\\PC{0,10}", 0..5)) {
            let segments: Vec<&str> = path.iter().map(String::as_str).collect();
            if let Ok(glob) = text.parse::<PathGlob>() {
                glob.matches(&segments);
                prop_assert_eq!(glob.to_string(), text);
            }
        }
    }
}
