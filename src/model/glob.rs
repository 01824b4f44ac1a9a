//! Patterns for the paths of requests.

use std::fmt;
use std::str::FromStr;

use super::Expected;

/// A pattern for paths: `*` is anything within a segment, `**` any number of whole segments.
///
/// With a slash at its start it is for whole paths, as `/latest/meta-data/iam/**`. Without one it also fits what
/// follows the version, as `meta-data/spot/*` fits `/latest/meta-data/spot/instance-action`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathGlob {
    text: String,
    whole: bool,
    segments: Vec<String>,
}

impl PathGlob {
    /// Whether a path fits: its segments, decoded, with its version.
    pub fn matches(&self, path: &[&str]) -> bool {
        let fits =
            |path: &[&str]| wild(&self.segments, path, |pattern| pattern == "**", |p, s| segment(p, s));
        fits(path) || (!self.whole && path.split_first().is_some_and(|(_, below)| fits(below)))
    }
}

impl FromStr for PathGlob {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if text.is_empty() {
            return Err(Expected(
                "a path, where * is anything within a segment and ** any segments, such as \"meta-data/iam/**\"",
            ));
        }
        let segments = text.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        Ok(Self { text: text.to_owned(), whole: text.starts_with('/'), segments })
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn segment(pattern: &str, text: &str) -> bool {
    wild(pattern.as_bytes(), text.as_bytes(), |byte| *byte == b'*', |pattern, byte| pattern == byte)
}

/// Whether items fit a pattern with wild cards, each for any number of items.
///
/// Only the last wild card is ever extended, so the time is the product of the lengths at most.
fn wild<P, T>(
    pattern: &[P],
    items: &[T],
    is_wild: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut item) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while item < items.len() {
        match pattern.get(at) {
            Some(part) if is_wild(part) => {
                at += 1;
                retry = Some((at, item));
            }
            Some(part) if fits(part, &items[item]) => {
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
    pattern[at..].iter().all(is_wild)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ];
        for (pattern, path, expected) in cases {
            let glob: PathGlob = pattern.parse().unwrap();
            let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
            assert_eq!(glob.matches(&segments), expected, "{pattern} for {path}");
            assert_eq!(glob.to_string(), pattern);
        }
        assert!("".parse::<PathGlob>().is_err());
    }
}
