//! Paths: runs of slashes collapse, a slash at the end means nothing, `%xx` is decoded, dots are resolved.
//!
//! Clients rely on each: the JavaScript SDK asks `//latest/…`, botocore asks `availability-zone/`, Bottlerocket
//! builds `macs/<mac>//leaf`, some encode the colons of a MAC address.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use smallvec::SmallVec;

/// The segments that a path has without an allocation.
const USUAL: usize = 8;

/// The segments of a path, or what is made of each.
pub(crate) type Segments<T> = SmallVec<[T; USUAL]>;

/// The segments of a path. `None` if it leaves the tree or a segment is not UTF-8: no such resource.
pub(crate) fn segments(path: &str) -> Option<Segments<Cow<'_, str>>> {
    let mut segments = Segments::new();
    // All bytes at once, which takes less than to look for an escape in each segment.
    let is_escaped = path.bytes().fold(false, |found, byte| found | matches!(byte, b'%'));
    for raw in path.split('/').filter(|raw| !raw.is_empty()) {
        let decoded = if is_escaped { percent_decode_str(raw).decode_utf8().ok()? } else { raw.into() };
        match decoded {
            dot if dot == "." => {}
            dots if dots == ".." => {
                segments.pop()?;
            }
            segment => segments.push(segment),
        }
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized() {
        let cases: [(&str, Option<&[&str]>); 9] = [
            ("/", Some(&[])),
            ("//latest///meta-data//", Some(&["latest", "meta-data"])),
            ("/latest/./meta-data/x/../mac", Some(&["latest", "meta-data", "mac"])),
            ("/..", None),
            ("/latest/%6dac", Some(&["latest", "mac"])),
            ("/0e%3A49", Some(&["0e:49"])),
            ("/%2e%2E/latest", None),
            ("/a%2fb", Some(&["a/b"])),
            ("/%ff", None),
        ];
        for (path, expected) in cases {
            let found = segments(path);
            assert_eq!(
                found.as_ref().map(|s| s.iter().map(AsRef::as_ref).collect::<Vec<_>>()).as_deref(),
                expected,
                "{path}"
            );
        }
    }
}
