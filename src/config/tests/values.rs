//! Names, durations and texts: what is accepted of them.

use std::time::Duration;

use super::*;
use crate::config::parse_duration;
use crate::config::section::{is_near, nearest};
use crate::config::source::MAX_BYTES;

#[test]
fn durations_are_counted() {
    let cases = [
        ("30s", Some(30)),
        ("1m30s", Some(90)),
        ("6h", Some(21_600)),
        ("2d", Some(172_800)),
        ("1d12h", Some(129_600)),
        ("0s", Some(0)),
        ("", None),
        ("30", None),
        ("-1s", None),
        ("d", None),
        ("99999999999999d", None),
        ("200000d", None),
    ];
    for (text, seconds) in cases {
        assert_eq!(parse_duration(text), seconds.map(Duration::from_secs), "parse_duration({text:?})");
    }
}

#[test]
fn a_misspelt_name_is_recognised_by_the_number_of_its_errors() {
    // Names of 3, 4, 7, 8, 11 and 16 letters.
    let known = ["abc", "abcd", "zyxwvut", "mnopqrst", "aaabbbcccdd", "0123456789abcdef"];
    for (found, expected) in [
        ("abx", Some("abc")),
        ("axx", None),
        ("Z_xwvut", Some("zyxwvut")),
        ("zyxwvxx", Some("zyxwvut")),
        ("zyxwxxx", None),
        ("mnopqxxx", Some("mnopqrst")),
        ("mnopxxxx", None),
        ("mnopqrstxxx", Some("mnopqrst")),
        ("aaabbbcccxx", Some("aaabbbcccdd")),
        ("aaabbbxxxxx", None),
        ("0123456789abcxxx", Some("0123456789abcdef")),
        ("0123456789abxxxx", None),
        ("", None),
    ] {
        assert_eq!(nearest(found, &known), expected, "{found:?}");
    }
    for (found, name, expected) in [
        ("abc", "abc", true),
        ("abx", "abc", false),
        ("abcx", "abcd", true),
        ("abxx", "abcd", false),
        ("abcde", "abcd", true),
        ("abcdef", "abcd", false),
        ("abdc", "abcd", true),
        ("aaabbbcccdx", "aaabbbcccdd", true),
        ("aaabbbcccxx", "aaabbbcccdd", false),
        ("aaabbbcccdxx", "aaabbbcccddd", true),
        ("aaabbbcccxxx", "aaabbbcccddd", false),
        ("aaabbbcccdddxx", "aaabbbcccddd", true),
        ("aaabbbcccdddxxx", "aaabbbcccddd", false),
    ] {
        assert_eq!(is_near(found, name), expected, "{found:?} for {name:?}");
    }
}

#[test]
fn durations_end_at_a_century() {
    let century = 100 * 365 * 86_400;
    for (text, seconds) in [
        ("36500d", Some(century)),
        ("36499d24h", Some(century)),
        ("36500d1s", None),
        ("36501d", None),
        ("0d", None),
        ("0d1s", Some(1)),
        ("1d1s", Some(86_401)),
        ("1d 1s", Some(86_401)),
        ("xd", None),
    ] {
        assert_eq!(parse_duration(text), seconds.map(Duration::from_secs), "{text}");
    }
}

#[test]
fn a_text_has_a_mebibyte_at_most() {
    let read = |length: u64| {
        let bytes = vec![b'#'; usize::try_from(length).expect("it fits")];
        SourceText::from_bytes("f".to_owned(), bytes)
    };
    assert!(read(MAX_BYTES).is_ok() && read(0).is_ok());
    for length in [MAX_BYTES + 1, MAX_BYTES + 2] {
        let report = read(length).expect_err("it is too large").to_string();
        assert!(report.contains("put large values into files of their own"), "{report}");
    }
    let report = SourceText::from_bytes("f".to_owned(), b"a\nb\n\xff".to_vec()).expect_err("it is no text");
    assert!(report.to_string().contains("is not UTF-8: byte 0xff on line 3"), "{report}");
    let marked = SourceText::from_bytes("f".to_owned(), "\u{feff}a".into()).expect("it is text");
    assert_eq!(marked.text, "a");
}
